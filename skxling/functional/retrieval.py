"""Ways of retrieval by name: the one table that estimators, scorers and reports share."""

from functools import partial
from typing import NamedTuple

import torch

from skxling.functional.neighbors import (
    best_neighbors,
    best_neighbors_both_ways,
    exact_means,
    exact_mutual_means,
    mutual_pairs,
)
from skxling.functional.scores import TermScores, divide_, subtract_
from skxling.functional.similarity import inverted_softmax_normalizers
from skxling.functional.top_k import Neighbors

# Scores by the name of the way of retrieval: (cosines, x, y, temperature) -> scores, in place.
_SCORES = {
    "cosine": lambda cosines, x, y, temperature: cosines,
    "csls": lambda cosines, x, y, temperature: subtract_(cosines, x, y, scale=2),
    "inverted_softmax": lambda cosines, x, y, temperature: subtract_(
        cosines, x, y, scale=1 / temperature
    ),
    "margin": lambda cosines, x, y, temperature: divide_(cosines, x, y),
}
_USE_MEANS = ("csls", "margin")

RETRIEVALS = tuple(_SCORES)


class RetrievalStatistics(NamedTuple):
    """What a way of retrieval must know of the rows of two sides, beside their cosines.

    Attributes
    ----------
    source : Tensor of shape (n_source,) or None
        Of each source row; None where it has no part in the scores.

    target : Tensor of shape (n_target,) or None
        Of each target row, likewise.
    """

    source: torch.Tensor | None = None
    target: torch.Tensor | None = None


def retrieval_statistics(
    source, target, *, retrieval="csls", n_neighbors=10, temperature=0.03, memory_budget=2**28
):
    """Measure what retrieval of target rows by source rows must know of either.

    Parameters
    ----------
    source : Tensor of shape (n_source, n_components)
        Rows of the whole source space.

    target : Tensor of shape (n_target, n_components)
        Rows of the whole target space, mapped into one space with the source.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a target row the nearest. "margin" is the ratio margin.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin", at least 1; clipped to what exists.

    temperature : float, default=0.03
        Of the inverted softmax, above 0.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    statistics : RetrievalStatistics
        For "csls" and "margin" :func:`mutual_neighborhood_means`, in double precision, for
        "inverted_softmax" the :func:`inverted_softmax_normalizers` of the target, for "cosine"
        nothing.
    """
    if retrieval in _USE_MEANS:
        return RetrievalStatistics(*exact_mutual_means(source, target, n_neighbors, memory_budget))
    if retrieval == "inverted_softmax":
        log_normalizers = inverted_softmax_normalizers(
            target, source, temperature, memory_budget=memory_budget
        )
        return RetrievalStatistics(target=log_normalizers)
    return RetrievalStatistics()


def query_statistics(queries, candidates, *, retrieval="csls", n_neighbors=10, memory_budget=2**28):
    """Measure what retrieval must know of queries that need not be rows of the source space.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows, in the space of the candidates.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows of the whole target space.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a candidate near.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin", at least 1; clipped to what exists.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    statistics : Tensor of shape (n_queries,) or None
        :func:`neighborhood_means` in double precision, or None where queries have no term of their
        own.
    """
    if retrieval not in _USE_MEANS:
        return None
    return exact_means(queries, candidates, n_neighbors, memory_budget)


