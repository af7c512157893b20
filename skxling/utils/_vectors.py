"""Vectors and words of anything that holds word vectors, by duck typing."""

import numpy as np


def as_vectors(X):
    """Give the matrix of vectors of a container, or of an array-like.

    Parameters
    ----------
    X : array-like of shape (n_words, n_features), or object with an attribute `vectors`
        :class:`~skxling.embedding.WordVectors` and gensim's ``KeyedVectors`` have one.

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
        raise ValueError(
            f"Expected vectors of shape (n_words, n_features). Got shape {vectors.shape} from "
            f"{type(X).__name__}. Pass one row for each word."
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
