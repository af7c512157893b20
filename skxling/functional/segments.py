"""Sums and means over groups of rows."""

from typing import NamedTuple

import torch
from torch.nn.functional import embedding_bag, pad


class Segments(NamedTuple):
    """Which rows have the same index.

    Attributes
    ----------
    index : Tensor of shape (n_distinct,), dtype int64 or int32
        The distinct indices, ascending.

    members : Tensor of shape (n,), dtype int64 or int32
        Rows, those of the same index side by side.

    offsets : Tensor of shape (n_distinct + 1,), of the same dtype
        The rows with index `index[i]` are `members[offsets[i]:offsets[i + 1]]`.
    """

    index: torch.Tensor
    members: torch.Tensor
    offsets: torch.Tensor


def group_rows(index, rows=None):
    """Bring together what has the same index.

    Parameters
    ----------
    index : Tensor of shape (n,), dtype int64 or int32
        Where each row belongs.

    rows : Tensor of shape (n,), dtype int64 or int32, default=None
        The rows. None numbers them as they come.

    Returns
    -------
    segments : Segments
        Members of one index keep their order.
    """
    ordered, order = torch.sort(index, stable=True)
    distinct, counts = torch.unique_consecutive(ordered, return_counts=True)
    members = order if rows is None else rows[order]
    return Segments(distinct, members, pad(counts.cumsum(0, dtype=members.dtype), (1, 0)))


class DistinctRows(NamedTuple):
    """Which rows have the same index, where most have one of their own.

    Attributes
    ----------
    index : Tensor of shape (n_distinct,), dtype int64 or int32
        The distinct indices, ascending.

    first : Tensor of shape (n_distinct,), dtype int64 or int32
        The first row of each.

    repeated : Segments
        Those that several rows have: their places in `index`, and all of their rows.
    """

    index: torch.Tensor
    first: torch.Tensor
    repeated: Segments


def distinct_rows(segments):
    """Tell the rows that share their index from those that have one of their own.

    Parameters
    ----------
    segments : Segments
        Rows by their index; no segment is empty.

    Returns
    -------
    rows : DistinctRows
    """
    index, members, offsets = segments
    sizes = offsets.diff()
    is_repeated = sizes > 1
    places = is_repeated.nonzero().squeeze(1)
    repeats = members[torch.repeat_interleave(is_repeated, sizes, output_size=len(members))]
    bounds = pad(sizes[places].cumsum(0, dtype=offsets.dtype), (1, 0))
    return DistinctRows(index, members[offsets[:-1]], Segments(places, repeats, bounds))


def sum_repeated(values, rows, *, out=None):
    """Sum the rows that have the same index.

    Parameters
    ----------
    values : Tensor of shape (n_values, n_components)
        Rows to sum.

    rows : DistinctRows
        Which belong together.

    out : Tensor of shape (n_distinct, n_components), default=None
        Where to write the sums, apart from `values`.

    Returns
    -------
    sums : Tensor of shape (n_distinct, n_components)
        In the order of ``rows.index``. The same in every run, as those of `segment_sum`.
    """
    places, members, offsets = rows.repeated
    sums = torch.index_select(values, 0, rows.first, out=out)
    return sums.index_copy_(0, places, segment_sum(values, members, offsets))


def segment_sum(values, members, offsets):
    """Sum the rows of each segment.

    The order of summation depends on the members alone, so the result is the same in every run.

    Parameters
    ----------
    values : Tensor of shape (n_values, n_components)
        Rows to sum.

    members : Tensor of shape (n,), dtype int64 or int32
        Rows of `values` in all segments, end to end.

    offsets : Tensor of shape (n_segments + 1,), of the same dtype
        Segment `i` is `members[offsets[i]:offsets[i + 1]]`. An empty one has the sum zero.

    Returns
    -------
    sums : Tensor of shape (n_segments, n_components)
    """
    # a bag per segment: rows are gathered and summed in one pass, nothing is materialised
    return embedding_bag(members, values, offsets, mode="sum", include_last_offset=True)


def segment_mean(values, members, offsets):
    """Mean of the rows of each segment.

    Parameters
    ----------
    values, members, offsets : Tensor
        As for `segment_sum`.

    Returns
    -------
    means : Tensor of shape (n_segments, n_components)
        An empty segment has the mean zero.
    """
    return embedding_bag(members, values, offsets, mode="mean", include_last_offset=True)


def scale_rows_(values, scale, *, max_norm):
    """Scale rows in place, those less that would become longer than `max_norm`.

    Parameters
    ----------
    values : Tensor of shape (n, n_components)
        Rows. Overwritten.

    scale : float
        Positive factor.

    max_norm : float
        Largest Euclidean norm of a row afterwards.

    Returns
    -------
    values : Tensor
        The same tensor, its rows in the same directions.
    """
    norms = torch.linalg.vector_norm(values, dim=1, keepdim=True)
    return values.mul_(norms.reciprocal_().mul_(max_norm).clamp_max_(scale))
