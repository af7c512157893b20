"""What all normalizers share: validation, and the way to tensors and back."""

from abc import ABCMeta, abstractmethod

import numpy as np
import torch
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from skxling.functional import apply_normalization, fit_normalization, undo_normalization
from skxling.utils import own_memory, resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import _check_sample_weight, _fit_context

FLOATS = (np.float64, np.float32)


def _call(method, X):
    """Call a method of a transformer of arrays with a tensor."""
    array = to_numpy(X)
    array.flags.writeable = False  # the memory may be the caller's
    return to_tensor(np.asarray(method(array)), device=X.device, dtype=X.dtype)


def fit_step(step, X, sample_weight=None):
    """Fit a normalizer, or any transformer, on a tensor; give the tensor transformed."""
    if isinstance(step, BaseNormalizer):
        step.n_features_in_ = X.shape[1]
        X = step._fit_tensor(X, sample_weight)
        step._n_features_normalized = X.shape[1]
        return X
    return _call(lambda array: step.fit(array, None).transform(array), X)


def apply_step(step, X):
    """Transform a tensor by a fitted normalizer or transformer."""
    return step._apply_tensor(X) if isinstance(step, BaseNormalizer) else _call(step.transform, X)


def undo_step(step, X):
    """Undo a fitted normalizer or transformer; the identity where that is impossible."""
    if isinstance(step, BaseNormalizer):
        return step._undo_tensor(X)
    return _call(step.inverse_transform, X) if hasattr(step, "inverse_transform") else X


class BaseNormalizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of the transformers that normalise a vector space before it is mapped.

    Its parameters contain `device`. A subclass works on tensors, so that several in a row cross
    between numpy and torch once.
    """

    _parameter_constraints: dict = {"device": [str, torch.device]}

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Take the statistics of a space.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The space: a whole vocabulary, where there is one.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows in these statistics.

        Returns
        -------
        self : object
            The fitted normalizer.
        """
        device = resolve_device(self.device)
        X = validate_data(self, X, dtype=FLOATS)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=X.dtype, ensure_non_negative=True
            )
            sample_weight = to_tensor(sample_weight, device=device)
        fit_step(self, to_tensor(X, device=device), sample_weight)
        return self

    def transform(self, X):
        """Normalise rows of the space.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        X_normalized : ndarray of shape (n_samples, n_features)
            The normalised rows, of the precision of X.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        V = self._apply_tensor(to_tensor(X, device=resolve_device(self.device)))
        return own_memory(to_numpy(V), X)

    def inverse_transform(self, X):
        """Undo what can be undone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Normalised rows.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Rows in the space they came from. Lengths that were taken away do not come back.
        """
        check_is_fitted(self)
        X = check_array(X, dtype=FLOATS, input_name="X")
        if X.shape[1] != self._n_features_normalized:
            raise ValueError(
                f"X has {X.shape[1]} features, but {self.__class__.__name__} gives rows of "
                f"{self._n_features_normalized} features. Pass rows as `transform` returns them."
            )
        V = self._undo_tensor(to_tensor(X, device=resolve_device(self.device)))
        return own_memory(to_numpy(V), X)

    @abstractmethod
    def _fit_tensor(self, X, sample_weight=None):
        """Take the statistics of X, and give X normalised."""

    @abstractmethod
    def _apply_tensor(self, X):
        """Normalise X."""

    @abstractmethod
    def _undo_tensor(self, X):
        """Undo the normalisation of X."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class BaseMeansNormalizer(BaseNormalizer):
    """Base class of normalizers made of the steps "unit" and "center", which `_steps` gives."""

    @property
    @abstractmethod
    def _steps(self):
        """The steps, as of :func:`~skxling.functional.fit_normalization`."""

    def _fit_tensor(self, X, sample_weight=None):
        X, means = fit_normalization(X, self._steps, sample_weight=sample_weight)
        self.means_ = to_numpy(means)
        return X

    def _apply_tensor(self, X):
        return apply_normalization(X, self._steps, self._means_like(X))

    def _undo_tensor(self, X):
        return undo_normalization(X, self._steps, self._means_like(X))

    def _means_like(self, X):
        return to_tensor(self.means_, device=X.device, dtype=X.dtype)
