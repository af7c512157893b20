"""Vectors of texts and of words that training has not seen."""

import numpy as np
from scipy.sparse import csr_array


def compose_of_ngrams(ids, offsets, buckets, vectors):
    """Mean of each word's n-grams that training has seen.

    Parameters
    ----------
    ids : ndarray of shape (n_ngrams,)
        Buckets of the n-grams of all words.

    offsets : ndarray of shape (n_words + 1,)
        The n-grams of word `i` are `ids[offsets[i]:offsets[i + 1]]`.

    buckets : ndarray of shape (n_buckets,)
        The buckets that training has seen, ascending.

    vectors : ndarray of shape (n_buckets, n_components)
        Their vectors.

    Returns
    -------
    means : ndarray of shape (n_words, n_components), dtype float32
        Zero for a word without such an n-gram.

    is_known : ndarray of shape (n_words,), dtype bool
        Which words have one.
    """
    at = np.searchsorted(buckets, ids)
    seen = np.append(buckets, -1)[at] == ids
    word = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[seen]
    return _means(vectors, at[seen], word, len(offsets) - 1)


def mean_vectors(texts, word_rows):
    """Mean vector of the words of each text.

    Parameters
    ----------
    texts : iterable of list of str
        Tokens.

    word_rows : callable
        Vectors of a list of distinct words, and which of them have one.

    Returns
    -------
    means : ndarray of shape (n_texts, n_components), dtype float32
        Words without a vector are left out; a text of such words alone has the mean zero.
    """
    texts = list(texts)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    tokens = np.array([token for text in texts for token in text], dtype=object)
    distinct, inverse = np.unique(tokens, return_inverse=True)
    vectors, is_known = word_rows(list(distinct))
    seen = is_known[inverse]
    text = np.repeat(np.arange(len(texts)), lengths)[seen]
    return _means(vectors, inverse[seen], text, len(texts))[0]


def _means(vectors, rows, group, n_groups):
    """Mean of the chosen rows of each group, and which groups have a row."""
    counts = np.bincount(group, minlength=n_groups)
    ones = np.ones(len(rows), dtype=vectors.dtype)
    members = csr_array((ones, (group, rows)), shape=(n_groups, len(vectors)))
    # a row that comes often is counted, not added again and again: whole numbers are exact
    return members @ vectors / np.maximum(counts, 1).astype(vectors.dtype)[:, None], counts > 0
