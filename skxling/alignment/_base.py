"""What all aligners share: the roles of the two sides, validation, normalisation."""

from abc import ABCMeta, abstractmethod
from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MultiOutputMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from skxling.functional import apply_normalization, fit_normalization, undo_normalization
from skxling.utils import as_vectors, resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import _check_sample_weight

FLOATS = (np.float64, np.float32)
_STEPS = ("unit", "center")


class Prepared(NamedTuple):
    """Normalised tensors of a fit; without a vocabulary the pairs are the space."""

    X: torch.Tensor  # (n, d_source)
    Y: torch.Tensor  # (n, d_target)
    source: torch.Tensor  # (s, d_source)
    target: torch.Tensor  # (t, d_target)
    sample_weight: torch.Tensor | None  # (n,)


def validate_space(vectors, n_features, dtype, name, rows):
    """Check a whole vocabulary's vectors against the rows that are paired."""
    if vectors is None:
        return None
    vectors = check_array(as_vectors(vectors), dtype=dtype, input_name=name)
    if vectors.shape[1] != n_features:
        raise ValueError(
            f"`{name}` has {vectors.shape[1]} features, but {rows} has {n_features}. Both must be "
            "in one space. The steps of a Pipeline before the aligner transform X alone: with "
            f"metadata routing on, Pipeline(transform_input=['{name}']) sends `{name}` through "
            "them too; otherwise pass it transformed."
        )
    return vectors


class BaseAligner(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    MultiOutputMixin,
    RegressorMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base class of the estimators that bring two vector spaces into one.

    A sample is a pair: a row of X from the source space and a row of y from the target space.
    `transform` takes rows of the source space to the shared space, `transform_target` rows of
    the target space; `predict` goes on from the shared space to the target's own.
    """

    @abstractmethod
    def transform(self, X):
        """Take source vectors to the shared space."""

    @abstractmethod
    def transform_target(self, Y):
        """Take target vectors to the shared space."""

    @abstractmethod
    def inverse_transform(self, X):
        """Take vectors of the shared space back to the source space."""

    @abstractmethod
    def _inverse_transform_target(self, Y):
        """Take vectors of the shared space back to the target space."""

    def predict(self, X):
        """Predict the target vectors of source vectors, in the target's own space.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        y : ndarray of shape (n_samples, d_target) or (n_samples,)
            Where in the target space their partners are expected; of y's number of dimensions.
            It equals `transform` only where the target side is neither mapped nor normalised.
            Lengths that the step "unit" took away do not come back.
        """
        y = self._inverse_transform_target(np.asarray(self.transform(X)))  # a frame, by set_output
        return y[:, 0] if self._y_ndim == 1 else y

    def _validate_pairs(self, X, y):
        """Check X and y, note the number of dimensions of y, and make y two-dimensional."""
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True)
        y = check_array(y, dtype=X.dtype, ensure_2d=False, input_name="y")
        self._y_ndim = y.ndim
        return X, y.reshape(len(y), -1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # vectors of length 1 and a rigid map: R2 on arbitrary regression data may be anything
        tags.regressor_tags.poor_score = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class BaseLinearAligner(BaseAligner):
    """Base class of aligners with one linear map, from the normalised source to the target space.

    A subclass finds `mapping_` and gets everything else from here. Its parameters contain
    `normalize` and `device`.
    """

    _parameter_constraints: dict = {"normalize": [tuple, list], "device": [str, torch.device]}

    def transform(self, X):
        """Take source vectors to the shared space: normalise, then map.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        X_mapped : ndarray of shape (n_samples, d_target)
            Their images in the space of ``transform_target(y)``, of the precision of X.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        X, mapping, means = self._to_tensors(X, self.mapping_, self.source_means_)
        return to_numpy(apply_normalization(X, self.normalize, means) @ mapping)

    def transform_target(self, Y):
        """Take target vectors to the shared space: normalise.

        Parameters
        ----------
        Y : array-like of shape (n_samples, d_target)
            Target vectors.

        Returns
        -------
        Y_normalized : ndarray of shape (n_samples, d_target)
            The same vectors in the shared space, of the precision of Y.
        """
        check_is_fitted(self)
        Y = self._validate_shared(Y, "Y")
        Y, means = self._to_tensors(Y, self.target_means_)
        return to_numpy(apply_normalization(Y, self.normalize, means))

    def inverse_transform(self, X):
        """Take vectors of the shared space back to the source space.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_target)
            Vectors of the shared space.

        Returns
        -------
        X_original : ndarray of shape (n_samples, d_source)
            Mapped by the pseudo-inverse, with the means added again. Lengths that the step "unit"
            took away do not come back.
        """
        check_is_fitted(self)
        X = self._validate_shared(X, "X")
        X, mapping, means = self._to_tensors(X, self.mapping_, self.source_means_)
        return to_numpy(undo_normalization(X @ torch.linalg.pinv(mapping), self.normalize, means))

    def _inverse_transform_target(self, Y):
        Y, means = self._to_tensors(Y, self.target_means_)
        return to_numpy(undo_normalization(Y, self.normalize, means))

    def _prepare(self, X, y, source_vectors, target_vectors, sample_weight=None):
        """Validate, go to the device, and normalise pairs and spaces."""
        unknown = [step for step in self.normalize if step not in _STEPS]
        if unknown:
            raise ValueError(
                f"`normalize` has the unknown steps {unknown}. Each must be one of {_STEPS}, "
                "as in normalize=('unit', 'center', 'unit')."
            )
        device = resolve_device(self.device)
        X, Y = self._validate_pairs(X, y)
        source = validate_space(source_vectors, X.shape[1], X.dtype, "source_vectors", "X")
        target = validate_space(target_vectors, Y.shape[1], X.dtype, "target_vectors", "y")
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=X.dtype, ensure_non_negative=True
            )
            sample_weight = to_tensor(sample_weight, device=device)
        X, source, self.source_means_ = self._normalize_side(X, source, sample_weight, device)
        Y, target, self.target_means_ = self._normalize_side(Y, target, sample_weight, device)
        return Prepared(X, Y, source, target, sample_weight)

    def _normalize_side(self, rows, space, sample_weight, device):
        """Normalise one side by the statistics of its space, or of its weighted pairs."""
        rows = to_tensor(rows, device=device)
        if space is None:
            space, means = fit_normalization(rows, self.normalize, sample_weight=sample_weight)
            rows = space
        else:
            space, means = fit_normalization(to_tensor(space, device=device), self.normalize)
            rows = apply_normalization(rows, self.normalize, means)
        return rows, space, to_numpy(means)

    def _validate_shared(self, Y, name):
        """Check rows that are as wide as the shared space."""
        Y = check_array(Y, dtype=FLOATS, input_name=name)
        if Y.shape[1] != self._n_features_out:
            raise ValueError(
                f"{name} has {Y.shape[1]} features, but {self.__class__.__name__} was fitted on "
                f"targets with {self._n_features_out} features. Pass vectors of the target space."
            )
        return Y

    def _to_tensors(self, X, *fitted):
        """Put X and fitted arrays on the device, in the precision of X."""
        X = to_tensor(X, device=resolve_device(self.device))
        return X, *(to_tensor(array, device=X.device, dtype=X.dtype) for array in fitted)

    @property
    def _n_features_out(self):
        """Number of features of the shared space."""
        return self.mapping_.shape[1]
