"""Largest scores of every row of a product, and of every column, tile by tile.

To sort 200,000 scores for each of 200,000 words costs as much as to compute them, unless nearly all
of them are passed over:

- of a tile of 64 MB, the largest of each group of scores is known
  (:mod:`~skxling.functional.tiles`). Where it does not reach the k-th best of its row so far, which
  after the first few tiles is the rule, nothing of the group is looked at: of a row of n scores,
  about k log(n / k) ever come in;
- the columns' best are taken from the same tile as the rows', so that both directions cost one
  product.

On CUDA, where it costs more to ask whether there is something to do than to do it, the best groups
of every tile are sorted in, and the host waits for nothing.
"""

from typing import NamedTuple

import torch

from skxling.functional.tiles import gen_tiles
from skxling.utils import gen_blocks

_LAST_COLUMN = 2**32 - 1  # of what fills up: after all that there is


class Neighbors(NamedTuple):
    """Best candidates of every query, best first.

    Attributes
    ----------
    scores : Tensor of shape (n_queries, n_neighbors)
        Scores in descending order.

    indices : Tensor of shape (n_queries, n_neighbors), int64
        Rows of the candidates; of equal scores the lowest index comes first.
    """

    scores: torch.Tensor
    indices: torch.Tensor


def largest_scores(queries, candidates, k, *, rescore=None, memory_budget=2**28):
    """Find the candidates with the largest score, a product that `rescore` may change.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows as they are.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows to choose from, of the same type.

    k : int
        Number of candidates to find, at least 1; clipped to what exists.

    rescore : callable, default=None
        Called as ``rescore(products, rows, columns)``, it turns a tile of products, of these
        slices of the queries and the candidates, into scores, in place.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, k).
    """
    k = min(k, candidates.shape[0])
    best = RunningTopK(queries.shape[0], k, candidates)
    budget = {"both_ways": False, "memory_budget": memory_budget}
    for tile in gen_tiles(queries, candidates, k=k, rescore=rescore, **budget):
        best.update_rows(tile)
    return best.result()


def largest_scores_both_ways(X, Y, k, *, rescore=None, memory_budget=2**28):
    """Find the rows of Y best for each row of X, and the reverse, with one product.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows as they are.

    Y : Tensor of shape (n_target, n_components)
        Rows as they are, of the same type.

    k : int
        Number of rows to find for each, at least 1; clipped to what exists.

    rescore : callable, default=None
        As in :func:`largest_scores`; rows are of X and columns of Y.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take.

    Returns
    -------
    of_source, of_target : Neighbors
        Rows of Y for each row of X, and rows of X for each row of Y.
    """
    of_source = RunningTopK(X.shape[0], min(k, Y.shape[0]), X)
    of_target = RunningTopK(Y.shape[0], min(k, X.shape[0]), X)
    for tile in gen_tiles(X, Y, k=k, rescore=rescore, memory_budget=memory_budget):
        of_source.update_rows(tile)
        of_target.update_columns(tile)
    return of_source.result(), of_target.result()


def best_of(scores, columns, k):
    """Take the k largest scores of each row, best first, of equal ones the lowest column.

    Parameters
    ----------
    scores : Tensor of shape (n_rows, n_scores)
        Scores, none of them nan; those in half precision become single.

    columns : Tensor of shape (n_rows, n_scores), int64
        Their columns, from 0 to ``2**32 - 1``, in any order.

    k : int
        Number to take, at least 1; clipped to what exists.

    Returns
    -------
    best : Neighbors
        `scores` and `indices`, the columns, each of shape (n_rows, k).
    """
    k = min(k, scores.shape[1])
    if scores.element_size() == 2:
        scores = scores.float()
    if scores.dtype == torch.float32:  # score and column in one integer: no two of them tie
        keys = _pack(scores, columns)
        few = keys.shape[1] <= 32
        keys = keys.sort(dim=1, descending=True).values[:, :k] if few else keys.topk(k, 1).values
        return _unpack(keys)
    columns, order = columns.sort(dim=1)
    scores, order = scores.gather(1, order).sort(dim=1, descending=True, stable=True)
    return Neighbors(scores[:, :k], columns.gather(1, order)[:, :k])


def _pack(scores, columns):
    """Integers in the order of the scores, of equal scores the lowest column largest."""
    bits = (scores + 0.0).view(torch.int32)  # -0 becomes 0
    bits = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # negative floats ascend with their bits' size
    return (bits.long() << 32) | (_LAST_COLUMN - columns)


def _unpack(keys):
    bits = (keys >> 32).to(torch.int32)
    bits = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return Neighbors(bits.view(torch.float32), _LAST_COLUMN - (keys & _LAST_COLUMN))


def _looks_first(like):
    """Whether to ask if anything came in, which on other devices the host would wait for."""
    return like.device.type == "cpu"


