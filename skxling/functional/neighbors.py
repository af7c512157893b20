"""Nearest neighbours by cosine, their means, and pairs of rows that choose each other."""

from typing import NamedTuple

import torch

from skxling.functional.exact import N_SPARE, PairCosines, settle, shared_precision, unit_pair
from skxling.functional.scores import TermScores, subtract_
from skxling.functional.top_k import largest_scores, largest_scores_both_ways


class NeighborhoodMeans(NamedTuple):
    """Mean cosines of the rows of two sides to their nearest rows on the other.

    Attributes
    ----------
    source : Tensor of shape (n_source,)
        `r_T(x)` of CSLS.

    target : Tensor of shape (n_target,)
        `r_S(y)` of CSLS.
    """

    source: torch.Tensor
    target: torch.Tensor


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
    rescore = None if penalty is None else TermScores(subtract_, y=penalty)
    return largest_scores(
        queries, candidates, n_neighbors, rescore=rescore, memory_budget=memory_budget
    )


def best_neighbors(queries, candidates, k, *, score=None, memory_budget=2**28):
    """Find the candidates that a score of the cosine makes the best for each query.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows of any length.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows to choose from, likewise.

    k : int
        Number of candidates to find, at least 1; clipped to what exists.

    score : TermScores, default=None
        The score. None is the cosine.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, k), in the order of scores in double
        precision, of equal candidates the lowest index first.
    """
    units = unit_pair(queries, candidates)
    found = largest_scores(*units, k + N_SPARE, rescore=score, memory_budget=memory_budget)
    return settle(found, k, queries, candidates, score, units=units, memory_budget=memory_budget)


def best_neighbors_both_ways(X, Y, k, *, score=None, memory_budget=2**28):
    """Find the best rows of Y for each row of X, and the reverse, with one product.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of any length.

    Y : Tensor of shape (n_target, n_components)
        Rows of any length.

    k : int
        Number of rows to find for each, at least 1; clipped to what exists.

    score : TermScores, default=None
        The score; rows are of X and columns of Y. None is the cosine.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    of_source, of_target : Neighbors
        As of :func:`best_neighbors`, for each row of X, and for each row of Y.
    """
    score = TermScores() if score is None else score
    budget = {"memory_budget": memory_budget}
    units = unit_pair(X, Y)
    of_x, of_y = largest_scores_both_ways(*units, k + N_SPARE, rescore=score, **budget)
    return settle(of_x, k, X, Y, score, units=units, **budget), settle(
        of_y, k, Y, X, score.transposed(), units=units[::-1], **budget
    )


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
        `scores` and `indices`, each of shape (n_queries, n_neighbors), in the order of cosines in
        double precision, of equal candidates the lowest index first.

    Raises
    ------
    ValueError
        If a row holds nan or infinity.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import nearest_neighbors
    >>> candidates = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    >>> nearest_neighbors(torch.tensor([[3.0, 0.0]]), candidates, 2).indices
    tensor([[0, 2]])
    """
    score = None if candidate_penalty is None else TermScores(subtract_, y=candidate_penalty)
    return best_neighbors(
        queries, candidates, n_neighbors, score=score, memory_budget=memory_budget
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

    See Also
    --------
    mutual_neighborhood_means : Both sides' means at the cost of one.
    """
    return exact_means(X, Y, n_neighbors, memory_budget).to(shared_precision(X, Y))


def mutual_neighborhood_means(X, Y, n_neighbors, *, memory_budget=2**28):
    """Mean cosines of each row to its nearest rows on the other side, for both sides.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of one side.

    Y : Tensor of shape (n_target, n_components)
        Rows of the other side, in the same space.

    n_neighbors : int
        Size of the neighbourhoods, at least 1; clipped to what exists.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    means : NeighborhoodMeans
        `source`, ``neighborhood_means(X, Y, n_neighbors)``, and `target`,
        ``neighborhood_means(Y, X, n_neighbors)``, of one product instead of two.
    """
    means = exact_mutual_means(X, Y, n_neighbors, memory_budget)
    return NeighborhoodMeans(*(side.to(shared_precision(X, Y)) for side in means))


def exact_means(X, Y, n_neighbors, memory_budget):
    """Do the same as :func:`neighborhood_means`, in double precision."""
    near = best_neighbors(X, Y, n_neighbors, memory_budget=memory_budget)
    return _mean_cosines(X, Y, near.indices, memory_budget)


def exact_mutual_means(X, Y, n_neighbors, memory_budget):
    """Do the same as :func:`mutual_neighborhood_means`, in double precision."""
    of_x, of_y = best_neighbors_both_ways(X, Y, n_neighbors, memory_budget=memory_budget)
    return NeighborhoodMeans(
        _mean_cosines(X, Y, of_x.indices, memory_budget),
        _mean_cosines(Y, X, of_y.indices, memory_budget),
    )


def _mean_cosines(X, Y, indices, memory_budget):
    """Mean cosine of each row of X with some rows of Y, in double precision."""
    rows = torch.arange(len(X), device=X.device)
    return PairCosines(X, Y, memory_budget)(rows, indices).mean(1)


def mutual_pairs(best_of_x, best_of_y):
    """Pairs of rows of which each is the other's best.

    Parameters
    ----------
    best_of_x : Tensor of shape (n_source,), int64
        The best row of Y for each row of X.

    best_of_y : Tensor of shape (n_target,), int64
        The best row of X for each row of Y.

    Returns
    -------
    pairs_x, pairs_y : Tensor of shape (n_pairs,), int64
        Rows of X, ascending, and their partners; no row is in two pairs.
    """
    rows = torch.arange(len(best_of_x), device=best_of_x.device)
    pairs_x = (best_of_y[best_of_x] == rows).nonzero()[:, 0]
    return pairs_x, best_of_x[pairs_x]
