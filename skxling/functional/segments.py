"""Sums and means over groups of rows."""

from typing import NamedTuple

import torch
from torch.nn.functional import embedding_bag


class IndexedRows(NamedTuple):
    """Distinct rows of a table and what is to be added to each.

    Attributes
    ----------
    index : Tensor of shape (n_rows,), dtype int64
        Rows of the table, ascending, each once.

    values : Tensor of shape (n_rows, n_components)
        One vector per row.
    """

    index: torch.Tensor
    values: torch.Tensor


def segment_sum(values, index, *, rows=None):
    """Sum the rows of `values` that have the same index.

    The order of summation depends on the index alone, so the result is the same in every run.

    Parameters
    ----------
    values : Tensor of shape (n_values, n_components)
        Rows to sum.

    index : Tensor of shape (n,), dtype int64
        Where each summand belongs.

    rows : Tensor of shape (n,), dtype int64, default=None
        The row of `values` that each summand is. None takes the rows as they come.

    Returns
    -------
    sums : IndexedRows
        The distinct indices and the sum of each.
    """
    ordered, order = torch.sort(index, stable=True)
    distinct, counts = torch.unique_consecutive(ordered, return_counts=True)
    starts = counts.cumsum(0) - counts
    order = order if rows is None else rows[order]
    # a bag per index: rows are gathered and summed in one pass, nothing is materialised
    return IndexedRows(distinct, embedding_bag(order, values, starts, mode="sum"))


def gather_mean(table, rows, offsets):
    """Mean of some rows of a table, for each of several groups.

    Parameters
    ----------
    table : Tensor of shape (n_rows, n_components)
        The table.

    rows : Tensor of shape (n,), dtype int64
        Rows of all groups, end to end.

    offsets : Tensor of shape (n_groups + 1,), dtype int64
        Group `i` is `rows[offsets[i]:offsets[i + 1]]`. An empty group has the mean zero.

    Returns
    -------
    means : Tensor of shape (n_groups, n_components)
    """
    return embedding_bag(rows, table, offsets, mode="mean", include_last_offset=True)


def clip_rows(values, max_norm):
    """Shorten the rows that are longer than `max_norm`.

    Parameters
    ----------
    values : Tensor of shape (n, n_components)
        Rows.

    max_norm : float
        Largest Euclidean norm of a row that is returned.

    Returns
    -------
    clipped : Tensor of shape (n, n_components)
        Rows in the same directions.
    """
    norms = torch.linalg.vector_norm(values, dim=1, keepdim=True)
    return values * (max_norm / norms.clamp_min(max_norm))
