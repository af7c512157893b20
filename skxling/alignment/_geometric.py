"""Alignment by two rotations and a metric."""

from numbers import Real

import numpy as np

from skxling.alignment._base_two_sided import BaseTwoSidedAligner
from skxling.alignment._equal_rows import number_rows
from skxling.functional import geometric_mapping
from skxling.utils import to_numpy, to_tensor
from skxling.utils._sklearn import Interval, _fit_context


class GeometricAligner(BaseTwoSidedAligner):
    """Align two spaces by a rotation of either, and a metric in the space where they meet.

    Every source word of the lexicon is compared with every target word. In the metric pairs shall
    have the inner product 1, and words that are no pair 0 [1]_. So what is no translation teaches
    too, and a word may have several translations.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit", "center")
        Steps done in this order to either side before the maps are found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of `source_vectors` and `target_vectors`
        where these are given to `fit`, else of the pairs. () leaves vectors as they are.

    alpha : float, default=1000.0
        Weight of the penalty on the metric, the paper's lambda; non-negative. The authors chose
        between 100 and 1000 for 5,000 pairs of 300 components; fewer pairs ask for less.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, n_components)
        The map of normalised source rows: rotation, then the root of the metric.

    target_mapping_ : ndarray of shape (d_target, n_components)
        The map of normalised target rows, likewise.

    metric_ : ndarray of shape (n_components,)
        Eigenvalues of the metric, in descending order. n_components is that of the smaller space.

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
    MultistepAligner : Two maps by whitening and rotation.
    skxling.functional.geometric_mapping : How the minimum is found.

    Notes
    -----
    The authors search for rotations and metric on their manifolds, by conjugate gradients. The
    product of the three can be any matrix, though, and the penalty is its squared length, so that
    the minimum has a closed form: this aligner does not iterate. The axes of the shared space are
    chosen so that the metric is diagonal.

    Rows of X that are equal, but for rounding, are one word, and so are rows of y; a pair given
    twice counts once.

    In spaces of different sizes the rotation of the larger one also drops components.

    References
    ----------
    .. [1] Jawanpuria, P., Balgovind, A., Kunchukuttan, A., Mishra, B. "Learning multilingual word
       embeddings in latent metric space: a geometric approach". TACL 7, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import GeometricAligner
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 5))
    >>> y = X @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
    >>> aligner = GeometricAligner(normalize=("unit",), alpha=1.0).fit(X, y)
    >>> bool(np.allclose(aligner.transform(X), aligner.transform_target(y)))
    True
    """

    _parameter_constraints: dict = {
        **BaseTwoSidedAligner._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, normalize=("unit", "center"), alpha=1000.0, device="auto"):
        self.normalize = normalize
        self.alpha = alpha
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, *, source_vectors=None, target_vectors=None):
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
        # equal rows are told before they are normalised, which may round them apart
        (source_rows, source_words), (target_rows, target_words) = map(number_rows, (X, y))
        pairs = np.unique(np.column_stack([source_words, target_words]), axis=0)
        maps = geometric_mapping(
            prepared.X[source_rows],
            prepared.Y[target_rows],
            to_tensor(pairs, device=prepared.X.device),
            alpha=self.alpha,
        )
        self._keep(maps)
        self.metric_ = to_numpy(maps.strengths)
        return self
