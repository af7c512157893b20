"""Alignment by an orthogonal map."""

from skxling.alignment._base import BaseLinearAligner
from skxling.functional import orthogonal_procrustes
from skxling.utils import to_numpy
from skxling.utils._sklearn import _fit_context


class ProcrustesAligner(BaseLinearAligner):
    """Align two spaces by the orthogonal map that brings paired vectors closest.

    The map turns and mirrors the source space but keeps all lengths and angles in it [1]_. It has
    a closed form, needs no tuning, and is the usual start of other aligners.

    Parameters
    ----------
    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to either side before the map is found: "unit" scales rows to
        length 1, "center" takes the mean away; for others, and transformers of your own, see
        :class:`SpaceNormalizer`. Statistics are those of `source_vectors` and `target_vectors`
        where these are given to `fit`, else of the pairs. () leaves vectors as they are.

    scale : bool, default=False
        Whether the map may stretch too, by one factor for all directions.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    mapping_ : ndarray of shape (d_source, d_target)
        The map W, factor included: normalised source rows times `mapping_` are in the shared space.

    scale_ : float
        The factor, 1 unless `scale` is true.

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
    RCSLSAligner : Optimises the retrieval criterion; better with a large seed lexicon.
    SelfLearningAligner : Grows a small seed lexicon, or starts without one.

    Notes
    -----
    Spaces may differ in their number of features. The map's rows are orthonormal where d_source is
    at most d_target, else its columns are.

    References
    ----------
    .. [1] Xing, C., Wang, D., Liu, C., Lin, Y. "Normalized word embedding and orthogonal transform
       for bilingual word translation". NAACL 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import ProcrustesAligner
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 5))
    >>> rotation, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    >>> aligner = ProcrustesAligner(normalize=()).fit(X, X @ rotation)
    >>> float(round(aligner.score(X, X @ rotation), 3))
    1.0
    """

    _parameter_constraints: dict = {
        **BaseLinearAligner._parameter_constraints,
        "scale": ["boolean"],
    }

    def __init__(self, *, normalize=("unit", "center", "unit"), scale=False, device="auto"):
        self.normalize = normalize
        self.scale = scale
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
            The whole source vocabulary, for the means of "center".

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
        solution = orthogonal_procrustes(X, Y, sample_weight=weight, scale=self.scale)
        self.scale_ = solution.scale.item()
        self.mapping_ = to_numpy(solution.scale * solution.mapping)  # W
        return self
