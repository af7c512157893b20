"""Words and their vectors: the one container of embeddings."""

import os
from collections.abc import Iterable

import numpy as np

from skxling.embedding._word_checks import (
    check_counts,
    check_unique,
    check_vectors,
    decode_words,
    encode_words,
)


def _read_only(array):
    if array is None:
        return None
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


class WordVectors:
    """Words, their vectors and their counts; immutable.

    A vocabulary of 200,000 words of 300 components takes 240 MB, so nothing here copies it:
    :func:`sklearn.base.clone` and :func:`copy.deepcopy` return the object itself, joblib
    memory-maps its arrays into workers, and a memory-mapped `vectors` stays on disk. It has
    no length or shape on purpose: scikit-learn would cut it into folds where its number of words
    happens to equal the number of samples. Use `n_words` and `vectors`.

    Parameters
    ----------
    words : sequence of str, length n_words
        Distinct words, most frequent first by convention.

    vectors : array-like of shape (n_words, n_components)
        One finite row per word. Converted to float32; float32 arrays, memory maps included, are
        not copied. A memory map of float32 is not read, so its values are not checked.

    counts : array-like of int, shape (n_words,) or (n_words, n_languages), default=None
        How often each word was seen, in all or in each language.

    Attributes
    ----------
    words : tuple of str
        Decoded on first use.

    vectors : ndarray of shape (n_words, n_components), float32
        Read-only.

    counts : ndarray of shape (n_words,) or (n_words, n_languages), int64, or None
        Read-only.

    n_words : int
        Number of words.

    n_components : int
        Number of components of a vector.

    See Also
    --------
    read_word_vectors : Read word vectors from a file.
    write_word_vectors : Write word vectors to a file.
    as_word_vectors : Accept gensim's KeyedVectors too.

    Examples
    --------
    >>> from skxling.embedding import WordVectors
    >>> word_vectors = WordVectors(["house", "haus"], [[1.0, 0.0], [0.8, 0.6]])
    >>> word_vectors["haus"]
    array([0.8, 0.6], dtype=float32)
    >>> word_vectors.index(["haus", "maison"], missing="ignore")
    array([ 1, -1])
    """

    def __init__(self, words, vectors, counts=None):
        if isinstance(words, str) or not isinstance(words, Iterable):
            raise TypeError(f"`words` must be a sequence of strings. Got {words!r}. Pass a list.")
        words = tuple(words)
        index = check_unique(words)
        buffer, offsets = encode_words(words)
        vectors = check_vectors(vectors, len(words))
        self._set(buffer, offsets, vectors, check_counts(counts, len(words)))
        object.__setattr__(self, "_words", words)
        object.__setattr__(self, "_index", index)

    @classmethod
    def _from_buffer(cls, buffer, offsets, vectors, counts=None):
        """Build from a word buffer as `encode_words` makes it, without reading any array."""
        self = cls.__new__(cls)
        self._set(buffer, offsets, vectors, counts)
        return self

    def _set(self, buffer, offsets, vectors, counts):
        # plain arrays in plain attributes: this is what joblib memory-maps
        arrays = {"_buffer": buffer, "_offsets": offsets, "_vectors": vectors, "_counts": counts}
        for name, array in arrays.items():
            object.__setattr__(self, name, _read_only(array))
        object.__setattr__(self, "_words", None)
        object.__setattr__(self, "_index", None)

    @classmethod
    def from_keyed_vectors(cls, keyed_vectors):
        """Take over gensim's KeyedVectors, or anything with `index_to_key` and `vectors`.

        Parameters
        ----------
        keyed_vectors : object
            With `index_to_key` (list of str) and `vectors` (n_words, n_components); its
            `expandos["count"]` become the counts.

        Returns
        -------
        word_vectors : WordVectors
            Sharing memory with `keyed_vectors.vectors` where that is float32.
        """
        if not (hasattr(keyed_vectors, "index_to_key") and hasattr(keyed_vectors, "vectors")):
            way_out = " Pass its `.wv`." if hasattr(keyed_vectors, "wv") else ""
            raise TypeError(
                "`keyed_vectors` must have `index_to_key` and `vectors`. Got "
                f"{type(keyed_vectors).__name__}.{way_out}"
            )
        words = keyed_vectors.index_to_key
        counts = getattr(keyed_vectors, "expandos", {}).get("count")
        if counts is not None:
            counts = np.asarray(counts)
            # gensim invents n, n - 1, ..., 1 for files that carry no counts
            if np.array_equal(counts, np.arange(len(words), 0, -1)):
                counts = None
        return cls(words, keyed_vectors.vectors, counts)

    @property
    def words(self):
        """Words in the order of the rows."""
        if self._words is None:
            object.__setattr__(self, "_words", decode_words(self._buffer, self._offsets))
        return self._words

    @property
    def vectors(self):
        """Vectors, one row per word, read-only."""
        return self._vectors

    @property
    def counts(self):
        """Counts of the words, or None."""
        return self._counts

    @property
    def n_words(self):
        """Number of words."""
        return self._vectors.shape[0]

    @property
    def n_components(self):
        """Number of components of a vector."""
        return self._vectors.shape[1]

    def index(self, words, *, missing="error"):
        """Rows of words.

        Parameters
        ----------
        words : sequence of str
            Words to look up.

        missing : {"error", "ignore"}, default="error"
            What an unknown word does: raise a KeyError, or get row -1.

        Returns
        -------
        rows : ndarray of shape (len(words),), int64
            Row of each word.
        """
        if missing not in ("error", "ignore"):
            raise ValueError(f"`missing` must be 'error' or 'ignore'. Got {missing!r}.")
        if isinstance(words, str) or not isinstance(words, Iterable):
            raise TypeError(f"`words` must be a sequence of strings. Got {words!r}. Pass a list.")
        words = list(words)
        lookup = self._lookup()
        rows = np.fromiter((lookup.get(word, -1) for word in words), np.int64, count=len(words))
        if missing == "error" and (rows < 0).any():
            unknown = [words[i] for i in np.flatnonzero(rows < 0)]
            more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
            raise KeyError(
                f"not in the vocabulary: {', '.join(map(repr, unknown[:5]))}{more}; "
                "index(words, missing='ignore') gives them row -1"
            )
        return rows

    def subset(self, indices):
        """Select rows.

        Parameters
        ----------
        indices : slice, or array-like of int or bool
            Rows to keep, in this order. A slice shares memory, anything else copies.

        Returns
        -------
        word_vectors : WordVectors
            The words, vectors and counts of these rows.
        """
        if not isinstance(indices, slice):
            indices = np.asarray(indices)
            if indices.size == 0:
                indices = indices.astype(np.int64)
        rows = np.arange(self.n_words)[indices].tolist()
        words = [self.words[row] for row in rows]
        check_unique(words)
        counts = None if self._counts is None else self._counts[indices]
        buffer, offsets = encode_words(words)
        return self._from_buffer(buffer, offsets, self._vectors[indices], counts)

    def with_vectors(self, vectors):
        """Keep words and counts, and take other vectors.

        Parameters
        ----------
        vectors : array-like of shape (n_words, n_components)
            One row per word, of any number of components.

        Returns
        -------
        word_vectors : WordVectors
            Sharing words and counts with this one.
        """
        vectors = check_vectors(vectors, self.n_words)
        return self._from_buffer(self._buffer, self._offsets, vectors, self._counts)

    def _lookup(self):
        if self._index is None:
            object.__setattr__(self, "_index", check_unique(self.words))
        return self._index

    def __contains__(self, word):
        return word in self._lookup()

    def __getitem__(self, words):
        """Vector of one word (n_components,), or of a list of words (n, n_components)."""
        if isinstance(words, str):
            return self._vectors[self.index([words])[0]]
        return self._vectors[self.index(words)]

    # __getitem__ alone would make Python iterate by wv[0], wv[1], ...
    __iter__ = None

    def __setattr__(self, name, value):
        raise AttributeError(
            f"WordVectors is immutable: cannot set {name!r}. Make a new one, e.g. by with_vectors."
        )

    def __delattr__(self, name):
        raise AttributeError(f"WordVectors is immutable: cannot delete {name!r}.")

    def __getstate__(self):
        # the decoded words and the lookup are rebuilt on first use
        names = ("_buffer", "_offsets", "_vectors", "_counts")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state):
        self._set(*(state[name] for name in ("_buffer", "_offsets", "_vectors", "_counts")))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __sklearn_clone__(self):
        return self

    def __repr__(self):
        counts = "" if self._counts is None else f", counts of shape {self._counts.shape}"
        return f"<WordVectors: {self.n_words} words, {self.n_components} components{counts}>"