def retrieve(
    queries,
    candidates,
    k,
    statistics,
    *,
    retrieval="csls",
    temperature=0.03,
    memory_budget=2**28,
):
    """Find the k nearest candidates of each query, by a way of retrieval.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows, in the space of the candidates; they need not have length 1.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows to choose from.

    k : int
        Number of candidates to find, at least 1; clipped to what exists.

    statistics : RetrievalStatistics
        `source` of the queries, from :func:`query_statistics`, `target` of the candidates, from
        :func:`retrieval_statistics`. "csls" does without the former: its scores then lack the
        query's term, which does not change the order.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a candidate near.

    temperature : float, default=0.03
        Of the inverted softmax, above 0; that of the statistics.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, k).

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import retrieval_statistics, retrieve
    >>> X, Y = torch.eye(2), torch.tensor([[1.0, 0.1], [1.0, 1.0]])
    >>> statistics = retrieval_statistics(X, Y, retrieval="margin", n_neighbors=1)
    >>> retrieve(X, Y, 1, statistics, retrieval="margin").indices
    tensor([[0],
            [1]])
    """
    x, y = statistics
    late = None
    if retrieval != "margin":  # a term of the row does not change its order
        x, late = None, x
    score_ = partial(_SCORES[retrieval], temperature=temperature)
    score = TermScores(score_, x, y)
    found = best_neighbors(queries, candidates, k, score=score, memory_budget=memory_budget)
    if late is None:
        return found
    return Neighbors(found.scores - late[:, None].to(found.scores.dtype), found.indices)


def pair_scores(cosines, statistics, *, retrieval="csls", temperature=0.03):
    """Scores of pairs of rows whose cosines are known.

    Parameters
    ----------
    cosines : Tensor
        Cosine of each pair.

    statistics : RetrievalStatistics
        `source` and `target` of the rows of each pair, of shapes that broadcast to that of the
        cosines; None where the way of retrieval has no use for them.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What the scores are.

    temperature : float, default=0.03
        Of the inverted softmax, above 0; that of the statistics.

    Returns
    -------
    scores : Tensor
        In the shape of the cosines.
    """
    return _SCORES[retrieval](cosines.clone(), *statistics, temperature)


def mutual_neighbors(
    X,
    Y,
    *,
    retrieval="csls",
    n_neighbors=10,
    temperature=0.03,
    statistics=None,
    memory_budget=2**28,
):
    """Find the pairs of rows that are each other's best neighbour.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of one side; they need not have length 1.

    Y : Tensor of shape (n_target, n_components)
        Rows of the other side, in the same space.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a neighbour the best.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin", at least 1; clipped to what exists.

    temperature : float, default=0.03
        Of the inverted softmax, above 0. Each row's best is by its own side's probabilities.

    statistics : RetrievalStatistics, default=None
        Of all rows, from :func:`retrieval_statistics`. None measures them.

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
    score = mutual_scores(
        X,
        Y,
        retrieval=retrieval,
        n_neighbors=n_neighbors,
        temperature=temperature,
        statistics=statistics,
        memory_budget=memory_budget,
    )
    of_x, of_y = best_neighbors_both_ways(X, Y, 1, score=score, memory_budget=memory_budget)
    return mutual_pairs(of_x.indices[:, 0], of_y.indices[:, 0])


def mutual_scores(
    X, Y, *, retrieval, n_neighbors, temperature, statistics=None, memory_budget=2**28
):
    """Make the function that turns tiles of cosines into scores, right in both directions.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of one side; they need not have length 1.

    Y : Tensor of shape (n_target, n_components)
        Rows of the other side, in the same space.

    retrieval, n_neighbors, temperature, statistics, memory_budget
        As in :func:`mutual_neighbors`.

    Returns
    -------
    score : TermScores
        As :func:`~skxling.functional.neighbors.largest_scores_both_ways` takes it.
    """
    if statistics is None:
        statistics = retrieval_statistics(
            X,
            Y,
            retrieval=retrieval,
            n_neighbors=n_neighbors,
            temperature=temperature,
            memory_budget=memory_budget,
        )
    x, y = statistics
    if retrieval == "inverted_softmax" and x is None:
        # a term of the row does not change its order, one of the column not the column's: with
        # both, one matrix has the order of either direction
        x = inverted_softmax_normalizers(X, Y, temperature, memory_budget=memory_budget)
    return TermScores(partial(_SCORES[retrieval], temperature=temperature), x, y)
