"""What aligners are fitted on that can do without pairs: pairs, or two whole vocabularies."""

from sklearn.utils import check_array

from skxling.alignment._base import FLOATS
from skxling.utils import as_vectors
from skxling.utils._sklearn import _check_feature_names


def check_spaces(source_vectors, target_vectors):
    """Check two whole vocabularies that have to do without pairs."""
    if source_vectors is None or target_vectors is None:
        raise ValueError(
            "There is nothing to align: give pairs as X and y, or whole vocabularies as "
            "`source_vectors` and `target_vectors`, or both."
        )
    source = as_vectors(source_vectors, "source_vectors")
    source = check_array(source, dtype=FLOATS, input_name="source_vectors")
    target = as_vectors(target_vectors, "target_vectors")
    return source, check_array(target, dtype=source.dtype, input_name="target_vectors")


def check_sides(aligner, X, y, source_vectors, target_vectors):
    """Check what an aligner is fitted on; the pairs are the spaces if no others are given.

    Parameters
    ----------
    aligner : BaseAligner
        Which notes the numbers of features.

    X, y, source_vectors, target_vectors : array-like, WordVectors or None
        Of its `fit`.

    Returns
    -------
    X, Y : ndarray of shape (n_samples, n_features), or None
        The pairs.

    source, target : ndarray of shape (n_words, n_features)
        The spaces.
    """
    if (X is None) != (y is None):
        raise ValueError(
            "X and y are the two sides of pairs: give both, or neither and `source_vectors` and "
            f"`target_vectors`. Got {'y' if X is None else 'X'} alone."
        )
    if X is not None:
        X, Y, source, target = aligner._validate_sides(X, y, source_vectors, target_vectors)
        return X, Y, X if source is None else source, Y if target is None else target
    source, target = check_spaces(source_vectors, target_vectors)
    _check_feature_names(aligner, source, reset=True)
    aligner.n_features_in_, aligner._n_target_features = source.shape[1], target.shape[1]
    aligner._y_ndim = 2
    return None, None, source, target
