"""Parallel sentences as arrays: pairs of one size together, and the words that meet in them."""

import math
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from scipy import sparse

from skxling.text._array_writer import ArrayWriter
from skxling.text._corpus import (
    CorpusWriter,
    _count_words,
    _encode,
    _gather,
    _recode,
    token_batches,
)
from skxling.text._word_index import WordIndex
from skxling.utils import gen_blocks

# Possible links whose probabilities are in memory at once: 2 MB, which a cache holds
BLOCK_LINKS = 2**18


class SizeGroup(NamedTuple):
    """Sentence pairs of one size, m tokens to predict from n given ones.

    Attributes
    ----------
    members : ndarray of shape (g,), dtype int64
        Which pairs these are.

    given : ndarray of shape (g, n), dtype int32
        Word ids of the given sentences.

    predicted : ndarray of shape (g, m), dtype int32
        Word ids of the predicted sentences.
    """

    members: np.ndarray
    given: np.ndarray
    predicted: np.ndarray

    @property
    def shape(self):
        """Shape (g, m, n) of an array of all possible links."""
        return (*self.predicted.shape, self.given.shape[1])

    def reversed(self):
        """Give the same pairs, predicted the other way round."""
        return SizeGroup(self.members, self.predicted, self.given)


def _check_lengths(n_source, n_target):
    if n_source != n_target:
        raise ValueError(
            f"`X` has {n_source} sentences and `y` has {n_target}. Parallel text has one target "
            "sentence for each source sentence; keep empty sentences as empty lines or lists."
        )


def learn_vocabularies(X, y):
    """Read parallel sentences and give their words ids.

    Parameters
    ----------
    X, y : path, list of paths, list of str or list of list of str
        Sentences and their translations, as `tokenize` takes them.

    Returns
    -------
    vocabularies : list of Vocabulary
        Words of each side in descending count; pairs with an empty side do not count.

    corpora : list of EncodedCorpus
        The sentences of each side, without the pairs that have an empty side.

    Raises
    ------
    ValueError
        If the sides are of two lengths, or no pair has words on both sides.
    """
    indices = [WordIndex() for _ in range(2)]
    corpora = [
        _encode(side, index, name)
        for side, index, name in zip((X, y), indices, ("X", "y"), strict=True)
    ]
    _check_lengths(*(corpus.n_sentences for corpus in corpora))
    n, m = (np.diff(corpus.offsets) for corpus in corpora)
    usable = np.flatnonzero((n > 0) & (m > 0))
    if len(usable) == 0:
        raise ValueError(
            f"None of the {len(n)} sentence pairs has words on both sides: there is nothing to "
            "align. Check that the lines of `X` and `y` belong together."
        )
    vocabularies, kept = [], []
    for corpus, index in zip(corpora, indices, strict=True):
        counts = np.zeros((index.n_words, 1), dtype=np.int64)
        for ids, _ in _gather(corpus, usable):
            counts[:, 0] += np.bincount(ids, minlength=index.n_words)
        vocabulary, new_ids = _count_words(index, counts, 1)
        vocabularies.append(vocabulary)
        kept.append(_recode(corpus, usable, new_ids))
    return vocabularies, kept


def encode_pairs(X, y, vocabularies):
    """Read parallel sentences with known vocabularies.

    Parameters
    ----------
    X, y : path, list of paths, list of str or list of list of str
        Sentences and their translations, as `tokenize` takes them.

    vocabularies : sequence of two Vocabulary
        Those of the source and the target side.

    Returns
    -------
    corpora : list of EncodedCorpus
        The sentences of each side, -1 for unknown words.

    Raises
    ------
    ValueError
        If the sides are of two lengths.
    """
    corpora = []
    for side, vocabulary, name in zip((X, y), vocabularies, ("X", "y"), strict=True):
        with CorpusWriter() as writer:
            for tokens, lengths in token_batches(side, name):
                writer.append(vocabulary.encode(tokens), lengths)
            corpora.append(writer.finish())
    _check_lengths(*(corpus.n_sentences for corpus in corpora))
    return corpora


