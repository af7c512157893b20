"""Vocabulary reallocation: which language a word of a joint vocabulary belongs to."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_array


class Reallocation(NamedTuple):
    """Three disjoint classes of a joint vocabulary, and the proportion that decided.

    Attributes
    ----------
    source : ndarray of shape (n_words,), dtype bool
        Words that belong to the source language alone.

    target : ndarray of shape (n_words,), dtype bool
        Words that belong to the target language alone.

    shared : ndarray of shape (n_words,), dtype bool
        Words that both languages keep.

    proportion : ndarray of shape (n_words,)
        Share of the source language in a word's relative frequency, in [0, 1].
    """

    source: np.ndarray
    target: np.ndarray
    shared: np.ndarray
    proportion: np.ndarray


def reallocate_vocabulary(counts, threshold=0.9, *, totals=None):
    """Divide a joint vocabulary into source-only, target-only and shared words.

    With counts `c1`, `c2` and token totals `T1`, `T2`, the share of the source language in a
    word's relative frequency is::

        p = (c1 / T1) / (c1 / T1 + c2 / T2)

    A word is source-only where `p >= threshold`, target-only where `1 - p >= threshold`, and
    shared otherwise.

    Parameters
    ----------
    counts : array-like of shape (n_words, 2)
        How often each word occurs in the source and in the target corpus, after balancing.

    threshold : float, default=0.9
        In (0.5, 1]: the share from which on a word belongs to one language alone. The paper
        uses 0.7 to 0.95. A higher threshold leaves more words shared.

    totals : array-like of shape (2,), default=None
        Tokens of the source and of the target corpus. By default the sums of `counts`.

    Returns
    -------
    reallocation : Reallocation
        Named tuple of the masks `source`, `target`, `shared` and the array `proportion`.

    References
    ----------
    .. [1] Wang, Xie, Xu, Yang, Neubig, Carbonell, "Cross-lingual Alignment vs Joint Training: A
       Comparative Study and A Simple Unified Framework", ICLR 2020, section 3.2.

    Examples
    --------
    >>> from skxling.text import reallocate_vocabulary
    >>> counts = [[90, 0], [0, 80], [10, 12], [1, 99]]  # house, haus, winter, die
    >>> reallocate_vocabulary(counts).proportion.round(2)
    array([1.  , 0.  , 0.61, 0.02])
    >>> reallocate_vocabulary(counts).shared
    array([False, False,  True, False])
    """
    counts = check_array(counts, dtype=np.float64, input_name="counts")
    if counts.shape[1] != 2:
        raise ValueError(
            f"`counts` has one column per language, two in all. Got shape {counts.shape}: fit "
            "JointSkipGram on two corpora (with `y`) to have counts of two languages."
        )
    if not 0.5 < threshold <= 1.0:
        raise ValueError(
            f"`threshold` must be in (0.5, 1]. Got {threshold!r}: at 0.5 or below a word could "
            "belong to both languages alone at once."
        )
    totals = counts.sum(axis=0) if totals is None else np.asarray(totals, dtype=np.float64)
    if totals.shape != (2,) or not (totals > 0).all():
        raise ValueError(
            f"`totals` must be two positive numbers of tokens. Got {totals}: one language has no "
            "token in the counts."
        )
    frequency = counts / totals  # c / T, (n_words, 2)
    both = frequency.sum(axis=1)
    if not (both > 0).all():
        raise ValueError(
            f"`counts` has a word that neither language uses (row {int(np.argmin(both))}). "
            "Drop rows whose counts are all zero."
        )
    proportion = frequency[:, 0] / both  # p
    source = proportion >= threshold
    target = 1.0 - proportion >= threshold
    return Reallocation(source, target, ~(source | target), proportion)
