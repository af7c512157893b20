"""Tiles of a product of two sets of rows; the product is never there as a whole.

Of two vocabularies of 200,000 words and 300 components, the product takes 24 * 10**12 operations,
and its 40 * 10**9 scores would be 160 GB. To write them to memory and read them back costs as much
as the product. So a part of 4 MB is multiplied, rescored, and reduced to the largest of each group
of scores, while it is in the cache.
"""

from math import isqrt
from typing import NamedTuple

import torch

_N_ACROSS = 64  # columns of a row whose maximum is taken together
_N_DOWN = 32  # rows of a column, likewise: far from each other in memory
_CACHE_BYTES = 2**22  # scores that are multiplied, rescored and reduced at once on the CPU


class Tile(NamedTuple):
    """Scores of some rows with some columns, filled up with -inf to whole groups.

    Attributes
    ----------
    rows, columns : slice
        Which they are.

    scores : Tensor of shape (height, width)
        Overwritten by the next tile.

    row_maxima : Tensor of shape (height, width / 64)
        Largest score of each group of 64 columns.

    column_maxima : Tensor of shape (height / 32, width) or None
        Largest score of each group of 32 rows.
    """

    rows: slice
    columns: slice
    scores: torch.Tensor
    row_maxima: torch.Tensor
    column_maxima: torch.Tensor | None


def _whole(n, group):
    """Round up to a multiple of the group's size."""
    return -(-n // group) * group


def _shape(n_rows, n_columns, area, smallest=(1, 1)):
    """Height and width of a part of a matrix, in whole groups, of about this area.

    It is no smaller than `smallest`, but where the matrix is.
    """
    n_rows, n_columns = _whole(max(n_rows, 1), _N_DOWN), _whole(max(n_columns, 1), _N_ACROSS)
    height = min(n_rows, isqrt(area))
    width = min(n_columns, area // max(height, 1))
    height = min(n_rows, area // max(width, 1))
    return (
        max(height // _N_DOWN * _N_DOWN, min(_whole(smallest[0], _N_DOWN), n_rows)),
        max(width // _N_ACROSS * _N_ACROSS, min(_whole(smallest[1], _N_ACROSS), n_columns)),
    )


def gen_tiles(X, Y, *, k=1, rescore=None, both_ways=True, memory_budget=2**28):
    """Yield tiles of ``X @ Y.T``, row after row of tiles.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_components)
        Rows as they are.

    Y : Tensor of shape (n_columns, n_components)
        Rows as they are, of the same type.

    k : int, default=1
        Number of scores that a tile must be able to hold in each row, and, where it goes both
        ways, in each column.

    rescore : callable, default=None
        Called as ``rescore(products, rows, columns)``, it turns products into scores, in place.

    both_ways : bool, default=True
        Whether columns have maxima too.

    memory_budget : int, default=2**28
        Bytes that a tile, and what is made of it, may take.

    Yields
    ------
    tile : Tile
        The tiles, from left to right, then from top to bottom.
    """
    area = memory_budget // 4 // X.element_size()  # the rest is for what is made of it
    height, width = _shape(X.shape[0], Y.shape[0], area, (k if both_ways else 1, k))
    buffer, views = X.new_empty(height * width), {}
    for top in range(0, X.shape[0], height):
        x = X[top : top + height]
        for left in range(0, Y.shape[0], width):
            y = Y[left : left + width]
            if (len(x), len(y)) not in views:  # of one shape are nearly all
                views[len(x), len(y)] = _views(buffer, len(x), len(y), both_ways)
            (scores, *maxima), fillings, parts = views[len(x), len(y)]
            for filling in fillings:
                filling.fill_(-torch.inf)
            for part in parts:
                torch.mm(x[part.rows], y[part.columns].T, out=part.products)
                if rescore is not None:
                    rescore(part.products, _shift(part.rows, top), _shift(part.columns, left))
                torch.amax(part.across, 2, out=part.row_maxima)
                if both_ways:
                    torch.amax(part.down, 1, out=part.column_maxima)
            rows, columns = slice(top, top + len(x)), slice(left, left + len(y))
            yield Tile(rows, columns, scores, *maxima)


class _Part(NamedTuple):
    """Views of a part of a tile that fits into the cache."""

    rows: slice
    columns: slice
    products: torch.Tensor
    across: torch.Tensor  # (h, w / 64, 64)
    row_maxima: torch.Tensor
    down: torch.Tensor  # (h / 32, 32, w)
    column_maxima: torch.Tensor | None


def _views(buffer, n_rows, n_columns, both_ways):
    """Tensors of a tile, what of them is filled up, and the parts in which it is computed."""
    h, w = _whole(n_rows, _N_DOWN), _whole(n_columns, _N_ACROSS)
    scores = buffer[: h * w].view(h, w)
    fillings = [f for f in (scores[n_rows:], scores[:, n_columns:]) if f.numel()]
    row_maxima = buffer.new_empty(h, w // _N_ACROSS)
    column_maxima = buffer.new_empty(h // _N_DOWN, w) if both_ways else None
    area = _CACHE_BYTES // buffer.element_size() if buffer.device.type == "cpu" else h * w
    height, width = _shape(h, w, area)
    parts = []
    for top in range(0, h, height):
        for left in range(0, w, width):
            part = scores[top : top + height, left : left + width]
            rows = slice(top, min(top + height, n_rows))
            columns = slice(left, min(left + width, n_columns))
            groups = slice(left // _N_ACROSS, (left + width) // _N_ACROSS)
            column_part = None
            if both_ways:
                column_part = column_maxima[top // _N_DOWN : (top + height) // _N_DOWN]
                column_part = column_part[:, left : left + width]
            parts.append(
                _Part(
                    rows,
                    columns,
                    scores[rows, columns],
                    part.unflatten(1, (-1, _N_ACROSS)),
                    row_maxima[top : top + height, groups],
                    part.unflatten(0, (-1, _N_DOWN)),
                    column_part,
                )
            )
    return (scores, row_maxima, column_maxima), fillings, parts


def _shift(block, start):
    return slice(start + block.start, start + block.stop)


def gen_products(X, Y, *, memory_budget=2**28):
    """Yield blocks of ``X @ Y.T`` that fit into the cache, or into the memory budget.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_components)
        Rows as they are.

    Y : Tensor of shape (n_columns, n_components)
        Rows as they are, of the same type.

    memory_budget : int, default=2**28
        Bytes that a block, and what is made of it, may take.

    Yields
    ------
    rows, columns : slice
        Rows of X and of Y.

    products : Tensor of shape (n_block_rows, n_block_columns)
        To be written to at will, and overwritten by the next block.
    """
    n_bytes = memory_budget // 4
    if X.device.type == "cpu":
        n_bytes = min(n_bytes, _CACHE_BYTES)
    height, width = _shape(X.shape[0], Y.shape[0], n_bytes // X.element_size())
    buffer = X.new_empty(height * width)
    for top in range(0, X.shape[0], height):
        rows = slice(top, min(top + height, X.shape[0]))
        for left in range(0, Y.shape[0], width):
            columns = slice(left, min(left + width, Y.shape[0]))
            shape = rows.stop - top, columns.stop - left
            products = buffer[: shape[0] * shape[1]].view(shape)
            yield rows, columns, torch.mm(X[rows], Y[columns].T, out=products)
