"""The aligner of two languages among many."""

from skxling.alignment._base import BaseAligner


class LanguagePair(BaseAligner):
    """Two languages of a fitted :class:`MultiAligner`, as source and target of an aligner.

    Parameters
    ----------
    multi : MultiAligner
        The fitted one.

    source, target : str or other key
        The two languages.
    """

    _y_ndim = 2

    def __init__(self, multi, source, target):
        self.multi = multi
        self.source = source
        self.target = target

    def fit(self, X=None, y=None):
        """Give the same aligner: it was fitted together with the other languages."""
        return self

    def transform(self, X):
        """Take source vectors to the shared space."""
        return self.multi.transform({self.source: X})[self.source]

    def transform_target(self, Y):
        """Take target vectors to the shared space."""
        return self.multi.transform({self.target: Y})[self.target]

    def inverse_transform(self, X):
        """Take vectors of the shared space back to the source space."""
        return self.multi.inverse_transform({self.source: X})[self.source]

    def _inverse_transform_target(self, Y):
        return self.multi.inverse_transform({self.target: Y})[self.target]

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags

    @property
    def n_features_in_(self):
        """Number of features of the source space."""
        return self.multi.n_features_[self.source]

    @property
    def _n_features_out(self):
        """Number of features of the shared space."""
        return self.multi.n_components_
