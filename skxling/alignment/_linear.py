"""Alignment by least squares."""

from numbers import Real

from skxling.alignment._base import BaseLinearAligner
from skxling.functional import least_squares
from skxling.utils import to_numpy
from skxling.utils._sklearn import Interval, _fit_context


class LinearAligner(BaseLinearAligner):
    """Align two spaces by the linear map that brings paired vectors closest.

    The oldest of the aligners [1]_. The map is free to stretch and to shear as the pairs ask for,
    which is too free where they are few: then `alpha` holds it back.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to either side before the map is found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of `source_vectors` and `target_vectors`
        where these are given to `fit`, else of the pairs. () leaves vectors as they are.

    alpha : float, default=0.0
        Weight of the penalty on the map's squared entries, non-negative, beside a sum over pairs
        of squared distances. 0 is ordinary least squares.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, d_target)
        The map W: normalised source rows times `mapping_` are in the shared space.

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
    ProcrustesAligner : Keeps lengths and angles; better with a small seed lexicon.
    MultistepAligner : Least squares and rotation as two settings of one method.

    Notes
    -----
    Where pairs are fewer than components, many maps fit them as well; the one with the smallest
    entries is taken. Directions along which the source is shorter than about a millionth of its
    extent are left out. Least squares draw images toward the mean, where a few targets become the
    nearest of many: retrieve by CSLS.

    References
    ----------
    .. [1] Mikolov, T., Le, Q. V., Sutskever, I. "Exploiting similarities among languages for
       machine translation". arXiv 1309.4168, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import LinearAligner
    >>> rng = np.random.default_rng(0)
    >>> X, mapping = rng.normal(size=(100, 5)), rng.normal(size=(5, 4))
    >>> aligner = LinearAligner(normalize=()).fit(X, X @ mapping)
    >>> float(round(aligner.score(X, X @ mapping), 3))
    1.0
    """

    _parameter_constraints: dict = {
        **BaseLinearAligner._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, normalize=("unit", "center", "unit"), alpha=0.0, device="auto"):
        self.normalize = normalize
        self.alpha = alpha
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, *, source_vectors=None, target_vectors=None, sample_weight=None):
        """Find the map from paired vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors of the pairs.

        y : array-like of shape (n_samples, d_target) or (n_samples,)
            Target vectors of the pairs.

        source_vectors : array-like of shape (n_source, d_source) or WordVectors, default=None
            The whole source vocabulary, for the statistics of `normalize`.

        target_vectors : array-like of shape (n_target, d_target) or WordVectors, default=None
            The whole target vocabulary, likewise.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the pairs.

        Returns
        -------
        self : object
            The fitted aligner.

        Raises
        ------
        ValueError
            If `normalize` names an unknown step, or a vocabulary is not in the space of its pairs.
        """
        X, Y, _, _, weight = self._prepare(X, y, source_vectors, target_vectors, sample_weight)
        self.mapping_ = to_numpy(least_squares(X, Y, alpha=self.alpha, sample_weight=weight))  # W
        return self
