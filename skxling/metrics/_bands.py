"""Queries cut into bands by how frequent their word is, and the precision of each."""

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest


class Bands(NamedTuple):
    """Value of :func:`judge_bands`, an entry for each band."""

    bands: np.ndarray  # (n_bands, 2)
    precision: np.ndarray  # (n_bands,)
    intervals: np.ndarray  # (n_bands, 2)
    n_queries: np.ndarray  # (n_bands,)


def _find_bands(ranks, n_bands, edges):
    """First and last frequency rank of each band."""
    largest = ranks.max()
    if edges is None:  # bands with about as many queries
        shares = np.arange(1, n_bands) / n_bands
        edges = np.unique(np.quantile(ranks, shares, method="inverted_cdf")).astype(np.int64)
        edges = edges[edges < largest]
    edges = np.asarray(edges)
    are_ranks = edges.ndim == 1 and (edges.dtype.kind in "iu" or not len(edges))
    if not are_ranks or (np.diff(edges, prepend=0) < 1).any():
        raise ValueError(
            "`edges` must be ascending integers from 1 on, the last rank of each band but the "
            f"last. Got {edges.tolist()}."
        )
    # a band without a query is one too: displays of the same edges have the same bands
    last = np.append(edges, max(largest, edges[-1] + 1) if len(edges) else largest).astype(np.int64)
    return np.column_stack([np.append(1, last[:-1] + 1), last])


def judge_bands(hits, ranks, n_bands, edges, confidence_level):
    """Cut queries into bands and judge each.

    Parameters
    ----------
    hits : ndarray of shape (n_queries,)
        Whether each query is right.

    ranks : ndarray of shape (n_queries,), int
        Frequency rank of its word, from 1; queries of rank 0 are left out.

    n_bands : int
        Number of bands, with about as many queries each.

    edges : array-like of int or None
        Last rank of each band but the last, instead of `n_bands`.

    confidence_level : float
        Of Wilson's intervals, in (0, 1).

    Returns
    -------
    bands : Bands
        First and last rank, precision, interval and number of queries; nan where there is none.
    """
    hits, ranks = hits[ranks > 0], ranks[ranks > 0]
    if not len(ranks):
        raise ValueError(
            "No query has a frequency rank: the source vocabulary has none of the words, or "
            "oov='skip' left all of them out. Look for differences of case or encoding."
        )
    bands, precision, intervals, n_queries = _find_bands(ranks, n_bands, edges), [], [], []
    for first, last in bands:
        mine = hits[(ranks >= first) & (ranks <= last)]
        n_queries.append(len(mine))
        precision.append(mine.mean() if len(mine) else np.nan)
        intervals.append((np.nan, np.nan))
        if len(mine):
            found = binomtest(int(mine.sum()), len(mine))
            intervals[-1] = found.proportion_ci(confidence_level, method="wilson")
    return Bands(bands, np.array(precision), np.array(intervals), np.array(n_queries))
