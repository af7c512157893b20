"""Joint-Align: joint training, vocabulary reallocation, and alignment of what is not shared."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted, check_memory

from skxling.combine._corpora import check_corpora, file_states, fit_joint
from skxling.embedding import JointSkipGram
from skxling.embedding._word_vectors import as_word_vectors
from skxling.functional import RETRIEVALS
from skxling.text import reallocate_vocabulary
from skxling.translation import FaissIndex, WordTranslator
from skxling.translation._base import BaseTranslator
from skxling.translation._lexicon import (
    check_lexicon,
    clone_aligner,
    fit_aligner,
    look_up,
    route_to_aligner,
    select_pairs,
)
from skxling.utils import resolve_device
from skxling.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context
from skxling.utils._words import check_words


def _map_sides(aligner, words, reallocation):
    """Step 3, both vocabularies in the shared space; shared words have one vector."""
    is_source, is_target, is_shared, _ = reallocation
    in_source, in_target = is_source | is_shared, is_target | is_shared
    target = words.subset(in_target)
    target = target.with_vectors(aligner.transform_target(target.vectors))
    mapped = np.empty((in_source.sum(), target.n_components), dtype=np.float32)
    mapped[is_source[in_source]] = aligner.transform(words.subset(is_source).vectors)
    mapped[is_shared[in_source]] = target.vectors[is_shared[in_target]]
    return words.subset(in_source).with_vectors(mapped), target


class JointAlignCombiner(BaseTranslator):
    """Joint training, then vocabulary reallocation, then alignment: Joint-Align.

    A joint model has one vector for each string. Where a word belongs to one language alone, its
    vector is tied to the other language only indirectly. `fit` divides the vocabulary by counts
    into source-only, target-only and shared words, fits an aligner from the source-only to the
    target-only words, and maps with it; shared words go through the target side's map on both
    sides, so they keep one vector.

    A sample is a lexicon entry: X holds source words, y their translations.

    Parameters
    ----------
    joint : JointSkipGram, EmbeddingEnsemble or FrozenEstimator, default=None
        ``FrozenEstimator(joint)`` is a trained joint model, kept as it is. Otherwise a clone is
        trained on the `corpora` given to `fit`. None is
        :class:`~skxling.embedding.JointSkipGram` with its defaults.

    aligner : aligner, default=None
        None is :class:`~skxling.alignment.ProcrustesAligner`.

    threshold : float, default=0.9
        In (0.5, 1]: share of a word's relative frequency from which on it belongs to one language
        alone; the paper uses 0.7 to 0.95.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        How target words are ranked, as in :class:`~skxling.translation.WordTranslator`.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin".

    temperature : float, default=0.03
        Of the inverted softmax, above 0.

    index : FaissIndex, default=None
        Proposes the target words that are ranked; None ranks all.

    memory : str or object with the joblib.Memory interface, default=None
        Caches the training of the joint model, as in :class:`~sklearn.pipeline.Pipeline`. A path
        names the folder of the cache. Files are trained on again when they change.

    device : str, default="auto"
        Where neighbours are searched: "cpu", "cuda", or the first of CUDA and CPU there is. Parts
        that are given have devices of their own.

    Attributes
    ----------
    joint_ : JointSkipGram, EmbeddingEnsemble or FrozenEstimator
        The trained joint model.

    reallocation_ : Reallocation
        Masks `source`, `target` and `shared`, and the `proportion` p of the source language, over
        ``joint_.word_vectors_.words``.

    aligner_ : aligner
        The fitted clone; a :class:`~skxling.alignment.SelfLearningAligner` around it where `fit`
        got no lexicon.

    n_pairs_ : int
        Lexicon entries with a source-only and a target-only word, which the aligner was fitted
        on; those with a missing or a shared word are dropped. Without a lexicon, the pairs that
        self-learning ended with.

    source_vectors_, target_vectors_ : WordVectors
        Source-only and shared words, and target-only and shared words, in the shared space.

    translator_ : WordTranslator
        Fitted on the two.

    See Also
    --------
    skxling.translation.WordTranslator : The same for two separately trained spaces.
    skxling.text.reallocate_vocabulary : The second step alone.
    skxling.metrics.bli_report : Judge a fitted combiner.

    Notes
    -----
    A balanced false friend stays shared and keeps one vector for two meanings. A skewed one
    belongs to one language alone: the other loses it.

    References
    ----------
    .. [1] Wang, Z., Xie, J., Xu, R., Yang, Y., Neubig, G., Carbonell, J. "Cross-lingual Alignment
       vs Joint Training: A Comparative Study and A Simple Unified Framework". ICLR 2020.

    Examples
    --------
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skxling.combine import JointAlignCombiner
    >>> from skxling.embedding import JointSkipGram
    >>> X_src = ["the cat sees the dog", "the dog sees the sun"] * 50
    >>> X_tgt = ["die katze sieht den hund", "der hund sieht die sonne"] * 50
    >>> joint = JointSkipGram(n_components=8, sample=0, bucket=1000, random_state=0)
    >>> joint = joint.fit(X_src, X_tgt)
    >>> combiner = JointAlignCombiner(FrozenEstimator(joint))
    >>> combiner = combiner.fit(["cat", "dog", "sees"], ["katze", "hund", "sieht"])
    >>> combiner.n_pairs_
    3
    """

    _parameter_constraints: dict = {
        "joint": [HasMethods(["fit", "transform"]), None],
        "aligner": [HasMethods(["fit", "transform", "transform_target"]), None],
        "threshold": [Interval(Real, 0.5, 1, closed="right")],
        "retrieval": [StrOptions(set(RETRIEVALS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "index": [FaissIndex, None],
        "memory": [None, str, HasMethods(["cache"])],
        "device": "no_validation",  # resolve_device checks it
    }

    def __init__(
        self,
        joint=None,
        aligner=None,
        *,
        threshold=0.9,
        retrieval="csls",
        n_neighbors=10,
        temperature=0.03,
        index=None,
        memory=None,
        device="auto",
    ):
        self.joint = joint
        self.aligner = aligner
        self.threshold = threshold
        self.retrieval = retrieval
        self.n_neighbors = n_neighbors
        self.temperature = temperature
        self.index = index
        self.memory = memory
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, *, corpora=None, **fit_params):
        """Train or take the joint model, reallocate its vocabulary, and align.

        Parameters
        ----------
        X : array-like of str, shape (n_pairs,), default=None
            Source words of the seed lexicon. Without X and y the aligner learns by itself
            (:class:`~skxling.alignment.SelfLearningAligner`). It starts from the joint space as
            it is, and without judging that: ``init="auto"`` becomes
            ``init="identity", min_agreement=None`` here.

        y : array-like of str, shape (n_pairs,), default=None
            Their translations.

        corpora : pair of corpora, default=None
            Source and target corpus, each in any form that
            :class:`~skxling.embedding.JointSkipGram` reads. Needed where `joint` is not frozen,
            an error where it is.

        **fit_params : dict
            For the aligner's `fit`, such as `sample_weight`, one for each entry.

        Returns
        -------
        self : JointAlignCombiner

        Raises
        ------
        ValueError
            If `joint` and `corpora` do not go together, if the joint model was trained on one
            corpus, or if no entry has a source-only and a target-only word.
        """
        resolve_device(self.device)
        lexicon = check_lexicon(X, y)
        corpora = check_corpora(self.joint, corpora)
        fit_params = route_to_aligner(self, fit_params)
        context = self._init_callback_context(max_subtasks=1 + (corpora is not None))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        joint = self._initialize_jointly(corpora, context)
        words = as_word_vectors(joint.word_vectors_)
        reallocation = self._reallocate_vocabulary(words)
        aligner, n_pairs = self._fit_aligner(words, reallocation, lexicon, fit_params, context)
        source, target = _map_sides(aligner, words, reallocation)
        translator = WordTranslator(
            source,
            target,
            "passthrough",
            retrieval=self.retrieval,
            n_neighbors=self.n_neighbors,
            temperature=self.temperature,
            index=self.index,
            device=self.device,
        ).fit()
        self.joint_, self.reallocation_, self.aligner_ = joint, reallocation, aligner
        self.n_pairs_, self.translator_ = n_pairs, translator
        self.source_vectors_, self.target_vectors_ = source, target
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X):
        """Source words in the shared space.

        Parameters
        ----------
        X : array-like of str, shape (n_words,)
            Source words.

        Returns
        -------
        vectors : ndarray of shape (n_words, n_components)
            Their vectors. What the source vocabulary lacks, words of the other language included,
            is composed by the joint model and goes through the source side's map; where the joint
            model knows nothing of a word (no n-grams), the row is zero.
        """
        check_is_fitted(self)
        return self._place(X, "X", self.source_vectors_, self.aligner_.transform)

    def transform_target(self, Y):
        """Target words in the shared space.

        Parameters
        ----------
        Y : array-like of str, shape (n_words,)
            Target words.

        Returns
        -------
        vectors : ndarray of shape (n_words, n_components)
            Their vectors; what the target vocabulary lacks is composed as in `transform`, and
            goes through the target side's map.
        """
        check_is_fitted(self)
        return self._place(Y, "Y", self.target_vectors_, self.aligner_.transform_target)

    def kneighbors(self, X, n_neighbors=10):
        """Rank the target words nearest to source words.

        Parameters
        ----------
        X : array-like of str, shape (n_words,)
            Source words; unknown ones are composed as in `transform`.

        n_neighbors : int, default=10
            How many target words to give for each; clipped to the size of the vocabulary.

        Returns
        -------
        scores : ndarray of shape (n_words, n_neighbors)
            In descending order, as those of :class:`~skxling.translation.WordTranslator`; nan
            where `transform` gives zeros.

        words : ndarray of shape (n_words, n_neighbors), dtype object
            The target words; None where `transform` gives zeros.
        """
        vectors = self.transform(X)
        return self.translator_.rank_words(vectors, n_neighbors)

    def induce_lexicon(self, mutual=True):
        """Pair the two vocabularies.

        Parameters
        ----------
        mutual : bool, default=True
            Whether to keep only pairs of words that are each other's best neighbour. Otherwise
            every source word is paired with its best target word.

        Returns
        -------
        lexicon : Bunch
            `source` and `target`, ndarrays of words of shape (n_pairs,), and `score`, that of
            `kneighbors` for each pair, in the order of the source vocabulary.
        """
        check_is_fitted(self)
        return self.translator_.induce_lexicon(mutual=mutual)

    def _initialize_jointly(self, corpora, context):
        """Step 1: one model of both languages."""
        if corpora is None:
            return self.joint
        joint = JointSkipGram(device=self.device) if self.joint is None else clone(self.joint)
        cached = check_memory(self.memory).cache(fit_joint, ignore=["caller", "context"])
        subcontext = context.subcontext(task_name="fit-joint")
        return cached(joint, *corpora, file_states(corpora), caller=self, context=subcontext)

    def _reallocate_vocabulary(self, words):
        """Step 2: source-only, target-only and shared words."""
        counts = words.counts
        if counts is None or counts.ndim != 2 or counts.shape[1] != 2:
            shape = None if counts is None else counts.shape
            raise ValueError(
                "The joint model must count its words in two languages. Got counts of shape "
                f"{shape}: train it on two corpora, fit(X_src, X_tgt)."
            )
        reallocation = reallocate_vocabulary(counts, self.threshold)
        for side in ("source", "target"):
            if not getattr(reallocation, side).any():
                raise ValueError(
                    f"`threshold={self.threshold}` leaves no {side}-only word among {len(counts)}. "
                    "Lower it; or are both corpora of one language?"
                )
        return reallocation

    def _fit_aligner(self, words, reallocation, lexicon, fit_params, context):
        """Step 3, the map of source-only onto target-only words; gives its number of pairs too."""
        source_only = words.subset(reallocation.source)
        target_only = words.subset(reallocation.target)
        way_out = (
            "Entries need a source-only and a target-only word; words that both languages share "
            "are no pairs. Lower `threshold`, give more entries, or fit without a lexicon."
        )
        pairs = select_pairs(lexicon, source_only, target_only, fit_params, way_out)
        aligner = clone_aligner(
            self.aligner,
            has_lexicon=lexicon is not None,
            device=self.device,
            init="identity",  # joint training has brought the languages near each other
        )
        subcontext = context.subcontext(task_name="fit-aligner")
        return aligner, fit_aligner(aligner, pairs, source_only, target_only, self, subcontext)

    def _place(self, words, name, word_vectors, map_side):
        """Rows of one side's words in the shared space, composed where the side lacks them."""
        words = check_words(words, name)
        rows, is_known = look_up(word_vectors, words)
        unknown = np.flatnonzero(~is_known)
        if len(unknown):
            # as lists of one token: a word may have a blank in it
            composed = np.asarray(self.joint_.transform([[words[i]] for i in unknown]))
            # a centring map would turn "knows nothing" into a direction
            is_composed = composed.any(axis=1)
            if is_composed.any():
                rows[unknown[is_composed]] = map_side(composed[is_composed])
        return rows