class RunningTopK:
    """The k largest scores of every row of a matrix that comes tile by tile, from left to right.

    Parameters
    ----------
    n_rows : int
        Number of rows of the matrix.

    k : int
        Number of scores to keep of each, at most the width of the first tile.

    like : Tensor
        Gives dtype and device.

    Attributes
    ----------
    scores, indices : Tensor of shape (n_rows, k)
        The best so far, best first, and their columns; of equal scores the lowest column first.
    """

    def __init__(self, n_rows, k, like):
        dtype = torch.promote_types(like.dtype, torch.float32)
        self.scores = like.new_full((n_rows, k), -torch.inf, dtype=dtype)
        self.indices = torch.full((n_rows, k), _LAST_COLUMN, device=like.device)
        self._looks_first = _looks_first(like)

    def update_rows(self, tile):
        """Take the scores of a tile, row by row."""
        h = tile.rows.stop - tile.rows.start
        self._update(tile.rows, tile.columns.start, tile.scores[:h], tile.row_maxima[:h])

    def update_columns(self, tile):
        """Take the scores of a tile, column by column, for the best of the transposed matrix."""
        w = tile.columns.stop - tile.columns.start
        scores, maxima = tile.scores[:, :w].T, tile.column_maxima[:, :w].T
        self._update(tile.columns, tile.rows.start, scores, maxima)

    def result(self):
        """Give the best of all tiles."""
        return Neighbors(self.scores, self.indices)

    def _update(self, rows, start, tile, maxima):
        """Let in what beats the k-th best of its row; what ties with it stands to the right."""
        scores, indices = self.scores[rows], self.indices[rows]  # views
        k = scores.shape[1]
        hit, new = slice(None), None
        if self._looks_first:
            last = scores[:, -1] if start else _lower_bound(maxima, k)
            hit, new = _larger_scores(tile, maxima, start, last, k)
            if len(hit) == 0:
                return
        if new is None:
            new = _best_scores(tile[hit], maxima[hit], start, k)
        values = torch.cat([scores[hit], new.scores], dim=1)
        columns = torch.cat([indices[hit], new.indices], dim=1)
        scores[hit], indices[hit] = best_of(values, columns, k)


def _best_scores(tile, maxima, start, k):
    """Top k of each row, by way of the k groups with the largest maxima.

    These groups, of equal maxima the first, hold the top k: where a score is in none of them, each
    of the k maxima beats it or ties with it at a lower index.
    """
    n_groups = maxima.shape[1]
    n_group = tile.shape[1] // n_groups
    places = torch.arange(n_groups, device=tile.device)
    lanes = torch.arange(n_group, device=tile.device)
    n_bytes = 8 * tile.element_size() * n_group * min(k, n_groups)
    blocks = []
    for block in gen_blocks(len(tile), n_bytes, memory_budget=tile.numel() * tile.element_size()):
        groups = places.expand(maxima[block].shape)
        if k < n_groups:
            groups = best_of(maxima[block], groups, k).indices  # (n, k)
        columns = (groups[:, :, None] * n_group + lanes).flatten(1)  # (n, k * g)
        blocks.append(best_of(tile[block].gather(1, columns), start + columns, k))
    return Neighbors(*(torch.cat(parts) for parts in zip(*blocks, strict=True)))


def _lower_bound(maxima, k):
    """Give a number below k scores of each row; None where there is none."""
    if k > maxima.shape[1]:
        return None
    last = maxima.topk(k).values[:, -1]
    last = last.to(torch.promote_types(last.dtype, torch.float32))
    below = last.nextafter(last.new_tensor(-torch.inf))
    return None if (last == -torch.inf).any() else below


def _larger_scores(tile, maxima, start, last, k):
    """Rows with scores above `last`, and these scores, filled up with -inf.

    None takes the place of the latter where they are too many, as where scores rise from left to
    right, or where there is no last one.
    """
    if last is None:
        return torch.arange(len(tile)), None
    row, group = (maxima > last[:, None]).contiguous().nonzero(as_tuple=True)
    hit = row.unique_consecutive()
    if len(row) > len(last) * k or len(hit) == 0:
        return hit, None
    n_group = tile.shape[1] // maxima.shape[1]
    candidates = tile.unflatten(1, (-1, n_group))[row, group]  # (p, g)
    pair, lane = (candidates > last[row, None]).nonzero(as_tuple=True)
    _, place, counts = row[pair].unique_consecutive(return_inverse=True, return_counts=True)
    n_most = int(counts.max())
    if n_most > k * n_group:
        return hit, None
    rank = torch.arange(len(pair), device=row.device) - (counts.cumsum(0) - counts)[place]
    values = candidates.new_full((len(hit), n_most), -torch.inf)
    columns = torch.full(values.shape, _LAST_COLUMN, device=row.device)
    values[place, rank] = candidates[pair, lane]
    columns[place, rank] = start + group[pair] * n_group + lane
    return hit, Neighbors(values, columns)
