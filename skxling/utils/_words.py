"""Validation of word lists, the samples of word-level estimators."""

import numpy as np


def check_words(X, name="X"):
    """Check a list of words and give it as a list of str.

    Parameters
    ----------
    X : array-like of str, shape (n_words,)
        A list, tuple, array or series of words.

    name : str, default="X"
        What the words are called in error messages.

    Returns
    -------
    words : list of str
        The words, in the order given.

    Raises
    ------
    TypeError
        If `X` is a bare string, has no order, or holds something that is no string.

    ValueError
        If `X` has more than one dimension.

    Examples
    --------
    >>> from skxling.utils._words import check_words
    >>> check_words(("house", "winter"))
    ['house', 'winter']
    """
    if isinstance(X, (str, bytes)):
        raise TypeError(f"`{name}` is the single string {X!r}. Pass a list of words: [{X!r}].")
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        raise ValueError(
            f"`{name}` must be one-dimensional, one word for each entry. Got shape {tuple(shape)}."
        )
    if isinstance(X, (dict, set, frozenset)) or not hasattr(X, "__iter__"):
        raise TypeError(
            f"`{name}` must be a list or array of words, in an order. Got {type(X).__name__}."
        )
    words = X.tolist() if hasattr(X, "tolist") else list(X)
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(
                f"`{name}[{i}]` is {word!r} of type {type(word).__name__}. Words must be str: "
                "drop missing entries and decode bytes first."
            )
        if isinstance(word, np.str_):
            words[i] = str(word)
    return words


def check_word_pairs(X, y):
    """Check the two sides of a lexicon and give them as lists of str.

    Parameters
    ----------
    X : array-like of str, shape (n_pairs,)
        Source words.

    y : array-like of str, shape (n_pairs,)
        Their translations; a word with several stands in several entries.

    Returns
    -------
    source, target : list of str
        The two sides, of one length.

    Raises
    ------
    ValueError
        If the sides are of two lengths, or empty, or only one of them is given.
    """
    if X is None or y is None:
        raise ValueError(
            "A lexicon needs both `X` (source words) and `y` (target words). Got only "
            f"{'`y`' if X is None else '`X`'}."
        )
    source, target = check_words(X, "X"), check_words(y, "y")
    if len(source) != len(target):
        raise ValueError(
            f"`X` has {len(source)} words and `y` has {len(target)}. A lexicon has one target "
            "word for each source word; repeat a source word for each further translation."
        )
    if not source:
        raise ValueError("The lexicon is empty: `X` and `y` hold no words.")
    return source, target
