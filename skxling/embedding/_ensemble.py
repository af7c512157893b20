"""Several embeddings of the same corpora as one."""

from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
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
        What is trained, a clone for each; None is :class:`JointSkipGram` with its defaults. Its own
        `random_state` is of no effect.

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
    skxling.combine.JointAlignCombiner : Takes either as its joint model.

    Notes
    -----
    A callback that returns True after an epoch ends the training of that embedding, and one that
    does so at the end of a task "estimator" that of the ensemble.

    With `checkpoint_dir` among the parameters of `estimator` and an int as `random_state`, a fit
    that was killed goes on from the checkpoint of the embedding that it was at; those before it,
    whose checkpoints are deleted when they are done, are trained again.

    References
    ----------
    .. [1] Yin, W., Schuetze, H. "Learning word meta-embeddings". ACL 2016 (CONC).

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

        Raises
        ------
        ValueError
            If `estimator` draws no random numbers of its own, or the embeddings have no word in
            common.
        """
        estimator = JointSkipGram() if self.estimator is None else clone(self.estimator)
        if "random_state" not in estimator.get_params():
            raise ValueError(
                f"`estimator` has no parameter `random_state`. Got {estimator!r}: pass a "
                "JointSkipGram as it is, neither frozen nor in a pipeline: clones of it are fitted."
            )
        seeds = check_random_state(self.random_state).randint(
            np.iinfo(np.int32).max, size=self.n_estimators
        )
        context = self._init_callback_context(max_subtasks=self.n_estimators)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        models = []
        for seed in seeds.tolist():
            model = clone(estimator).set_params(random_state=seed)
            task = context.subcontext(task_name="estimator", max_subtasks=1)
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            subcontext = task.subcontext(task_name="fit-estimator")
            with propagate_callbacks(subcontext, model):
                subcontext.call_on_fit_task_begin(estimator=self, X=X, y=y)
                model.fit(X, y)
                subcontext.call_on_fit_task_end(estimator=self, X=X, y=y)
            models.append(model)
            if task.call_on_fit_task_end(estimator=self, X=X, y=y):
                break
        self.word_vectors_ = _side_by_side([model.word_vectors_ for model in models])
        self.estimators_ = models
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
            Of length 1 where each embedding knows something of the text; one that knows nothing of
            it gives zeros for its components.
        """
        check_is_fitted(self)
        return _join([estimator.transform(X) for estimator in self.estimators_])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(JointSkipGram() if self.estimator is None else self.estimator)
        tags.input_tags, tags.target_tags = of_estimator.input_tags, of_estimator.target_tags
        return tags


def _side_by_side(parts):
    """Join the vectors of the words that all parts have."""
    first, *others = parts
    is_common = np.ones(first.n_words, dtype=bool)
    for part in others:
        is_common &= part.index(first.words, missing="ignore") >= 0
    if not is_common.any():
        raise ValueError(
            "The embeddings have no word in common: `balance` left each with other words. Lower "
            "`min_count`, or give larger corpora."
        )
    common = first if is_common.all() else first.subset(is_common)
    return common.with_vectors(_join([part[common.words] for part in parts]))


def _join(parts):
    """Join rows end to end, each part of a row scaled to length 1, or zero, and all by one."""
    stops = np.cumsum([part.shape[1] for part in parts])
    joined = np.empty((len(parts[0]), stops[-1]), dtype=np.float32)
    for part, stop in zip(parts, stops, strict=True):
        lengths = np.linalg.norm(part, axis=1, keepdims=True) * np.sqrt(len(parts))
        rows = joined[:, stop - part.shape[1] : stop]
        np.divide(part, np.where(lengths > 0, lengths, 1), out=rows, casting="same_kind")
    return joined
