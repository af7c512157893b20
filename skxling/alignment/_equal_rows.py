"""Which rows are one word: those that are equal, but for rounding."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skxling.utils import gen_blocks

MEMORY_BUDGET = 2**26  # bytes of rows that are compared at a time
# what steps of single precision may round away of a row's length; and where rows are far from the
# origin and near each other, of its distance from their mean, beside one rounding of its length
TOLERANCE, ROUNDING = 1e-5, 1e-7


def number_rows(rows):
    """Give each row the number of its word, in the order in which words first appear.

    Parameters
    ----------
    rows : array-like of shape (n_rows, n_features)
        Rows of words.

    Returns
    -------
    first : ndarray of shape (n_words,)
        The first row of each word.

    words : ndarray of shape (n_rows,)
        The number of each row's word.
    """
    rows = np.asarray(rows, dtype=np.float64)
    rows = rows.reshape(len(rows), -1)
    distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
    ends = _near_pairs(distinct, distinct)
    links = coo_array((np.ones(len(ends[0])), ends), shape=(len(distinct), len(distinct)))
    labels = connected_components(links, directed=False)[1][inverse.ravel()]
    _, first, words = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[words]


def find_rows(rows, known):
    """Find rows among those of known words.

    Parameters
    ----------
    rows : array-like of shape (n_rows, n_features)
        Rows.

    known : ndarray of shape (n_words, n_features)
        A row of each word.

    Returns
    -------
    words : ndarray of shape (n_rows,)
        The number of each row's word, -1 for others.
    """
    words = np.full(len(rows), -1)
    row, word = _near_pairs(np.asarray(rows, dtype=np.float64), known.astype(np.float64))
    words[row] = word
    return words


def _near_pairs(X, Y):
    """Rows of X and of Y that are equal, but for rounding.

    What is equal is also equal along a direction. So rows are sorted along one, and compared only
    where they lie next to each other.
    """
    if len(Y) == 0:
        return np.zeros((2, 0), dtype=np.int64)
    direction = np.random.default_rng(0).normal(size=X.shape[1]) / np.sqrt(max(X.shape[1], 1))
    lengths, distances = (np.linalg.norm(X - at, axis=1) for at in (0, Y.mean(axis=0)))
    reach = np.minimum(TOLERANCE * lengths, TOLERANCE * distances + ROUNDING * lengths)
    window = reach * np.linalg.norm(direction)
    along, along_y = X @ direction, Y @ direction
    order = np.argsort(along_y, kind="stable")
    ordered = along_y[order]
    begin = np.searchsorted(ordered, along - window, side="left")
    n_near = np.searchsorted(ordered, along + window, side="right") - begin
    x = np.repeat(np.arange(len(X)), n_near)
    shift = np.repeat(begin - np.cumsum(n_near) + n_near, n_near)
    y = order[np.arange(len(x)) + shift]
    blocks = gen_blocks(len(x), 8 * X.shape[1], memory_budget=MEMORY_BUDGET)
    parts = [np.linalg.norm(X[x[block]] - Y[y[block]], axis=1) for block in blocks]
    is_equal = np.concatenate([*parts, []]) <= reach[x]
    return x[is_equal], y[is_equal]
