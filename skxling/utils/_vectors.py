"""Vectors and words of anything that holds word vectors, by duck typing."""

import numpy as np


def as_vectors(X, name=None):
    """Give the matrix of vectors of a container, or of an array-like.

    Parameters
    ----------
    X : array-like of shape (n_words, n_features), or object with an attribute `vectors`
        :class:`~skxling.embedding.WordVectors` and gensim's ``KeyedVectors`` have one.

    name : str, default=None
        What it is called in error messages.

    Returns
    -------
    vectors : ndarray of shape (n_words, n_features)
        The same memory where `X` holds an array.

    Raises
    ------
    ValueError
        If the vectors are not two-dimensional.
    """
    # a data frame answers to the names of its columns, so what is an array comes first
    vectors = X if hasattr(X, "__array__") else getattr(X, "vectors", X)
    vectors = np.asarray(vectors)
    if vectors.ndim != 2:
        wanted = f" as `{name}`" if name else ""
        got = repr(X) if isinstance(X, str) else type(X).__name__
        raise ValueError(
            f"Expected vectors of shape (n_words, n_features){wanted}. Got shape {vectors.shape} "
            f"from {got}. Pass one row for each word; read a file by read_word_vectors(path)."
        )
    return vectors


def as_words(X):
    """Give the words of a container of word vectors, in the order of its rows.

    Parameters
    ----------
    X : object
        An object with an attribute `words` (:class:`~skxling.embedding.WordVectors`) or
        `index_to_key` (gensim's ``KeyedVectors``), or anything else.

    Returns
    -------
    words : list of str, or None
        None where `X` names no words, as a bare array.
    """
    if hasattr(X, "__array__"):
        return None
    for name in ("words", "index_to_key"):
        words = getattr(X, name, None)
        if words is not None:
            return words if isinstance(words, list) else list(words)
    return None
