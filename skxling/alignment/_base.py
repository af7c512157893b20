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

from skxling.alignment._base_normalizer import FLOATS, apply_step, fit_step, undo_step
from skxling.alignment._space_normalizer import SpaceNormalizer, as_steps
from skxling.utils import as_vectors, as_words, own_memory, resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import HasMethods, _check_sample_weight


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
    vectors = check_array(as_vectors(vectors, name), dtype=dtype, input_name=name)
    if vectors.shape[1] != n_features:
        hint = ""
        if name == "source_vectors":
            hint = (
                " The steps of a Pipeline before the aligner transform X alone: with metadata "
                f"routing on, Pipeline(transform_input=['{name}']) sends `{name}` through them "
                "too; otherwise pass it transformed."
            )
        raise ValueError(
            f"`{name}` has {vectors.shape[1]} features, but {rows} has {n_features}. Both must be "
            f"in one space.{hint}"
        )
    return vectors


def _refuse_words(rows, name):
    """Refuse words, and whole vocabularies, where rows of pairs are wanted."""
    first = rows
    if isinstance(rows, (list, tuple, np.ndarray)):
        first = next(iter(rows.flat if isinstance(rows, np.ndarray) else rows), None)
    if isinstance(first, str):
        raise ValueError(
            f"`{name}` must be vectors of pairs, one row for each. Got the word {str(first)!r}. "
            "Words and their translations are for WordTranslator(source_vectors, target_vectors, "
            "aligner).fit(X, y), which looks their vectors up."
        )
    if as_words(rows) is not None:
        raise ValueError(
            f"`{name}` must be vectors of pairs: row i of X and row i of y belong together. "
            f"Got {type(rows).__name__}, whose rows nobody has paired. Pass it as "
            "`source_vectors` or `target_vectors`, or use WordTranslator."
        )


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
        _refuse_words(X, "X")
        _refuse_words(y, "y")
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True)
        y = check_array(y, dtype=X.dtype, ensure_2d=False, input_name="y")
        self._y_ndim = y.ndim
        y = y.reshape(len(y), -1)
        self._n_target_features = y.shape[1]
        return X, y

    def _validate_sides(self, X, y, source_vectors, target_vectors):
        """Check pairs, and the vocabularies that are given beside them; others are None."""
        X, Y = self._validate_pairs(X, y)
        source = validate_space(source_vectors, X.shape[1], X.dtype, "source_vectors", "X")
        target = validate_space(target_vectors, Y.shape[1], X.dtype, "target_vectors", "y")
        return X, Y, source, target

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

    _parameter_constraints: dict = {
        "normalize": [tuple, list, HasMethods(["fit", "transform"])],
        "device": [str, torch.device],
    }

    def transform(self, X):
        """Take source vectors to the shared space: normalise, then map.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        X_mapped : ndarray of shape (n_samples, n_components)
            Their images in the space of ``transform_target(y)``, of the precision of X.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        X, mapping = self._to_tensors(X, self.mapping_)
        return to_numpy(apply_step(self.source_normalizer_, X) @ mapping)

    def transform_target(self, Y):
        """Take target vectors to the shared space: normalise.

        Parameters
        ----------
        Y : array-like of shape (n_samples, d_target)
            Target vectors.

        Returns
        -------
        Y_normalized : ndarray of shape (n_samples, n_components)
            The same vectors in the shared space, of the precision of Y.
        """
        Y = self._validate_target(Y)
        normalized = apply_step(self.target_normalizer_, *self._to_tensors(Y))
        return own_memory(to_numpy(normalized), Y)

    def inverse_transform(self, X):
        """Take vectors of the shared space back to the source space.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Vectors of the shared space.

        Returns
        -------
        X_original : ndarray of shape (n_samples, d_source)
            Mapped by the pseudo-inverse, with the normalisation undone where that is possible:
            lengths that the step "unit" took away do not come back.
        """
        X, mapping = self._to_tensors(self._validate_shared(X), self.mapping_)
        return to_numpy(undo_step(self.source_normalizer_, X @ torch.linalg.pinv(mapping)))

    def _inverse_transform_target(self, Y):
        (Y,) = self._to_tensors(Y)
        return to_numpy(undo_step(self.target_normalizer_, Y))

    def _prepare(self, X, y, source_vectors, target_vectors, sample_weight=None):
        """Validate, go to the device, and normalise pairs and spaces."""
        X, Y, source, target = self._validate_sides(X, y, source_vectors, target_vectors)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=X.dtype, ensure_non_negative=True
            )
        return self._normalize_sides(X, Y, source, target, sample_weight)

    def _normalize_sides(self, X, Y, source, target, sample_weight=None):
        """Go to the device, and normalise pairs and spaces that are valid."""
        steps = as_steps(self.normalize, "normalize")
        device = resolve_device(self.device)
        if sample_weight is not None:
            sample_weight = to_tensor(sample_weight, device=device)
        sides = []
        for rows, space in ((X, source), (Y, target)):
            normalizer = SpaceNormalizer(steps, device=self.device)
            rows = to_tensor(rows, device=device)
            if space is None:
                rows = space = fit_step(normalizer, rows, sample_weight)
            else:
                space = fit_step(normalizer, to_tensor(space, device=device))
                rows = apply_step(normalizer, rows)
            sides.append((rows, space, normalizer))
        (X, source, self.source_normalizer_), (Y, target, self.target_normalizer_) = sides
        return Prepared(X, Y, source, target, sample_weight)

    def _validate_target(self, Y):
        """Check rows of the target space."""
        check_is_fitted(self)
        Y = check_array(Y, dtype=FLOATS, input_name="Y")
        if Y.shape[1] != self._n_target_features:
            raise ValueError(
                f"Y has {Y.shape[1]} features, but {self.__class__.__name__} was fitted on targets "
                f"with {self._n_target_features} features. Pass vectors of the target space."
            )
        return Y

    def _validate_shared(self, X):
        """Check rows of the shared space."""
        check_is_fitted(self)
        X = check_array(X, dtype=FLOATS, input_name="X")
        if X.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {X.shape[1]} features, but {self.__class__.__name__}, fitted on targets "
                f"with {self._n_target_features} features, maps to {self._n_features_out}. Pass "
                "vectors of the shared space, as `transform` and `transform_target` give them."
            )
        return X

    def _to_tensors(self, X, *fitted):
        """Put X and fitted arrays on the device, in the precision of X."""
        X = to_tensor(X, device=resolve_device(self.device))
        return X, *(to_tensor(array, device=X.device, dtype=X.dtype) for array in fitted)

    @property
    def source_means_(self):
        """The means of `source_normalizer_`."""
        return self.source_normalizer_.means_

    @property
    def target_means_(self):
        """The means of `target_normalizer_`."""
        return self.target_normalizer_.means_

    @property
    def _n_features_out(self):
        """Number of features of the shared space."""
        return self.mapping_.shape[1]
