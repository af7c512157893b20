"""Alignment by self-learning: pairs from the map, a map from the pairs."""

from contextlib import nullcontext
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils import check_array
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted, validate_data

from skxling.alignment._base import FLOATS, BaseAligner, validate_space
from skxling.alignment._procrustes import ProcrustesAligner
from skxling.functional import mutual_neighbors, unit_rows
from skxling.utils import as_vectors, resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _check_feature_names,
    _fit_context,
)


def _propagate_callbacks(task, aligner):
    """Hand callbacks on to an aligner that iterates; scikit-learn warns of others."""
    if hasattr(aligner, "set_callbacks"):
        return task.propagate_callback_context(aligner)
    return nullcontext()


class SelfLearningAligner(CallbackSupportMixin, BaseAligner):
    """Align two spaces by an aligner that is fitted on the pairs which it finds itself.

    Every round takes the mutual nearest neighbours among the most frequent words of the two sides
    for pairs, and fits the aligner on them [1]_. The first round starts from a seed lexicon or,
    without one, from the vectors as they are: two spaces trained together are near enough to each
    other for that, two spaces trained apart are not.

    Parameters
    ----------
    aligner : BaseAligner, default=None
        What is fitted in every round; None is :class:`ProcrustesAligner` with its defaults.

    n_frequent : int or None, default=10_000
        Look for pairs among this many rows at the head of each vocabulary, which are its most
        frequent words by convention. None takes all; the cost grows with the square.

    retrieval : {"csls", "cosine"}, default="csls"
        What makes a neighbour the nearest.

    n_neighbors : int, default=10
        Size of the neighbourhoods of CSLS, at least 1; clipped to what exists.

    max_iter : int, default=10
        Greatest number of rounds, at least 1.

    tol : float or None, default=1e-4
        Stop where the last `n_iter_no_change` rounds have not raised `similarity_curve_` by this.
        None stops at equal pairs or `max_iter` only.

    n_iter_no_change : int, default=3
        Number of rounds without improvement to wait for; a few are common far from the solution.

    device : str or torch.device, default="auto"
        Where to look for neighbours: "auto" is CUDA where there is one, else the CPU. `aligner`
        has a device of its own.

    Attributes
    ----------
    aligner_ : BaseAligner
        The aligner fitted on the pairs of the last round.

    lexicon_ : ndarray of shape (n_pairs, 2)
        These pairs: rows of `source_vectors` and of `target_vectors`.

    similarity_curve_ : ndarray of shape (n_iter_,)
        Of each round's pairs the sum of cosines, over the number of words that could have been
        paired: between -1 and 1, of words without a partner 0.

    n_iter_ : int
        Number of rounds done.

    n_features_in_ : int
        Number of features of the source space, d_source.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    ProcrustesAligner : The aligner of most self-learning.
    skxling.functional.mutual_neighbors : How pairs are found.

    References
    ----------
    .. [1] Artetxe, M., Labaka, G., Agirre, E. "Learning bilingual word embeddings with (almost) no
       bilingual data". ACL 2017.

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
        "aligner": [BaseAligner, None],
        "n_frequent": [Interval(Integral, 1, None, closed="left"), None],
        "retrieval": [StrOptions({"csls", "cosine"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [str, torch.device],
    }

    def __init__(
        self,
        aligner=None,
        *,
        n_frequent=10_000,
        retrieval="csls",
        n_neighbors=10,
        max_iter=10,
        tol=1e-4,
        n_iter_no_change=3,
        device="auto",
    ):
        self.aligner = aligner
        self.n_frequent = n_frequent
        self.retrieval = retrieval
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, *, source_vectors=None, target_vectors=None):
        """Find pairs and map in turns.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source), default=None
            Source vectors of the pairs to start from. None starts at the identity.

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
            pairs, or spaces without pairs differ in their number of features.
        """
        X, Y, source, target = self._validate_sides(X, y, source_vectors, target_vectors)
        spaces = {"source_vectors": source, "target_vectors": target}
        aligner = None if X is None else self._clone_aligner().fit(X, Y, **spaces)
        lexicon, similarities = None, []
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=Y)
        for _ in range(self.max_iter):
            found, similarity = self._find_pairs(aligner, source, target)
            if lexicon is not None and np.array_equal(found, lexicon):
                break
            task = context.subcontext(task_name="round")
            task.call_on_fit_task_begin(estimator=self, X=X, y=Y)
            lexicon, aligner = found, self._clone_aligner()
            with _propagate_callbacks(task, aligner):
                aligner.fit(source[lexicon[:, 0]], target[lexicon[:, 1]], **spaces)
            similarities.append(similarity)
            fitted = {"aligner_": aligner}
            stopped = task.call_on_fit_task_end(
                estimator=self, X=X, y=Y, reconstruction_attributes=fitted
            )
            if stopped or self._has_converged(similarities):
                break
        self.aligner_ = aligner
        self.lexicon_ = lexicon
        self.similarity_curve_ = np.array(similarities)
        self.n_iter_ = len(similarities)
        context.call_on_fit_task_end(estimator=self, X=X, y=Y)
        return self

    def transform(self, X):
        """Take source vectors to the shared space.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        X_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of X.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return self.aligner_.transform(X)

    def transform_target(self, Y):
        """Take target vectors to the shared space.

        Parameters
        ----------
        Y : array-like of shape (n_samples, d_target)
            Target vectors.

        Returns
        -------
        Y_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of Y.
        """
        check_is_fitted(self)
        return self.aligner_.transform_target(Y)

    def inverse_transform(self, X):
        """Take vectors of the shared space back to the source space.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Vectors of the shared space.

        Returns
        -------
        X_original : ndarray of shape (n_samples, d_source)
            Vectors of the source space.
        """
        check_is_fitted(self)
        return self.aligner_.inverse_transform(X)

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        The vocabularies are this estimator's own metadata, which it hands to every fit of
        `aligner` itself: `aligner` needs no request for them, and nothing else is routed to it.

        Returns
        -------
        routing : MetadataRouter
            The requests of this estimator.
        """
        return MetadataRouter(owner=self).add_self_request(self)

    def _inverse_transform_target(self, Y):
        return self.aligner_._inverse_transform_target(Y)

    def _validate_sides(self, X, y, source_vectors, target_vectors):
        """Check that there is something to start from; the pairs are the space if none is given."""
        if (X is None) != (y is None):
            raise ValueError(
                "X and y are the two sides of the pairs to start from: give both, or neither "
                f"and `source_vectors` and `target_vectors`. Got {'y' if X is None else 'X'} alone."
            )
        if X is not None:
            X, Y = self._validate_pairs(X, y)
            source = validate_space(source_vectors, X.shape[1], X.dtype, "source_vectors", "X")
            target = validate_space(target_vectors, Y.shape[1], X.dtype, "target_vectors", "y")
            return X, Y, X if source is None else source, Y if target is None else target
        if source_vectors is None or target_vectors is None:
            raise ValueError(
                "There is nothing to align: give pairs as X and y, or whole vocabularies as "
                "`source_vectors` and `target_vectors`, or both."
            )
        source = check_array(as_vectors(source_vectors), dtype=FLOATS, input_name="source_vectors")
        target = check_array(
            as_vectors(target_vectors), dtype=source.dtype, input_name="target_vectors"
        )
        if source.shape[1] != target.shape[1]:
            raise ValueError(
                "Without pairs the start is the identity, which needs spaces of one size, but "
                f"`source_vectors` has {source.shape[1]} features and `target_vectors` "
                f"{target.shape[1]}. Give pairs as X and y."
            )
        _check_feature_names(self, source, reset=True)
        self.n_features_in_, self._y_ndim = source.shape[1], 2
        return None, None, source, target

    def _clone_aligner(self):
        return ProcrustesAligner() if self.aligner is None else clone(self.aligner)

    def _find_pairs(self, aligner, source, target):
        """Mutual neighbours under an aligner, or as the spaces are, and how similar they are."""
        source, target = source[: self.n_frequent], target[: self.n_frequent]
        if aligner is not None:
            source = np.asarray(aligner.transform(source))
            target = aligner.transform_target(target)
        device = resolve_device(self.device)
        source = unit_rows(to_tensor(source, device=device))
        target = unit_rows(to_tensor(target, device=device))
        rows, columns = mutual_neighbors(
            source, target, retrieval=self.retrieval, n_neighbors=self.n_neighbors
        )
        similarity = (source[rows] * target[columns]).sum().item()
        lexicon = to_numpy(torch.stack([rows, columns], dim=1))
        return lexicon, similarity / min(len(source), len(target))

    def _has_converged(self, similarities):
        n_last = self.n_iter_no_change
        if self.tol is None or len(similarities) <= n_last:
            return False
        return max(similarities[-n_last:]) - max(similarities[:-n_last]) < self.tol

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags

    @property
    def _n_features_out(self):
        """Number of features of the shared space."""
        return self.aligner_._n_features_out
