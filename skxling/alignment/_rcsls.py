"""Alignment by the relaxed CSLS loss."""

from numbers import Integral, Real

import numpy as np
import torch

from skxling.alignment._base import BaseLinearAligner
from skxling.functional import orthogonal_procrustes, project_spectral, rcsls_loss
from skxling.utils import check_generator, to_numpy
from skxling.utils._sklearn import CallbackSupportMixin, Interval, StrOptions, _fit_context


class RCSLSAligner(CallbackSupportMixin, BaseLinearAligner):
    """Align two spaces by the map that minimises the relaxed CSLS loss.

    CSLS is the criterion by which translations are retrieved; the loss optimises it on the pairs
    of the seed lexicon, with all words of both vocabularies as possible neighbours [1]_. Gradient
    descent starts from the Procrustes solution.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit",)
        Steps done in this order to either side before the map is found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of `source_vectors` and `target_vectors`
        where these are given to `fit`, else of the pairs. The loss is CSLS for rows of length 1
        only; it learns by itself to shrink what centring takes away.

    learning_rate : float, default=10.0
        First step size, positive. The loss is a mean over pairs, hence the large number. It is
        halved whenever a step makes the loss rise.

    max_iter : int, default=10
        Number of iterations, at least 0; 0 is the Procrustes solution. With `batch_size` an
        iteration is one pass over the pairs.

    n_neighbors : int, default=10
        Size of the neighbourhoods of CSLS, at least 1; clipped to what exists.

    n_negatives : int or None, default=None
        Look for neighbours among this many rows at the head of each vocabulary, which are its most
        frequent words by convention. None takes all; the cost of an iteration is proportional.

    batch_size : int or None, default=None
        Number of pairs per step. None takes all pairs at once, and takes back steps that make the
        loss rise; with batches the mean loss of a pass is compared with that of the pass before.

    constraint : {"spectral"} or None, default=None
        None leaves the map free: the loss falls without end as the map grows, and `max_iter` ends
        it. "spectral" keeps the map's singular values at 1 at most, by projection after every step.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    random_state : int, RandomState instance or None, default=None
        Order of the pairs in batches; without effect where `batch_size` is None.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, d_target)
        The map W: normalised source rows times `mapping_` are in the shared space.

    loss_curve_ : ndarray of shape (n_iter_,)
        Loss after each iteration; with `batch_size` the mean of its batches, each before its step.

    n_iter_ : int
        Number of iterations done; below `max_iter` where a callback stopped the fit.

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
    ProcrustesAligner : Its start; better with a small seed lexicon.
    skxling.functional.rcsls_loss : The loss and its gradient.

    Notes
    -----
    Give `source_vectors` and `target_vectors` to `fit`: with the pairs alone the neighbours are
    those among the pairs, and the map learns little about the rest of the vocabulary.

    References
    ----------
    .. [1] Joulin, A., Bojanowski, P., Mikolov, T., Jegou, H., Grave, E. "Loss in translation:
       learning bilingual word mapping with a retrieval criterion". EMNLP 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import RCSLSAligner
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 5))
    >>> rotation, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    >>> y = X @ rotation + 0.1 * rng.normal(size=(200, 5))
    >>> aligner = RCSLSAligner().fit(X, y)
    >>> bool(np.all(np.diff(aligner.loss_curve_) <= 0))
    True
    """

    _parameter_constraints: dict = {
        **BaseLinearAligner._parameter_constraints,
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_negatives": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "constraint": [StrOptions({"spectral"}), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        normalize=("unit",),
        learning_rate=10.0,
        max_iter=10,
        n_neighbors=10,
        n_negatives=None,
        batch_size=None,
        constraint=None,
        device="auto",
        random_state=None,
    ):
        self.normalize = normalize
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.n_neighbors = n_neighbors
        self.n_negatives = n_negatives
        self.batch_size = batch_size
        self.constraint = constraint
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, *, source_vectors=None, target_vectors=None):
        """Find the map from paired vectors and whole vocabularies.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors of the pairs.

        y : array-like of shape (n_samples, d_target) or (n_samples,)
            Target vectors of the pairs.

        source_vectors : array-like of shape (n_source, d_source) or WordVectors, default=None
            The whole source vocabulary, most frequent words first: where neighbours of target
            words are looked for, and for the means of "center". None takes the rows of X.

        target_vectors : array-like of shape (n_target, d_target) or WordVectors, default=None
            The whole target vocabulary, likewise. None takes the rows of y.

        Returns
        -------
        self : object
            The fitted aligner.

        Raises
        ------
        ValueError
            If `normalize` names an unknown step, or a vocabulary is not in the space of its pairs.
        """
        prepared = self._prepare(X, y, source_vectors, target_vectors)
        descend = self._descend_full if self.batch_size is None else self._descend_batches
        mapping = orthogonal_procrustes(prepared.X, prepared.Y).mapping  # W
        steps = descend(mapping, prepared)
        losses = []
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        for _ in range(self.max_iter):
            task = context.subcontext(task_name="iteration")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            mapping, loss = next(steps)
            losses.append(loss)
            fitted = {"mapping_": to_numpy(mapping)}
            if task.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes=fitted
            ):
                break
        self.mapping_ = to_numpy(mapping)
        self.loss_curve_ = np.array(losses)
        self.n_iter_ = len(losses)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _descend_full(self, mapping, prepared):
        """Yield map and loss after each full-batch step; a step that makes it rise is undone."""
        learning_rate = self.learning_rate
        value = self._evaluate(mapping, prepared, slice(None))
        while True:
            tried = self._step(mapping, value.gradient, learning_rate)
            tried_value = self._evaluate(tried, prepared, slice(None))
            if tried_value.loss < value.loss:  # false for nan too
                mapping, value = tried, tried_value
            else:
                learning_rate /= 2
            yield mapping, value.loss.item()

    def _descend_batches(self, mapping, prepared):
        """Yield map and mean loss after each pass over the pairs in batches."""
        generator = check_generator(self.random_state)
        learning_rate, last_loss = self.learning_rate, np.inf
        n_pairs = prepared.X.shape[0]
        while True:
            loss = 0.0
            order = torch.randperm(n_pairs, generator=generator).to(prepared.X.device)
            for batch in order.split(self.batch_size):
                value = self._evaluate(mapping, prepared, batch)
                mapping = self._step(mapping, value.gradient, learning_rate)
                loss += value.loss.item() * len(batch) / n_pairs
            if not loss < last_loss:
                learning_rate /= 2
            last_loss = loss
            yield mapping, loss

    def _evaluate(self, mapping, prepared, pairs):
        """Loss and gradient on some of the pairs."""
        return rcsls_loss(
            mapping,
            prepared.X[pairs],
            prepared.Y[pairs],
            prepared.source[: self.n_negatives],
            prepared.target[: self.n_negatives],
            self.n_neighbors,
        )

    def _step(self, mapping, gradient, learning_rate):
        """One step down the gradient, and back into the constraint."""
        mapping = mapping - learning_rate * gradient
        return project_spectral(mapping) if self.constraint == "spectral" else mapping
