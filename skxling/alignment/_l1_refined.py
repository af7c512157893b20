"""Refinement of an alignment by the sum of absolute differences."""

from numbers import Integral, Real

import numpy as np
import torch

from skxling.alignment._base_meta import BaseMetaAligner
from skxling.functional import l1_rotation
from skxling.utils import resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import Interval, _fit_context


class L1RefinedAligner(BaseMetaAligner):
    """Turn what another aligner has mapped, so that few pairs lie far apart.

    Nearly all aligners minimise squares, which the pairs that lie farthest apart rule: wrong
    entries, and words of several meanings. After such an aligner, source rows of the shared space
    are turned once more, by the rotation that brings paired rows closest by the sum of absolute
    differences [1]_.

    Parameters
    ----------
    aligner : BaseAligner, default=None
        What maps first; None is :class:`ProcrustesAligner` with its defaults.

    width : float, default=0.1
        Positive: differences below this many times their mean count by squares after all, so that
        there is a gradient everywhere.

    max_iter : int, default=100
        Greatest number of steps, at least 1.

    tol : float, default=1e-6
        Stop where a step takes less than this share of the loss away; non-negative.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU. `aligner` has a device of
        its own.

    Attributes
    ----------
    aligner_ : BaseAligner
        The fitted clone of `aligner`.

    rotation_ : ndarray of shape (n_components, n_components)
        The turn of source rows in the shared space, after `aligner_`.

    loss_curve_ : ndarray of shape (n_iter_ + 1,)
        The loss before the first step and after each, a mean over pairs; never rising.

    n_iter_ : int
        Number of steps done.

    n_features_in_ : int
        Number of features of the source space, d_source.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    RetrofittedAligner : Moves the words of the lexicon instead of the space.
    skxling.functional.l1_rotation : How the rotation is found.

    Notes
    -----
    Pairs are X and y where they are given to `fit`, else those that `aligner` found by itself, as
    :class:`SelfLearningAligner` does.

    References
    ----------
    .. [1] Peng, X., Lin, C., Stevenson, M. "Cross-lingual word embedding refinement by l1 norm
       optimisation". NAACL 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import L1RefinedAligner, ProcrustesAligner
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 5))
    >>> y = X @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
    >>> wrong = y.copy()
    >>> wrong[:20] = 3 * X[:20]  # a fifth of the entries, all wrong in the same way
    >>> base = ProcrustesAligner(normalize=())
    >>> scores = [a.fit(X, wrong).score(X, y) for a in (base, L1RefinedAligner(base))]
    >>> [float(round(score, 2)) for score in scores]
    [0.71, 1.0]
    """

    _parameter_constraints: dict = {
        **BaseMetaAligner._parameter_constraints,
        "width": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "device": [str, torch.device],
    }

    def __init__(self, aligner=None, *, width=0.1, max_iter=100, tol=1e-6, device="auto"):
        self.aligner = aligner
        self.width = width
        self.max_iter = max_iter
        self.tol = tol
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, *, source_vectors=None, target_vectors=None):
        """Fit the aligner, and find the rotation.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source), default=None
            Source vectors of the pairs; None where `aligner` finds its own.

        y : array-like of shape (n_samples, d_target) or (n_samples,), default=None
            Target vectors of the pairs; given together with X or not at all.

        source_vectors : array-like of shape (n_source, d_source) or WordVectors, default=None
            The whole source vocabulary, for `aligner`.

        target_vectors : array-like of shape (n_target, d_target) or WordVectors, default=None
            The whole target vocabulary, likewise.

        Returns
        -------
        self : object
            The fitted aligner.

        Raises
        ------
        ValueError
            If there are no pairs, given or found by `aligner`; and what `aligner` raises.
        """
        device = resolve_device(self.device)
        X, Y = self._fit_on_pairs(X, y, source_vectors, target_vectors)
        sides = np.asarray(self.aligner_.transform(X)), self.aligner_.transform_target(Y)
        solution = l1_rotation(
            *(to_tensor(side, device=device) for side in sides),
            width=self.width,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.rotation_ = to_numpy(solution.rotation)
        self.loss_curve_ = to_numpy(solution.losses)
        self.n_iter_ = len(self.loss_curve_) - 1
        return self

    def transform(self, X):
        """Take source vectors to the shared space: by the aligner, then by the rotation.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        X_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of X.
        """
        mapped = np.asarray(super().transform(X))
        return mapped @ self.rotation_.astype(mapped.dtype, copy=False)

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
        X = self._validate_shared(X)
        return self.aligner_.inverse_transform(X @ self.rotation_.T.astype(X.dtype, copy=False))
