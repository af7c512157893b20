"""Alignment without pairs, by a map that is trained to deceive a discriminator."""

import time
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skxling.alignment._adversarial_training import find_best, refine_map, train_map
from skxling.alignment._base import BaseAligner, BaseLinearAligner
from skxling.alignment._base_meta import BaseMetaAligner
from skxling.alignment._clouds import Clouds
from skxling.alignment._sides import check_sides
from skxling.utils import check_generator, resolve_device, warn_user
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _fit_context,
)


class AdversarialAligner(CallbackSupportMixin, BaseMetaAligner):
    """Align two spaces that nobody has paired, by a map that deceives a discriminator.

    A discriminator learns to tell mapped source words from target words, and the map learns to
    make that impossible [1]_. Where the two spaces have one shape, the map that succeeds is often
    the one that brings translations together, and a refinement makes it precise. Often, not always:
    training starts several times, until its translations are confirmed.

    Parameters
    ----------
    refine : {"self-learning"}, BaseAligner or None, default="self-learning"
        What is fitted on the mutual neighbours that the trained map finds: "self-learning" is
        :class:`SelfLearningAligner`, until its pairs get no better; None keeps the trained map.

    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to either side before training: "unit" scales rows to length 1,
        "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of the whole spaces. () leaves vectors as
        they are.

    n_hidden : int, default=512
        Number of units of either hidden layer of the discriminator, at least 1.

    dropout : float, default=0.1
        In [0, 1): share of the discriminator's input that is left out.

    smoothing : float, default=0.1
        In [0, 0.5): how far from certain the discriminator shall be.

    orthogonality : float, default=0.3
        In [0, 0.5]: step size towards an orthogonal map, after every step of the map.

    learning_rate : float, default=0.25
        First step size of both, positive, for components that are of about 1 in the mean square:
        spaces are scaled so that they are.

    learning_rate_decay : float, default=0.98
        In (0, 1]: factor of the step size after each pass. It is halved besides where the
        similarity of translations has been below its best in two passes running.

    batch_size : int, default=64
        Number of words of either side in a step, at least 1.

    n_steps : int, default=2000
        Number of steps of both in a pass, at least 1.

    max_iter : int, default=10
        Number of passes of a restart, at least 1.

    n_frequent : int or None, default=50_000
        Draw words from this many rows at the head of each vocabulary, which are its most frequent
        words by convention; at least 1. None takes all.

    n_frequent_criterion : int, default=10_000
        Translate this many rows at the head of the source among as many of the target to rate a
        map, by the mean cosine of words and their translations; at least 1.

    n_init : int, default=10
        Greatest number of restarts, at least 1; they end where one is confirmed. The first starts
        at the identity, the others at random rotations.

    min_confirmed : float or None, default=0.5
        In (0, 1]: share of the best restart's translations, `nearness_` or `agreement_`, that must
        be confirmed; otherwise there is a ConvergenceWarning. With None there is neither judgement
        nor warning, and all restarts are done.

    max_seconds : float, default=1800.0
        No pass begins after this time, positive; the first one always does. A fit that reaches it
        depends on the speed of the machine, any other on `random_state` alone.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU. An aligner given as
        `refine` has a device of its own.

    random_state : int, RandomState instance or None, default=None
        Draws starts, batches and what is left out; an int is reproducible.

    Attributes
    ----------
    aligner_ : BaseAligner
        The refined aligner of the best restart.

    similarity_ : float
        Mean cosine of frequent source words and their translations under it, by which it is best.

    nearness_ : float
        Share of these translations that are nearer to each other than either is to any other word
        of its own language: :func:`~skxling.functional.translation_nearness`. With little noise it
        is close to the share of right ones.

    agreement_ : float
        Largest share of these translations that another restart has too; nan after one restart. It
        shows that the spaces determine the map, not that the translations are right.

    converged_ : bool or None
        Whether `nearness_` or `agreement_` is at least `min_confirmed`, the latter by no chance.
        None where that is None.

    similarity_curve_ : ndarray of shape (n_iter_,)
        The similarity after each pass of the best restart, before refinement.

    n_iter_, n_restarts_ : int
        Numbers of passes of the best restart, and of restarts.

    n_features_in_ : int
        Number of features of the source space, d_source.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    WassersteinAligner : Without pairs too, and without adversaries.
    SelfLearningAligner : The refinement; with ``init="distributions"`` it needs no other start.

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import AdversarialAligner
    >>> rng = np.random.default_rng(0)
    >>> centers = rng.normal(size=(10, 8))
    >>> source = centers[rng.integers(10, size=400)] + 0.3 * rng.normal(size=(400, 8))
    >>> rotation, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    >>> aligner = AdversarialAligner(n_hidden=64, n_steps=300, random_state=0)
    >>> target = rng.permutation(source) @ rotation
    >>> aligner = aligner.fit(source_vectors=source, target_vectors=target)
    >>> aligner.converged_
    True
    """

    _parameter_constraints: dict = {
        **BaseLinearAligner._parameter_constraints,
        "refine": [StrOptions({"self-learning"}), BaseAligner, None],
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "smoothing": [Interval(Real, 0, 0.5, closed="left")],
        "orthogonality": [Interval(Real, 0, 0.5, closed="both")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_decay": [Interval(Real, 0, 1, closed="right")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_frequent": [Interval(Integral, 1, None, closed="left"), None],
        "n_frequent_criterion": [Interval(Integral, 1, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "min_confirmed": [Interval(Real, 0, 1, closed="right"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        refine="self-learning",
        *,
        normalize=("unit", "center", "unit"),
        n_hidden=512,
        dropout=0.1,
        smoothing=0.1,
        orthogonality=0.3,
        learning_rate=0.25,
        learning_rate_decay=0.98,
        batch_size=64,
        n_steps=2000,
        max_iter=10,
        n_frequent=50_000,
        n_frequent_criterion=10_000,
        n_init=10,
        min_confirmed=0.5,
        max_seconds=1800.0,
        device="auto",
        random_state=None,
    ):
        self.refine = refine
        self.normalize = normalize
        self.n_hidden = n_hidden
        self.dropout = dropout
        self.smoothing = smoothing
        self.orthogonality = orthogonality
        self.learning_rate = learning_rate
        self.learning_rate_decay = learning_rate_decay
        self.batch_size = batch_size
        self.n_steps = n_steps
        self.max_iter = max_iter
        self.n_frequent = n_frequent
        self.n_frequent_criterion = n_frequent_criterion
        self.n_init = n_init
        self.min_confirmed = min_confirmed
        self.max_seconds = max_seconds
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, *, source_vectors=None, target_vectors=None):
        """Find the map from two clouds.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source), default=None
            Source vectors: the cloud, where `source_vectors` are not given. That row i of X
            belongs to row i of y is not looked at.

        y : array-like of shape (n_samples, d_target) or (n_samples,), default=None
            Target vectors, likewise.

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
            If neither pairs nor vocabularies are given, or `normalize` names an unknown step.

        Warns
        -----
        ConvergenceWarning
            If the translations of the best restart are not confirmed.
        """
        deadline = time.monotonic() + self.max_seconds
        generator = check_generator(self.random_state, resolve_device(self.device))
        _, _, source, target = check_sides(self, X, y, source_vectors, target_vectors)
        clouds = Clouds(source, target, self.normalize, self.device)
        context = self._init_callback_context(max_subtasks=self.n_init)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        start, restarts = clouds.identity(), []
        while len(restarts) < self.n_init and (not restarts or time.monotonic() < deadline):
            task = context.subcontext(task_name="restart", max_subtasks=self.max_iter + 1)
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            trained, curve = train_map(self, start, clouds, generator, deadline, task)
            restarts.append(refine_map(self, trained, curve, clouds, task))
            self._judge(restarts)
            fitted = {"aligner_": self.aligner_}
            stopped = task.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes=fitted
            )
            if stopped or self.converged_:
                break
            start = clouds.random_rotation(generator)
        if self.min_confirmed is not None and not self.converged_:
            self._warn()
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _judge(self, restarts):
        """Keep the best restart, and find out whether its translations are confirmed."""
        best, agreement = find_best(restarts)
        self.agreement_ = agreement.share
        self.aligner_, self.similarity_curve_ = best.aligner, np.array(best.curve)
        self.similarity_, self.nearness_ = best.similarity, best.nearness
        self.n_iter_, self.n_restarts_ = len(best.curve), len(restarts)
        self.converged_ = None
        if self.min_confirmed is not None:
            is_near = self.nearness_ >= self.min_confirmed
            self.converged_ = bool(is_near or agreement.is_enough(self.min_confirmed))

    def _warn(self):
        warn_user(
            f"The map is probably useless: of the translations of the best of {self.n_restarts_} "
            f"restarts, {self.nearness_:.0%} are nearer to each other than to words of their own "
            f"language, and {np.nan_to_num(self.agreement_):.0%} are those of another restart too; "
            f"min_confirmed={self.min_confirmed} asks for either. Raise `n_init`, `max_iter` or "
            "`max_seconds`; but spaces of different shapes need pairs (ProcrustesAligner) or equal "
            "words (SelfLearningAligner(init='identical')).",
            ConvergenceWarning,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags
