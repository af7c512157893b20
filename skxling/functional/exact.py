"""Nearest rows in the order that cosines in double precision have.

In single precision a cosine of 300 components is off by some 10**-8, and by how much depends on
the place of the pair in the product, its width, and the number of threads. Candidates that are
equal, or as good as equal, would then come in an order of chance. So the product is only trusted
as far as a bound of its error goes: where two scores that decide are closer, the cosines of the
pairs in doubt are computed one by one.
"""

import torch

from skxling.functional.normalization import unit_rows
from skxling.functional.scores import TermScores
from skxling.functional.tiles import gen_products
from skxling.functional.top_k import Neighbors, best_of
from skxling.utils import gen_blocks

N_SPARE = 4  # neighbours beyond the k asked for, so that few rows have to be searched again
_CACHE_BYTES = 2**21  # pairs of which cosines are computed at once
# error of a cosine by torch.set_float32_matmul_precision, on any device
_ROUNDED_FACTORS = {"highest": 0.0, "high": 2**-10, "medium": 2**-7}


def shared_precision(X, Y):
    """Give the type of both, single precision at least."""
    return torch.promote_types(torch.promote_types(X.dtype, Y.dtype), torch.float32)


def unit_pair(X, Y):
    """Scale rows of both to length 1, in one precision, single at least."""
    dtype = shared_precision(X, Y)
    X, Y = unit_rows(X.to(dtype)), unit_rows(Y.to(dtype))
    if not (X.sum() + Y.sum()).isfinite():
        raise ValueError(
            "Rows hold nan or infinity, and have no cosines. Drop them, or set them to 0, which is "
            "near to nothing."
        )
    return X, Y


def settle(found, k, X, Y, score=None, *, units=None, memory_budget=2**28):
    """Take the k best of what a search found, in the order of double precision.

    Parameters
    ----------
    found : Neighbors
        The best ``k + N_SPARE`` rows of Y, or all, for each row of X, by rounded scores.

    k : int
        Number to take, at least 1; clipped to what was found.

    X : Tensor of shape (n_rows, n_components)
        Rows, as they were given: of any length.

    Y : Tensor of shape (n_others, n_components)
        Rows that were searched, likewise.

    score : TermScores, default=None
        What makes a row of Y the best. None is the cosine.

    units : tuple of two Tensor, default=None
        The rows of both scaled to length 1, where there are such already.

    memory_budget : int, default=2**28
        Bytes that temporary arrays may take.

    Returns
    -------
    neighbors : Neighbors
        `scores`, in the precision of those found, and `indices`, each of shape (n_rows, k). Of
        rows of Y that are equal the lowest index comes first.
    """
    score = TermScores() if score is None else score
    scores, indices = found
    k = min(k, scores.shape[1])
    best = Neighbors(scores[:, :k].clone(), indices[:, :k].clone())
    if 0 in scores.shape:
        return best
    doubt = _doubt(scores, X.shape[1], score)
    is_close = (scores.diff(dim=1) >= -doubt)[:, :k].any(1)
    is_open = scores[:, -1:] >= scores[:, k - 1 : k] - doubt  # others may be better
    is_open = is_open[:, 0] & (scores.shape[1] < Y.shape[0]) & scores[:, k - 1].isfinite()
    is_open &= X.any(1)  # products with zeros are exact
    pairs = PairCosines(X, Y, memory_budget)
    rows = (is_close & ~is_open).nonzero()[:, 0]
    if len(rows):
        exact = pairs(rows, indices[rows])
        score(exact, rows, indices[rows])
        best.scores[rows], best.indices[rows] = _narrow(exact, indices[rows], k, scores.dtype)
    rows = is_open.nonzero()[:, 0]
    if len(rows):
        floor = scores[rows, k - 1] - doubt[rows, 0].to(scores.dtype)
        units = unit_pair(X, Y) if units is None else units
        found = _search_again(rows, floor, k, units, pairs, score, memory_budget)
        best.scores[rows], best.indices[rows] = found
    return best


def _doubt(scores, n_components, score):
    """Difference that two rounded scores of a row may have although the true ones are equal.

    A cosine, its scaling to length 1 included, is off by (d + 4) eps at most, and by more where
    products may round their factors to TensorFloat-32 or bfloat16.
    """
    eps = torch.finfo(scores.dtype).eps
    error = (n_components + 4) * eps
    if scores.dtype == torch.float32:
        error += _ROUNDED_FACTORS[torch.get_float32_matmul_precision()]
    largest = scores[:, :1].double().abs().nan_to_num(posinf=0.0)
    return 2 * error * score.steepest(len(scores), scores) + 4 * eps * largest


class PairCosines:
    """Cosines of single pairs in double precision, equal for equal rows wherever they stand.

    Parameters
    ----------
    X, Y : Tensor of shape (n_rows, n_components)
        Rows of any length.

    memory_budget : int
        Bytes that temporary arrays may take.
    """

    def __init__(self, X, Y, memory_budget):
        self.X, self.Y, self.n_bytes = X, Y, min(memory_budget, _CACHE_BYTES)
        self.lengths = self._lengths(X), self._lengths(Y)

    def _lengths(self, rows):
        n_bytes = 16 * rows.shape[1]
        blocks = gen_blocks(len(rows), n_bytes, memory_budget=self.n_bytes)
        parts = [torch.linalg.vector_norm(rows[block].double(), dim=1) for block in blocks]
        lengths = torch.cat(parts) if parts else rows.new_ones(0, dtype=torch.float64)
        return lengths.masked_fill(lengths == 0, 1)

    def __call__(self, rows, columns):
        """Cosine of each of these rows with its columns: (b,), (b, c) -> (b, c), float64."""
        cosines = self.X.new_empty(columns.shape, dtype=torch.float64)
        n_bytes = 8 * self.X.shape[1] * max(columns.shape[1], 1)
        for block in gen_blocks(len(rows), n_bytes, memory_budget=self.n_bytes):
            row, column = rows[block], columns[block]
            y = self.Y.index_select(0, column.flatten()).double().view(*column.shape, -1)
            y *= self.X[row, None].double()
            # no matrix product: sums of equal products must be equal
            cosines[block] = y.sum(2) / (self.lengths[0][row, None] * self.lengths[1][column])
        return cosines


def _narrow(exact, columns, k, dtype):
    found = best_of(exact, columns, k)
    return Neighbors(found.scores.to(dtype), found.indices)


def _search_again(rows, floor, k, units, pairs, score, memory_budget):
    """Find the k best of all columns for rows of which the least score that matters is known."""
    X, Y = units[0][rows], units[1]
    best = Neighbors(
        X.new_full((len(rows), k), -torch.inf, dtype=torch.float64),
        torch.full((len(rows), k), Y.shape[0], device=X.device),
    )
    for block, columns, tile in gen_products(X, Y, memory_budget=memory_budget // 8):
        score(tile, rows[block], columns)
        row, column = (tile >= floor[block, None]).nonzero(as_tuple=True)
        if len(row) == 0:
            continue
        row, column = row + block.start, column[:, None] + columns.start
        exact = pairs(rows[row], column)
        score(exact, rows[row], column)
        values = best.scores.new_full(tile.shape, -torch.inf)
        values[row - block.start, column[:, 0] - columns.start] = exact[:, 0]
        places = torch.arange(columns.start, columns.stop, device=X.device)
        values = torch.cat([best.scores[block], values], dim=1)
        places = torch.cat([best.indices[block], places.expand(tile.shape)], dim=1)
        best.scores[block], best.indices[block] = best_of(values, places, k)
    return Neighbors(best.scores.to(X.dtype), best.indices)