def as_word_vectors(word_vectors, name="word_vectors"):
    """Return WordVectors for WordVectors or gensim's KeyedVectors.

    Parameters
    ----------
    word_vectors : WordVectors or KeyedVectors
        WordVectors pass through; anything with `index_to_key` and `vectors` is taken over.

    name : str, default="word_vectors"
        What they are called in error messages.

    Returns
    -------
    word_vectors : WordVectors
        The same vectors, not copied where they are float32.

    Raises
    ------
    TypeError
        If they are anything else, such as the path of a file or an array.
    """
    if isinstance(word_vectors, WordVectors):
        return word_vectors
    if isinstance(word_vectors, (str, os.PathLike)):
        raise TypeError(
            f"`{name}` must be WordVectors. Got the {type(word_vectors).__name__} "
            f"{os.fspath(word_vectors)!r}. Read a file by read_word_vectors(path) first."
        )
    if not (hasattr(word_vectors, "index_to_key") or hasattr(word_vectors, "wv")):
        raise TypeError(
            f"`{name}` must be WordVectors, or gensim's KeyedVectors. Got "
            f"{type(word_vectors).__name__}. Pass WordVectors(words, vectors): vectors alone do "
            "not say what their words are."
        )
    return WordVectors.from_keyed_vectors(word_vectors)
