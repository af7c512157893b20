"""Sentences that are too long for a transformer: windows that overlap."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """Words that go through the transformer together."""

    begin: int  # its first word
    end: int  # after its last word
    keep_begin: int  # the words whose vectors are taken from it
    keep_end: int


def gen_windows(n_pieces, length, overlap):
    """Cut a sentence into windows, each word's vector to be taken where it has most context.

    Parameters
    ----------
    n_pieces : array-like of int, shape (n_words,)
        Number of pieces of each word, each at most `length`.

    length : int
        Pieces of a window at most, at least 1.

    overlap : int
        Pieces that a window shares with the one before at most, so that words at its edges have
        context; at least 0 and below `length`.

    Yields
    ------
    window : Window
        In ascending order; the words they keep are all words, each once.

    Examples
    --------
    >>> from skxling.contextual._windows import gen_windows
    >>> for window in gen_windows([1, 1, 1, 1, 1, 1], length=4, overlap=2):
    ...     print(*window)
    0 4 0 3
    2 6 3 6
    """
    ends = np.cumsum(n_pieces)
    begins = ends - n_pieces
    n_words = len(ends)
    windows, begin, end = [], 0, 0
    while end < n_words:
        end = int(np.searchsorted(ends, begins[begin] + length, side="right"))
        windows.append((begin, end))
        if end < n_words:
            # the next begins with the overlap, but goes on for at least one word more
            begin = int(np.searchsorted(begins, ends[end - 1] - overlap, side="left"))
            begin = min(max(begin, windows[-1][0] + 1), end)
            while ends[end] - begins[begin] > length:
                begin += 1
    # what two windows share is divided in its middle
    cuts = [(begin + end) // 2 for (_, end), (begin, _) in pairwise(windows)]
    borders = [0, *cuts, n_words]
    for i, (begin, end) in enumerate(windows):
        yield Window(begin, end, borders[i], borders[i + 1])
