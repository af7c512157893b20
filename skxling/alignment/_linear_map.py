"""A linear map that is found elsewhere, with what every aligner has."""

import numpy as np

from skxling.alignment._base import BaseLinearAligner


class LinearMap(BaseLinearAligner):
    """A linear map between two normalised clouds, whose `mapping_` is set from outside."""

    def __init__(self, normalize=("unit", "center", "unit"), device="auto"):
        self.normalize = normalize
        self.device = device

    def fit(self, X, y):
        """Fit the normalisers of two clouds."""
        self.normalize_clouds(X, y)
        return self

    def normalize_clouds(self, X, y):
        """Fit the normalisers, and give either cloud normalised, in single precision."""
        # a row of either stands in for the pairs, which nothing looks at
        prepared = self._prepare(X[:1], y[:1], X, y)
        return prepared.source.float(), prepared.target.float()

    @classmethod
    def from_matrix(cls, mapping, *, device="auto"):
        """Give the map of a matrix, without any steps of normalisation."""
        aligner = cls(normalize=(), device=device)
        # only the sizes of these clouds matter
        aligner.fit(
            *(np.zeros((1, n_features), dtype=mapping.dtype) for n_features in mapping.shape)
        )
        aligner.mapping_ = mapping
        return aligner
