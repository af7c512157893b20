"""From lexicons of words to the rows of many languages."""

import numpy as np

from skxling.utils import as_vectors, as_words


def stack_lexicons(vectors, lexicons):
    """Look up the entries of lexicons of several languages, for :class:`MultiAligner`.

    Parameters
    ----------
    vectors : dict of {language: WordVectors}
        Vocabularies; gensim's ``KeyedVectors`` are taken too.

    lexicons : dict of {tuple of languages: tuple of list of str}
        For two languages or more the words of each, as in ``{("en", "de"): (en_words, de_words)}``:
        words at one place mean the same. None is a word that is missing.

    Returns
    -------
    X : dict of {language: ndarray of shape (n_rows, n_features)}
        For every language its vectors of all entries, in the order of the lexicons; nan where a
        language has no word, or one that its vocabulary lacks. Entries of which fewer than two
        words are known are left out.

    Raises
    ------
    ValueError
        If a lexicon names a language without vocabulary, its sides are of several lengths, no
        entry can be used, or a vocabulary names no words.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import stack_lexicons
    >>> from skxling.embedding import WordVectors
    >>> vectors = {
    ...     "en": WordVectors(["cat", "sun"], np.array([[1, 0], [0, 1]], np.float32)),
    ...     "de": WordVectors(["sonne", "katze"], np.array([[1, 1], [2, 1]], np.float32)),
    ...     "fr": WordVectors(["chat"], np.array([[3, 1]], np.float32)),
    ... }
    >>> pairs = {
    ...     ("en", "de"): (["sun", "moon"], ["sonne", "mond"]),
    ...     ("de", "fr"): (["katze"], ["chat"]),
    ... }
    >>> stack_lexicons(vectors, pairs)["de"]
    array([[1., 1.],
           [2., 1.]], dtype=float32)
    """
    rows = {language: _row_numbers(language, V) for language, V in vectors.items()}
    used = {language: [] for language in vectors}
    for languages, words in lexicons.items():
        _check_lexicon(languages, words, vectors)
        columns = dict(zip(languages, words, strict=True))
        for language in vectors:
            found = [rows[language].get(word, -1) for word in columns.get(language, ())]
            used[language] += found if language in columns else [-1] * len(words[0])
    table = np.array([*used.values()])  # (k, n)
    is_kept = (table >= 0).sum(0) >= 2
    if not is_kept.any():
        raise ValueError(
            f"None of the {len(is_kept)} entries has two words that are in the vocabularies. Check "
            "that words are spelled, and lower-cased, as in the vocabularies."
        )
    X = {}
    for (language, V), found in zip(vectors.items(), table[:, is_kept], strict=True):
        V = as_vectors(V)
        X[language] = np.where(found[:, None] >= 0, V[found], V.dtype.type(np.nan))
    return X


def _row_numbers(language, V):
    """Give the row of each word of a vocabulary."""
    words = as_words(V)
    if words is None:
        raise ValueError(
            f"`vectors[{language!r}]` names no words: it is of type {type(V).__name__}. Pass "
            "WordVectors(words, vectors)."
        )
    return {word: row for row, word in enumerate(words)}


def _check_lexicon(languages, words, vectors):
    """Check the key and the sides of a lexicon."""
    if not isinstance(languages, tuple) or len(languages) < 2 or len(languages) != len(words):
        raise ValueError(
            "A lexicon has a tuple of languages as its key, and as many lists of words. Got "
            f"{languages!r} with {len(words)}. Write {{('en', 'de'): (en_words, de_words)}}."
        )
    unknown = [language for language in languages if language not in vectors]
    if unknown:
        raise ValueError(
            f"The lexicon {languages!r} names {unknown[0]!r}, none of the languages {[*vectors]}."
        )
    lengths = [len(side) for side in words]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"The sides of the lexicon {languages!r} have {lengths} words. Word i of each means "
            "the same: give None where a language has no word."
        )