def group_by_size(source, target):
    """Cut parallel sentences into groups of one size, small enough to be held densely.

    Parameters
    ----------
    source, target : EncodedCorpus
        Both sides. Pairs with an empty side are in no group.

    Returns
    -------
    groups : list of SizeGroup
        With the source given and the target predicted, in ascending order of size.
    """
    n, m = np.diff(source.offsets), np.diff(target.offsets)
    order = np.lexsort((m, n))
    order = order[(n[order] > 0) & (m[order] > 0)]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(n[order]) != 0) | (np.diff(m[order]) != 0)
    starts = np.flatnonzero(is_first)
    groups = []
    for start, end in zip_longest(starts, starts[1:], fillvalue=len(order)):
        n_given, n_predicted = n[order[start]], m[order[start]]
        for block in gen_blocks(end - start, n_given * n_predicted, memory_budget=BLOCK_LINKS):
            members = order[start:end][block]
            given = source.ids[source.offsets[members, None] + np.arange(n_given)]
            predicted = target.ids[target.offsets[members, None] + np.arange(n_predicted)]
            groups.append(SizeGroup(members, given, predicted))
    return groups


class WordPairs:
    """Pairs of words that stand in translations of each other at least once.

    Parameters
    ----------
    n_target_words : int
        Number of target words.

    rows, columns : ndarray of shape (n_word_pairs,)
        Source and target word of each pair, ascending by source word, then target word.
    """

    def __init__(self, n_target_words, rows, columns):
        self.rows, self.columns = rows, columns
        self._n_target_words = n_target_words
        self._keys = self._key(rows, columns)

    def __len__(self):
        return len(self.rows)

    @classmethod
    def of_corpora(cls, corpora, vocabularies):
        """Collect the pairs of all words of all sentences and their translations."""
        source, target = (
            sparse.csr_array(
                (np.ones(corpus.n_tokens, dtype=bool), corpus.ids, corpus.offsets),
                shape=(corpus.n_sentences, vocabulary.n_words),
            )
            for corpus, vocabulary in zip(corpora, vocabularies, strict=True)
        )
        met = source.T.tocsr() @ target  # (n_source_words, n_target_words)
        met.sort_indices()
        return cls.of_matrix(met)

    @classmethod
    def of_matrix(cls, matrix):
        """Collect the stored entries of a CSR array with sorted indices."""
        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        return cls(matrix.shape[1], rows, matrix.indices)

    def find(self, group):
        """Say which word pair each possible link is of.

        Parameters
        ----------
        group : SizeGroup
            With the source given and the target predicted.

        Returns
        -------
        ids : ndarray of shape (g, m, n), dtype int32
            Position of the pair, -1 where the two words have never met.
        """
        wanted = self._key(group.given[:, None, :], group.predicted[:, :, None]).ravel()
        order = np.argsort(wanted)  # a search in ascending order stays in the cache
        at = np.minimum(np.searchsorted(self._keys, wanted[order]), len(self) - 1)
        ids = np.empty(len(wanted), dtype=np.int32)
        ids[order] = np.where(self._keys[at] == wanted[order], at, -1)
        return ids.reshape(group.shape)

    def _key(self, rows, columns):
        key = rows.astype(np.int64) * self._n_target_words + columns
        # an unknown target word would be taken for the last one of the row before
        return np.where((columns < 0) | (rows < 0), -1, key)


class LinkStore:
    """Groups of sentence pairs, and the word pairs of their possible links, to go over often.

    Parameters
    ----------
    groups : list of SizeGroup
        Sentence pairs with the source given.

    word_pairs : WordPairs
        All pairs of words that meet in them.
    """

    def __init__(self, groups, word_pairs):
        self._groups = groups
        with ArrayWriter(np.int32) as writer:  # on disk where they are many
            for group in groups:
                writer.append(word_pairs.find(group).ravel())
            self._ids = writer.finish()

    def __iter__(self):
        start = 0
        for group in self._groups:
            stop = start + math.prod(group.shape)
            yield group, self._ids[start:stop].reshape(group.shape)
            start = stop
