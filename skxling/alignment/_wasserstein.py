"""Alignment of two clouds without pairs, by matching batches of them."""

from numbers import Integral, Real

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from skxling.alignment._base import BaseLinearAligner
from skxling.alignment._sides import check_sides
from skxling.alignment._starts import alike_distributions
from skxling.alignment._trials import N_WORDS, Agreement, Trials
from skxling.functional import (
    induce_pairs,
    matching_step,
    orthogonal_procrustes,
    relaxed_matching,
    sinkhorn,
)
from skxling.utils import check_generator, resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _fit_context,
)


def _assign(scores):
    """Match rows and columns one to one; what is left over on the longer side is not matched."""
    rows, columns = linear_sum_assignment(to_numpy(scores), maximize=True)
    plan = torch.zeros_like(scores)
    plan[rows, columns] = 1
    return plan


class WassersteinAligner(CallbackSupportMixin, BaseLinearAligner):
    """Align two spaces that nobody has paired, by a rotation and a matching found in turns.

    A rotation is good where the cloud of source words, rotated, lies upon the cloud of target
    words: where the two can be matched word by word, near with near [1]_. Batches of frequent words
    are matched under the present map, and the map is turned towards the matching; batches grow. The
    start is a matching of the most frequent words by their similarities within either language.

    Any two clouds can be laid upon each other somehow, so two more maps are found, one of every
    second word and one of the others, and there is a warning where they do not lead to the same.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to either side before the map is found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of the whole spaces. () leaves vectors as
        they are.

    init : {"relaxation", "distributions"}, default="relaxation"
        The first matching: "relaxation" relaxes it to a convex problem [1]_, "distributions" pairs
        words whose similarities to the others are distributed alike, as in
        :class:`SelfLearningAligner`.

    n_frequent_init : int, default=2000
        Match this many rows at the head of either vocabulary for the start; at least 1.

    n_frequent : int or None, default=20_000
        Draw batches from this many rows at the head of each vocabulary, which are its most
        frequent words by convention; at least 1. None takes all.

    matching : {"sinkhorn", "assignment"}, default="sinkhorn"
        How a batch is matched: softly, by Sinkhorn's algorithm, or one to one, by the linear
        assignment of scipy, which takes longer and runs on the CPU.

    regularization : float, default=0.05
        For "sinkhorn", at least 0.005: how soft matchings are, relative to the largest score.

    batch_size : int, default=500
        Number of words of either side in the batches of the first pass, at least 1.

    batch_growth : float, default=2.0
        Factor of the batch size from one pass to the next, at least 1.

    n_steps : int, default=200
        Number of batches in the first pass, at least 1; in later passes so many fewer that all
        passes cost the same, but at least one.

    learning_rate : float, default=0.5
        Step size relative to the map, positive.

    max_iter : int, default=4
        Number of passes, at least 1.

    min_agreement : float or None, default=0.05
        In [0, 1]: there is a ConvergenceWarning where `agreement_` is less, or where it may be
        chance. With None there is neither judgement nor warning, and a fit takes a third of the
        time. Callbacks do not see the two fits that it takes to judge.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    random_state : int, RandomState instance or None, default=None
        Draws the batches; an int is reproducible.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, d_target)
        The map W: normalised source rows times `mapping_` are in the shared space.

    score_curve_ : ndarray of shape (n_iter_,)
        Mean inner product of what was matched in each pass; larger batches match better.

    n_iter_ : int
        Number of passes done.

    agreement_ : float
        Share of their pairs that self-learning has in common which starts from either of two other
        maps: one found in the same way of the first, third, ... words of either side, the other of
        the rest. From 0 to 1; nan where nobody asked.

    converged_ : bool or None
        Whether `agreement_` is at least `min_agreement`, and no chance. None where nobody asked.

    source_normalizer_, target_normalizer_ : SpaceNormalizer
        The fitted steps of `normalize`, one for each side.

    source_means_, target_means_ : list of ndarray
        One mean for each time that "center" or "iterative" takes it away.

    n_features_in_ : int
        Number of features of the source space, d_source.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    SelfLearningAligner : With ``init=WassersteinAligner()``, goes on from here.
    skxling.functional.relaxed_matching : The start.

    Notes
    -----
    The relaxation tells nothing apart in clouds whose mean is the origin: let "center" not be the
    last step, unless the vocabularies are much larger than `n_frequent_init`.

    Spaces must be of much the same shape, which :func:`~skxling.metrics.relational_similarity`
    tells where words are known, and :func:`~skxling.metrics.eigenvector_similarity` where not.

    The two halves know nothing of each other, and the pairs that their maps lead to are mutual
    neighbours by CSLS among the 5,000 most frequent words. Where the spaces determine the map, both
    lead to it, though only about every second word of a half has its partner there: on planted data
    a third of the pairs were the same, mostly all. Where the map was lost, at most 2% were. But of
    a few hundred words all may be what it takes to find the map, and then one that is right is
    warned of.

    References
    ----------
    .. [1] Grave, E., Joulin, A., Berthet, Q. "Unsupervised alignment of embeddings with Wasserstein
       Procrustes". AISTATS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import WassersteinAligner
    >>> rng = np.random.default_rng(0)
    >>> source = rng.gamma(2, size=(300, 5)) * [5, 4, 3, 2, 1]
    >>> rotation, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    >>> target = rng.permutation(source) @ rotation
    >>> aligner = WassersteinAligner(normalize=("unit",), random_state=0)
    >>> aligner = aligner.fit(source_vectors=source, target_vectors=target)
    >>> bool(np.abs(aligner.mapping_ - rotation).max() < 0.1)
    True
    """

    _parameter_constraints: dict = {
        **BaseLinearAligner._parameter_constraints,
        "init": [StrOptions({"relaxation", "distributions"})],
        "n_frequent_init": [Interval(Integral, 1, None, closed="left")],
        "n_frequent": [Interval(Integral, 1, None, closed="left"), None],
        "matching": [StrOptions({"sinkhorn", "assignment"})],
        "regularization": [Interval(Real, 0.005, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "batch_growth": [Interval(Real, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "min_agreement": [Interval(Real, 0, 1, closed="both"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        normalize=("unit", "center", "unit"),
        init="relaxation",
        n_frequent_init=2000,
        n_frequent=20_000,
        matching="sinkhorn",
        regularization=0.05,
        batch_size=500,
        batch_growth=2.0,
        n_steps=200,
        learning_rate=0.5,
        max_iter=4,
        min_agreement=0.05,
        device="auto",
        random_state=None,
    ):
        self.normalize = normalize
        self.init = init
        self.n_frequent_init = n_frequent_init
        self.n_frequent = n_frequent
        self.matching = matching
        self.regularization = regularization
        self.batch_size = batch_size
        self.batch_growth = batch_growth
        self.n_steps = n_steps
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.min_agreement = min_agreement
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
            If maps of two halves of the vocabularies do not lead to the same pairs.
        """
        _, _, *spaces = check_sides(self, X, y, source_vectors, target_vectors)
        source, target = self._normalize_clouds(*spaces)
        generator = check_generator(self.random_state)
        mapping, scores = self._find_start(source, target), []  # W
        source, target = source[: self.n_frequent], target[: self.n_frequent]
        batch_size, n_steps = self.batch_size, self.n_steps
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        for _ in range(self.max_iter):
            task = context.subcontext(task_name="pass")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            sizes = round(batch_size), max(1, round(n_steps))
            mapping, score = self._pass(mapping, source, target, *sizes, generator)
            scores.append(score)
            fitted = {"mapping_": to_numpy(mapping)}
            if task.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes=fitted
            ):
                break
            # Sinkhorn's cost is quadratic in the batch
            batch_size, n_steps = batch_size * self.batch_growth, n_steps / self.batch_growth**2
        agreement = None
        if self.min_agreement is not None:
            agreement = self._judge(*spaces, len(scores), generator.initial_seed())
        self.mapping_ = to_numpy(mapping)
        self.score_curve_ = np.array(scores)
        self.n_iter_ = len(scores)
        self.agreement_, self.converged_ = np.nan, None
        if agreement is not None:
            self.agreement_ = agreement.share
            self.converged_ = agreement.is_enough(self.min_agreement)
        if self.converged_ is False:
            pairs = "a map of every second word leads to, and a map of the others"
            way_out = "Try SelfLearningAligner, from equal words or from a hundred pairs"
            agreement.warn(self.min_agreement, pairs, way_out)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _normalize_clouds(self, source, target):
        """Normalised tensors of both clouds."""
        # a row of either stands in for the pairs, which nothing looks at
        prepared = self._normalize_sides(source[:1], target[:1], source, target)
        return prepared.source, prepared.target

    def _judge(self, source, target, n_passes, seed):
        """Find out whether maps of two halves of the vocabularies lead to the same."""
        if min(len(source), len(target)) == 1:
            return Agreement(1.0, 1.0)  # a word that is alone has but one partner
        params = {"max_iter": n_passes, "min_agreement": None, "random_state": seed}
        params = {**self.get_params(deep=False), **params}
        starts, device = [], resolve_device(self.device)
        for half in (0, 1):
            spaces = {"source_vectors": source[half::2], "target_vectors": target[half::2]}
            other = self._fit_half(params, spaces)
            sides = other.transform(source[:N_WORDS]), other.transform_target(target[:N_WORDS])
            pairs = induce_pairs(*(to_tensor(np.asarray(side), device=device) for side in sides))
            starts.append(to_numpy(torch.stack(pairs, dim=1)))
        return Trials(source, target, device).agreement(*starts)

    def _fit_half(self, params, spaces):
        """Fit an aligner like this one to half of the words."""
        try:
            return type(self)(**params).fit(**spaces)
        except ValueError as error:
            sizes = " and ".join(str(len(space)) for space in spaces.values())
            raise ValueError(
                f"`min_agreement`={self.min_agreement} judges the map by those of every second "
                f"word, {sizes} of them, which failed: {error} Give more words, or "
                "min_agreement=None for a map that is not judged."
            ) from error

    def _find_start(self, source, target):
        """Give the rotation of the first matching, of the most frequent words."""
        n_frequent = min(self.n_frequent_init, len(source), len(target))
        source, target = source[:n_frequent], target[:n_frequent]
        if self.init == "distributions":
            pairs = alike_distributions(
                source, target, n_frequent, device=source.device, induction="both"
            )
            rows, columns = to_tensor(pairs, device=source.device).unbind(1)
            return orthogonal_procrustes(source[rows], target[columns]).mapping
        plan = relaxed_matching(source, target, match=self._match)
        return orthogonal_procrustes(source, plan @ target).mapping

    def _pass(self, mapping, source, target, batch_size, n_steps, generator):
        """Turn the map by some batches; gives their mean score too."""
        total = 0.0
        for _ in range(n_steps):
            X, Y = (
                space[torch.randperm(len(space), generator=generator)[:batch_size].to(space.device)]
                for space in (source, target)
            )
            mapping, score = matching_step(
                mapping, X, Y, match=self._match, learning_rate=self.learning_rate
            )
            total += score.item()
        return mapping, total / n_steps

    def _match(self, scores):
        if self.matching == "assignment":
            return _assign(scores)
        return sinkhorn(scores, regularization=self.regularization)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags
