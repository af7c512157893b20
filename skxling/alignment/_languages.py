"""Matrices of several languages: whether they go together, and the way of each to one space."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array

from skxling.alignment._base import FLOATS, BaseAligner
from skxling.alignment._space_normalizer import SpaceNormalizer
from skxling.utils import as_vectors


class Way(NamedTuple):
    """The way of a language to the shared space, and back."""

    normalizer: SpaceNormalizer
    aligner: BaseAligner | None  # None for the language whose space it is

    def there(self, V):
        """Take vectors to the shared space; rows of nan stay."""
        V = skip_missing(self.normalizer.transform, V)
        return V if self.aligner is None else skip_missing(self.aligner.predict, V)

    def back(self, V):
        """Take vectors of the shared space to that of the language; rows of nan stay."""
        if self.aligner is not None:
            V = skip_missing(self.aligner.transform_target, V)
            V = skip_missing(self.aligner.inverse_transform, V)
        return skip_missing(self.normalizer.inverse_transform, V)


def skip_missing(function, V):
    """Apply a function to the rows that are not nan."""
    is_missing = np.isnan(V).any(axis=1)
    if not is_missing.any():
        return np.asarray(function(V))
    if is_missing.all():
        n_columns = np.asarray(function(np.zeros_like(V[:1]))).shape[1]
        return np.full((len(V), n_columns), np.nan, dtype=V.dtype)
    found = np.asarray(function(V[~is_missing]))
    filled = np.full((len(V), found.shape[1]), np.nan, dtype=found.dtype)
    filled[~is_missing] = found
    return filled


def check_languages(X, name, n_features=None):
    """Check a dict of matrices, whose rows may be missing.

    Parameters
    ----------
    X : dict of {language: array-like or WordVectors}
        The matrices.

    name : str
        What they are called in error messages.

    n_features : dict of {language: int}, default=None
        The languages there are, and their numbers of features.

    Returns
    -------
    X : dict of {language: ndarray}
        The matrices as arrays.
    """
    if not isinstance(X, dict):
        raise TypeError(
            f"`{name}` must be a dict of matrices, one for each language. Got "
            f"{type(X).__name__}. Name the languages: dict(en=..., de=..., fr=...)."
        )
    checked = {}
    for language, V in X.items():
        label = f"{name}[{language!r}]"
        V = as_vectors(V)
        checked[language] = V = check_array(
            V, dtype=FLOATS, ensure_all_finite="allow-nan", input_name=label
        )
        if n_features is not None and language not in n_features:
            raise ValueError(
                f"`{name}` has {language!r}, none of the languages {list(n_features)}."
            )
        if n_features is not None and V.shape[1] != n_features[language]:
            raise ValueError(
                f"`{label}` has {V.shape[1]} features, but {n_features[language]} are expected for "
                "this language."
            )
        is_nan = np.isnan(V)
        in_part = np.flatnonzero(is_nan.any(axis=1) & ~is_nan.all(axis=1))
        if len(in_part):
            raise ValueError(
                f"Row {in_part[0]} of `{label}` is nan in part. A missing row is nan throughout."
            )
    return checked


def check_rows(rows):
    """Check that matrices have one length; gives for each which rows it has."""
    if len(rows) < 2:
        raise ValueError(f"X has {len(rows)} language; two are needed at least, and row by row.")
    lengths = {language: len(V) for language, V in rows.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"Row i of every language means the same, but the numbers of rows are {lengths}. Give "
            "rows of nan where a language has no word, or use stack_lexicons."
        )
    return {language: ~np.isnan(V).any(axis=1) for language, V in rows.items()}


def check_links(present, pivot=None):
    """Check that rows in common link all languages: each to the pivot, or by a chain."""
    reached = {next(iter(present)) if pivot is None else pivot}
    while True:
        linked = {
            language
            for language, has in present.items()
            if any((has & present[other]).any() for other in reached)
        }
        new = linked - reached
        reached |= new
        if pivot is not None or not new:
            break
    apart = [language for language in present if language not in reached]
    if apart and pivot is not None:
        raise ValueError(
            f"No row has both the pivot {pivot!r} and {apart[0]!r}. Choose another pivot, add "
            "rows, or use method='procrustes', which goes by way of third languages."
        )
    if apart:
        others = [language for language in present if language in reached]
        raise ValueError(
            f"No row links the languages {apart} with {others}. Add rows that have one of either."
        )


def find_pivot(n_features, pivot, method):
    """Find the language that stays where it is: the one named, or the first that can."""
    if pivot is not None and pivot not in n_features:
        raise ValueError(f"`pivot` is {pivot!r}, none of the languages {[*n_features]} of X.")
    if method == "hub":
        return next(iter(n_features)) if pivot is None else pivot
    largest = max(n_features, key=n_features.get)
    if pivot is None:
        return largest
    if n_features[pivot] < n_features[largest]:
        raise ValueError(
            f"`pivot` {pivot!r} has {n_features[pivot]} features and {largest!r} has "
            f"{n_features[largest]}: no rotation brings all of these into the space of the former. "
            f"Take {largest!r}, or method='hub'."
        )
    return pivot
