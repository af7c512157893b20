"""Vocabulary: words in descending count, and how often each language uses them."""

from functools import cached_property
from itertools import pairwise

import numpy as np


class Vocabulary:
    """Words and their counts per language.

    Parameters
    ----------
    words : list of str of length n_words
        Distinct words, in descending total count.

    counts : array-like of shape (n_words, n_languages), dtype int
        How often each word occurs in each language's (balanced) corpus.

    Examples
    --------
    >>> from skxling.text import Vocabulary
    >>> vocabulary = Vocabulary(["die", "house"], [[1, 98], [30, 0]])
    >>> vocabulary.encode(["house", "unknown", "die"])
    array([ 1, -1,  0], dtype=int32)
    """

    def __init__(self, words, counts):
        self.words = list(words)
        self.counts = np.asarray(counts, dtype=np.int64)
        if self.counts.ndim != 2 or len(self.counts) != len(self.words):
            raise ValueError(
                f"`counts` has one row per word and one column per language. Got shape "
                f"{self.counts.shape} for {len(self.words)} words."
            )

    @classmethod
    def _from_text(cls, text, lengths, counts):
        """Build from the letters of the words, end to end, and how many of them each word has."""
        self = cls.__new__(cls)
        self._text, self._lengths, self.counts = text, lengths, counts
        return self

    @cached_property
    def words(self):
        """Words in the order of the rows.

        They become strings when they are first asked for: these take several times the memory of
        their letters, and a training without n-grams does not need them.
        """
        ends = np.cumsum(self._lengths).tolist()
        return [self._text[begin:end] for begin, end in pairwise([0, *ends])]

    @cached_property
    def _index(self):
        """Id of each word; made when it is first asked for, for it takes more than the words."""
        return {word: i for i, word in enumerate(self.words)}

    def __getstate__(self):
        """Leave out what is made on first use, so that asking for a word changes no hash."""
        state = vars(self).copy()
        state.pop("_index", None)
        if "_text" in state:
            state.pop("words", None)
        return state

    @property
    def n_words(self):
        """Number of words."""
        return len(self.counts)

    def __contains__(self, word):
        return word in self._index

    def encode(self, tokens):
        """Ids of tokens, -1 for words that are not in the vocabulary.

        Parameters
        ----------
        tokens : sequence of str of length n_tokens
            Words.

        Returns
        -------
        ids : ndarray of shape (n_tokens,), dtype int32
        """
        get = self._index.get
        return np.fromiter((get(token, -1) for token in tokens), np.int32, count=len(tokens))

    def __repr__(self):
        n_words, n_languages = self.counts.shape
        return f"Vocabulary(n_words={n_words}, n_languages={n_languages})"
