"""From tokens to feature matrices, by word vectors of one language or two."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from skxling.embedding import as_word_vectors
from skxling.text import split_sentences
from skxling.utils._sklearn import StrOptions

N_SHAPES = 7


def _shapes(token, is_known):
    """Features of a token's letters: what lower-casing takes away, and what no vector tells."""
    return [
        token[:1].isupper(),
        len(token) > 1 and token.isupper(),
        token.isdigit(),
        any(character.isdigit() for character in token),
        not any(character.isalnum() for character in token),
        not is_known,
        False,  # the first of its sentence
    ]


def _look_up(word_vectors, words):
    """Rows of words, zeros for those that are not there."""
    rows = word_vectors.index(words, missing="ignore")
    found = word_vectors.vectors[np.maximum(rows, 0)]
    return np.where((rows >= 0)[:, None], found, np.float32(0))


class TokenVectorizer(TransformerMixin, BaseEstimator):
    """Turn tokens into feature matrices by cross-lingual word vectors.

    Each sentence becomes a matrix with a row for each token: what :class:`CRFTagger` learns from.
    If the vectors of two languages lie in one space, features of both languages do.

    Read more in the :ref:`User Guide <tagging>`.

    Parameters
    ----------
    source : fitted estimator with `transform`, or WordVectors
        Gives the vectors of the source language's words: a
        :class:`~skxling.combine.JointAlignCombiner` or
        :class:`~skxling.translation.WordTranslator`, a
        :class:`~skxling.embedding.JointSkipGram`, a pipeline from words to vectors, or vectors as
        they are. It is used as it is; wrap an estimator in ``FrozenEstimator`` where the
        vectorizer will be cloned, as by ``cross_val_score``.

    target : fitted estimator with `transform`, or WordVectors, default=None
        The same for the target language. None takes `transform_target` of `source`, and where it
        has none, its `transform`: one space with one vocabulary.

    side : {"source", "target"}, default="source"
        The language of what `transform` is given. In a pipeline that was fitted on the source
        language, ``set_params(tokenvectorizer__side="target")`` lets it predict the target
        language.

    lowercase : bool, default=True
        Look tokens up in lower case. False is for vectors of cased text.

    normalize : bool, default=True
        Bring each vector to the length ``sqrt(n_components)``, so that a component is about as
        large as the feature of a shape. Vectors of joint models are the longer the rarer a word
        is.

    shapes : bool, default=True
        Append seven features that are 0 or 1: upper-case first letter, all letters upper-case,
        number, digit among others, no letter and no digit, no vector, first token.

    See Also
    --------
    CRFTagger : Learn tags from such features.

    Notes
    -----
    Words that the vocabulary lacks get what the estimators' `transform` gives them: a vector of
    their n-grams where the model has some. Where nothing is known the vector is zero.

    Shapes tell names at a glance where few other words have a capital letter. They mislead where
    all nouns have, as in German.

    Examples
    --------
    >>> from skxling.embedding import WordVectors
    >>> from skxling.tagging import TokenVectorizer
    >>> english = WordVectors(["house", "old"], [[1.0, 0.0], [0.0, 1.0]])
    >>> german = WordVectors(["haus", "alt"], [[0.9, 0.1], [0.1, 0.9]])
    >>> vectorizer = TokenVectorizer(english, german, shapes=False)
    >>> vectorizer.transform([["Old", "house"], []])[0].round(2)
    array([[0.  , 1.41],
           [1.41, 0.  ]], dtype=float32)
    >>> vectorizer.transform_target([["Haus"]])[0].round(2)
    array([[1.41, 0.16]], dtype=float32)
    """

    _parameter_constraints: dict = {
        "source": "no_validation",  # what it must be able to do is seen when it is used
        "target": "no_validation",
        "side": [StrOptions({"source", "target"})],
        "lowercase": ["boolean"],
        "normalize": ["boolean"],
        "shapes": ["boolean"],
    }

    def __init__(
        self, source, target=None, *, side="source", lowercase=True, normalize=True, shapes=True
    ):
        self.source = source
        self.target = target
        self.side = side
        self.lowercase = lowercase
        self.normalize = normalize
        self.shapes = shapes

    def fit(self, X=None, y=None):
        """Do nothing but check the parameters: the vectors are fitted already.

        Parameters
        ----------
        X, y : Ignored

        Returns
        -------
        self : TokenVectorizer
        """
        self._validate_params()
        return self

    def transform(self, X):
        """Give features of the tokens of the language named by `side`.

        Parameters
        ----------
        X : list of list of str, or list of str
            Tokens of each sentence; a string is cut at white space.

        Returns
        -------
        features : list of ndarray of shape (n_tokens, n_features), dtype float32
            One matrix for each sentence.
        """
        self._validate_params()
        return self._vectorize(X, self.side)

    def transform_target(self, Y):
        """Give features of the target language's tokens, whatever `side` is.

        Parameters
        ----------
        Y : list of list of str, or list of str
            Tokens of each sentence; a string is cut at white space.

        Returns
        -------
        features : list of ndarray of shape (n_tokens, n_features), dtype float32
            One matrix for each sentence.
        """
        self._validate_params()
        return self._vectorize(Y, "target")

    def _vectorize(self, sentences, side):
        """Look up each distinct token once, and spread the rows over the sentences."""
        if isinstance(sentences, str):
            raise TypeError(
                f"A list of sentences is needed. Got the str {sentences!r}: wrap it in a list."
            )
        sentences = list(split_sentences(sentences))
        tokens = list(dict.fromkeys(token for sentence in sentences for token in sentence))
        table = self._features(tokens, side)
        row_of = {token: i for i, token in enumerate(tokens)}
        features = []
        for sentence in sentences:
            rows = [row_of[token] for token in sentence]
            matrix = table[np.array(rows, dtype=np.int64)]
            if self.shapes:
                matrix[:1, -1] = 1
            features.append(matrix)
        return features

    def _features(self, tokens, side):
        """Features of distinct tokens, (n_tokens, n_features)."""
        # a word at least, since some estimators refuse an empty list
        words = [token.lower() if self.lowercase else token for token in tokens] or ["-"]
        vectors = np.asarray(self._words_to_vectors(side)(words), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1)
        if self.normalize:
            factor = np.sqrt(vectors.shape[1]) / np.where(lengths > 0, lengths, 1)
            vectors = vectors * factor[:, None].astype(np.float32)
        vectors = vectors[: len(tokens)]
        if not self.shapes:
            return vectors
        shapes = [_shapes(*pair) for pair in zip(tokens, lengths > 0, strict=False)]
        return np.hstack([vectors, np.array(shapes, dtype=np.float32).reshape(-1, N_SHAPES)])

    def _words_to_vectors(self, side):
        """Give the function from words to vectors of one side."""
        part, method = self.source, "transform"
        if side == "target" and self.target is not None:
            part = self.target
        elif side == "target" and hasattr(part, "transform_target"):
            method = "transform_target"
        if not hasattr(part, "transform"):
            word_vectors = as_word_vectors(part, side)
            return lambda words: _look_up(word_vectors, words)

        def look_up(words):
            try:
                return getattr(part, method)(words)
            except NotFittedError as error:
                raise NotFittedError(
                    f"{error} TokenVectorizer takes fitted estimators: fit `{side}` before, and "
                    "wrap it in sklearn.frozen.FrozenEstimator so that it stays fitted in clones."
                ) from error

        return look_up

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        return tags
