"""Several embeddings of the same corpora as one."""

from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted

from skxling.embedding._joint_skipgram import JointSkipGram
from skxling.text import Vocabulary
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    _fit_context,
    propagate_callbacks,
)


class EmbeddingEnsemble(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Embeddings of the same corpora, each from its own random numbers, side by side.

    Embeddings that differ in nothing but what was drawn are wrong about different words. Here a
    word has the vectors of all of them, each of length 1, end to end [1]_, so that the cosine of
    two words is the mean of their cosines. That costs as many trainings.

    Read more in the :ref:`User Guide <embedding>`.

    Parameters
    ----------
    estimator : JointSkipGram, default=None
        What is trained; None is :class:`JointSkipGram` with its defaults. Its own `random_state` is
        of no effect.

    n_estimators : int, default=2
        How many of them, at least 1.

    random_state : int, RandomState instance or None, default=None
        Draws the `random_state` of each.

    Attributes
    ----------
    estimators_ : list of JointSkipGram
        The trained clones.

    vocabulary_ : Vocabulary
        The words that all of them know, which may be a few less than one alone knows where
        `balance` draws sentences; in the order of the first, with its counts.

    word_vectors_ : WordVectors
        Vectors of these, of length 1, and of as many components as all have together.

    See Also
    --------
    JointSkipGram : One embedding.
    JointAlignCombiner : Takes either as its joint model.

    Notes
    -----
    With `checkpoint_dir` among the parameters of `estimator` and an int as `random_state`, a fit
    that was killed goes on from the checkpoint of the embedding that it was at; those before it,
    whose checkpoints are deleted when they are done, are trained again.

    References
    ----------
    .. [1] Yin, W., Schuetze, H. "Learning word meta-embeddings". ACL 2016, section 3.2 (CONC).

    Examples
    --------
    >>> from skxling.embedding import EmbeddingEnsemble, JointSkipGram
    >>> english = ["the house is old", "the old house", "a house in winter"] * 20
    >>> german = ["das haus ist alt", "das alte haus", "ein haus im winter"] * 20
    >>> joint = JointSkipGram(n_components=8, sample=0, device="cpu")
    >>> ensemble = EmbeddingEnsemble(joint, random_state=0).fit(english, german)
    >>> ensemble.word_vectors_.n_components
    16
    >>> ensemble.transform(["house", "winter house"]).shape
    (2, 16)
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "transform"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, n_estimators=2, random_state=None):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Train the embeddings, one after another.

        Parameters
        ----------
        X : path, list of paths, list of str or list of list of str
            Corpus of the source language, as :class:`JointSkipGram` reads it.

        y : path, list of paths, list of str or list of list of str, default=None
            Corpus of the target language.

        Returns
        -------
        self : EmbeddingEnsemble
        """
        seeds = check_random_state(self.random_state).randint(
            np.iinfo(np.int32).max, size=self.n_estimators
        )
        context = self._init_callback_context(max_subtasks=self.n_estimators)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self.estimators_ = []
        for seed in seeds.tolist():
            estimator = JointSkipGram() if self.estimator is None else clone(self.estimator)
            estimator.set_params(random_state=seed)
            subcontext = context.subcontext(task_name="fit-estimator")
            with propagate_callbacks(subcontext, estimator):
                subcontext.call_on_fit_task_begin(estimator=self, X=X, y=y)
                estimator.fit(X, y)
                subcontext.call_on_fit_task_end(estimator=self, X=X, y=y)
            self.estimators_.append(estimator)
        self.word_vectors_ = _side_by_side([model.word_vectors_ for model in self.estimators_])
        self.vocabulary_ = Vocabulary(self.word_vectors_.words, self.word_vectors_.counts)
        self._n_features_out = self.word_vectors_.n_components
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X):
        """Mean vectors of the words of each text, those of all embeddings side by side.

        Parameters
        ----------
        X : list of str or list of list of str
            Texts; a word is a text of one token. Unknown words are composed as each embedding does.

        Returns
        -------
        vectors : ndarray of shape (n_texts, n_components), dtype float32
            Of length 1. What an embedding knows nothing of has zeros for its components.
        """
        check_is_fitted(self)
        parts = [normalize(estimator.transform(X)) for estimator in self.estimators_]
        return np.hstack(parts) / np.float32(np.sqrt(len(parts)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(JointSkipGram() if self.estimator is None else self.estimator)
        tags.input_tags, tags.target_tags = of_estimator.input_tags, of_estimator.target_tags
        return tags


def _side_by_side(parts):
    """Join the vectors of the words that all parts have."""
    first, *others = parts
    rows = np.array([part.index(first.words, missing="ignore") for part in others])
    is_common = (rows >= 0).all(axis=0) if others else np.ones(first.n_words, dtype=bool)
    common = first if is_common.all() else first.subset(is_common)
    stops = np.cumsum([part.n_components for part in parts])
    vectors = np.empty((common.n_words, stops[-1]), dtype=np.float32)
    for part, stop in zip(parts, stops, strict=True):
        of_part = part.vectors[part.index(common.words)]
        vectors[:, stop - part.n_components : stop] = normalize(of_part, copy=False)
    vectors /= np.float32(np.sqrt(len(parts)))
    return common.with_vectors(vectors)
