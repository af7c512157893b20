"""Alignment in steps: whitening, rotation, re-weighting, dewhitening, reduction."""

from numbers import Integral, Real

from skxling.alignment._base_two_sided import BaseTwoSidedAligner
from skxling.functional import multistep_mapping
from skxling.utils import to_numpy
from skxling.utils._sklearn import Interval, RealNotInt, StrOptions, _fit_context

_SHARES = {"source": (1.0, 0.0), "target": (0.0, 1.0), "both": (0.5, 0.5), None: (0.0, 0.0)}


class MultistepAligner(BaseTwoSidedAligner):
    """Align two spaces in steps, of which other linear aligners are special cases.

    Both sides are whitened, so that no direction is preferred; rotated into a space whose
    components are in the order of how well the sides agree along them; re-weighted by this
    agreement; dewhitened, which gives either side its extents back; and reduced [1]_. Each step
    can be left out.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to either side before the maps are found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of `source_vectors` and `target_vectors`
        where these are given to `fit`, else of the pairs. () leaves vectors as they are.

    whiten : bool, default=True
        Whether to whiten. Without whitening there is nothing to dewhiten either.

    reweight : {"both", "source", "target"} or None, default="both"
        The side whose components are weighted by the singular values of the rotation, to the power
        `reweight_power`; "both" gives each side the root of that.

    reweight_power : float, default=1.0
        Exponent of the weights, non-negative. 0 is the same as ``reweight=None``.

    source_dewhiten : {"source", "target"} or None, default="source"
        The space whose extents source rows get back. Without effect where `whiten` is false.

    target_dewhiten : {"source", "target"} or None, default="target"
        The space whose extents target rows get back. Without effect where `whiten` is false.

    n_components : int, float or None, default=None
        Number of components of the shared space, at most those of the smaller space; a float in
        (0, 1] is the share of these to keep, None keeps all.

    alpha : float, default=0.0
        Added to the diagonals of the two covariances, which are sums over pairs, before whitening;
        non-negative. An addition to the paper: it makes whitening milder where pairs are few, for
        rows of length 1 with values between 1 and 10.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, n_components)
        The map of normalised source rows into the shared space, all steps in one.

    target_mapping_ : ndarray of shape (d_target, n_components)
        The map of normalised target rows.

    singular_values_ : ndarray of shape (n_components,)
        How well the sides agree along each component, in descending order; with whitening these
        are canonical correlations, from 0 to 1.

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
    ProcrustesAligner : Rotation alone.
    CCAAligner : Whitening and rotation.
    LinearAligner : Least squares.

    Notes
    -----
    The defaults are what the authors have come to recommend for a large seed lexicon. In the paper
    the target side alone is re-weighted, rows are not scaled a second time, and some components are
    left out: ``normalize=("unit", "center"), reweight="target", n_components=0.9``.

    Other settings are other methods: ``whiten=False, reweight=None`` is the rotation of
    :class:`ProcrustesAligner`; ``reweight=None, source_dewhiten=None, target_dewhiten=None`` is
    canonical correlation analysis; ``reweight="source"`` with both sides dewhitened by "target" is
    least squares from source to target, and ``reweight="target"`` with both by "source" from target
    to source. Similarities of the two sides are the same there, but for the axes they are
    written in.

    Directions in which the pairs have no extent, as where they are fewer than components, are
    dropped by whitening unless `alpha` is positive.

    References
    ----------
    .. [1] Artetxe, M., Labaka, G., Agirre, E. "Generalizing and improving bilingual word embedding
       mappings with a multi-step framework of linear transformations". AAAI 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import MultistepAligner
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 5))
    >>> y = X @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
    >>> aligner = MultistepAligner(normalize=()).fit(X, y)
    >>> aligner.singular_values_.round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    >>> float(round(aligner.score(X, y), 3))
    1.0
    """

    _parameter_constraints: dict = {
        **BaseTwoSidedAligner._parameter_constraints,
        "whiten": ["boolean"],
        "reweight": [StrOptions({"both", "source", "target"}), None],
        "reweight_power": [Interval(Real, 0, None, closed="left")],
        "source_dewhiten": [StrOptions({"source", "target"}), None],
        "target_dewhiten": [StrOptions({"source", "target"}), None],
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
        whiten=True,
        reweight="both",
        reweight_power=1.0,
        source_dewhiten="source",
        target_dewhiten="target",
        n_components=None,
        alpha=0.0,
        device="auto",
    ):
        self.normalize = normalize
        self.whiten = whiten
        self.reweight = reweight
        self.reweight_power = reweight_power
        self.source_dewhiten = source_dewhiten
        self.target_dewhiten = target_dewhiten
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
        source_share, target_share = _SHARES[self.reweight]
        maps = multistep_mapping(
            X,
            Y,
            sample_weight=weight,
            whiten=self.whiten,
            source_power=source_share * self.reweight_power,
            target_power=target_share * self.reweight_power,
            source_dewhiten=self.source_dewhiten,
            target_dewhiten=self.target_dewhiten,
            alpha=self.alpha,
            n_components=self._count_components(X, Y),
        )
        self._keep(maps)
        self.singular_values_ = to_numpy(maps.strengths)
        return self
