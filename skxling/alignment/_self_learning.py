"""Alignment by self-learning: pairs from the map, a map from the pairs."""

from numbers import Integral, Real

import numpy as np
import torch

from skxling.alignment._base import BaseAligner
from skxling.alignment._base_meta import BaseMetaAligner
from skxling.alignment._rounds import Progress, find_pairs
from skxling.alignment._sides import check_sides
from skxling.alignment._starts import STARTS, choose_start, find_start, halve_start
from skxling.alignment._trials import Trials
from skxling.functional import RETRIEVALS
from skxling.utils import check_generator, resolve_device
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _fit_context,
)


class SelfLearningAligner(CallbackSupportMixin, BaseMetaAligner):
    """Align two spaces by an aligner that is fitted on the pairs which it finds itself.

    Every round takes the nearest neighbours among the most frequent words of the two sides for
    pairs, and fits the aligner on them [1]_. The first round starts from a seed lexicon; without
    one, from equal words, from the shapes of the two spaces, or from the vectors as they are,
    whichever is confirmed best, and there is a warning where none is.

    Parameters
    ----------
    aligner : BaseAligner, default=None
        What is fitted in every round; None is :class:`ProcrustesAligner` with its defaults.

    init : {"auto", "identity", "identical", "numerals", "distributions"} or BaseAligner, \
            default="auto"
        Where to start without X and y:

        - "auto": that of "identity", "identical" and "distributions", as far as they are possible,
          whose halves agree best, as `agreement_` has it;
        - "identity": the vectors as they are. Two spaces trained together are near enough to each
          other for that, two spaces trained apart are not. In a
          :class:`~skxling.combine.JointAlignCombiner` "auto" is this one;
        - "identical": words of one spelling, and "numerals": those of them that consist of digits
          [1]_. Vocabularies must name their words, as :class:`~skxling.embedding.WordVectors` do;
        - "distributions": words whose similarities to the other words of their language are
          distributed alike [3]_. That asks for nothing but spaces of much the same shape;
        - an aligner that needs no pairs, as :class:`WassersteinAligner` and this one: its map.

    n_frequent_init : int, default=4000
        For "distributions", compare this many words of either side, and to judge "identity", pair
        so many; at least 1.

    n_frequent : int or None, default=10_000
        Look for pairs among this many rows at the head of each vocabulary, which are its most
        frequent words by convention. None takes all; the cost grows with the square.

    induction : {"mutual", "both", "source", "target"}, default="mutual"
        What is a pair: words that are each other's nearest [2]_; each source word and its nearest
        target word, "source"; the other way round, "target"; or the pairs of both directions, a
        mutual one twice [3]_.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a neighbour the nearest.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin", at least 1; clipped to what exists.

    temperature : float, default=0.03
        Of the inverted softmax, above 0.

    keep_seed : bool, default=False
        Whether the pairs of the start, given or of equal words, stay among those that the aligner
        is fitted on. Otherwise they serve for the start alone.

    keep_probability : float, default=1.0
        In (0, 1]: probability with which the similarity of two words is seen, in the first rounds.
        Below 1 the pairs vary from round to round, which helps a poor start [3]_.

    keep_growth : float, default=2.0
        Above 1: factor of the probability where `similarity_curve_` no longer rises, until it is 1.

    max_iter : int, default=10
        Greatest number of rounds, at least 1.

    tol : float or None, default=1e-4
        The similarity no longer rises where the last `n_iter_no_change` rounds have not raised
        `similarity_curve_` by this. With None the probability grows after that many rounds in any
        case, and rounds end with equal pairs or `max_iter` only.

    n_iter_no_change : int, default=3
        Number of rounds without improvement to wait for; a few are common far from the solution.

    min_agreement : float or None, default=0.05
        In [0, 1]: without X and y there is a ConvergenceWarning where `agreement_` is less, or
        where it may be chance. With None there is neither judgement nor warning. An aligner as
        `init` asks for what its own parameters say.

    final_aligner : BaseAligner, default=None
        What is fitted on the pairs of the last round in the end; None keeps the aligner of that
        round.

    device : str or torch.device, default="auto"
        Where to look for neighbours: "auto" is CUDA where there is one, else the CPU. `aligner`
        has a device of its own.

    random_state : int, RandomState instance or None, default=None
        Draws what is seen where `keep_probability` is below 1; an int is reproducible.

    Attributes
    ----------
    aligner_ : BaseAligner
        The aligner fitted on the pairs of the last round.

    lexicon_ : ndarray of shape (n_pairs, 2)
        These pairs: rows of `source_vectors` and of `target_vectors`. Pairs that `keep_seed` adds
        are not among them.

    similarity_curve_ : ndarray of shape (n_iter_,)
        Of each round's pairs the sum of cosines, over the number of words that could have been
        paired: between -1 and 1, of words without a partner 0.

    n_iter_ : int
        Number of rounds done.

    init_ : str, BaseAligner or None
        Where they started; None if from pairs that were given.

    agreement_ : float
        Share of their pairs that self-learning from either half of the start has in common, from 0
        to 1; nan where nobody asked. With an aligner as `init`, the `agreement_` of that, if any.

    converged_ : bool or None
        Whether `agreement_` is at least `min_agreement`, and no chance: see the notes. None where
        nobody asked. With an aligner as `init`, what that says of itself, if anything.

    n_features_in_ : int
        Number of features of the source space, d_source.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    ProcrustesAligner : The aligner of most self-learning.
    skxling.functional.induce_pairs : How pairs are found.

    Notes
    -----
    Published methods are settings of this one, for 20,000 frequent words and fewer:

    - the refinement of [2]_: ``max_iter=5, tol=None``, from pairs;
    - PROC-B of [4]_: ``max_iter=1, retrieval="cosine", keep_seed=True``, from pairs;
    - the robust self-learning of [3]_: ``init="distributions", n_frequent=20_000,
      induction="both", keep_probability=0.1, tol=1e-6, n_iter_no_change=50, max_iter=1000,
      final_aligner=MultistepAligner()``.

    Spaces that have nothing in common have mutual neighbours all the same, rounds make them more
    similar, and any start comes to an end. So the start is cut into two halves, which know nothing
    of each other: pairs from one or the other, or, where the start is a map, pairs by even or by
    odd components. There is a trial from each half: ten rounds at most of a rotation and mutual
    neighbours by CSLS, among the 5,000 most frequent words
    (:func:`~skxling.functional.refine_pairs`). Where the spaces determine what belongs together,
    both end with much the same pairs; by chance two trials have few in common: one pair of n, on
    average, whatever n is. Of a hundred words that is a share already, and so the number of common
    pairs must be one that a binomial test with probability 1 / n gives a p-value below .001: six
    at least, of fewer than eight pairs five. Words without any variation are never believed.

    From equal words, 45% were the same for two generated languages of one shape, 8% for two real
    ones, both of use; at most 3% for generated ones that have nothing but spellings in common, and
    none for the real ones from a start that led nowhere. Two halves are less than a whole, so a
    weak start that would do may be warned of. Halves of the map that an aligner has found would
    know of each other, so it is for an aligner as `init` to judge and to warn, each in its way, as
    :class:`WassersteinAligner` and :class:`AdversarialAligner` do; of others nobody does.

    A round costs a product of `n_frequent` x d with d x `n_frequent`, and a fit of `aligner`.

    References
    ----------
    .. [1] Artetxe, M., Labaka, G., Agirre, E. "Learning bilingual word embeddings with (almost) no
       bilingual data". ACL 2017.

    .. [2] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018, section 2.2.

    .. [3] Artetxe, M., Labaka, G., Agirre, E. "A robust self-learning method for fully unsupervised
       cross-lingual mappings of word embeddings". ACL 2018.

    .. [4] Glavas, G., Litschko, R., Ruder, S., Vulic, I. "How to (properly) evaluate cross-lingual
       word embeddings: on strong baselines, comparative analyses, and some misconceptions".
       ACL 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import expm
    >>> from skxling.alignment import SelfLearningAligner
    >>> rng = np.random.default_rng(0)
    >>> source = rng.normal(size=(300, 10))
    >>> turn = 0.1 * rng.normal(size=(10, 10))
    >>> target = source @ expm(turn - turn.T)
    >>> aligner = SelfLearningAligner().fit(source_vectors=source, target_vectors=target)
    >>> len(aligner.lexicon_), bool((aligner.lexicon_[:, 0] == aligner.lexicon_[:, 1]).all())
    (300, True)
    """

    _parameter_constraints: dict = {
        **BaseMetaAligner._parameter_constraints,
        "init": [StrOptions({"auto", *STARTS}), BaseAligner],
        "n_frequent_init": [Interval(Integral, 1, None, closed="left")],
        "n_frequent": [Interval(Integral, 1, None, closed="left"), None],
        "induction": [StrOptions({"mutual", "both", "source", "target"})],
        "retrieval": [StrOptions(set(RETRIEVALS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "keep_seed": ["boolean"],
        "keep_probability": [Interval(Real, 0, 1, closed="right")],
        "keep_growth": [Interval(Real, 1, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "min_agreement": [Interval(Real, 0, 1, closed="both"), None],
        "final_aligner": [BaseAligner, None],
        "device": [str, torch.device],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        aligner=None,
        *,
        init="auto",
        n_frequent_init=4000,
        n_frequent=10_000,
        induction="mutual",
        retrieval="csls",
        n_neighbors=10,
        temperature=0.03,
        keep_seed=False,
        keep_probability=1.0,
        keep_growth=2.0,
        max_iter=10,
        tol=1e-4,
        n_iter_no_change=3,
        min_agreement=0.05,
        final_aligner=None,
        device="auto",
        random_state=None,
    ):
        self.aligner = aligner
        self.init = init
        self.n_frequent_init = n_frequent_init
        self.n_frequent = n_frequent
        self.induction = induction
        self.retrieval = retrieval
        self.n_neighbors = n_neighbors
        self.temperature = temperature
        self.keep_seed = keep_seed
        self.keep_probability = keep_probability
        self.keep_growth = keep_growth
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.min_agreement = min_agreement
        self.final_aligner = final_aligner
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, *, source_vectors=None, target_vectors=None):
        """Find pairs and map in turns.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source), default=None
            Source vectors of the pairs to start from. None starts as `init` says.

        y : array-like of shape (n_samples, d_target) or (n_samples,), default=None
            Target vectors of these pairs; given together with X or not at all.

        source_vectors : array-like of shape (n_source, d_source) or WordVectors, default=None
            The source vocabulary, most frequent words first. None takes the rows of X.

        target_vectors : array-like of shape (n_target, d_target) or WordVectors, default=None
            The target vocabulary, likewise. None takes the rows of y.

        Returns
        -------
        self : object
            The fitted aligner.

        Raises
        ------
        ValueError
            If neither pairs nor vocabularies are given, a vocabulary is not in the space of its
            pairs, or the start is impossible: the identity in spaces that differ in their number
            of features, equal words in vocabularies without words or without equal ones.

        Warns
        -----
        ConvergenceWarning
            If there are no pairs to start from, and the two halves of the start lead to different
            ones; if the aligner that is `init` warns; or if `max_iter` ends the rounds while some
            similarities are still left out (`keep_probability`).
        """
        generator = check_generator(self.random_state, resolve_device(self.device))
        X, Y, source, target = check_sides(self, X, y, source_vectors, target_vectors)
        if X is None:
            self._check_start(source, target)
        spaces = {"source_vectors": source, "target_vectors": target}
        words = {"source_vectors": source_vectors, "target_vectors": target_vectors}
        trials = Trials(source, target, generator.device) if X is None else None
        self.init_ = None if trials is None else choose_start(self, words, trials)
        X, Y, first = self._start(X, Y, spaces, words)
        aligner, progress, lexicon = first, Progress(self), None
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=Y)
        for _ in range(self.max_iter):
            found, similarity = find_pairs(self, aligner, source, target, progress.keep, generator)
            if progress.keep == 1 and lexicon is not None and np.array_equal(found, lexicon):
                break
            task = context.subcontext(task_name="round", max_subtasks=1)
            task.call_on_fit_task_begin(estimator=self, X=X, y=Y)
            lexicon = found
            pairs = self._gather_pairs(lexicon, source, target, X, Y)
            inner = task.subcontext(task_name="fit-aligner")
            inner.call_on_fit_task_begin(estimator=self, X=pairs[0], y=pairs[1])
            aligner = self._fit_clone(self.aligner, *pairs, spaces, inner)
            inner.call_on_fit_task_end(estimator=self, X=pairs[0], y=pairs[1])
            progress.add(similarity)
            fitted = {"aligner_": aligner}
            stopped = task.call_on_fit_task_end(
                estimator=self, X=X, y=Y, reconstruction_attributes=fitted
            )
            if stopped or progress.is_over():
                break
        else:
            progress.warn_unless_over()
        if self.final_aligner is not None:
            aligner = self._fit_clone(self.final_aligner, *pairs, spaces)
        self.aligner_ = aligner
        self.lexicon_ = lexicon
        self.similarity_curve_ = np.array(progress.similarities)
        self.n_iter_ = len(progress.similarities)
        self._judge(trials, first, words)
        context.call_on_fit_task_end(estimator=self, X=X, y=Y)
        return self

    def _check_start(self, source, target):
        """Check that `init` can be the start in two spaces."""
        is_identity = isinstance(self.init, str) and self.init == "identity"
        if is_identity and source.shape[1] != target.shape[1]:
            raise ValueError(
                "Without pairs the start is the identity, which needs spaces of one size, but "
                f"`source_vectors` has {source.shape[1]} features and `target_vectors` "
                f"{target.shape[1]}. Give pairs as X and y, or choose another `init`."
            )

    def _start(self, X, Y, spaces, words):
        """Pairs to start from, where there are any, and the first aligner; None is the identity."""
        if isinstance(self.init_, BaseAligner):
            return None, None, self._fit_clone(self.init_, None, None, words)
        if self.init_ == "identity":
            return None, None, None
        if self.init_ is not None:
            rows, columns = find_start(self, self.init_, words).T
            X, Y = spaces["source_vectors"][rows], spaces["target_vectors"][columns]
        return X, Y, self._fit_clone(self.aligner, X, Y, spaces)

    def _gather_pairs(self, lexicon, source, target, X, Y):
        """Vectors of the pairs to fit on."""
        found = source[lexicon[:, 0]], target[lexicon[:, 1]]
        if X is None or not self.keep_seed or self.init_ == "distributions":
            return found
        return np.vstack([X, found[0]]), np.vstack([Y, found[1]])

    def _judge(self, trials, first, words):
        """Find out whether both halves of the start lead to the same, unless it was given."""
        self.agreement_, self.converged_ = np.nan, None
        if isinstance(self.init_, BaseAligner):
            if not hasattr(first, "converged_"):
                first = getattr(first, "aligner_", first)  # that it goes on from
            self.agreement_ = getattr(first, "agreement_", np.nan)
            self.converged_ = getattr(first, "converged_", None)
            return
        if trials is None or self.min_agreement is None:
            return
        agreement = trials.agreement(*halve_start(self, self.init_, words))
        self.agreement_ = agreement.share
        self.converged_ = agreement.is_enough(self.min_agreement)
        if not self.converged_:
            pairs = "self-learning finds from one half of the start and from the other"
            way_out = "Give pairs as X and y, a hundred may do, or another `init`"
            agreement.warn(self.min_agreement, pairs, way_out)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags
