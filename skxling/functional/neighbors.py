"""Blockwise nearest neighbours by cosine and by CSLS; no matrix of size source x target is kept."""

from typing import NamedTuple

import torch

from skxling.functional.normalization import unit_rows
from skxling.utils import gen_blocks

_N_GROUP = 32  # candidates whose maximum is taken together on the way to the top k


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


def _unit_pair(X, Y):
    """Scale rows of both to length 1, in one precision, single at least."""
    dtype = torch.promote_types(torch.promote_types(X.dtype, Y.dtype), torch.float32)
    return unit_rows(X.to(dtype)), unit_rows(Y.to(dtype))


def _gen_score_blocks(queries, candidates, penalty=None, *, memory_budget):
    """Yield (rows, scores) for blocks of unit queries; `scores` is overwritten by the next block.

    The buffer is as wide as the next multiple of the group size, filled up with -inf.
    """
    n_candidates = candidates.shape[0]
    width = -(-n_candidates // _N_GROUP) * _N_GROUP
    bytes_per_row = width * candidates.element_size() * (1 + 2 / _N_GROUP)
    buffer = None
    for rows in gen_blocks(queries.shape[0], bytes_per_row, memory_budget=memory_budget):
        n_block = rows.stop - rows.start
        if buffer is None:  # the first block is the largest
            buffer = candidates.new_full((n_block, width), -torch.inf)
        scores = buffer[:n_block, :n_candidates]
        torch.mm(queries[rows], candidates.T, out=scores)  # (b, t)
        if penalty is not None:
            scores -= penalty
        yield rows, buffer[:n_block]


def _stable_top_k(scores, k):
    """Top k of each row, of equal scores the lowest index first; for rows that are not long."""
    k = min(k, scores.shape[1])
    values, indices = scores.topk(min(k + 1, scores.shape[1]))
    if indices.shape[1] > k:
        # torch.topk keeps any of the scores that tie for the last place
        tied = (values[:, k - 1] == values[:, k]).nonzero()[:, 0]
        indices = indices[:, :k].contiguous()
        if len(tied):
            indices[tied] = scores[tied].sort(descending=True, stable=True).indices[:, :k]
    indices = indices.sort().values
    values, order = scores.gather(1, indices).sort(descending=True, stable=True)
    return Neighbors(values, indices.gather(1, order))


def _top_k(scores, k):
    """Top k of each row by way of group maxima, several times as fast as ``torch.topk``.

    The k groups with the largest maxima, of equal ones the first, hold the top k: where an element
    is in none of them, each of the k maxima beats it or ties with it at a lower index.
    """
    n_rows, width = scores.shape
    if width % _N_GROUP or width < 4 * k * _N_GROUP:
        return _stable_top_k(scores, k)
    grouped = scores.view(n_rows, -1, _N_GROUP)  # (b, t / g, g)
    groups = _stable_top_k(grouped.amax(2), k).indices.sort().values  # (b, k)
    kept = grouped.gather(1, groups[:, :, None].expand(-1, -1, _N_GROUP)).flatten(1)  # (b, k * g)
    values, position = _stable_top_k(kept, k)
    indices = groups.gather(1, position // _N_GROUP) * _N_GROUP + position % _N_GROUP
    return Neighbors(values, indices)


def largest_products(queries, candidates, n_neighbors, *, penalty=None, memory_budget=2**28):
    """Find the candidates with the largest inner product with each query.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows as they are.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows to choose from, of the same type.

    n_neighbors : int
        Number of candidates to find, at least 1; clipped to what exists.

    penalty : Tensor of shape (n_candidates,), default=None
        Subtracted from each candidate's products before the choice.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, n_neighbors).
    """
    k = min(n_neighbors, candidates.shape[0])
    values = queries.new_empty((queries.shape[0], k))
    indices = torch.empty((queries.shape[0], k), dtype=torch.int64, device=queries.device)
    blocks = _gen_score_blocks(queries, candidates, penalty, memory_budget=memory_budget)
    for rows, scores in blocks:
        values[rows], indices[rows] = _top_k(scores, k)
    return Neighbors(values, indices)


def nearest_neighbors(
    queries, candidates, n_neighbors, *, candidate_penalty=None, memory_budget=2**28
):
    """Find the candidates with the largest cosine to each query.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows need not have length 1: cosines are taken inside. The cosine with a row of zeros is 0.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows to choose from.

    n_neighbors : int
        Number of neighbours, at least 1; clipped to the number of candidates.

    candidate_penalty : Tensor of shape (n_candidates,), default=None
        Subtracted from each candidate's cosines before the choice.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, n_neighbors).

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import nearest_neighbors
    >>> candidates = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    >>> nearest_neighbors(torch.tensor([[3.0, 0.0]]), candidates, 2).indices
    tensor([[0, 2]])
    """
    queries, candidates = _unit_pair(queries, candidates)
    return largest_products(
        queries,
        candidates,
        n_neighbors,
        penalty=candidate_penalty,
        memory_budget=memory_budget,
    )


def neighborhood_means(X, Y, n_neighbors, *, memory_budget=2**28):
    """Mean cosine of each row of X to its nearest rows of Y: `r_Y(x)` of CSLS.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_components)
        Rows whose neighbourhoods are measured.

    Y : Tensor of shape (n_others, n_components)
        Rows among which the neighbours are.

    n_neighbors : int
        Size of the neighbourhood, at least 1; clipped to the number of rows of Y.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    means : Tensor of shape (n_rows,)
        Mean cosines, from -1 to 1.
    """
    X, Y = _unit_pair(X, Y)
    return largest_products(X, Y, n_neighbors, memory_budget=memory_budget).scores.mean(1)


def csls_neighbors(
    queries, candidates, n_neighbors, *, candidate_means, query_means=None, memory_budget=2**28
):
    """Find the candidates with the largest CSLS to each query.

    Cross-domain similarity local scaling takes from twice the cosine the mean cosines of query and
    candidate to their own nearest neighbours on the other side, so that hubs, which are near to
    everything, lose::

        csls(x, y) = 2 cos(x, y) - r_T(x) - r_S(y)

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows x, in the space of the candidates; they need not have length 1.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows y to choose from.

    n_neighbors : int
        Number of neighbours to return, at least 1; clipped to the number of candidates. The
        size of CSLS's neighbourhoods is in the means.

    candidate_means : Tensor of shape (n_candidates,)
        `r_S(y)`: ``neighborhood_means(candidates, source_space, 10)``.

    query_means : Tensor of shape (n_queries,), default=None
        `r_T(x)`: ``neighborhood_means(queries, candidates, 10)``. None leaves the term out of the
        scores; the order of a query's neighbours does not depend on it.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, n_neighbors).

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018, section 2.3.
    """
    queries, candidates = _unit_pair(queries, candidates)
    half = candidate_means.to(candidates.dtype) / 2  # cos - r_S / 2 is ranked, then doubled
    scores, indices = largest_products(
        queries, candidates, n_neighbors, penalty=half, memory_budget=memory_budget
    )
    scores = 2 * scores
    if query_means is not None:
        scores -= query_means[:, None]
    return Neighbors(scores, indices)


def mutual_neighbors(X, Y, *, retrieval="csls", n_neighbors=10, memory_budget=2**28):
    """Find the pairs of rows that are each other's best neighbour.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of one side; they need not have length 1.

    Y : Tensor of shape (n_target, n_components)
        Rows of the other side, in the same space.

    retrieval : {"csls", "cosine"}, default="csls"
        What makes a neighbour the best.

    n_neighbors : int, default=10
        Size of the neighbourhoods of CSLS, at least 1; clipped to what exists.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    pairs_x : Tensor of shape (n_pairs,), int64
        Rows of X, ascending.

    pairs_y : Tensor of shape (n_pairs,), int64
        Their partners among the rows of Y; no row is in two pairs.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import mutual_neighbors
    >>> X, Y = torch.eye(3), torch.eye(3)[[1, 0, 2]]
    >>> mutual_neighbors(X, Y, retrieval="cosine")
    (tensor([0, 1, 2]), tensor([1, 0, 2]))
    """
    X, Y = _unit_pair(X, Y)
    half_x, half_y = X.new_zeros(X.shape[0]), Y.new_zeros(Y.shape[0])
    if retrieval == "csls":  # half of CSLS is cos - r_T / 2 - r_S / 2
        near_x = largest_products(X, Y, n_neighbors, memory_budget=memory_budget)
        near_y = largest_products(Y, X, n_neighbors, memory_budget=memory_budget)
        half_x, half_y = near_x.scores.mean(1) / 2, near_y.scores.mean(1) / 2
    scores_x, best_x = X.new_empty(X.shape[0]), torch.empty_like(half_x, dtype=torch.int64)
    scores_y = Y.new_full((Y.shape[0],), -torch.inf)
    for rows, scores in _gen_score_blocks(X, Y, half_y, memory_budget=memory_budget):
        scores -= half_x[rows, None]
        top = _top_k(scores, 1)
        scores_x[rows], best_x[rows] = top.scores[:, 0], top.indices[:, 0]
        torch.maximum(scores_y, scores[:, : Y.shape[0]].amax(0), out=scores_y)
    # the best of a row is mutual where no other row scores higher in its column
    pairs_x = (scores_x == scores_y[best_x]).nonzero()[:, 0]
    pairs_y = best_x[pairs_x]
    # where several rows tie for a column, the lowest keeps it
    order = pairs_y.argsort(stable=True)
    is_first = torch.ones_like(order, dtype=torch.bool)
    is_first[1:] = pairs_y[order][1:] != pairs_y[order][:-1]
    kept = order[is_first].sort().values
    return pairs_x[kept], pairs_y[kept]
