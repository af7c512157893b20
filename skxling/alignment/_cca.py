"""Alignment by canonical correlation analysis."""

from numbers import Integral, Real

from skxling.alignment._base_two_sided import BaseTwoSidedAligner
from skxling.functional import canonical_correlation
from skxling.utils import to_numpy
from skxling.utils._sklearn import Interval, RealNotInt, _fit_context


class CCAAligner(BaseTwoSidedAligner):
    """Align two spaces by the directions along which paired vectors are most correlated.

    Both sides are mapped into a space whose first component is the direction of either side that
    says most about its partner, and so on [1]_. Directions that say little can be left out.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to either side before the maps are found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of `source_vectors` and `target_vectors`
        where these are given to `fit`, else of the pairs. () leaves vectors as they are.

    n_components : int, float or None, default=None
        Number of components of the shared space, at most those of the smaller space; a float in
        (0, 1] is the share of these to keep, None keeps all.

    alpha : float, default=0.0
        Added to the diagonals of the two covariances, which are sums over pairs; non-negative. It
        holds correlations back that a few pairs suggest.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, n_components)
        The map of normalised source rows into the shared space.

    target_mapping_ : ndarray of shape (d_target, n_components)
        The map of normalised target rows.

    correlations_ : ndarray of shape (n_components,)
        Canonical correlations of the pairs, in descending order, from 0 to 1.

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
    MultistepAligner : The same maps, with the extents of the spaces given back, and components
        weighted by their correlation; better at retrieval.

    Notes
    -----
    Correlations are about the origin; they are about the mean where "center" is the last step of
    `normalize`, and nearly so by default. Where pairs are fewer than components, about as many
    correlations as there are pairs are 1 unless `alpha` is positive, and the others 0: the pairs
    then say nothing about which directions matter. Directions along which a side is shorter than
    about a millionth of its extent are left out.

    References
    ----------
    .. [1] Faruqui, M., Dyer, C. "Improving vector space word representations using multilingual
       correlation". EACL 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import CCAAligner
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(500, 2))
    >>> X, y = (np.hstack([shared, rng.normal(size=(500, 3))]) for _ in range(2))
    >>> aligner = CCAAligner(normalize=()).fit(X, y)
    >>> (aligner.correlations_ > 0.5).tolist()
    [True, True, False, False, False]
    """

    _parameter_constraints: dict = {
        **BaseTwoSidedAligner._parameter_constraints,
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            None,
        ],
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        normalize=("unit", "center", "unit"),
        n_components=None,
        alpha=0.0,
        device="auto",
    ):
        self.normalize = normalize
        self.n_components = n_components
        self.alpha = alpha
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, *, source_vectors=None, target_vectors=None, sample_weight=None):
        """Find the maps from paired vectors.

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
            If `normalize` names an unknown step, a vocabulary is not in the space of its pairs, or
            `n_components` is more than the smaller space has.
        """
        X, Y, _, _, weight = self._prepare(X, y, source_vectors, target_vectors, sample_weight)
        maps = canonical_correlation(
            X,
            Y,
            alpha=self.alpha,
            n_components=self._count_components(X, Y),
            sample_weight=weight,
        )
        self._keep(maps)
        self.correlations_ = to_numpy(maps.strengths)
        return self
