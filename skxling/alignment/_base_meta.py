"""What aligners share that are built around another aligner."""

from contextlib import nullcontext

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_array, get_tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted, validate_data

from skxling.alignment._base import FLOATS, BaseAligner
from skxling.alignment._procrustes import ProcrustesAligner
from skxling.alignment._sides import check_spaces
from skxling.utils._sklearn import _check_feature_names


class BaseMetaAligner(BaseAligner):
    """Base class of aligners whose map is that of another aligner, fitted as they see fit.

    A subclass has the parameter `aligner`, where None is :class:`ProcrustesAligner`, and fits
    `aligner_`; it gets everything else from here.
    """

    _parameter_constraints: dict = {"aligner": [BaseAligner, None]}

    def transform(self, X):
        """Take source vectors to the shared space.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        X_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of X.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return np.asarray(self.aligner_.transform(X))

    def transform_target(self, Y):
        """Take target vectors to the shared space.

        Parameters
        ----------
        Y : array-like of shape (n_samples, d_target)
            Target vectors.

        Returns
        -------
        Y_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of Y.
        """
        check_is_fitted(self)
        return self.aligner_.transform_target(Y)

    def inverse_transform(self, X):
        """Take vectors of the shared space back to the source space.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Vectors of the shared space.

        Returns
        -------
        X_original : ndarray of shape (n_samples, d_source)
            Vectors of the source space.
        """
        check_is_fitted(self)
        return self.aligner_.inverse_transform(X)

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        The vocabularies are this estimator's own metadata, which it hands to every fit of
        `aligner` itself: `aligner` needs no request for them, and nothing else is routed to it.

        Returns
        -------
        routing : MetadataRouter
            The requests of this estimator.
        """
        return MetadataRouter(owner=self).add_self_request(self)

    def _inverse_transform_target(self, Y):
        return self.aligner_._inverse_transform_target(Y)

    def _fit_on_pairs(self, X, y, source_vectors, target_vectors):
        """Fit `aligner_`; gives the pairs, those given or those that it found by itself."""
        spaces = {"source_vectors": source_vectors, "target_vectors": target_vectors}
        if X is not None and y is not None:
            X, Y = self._validate_pairs(X, y)
            given = Y[:, 0] if self._y_ndim == 1 else Y
            self.aligner_ = self._fit_clone(self.aligner, X, given, spaces)
            return X, Y
        if X is None and y is not None:
            raise ValueError(
                f"{self.__class__.__name__} got y alone, without X. Give both, a row of each for "
                "a pair."
            )
        if X is not None or get_tags(self).target_tags.required:
            raise ValueError(
                f"{self.__class__.__name__} requires y to be passed, but the target y is None. It "
                "needs pairs: give both X and y, or an `aligner` that finds its own, such as "
                "SelfLearningAligner()."
            )
        self.aligner_ = self._fit_clone(self.aligner, None, None, spaces)
        if not hasattr(self.aligner_, "lexicon_"):
            raise ValueError(
                f"{self.aligner_.__class__.__name__} finds a map without pairs, but "
                f"{self.__class__.__name__} needs pairs. Wrap the former in SelfLearningAligner("
                "init=...), which finds some."
            )
        sides = check_spaces(source_vectors, target_vectors)
        _check_feature_names(self, sides[0], reset=True)
        self.n_features_in_, self._y_ndim = sides[0].shape[1], 2
        return tuple(side[rows] for side, rows in zip(sides, self.aligner_.lexicon_.T, strict=True))

    def _validate_shared(self, X):
        """Check rows of the shared space."""
        check_is_fitted(self)
        X = check_array(X, dtype=FLOATS, input_name="X")
        if X.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {X.shape[1]} features, but {self.__class__.__name__} maps to "
                f"{self._n_features_out}. Pass vectors of the shared space, as `transform` and "
                "`transform_target` give them."
            )
        return X

    def _fit_clone(self, aligner, X, y, spaces, task=None):
        """Fit a clone of an aligner, with callbacks handed on where it takes any."""
        aligner = ProcrustesAligner() if aligner is None else clone(aligner)
        # scikit-learn warns of aligners that do not iterate, which take none
        iterates = task is not None and hasattr(aligner, "set_callbacks")
        with task.propagate_callback_context(aligner) if iterates else nullcontext():
            return aligner.fit(X, y, **spaces)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if getattr(self, "aligner", None) is not None:  # it may find pairs of its own
            tags.target_tags.required = get_tags(self.aligner).target_tags.required
        return tags

    @property
    def _n_features_out(self):
        """Number of features of the shared space."""
        return self.aligner_._n_features_out
