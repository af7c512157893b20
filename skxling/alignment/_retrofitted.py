"""Retrofitting of an alignment to the lexicon it was fitted on."""

from numbers import Real

import numpy as np
import torch

from skxling.alignment._base_meta import BaseMetaAligner
from skxling.alignment._equal_rows import find_rows, number_rows
from skxling.functional import retrofit_pairs
from skxling.utils import resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import Interval, _fit_context


def _add_offsets(mapped, rows, known, offsets):
    """Move those of the mapped rows that are known."""
    words = find_rows(rows, known)
    is_known = words >= 0
    if not is_known.any():
        return mapped
    mapped = mapped.copy()
    mapped[is_known] += offsets[words[is_known]].astype(mapped.dtype, copy=False)
    return mapped


class RetrofittedAligner(BaseMetaAligner):
    """Move the words of the lexicon towards their translations, after another aligner.

    A linear map cannot bring all pairs of a lexicon together. For what is done with the vectors
    afterwards that is a pity, since the lexicon is known to be right: so its words, and no others,
    are moved in the shared space, each towards its translations and not far from where it was [1]_.

    Parameters
    ----------
    aligner : BaseAligner, default=None
        What maps first; None is :class:`ProcrustesAligner` with its defaults.

    alpha : float, default=1.0
        Positive: what staying is worth to a word, compared with one translation. With 1, a pair
        is left a third of its distance.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU. `aligner` has a device of
        its own.

    Attributes
    ----------
    aligner_ : BaseAligner
        The fitted clone of `aligner`.

    source_rows_, target_rows_ : ndarray of shape (n_words, n_features)
        The words of the lexicon, each once, as `fit` got them.

    source_offsets_, target_offsets_ : ndarray of shape (n_words, n_components)
        How far each was moved in the shared space.

    n_features_in_ : int
        Number of features of the source space, d_source.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    L1RefinedAligner : Moves the space instead of single words.
    skxling.functional.retrofit_pairs : How words are moved.

    Notes
    -----
    An aligner sees vectors, not words: a row given to `transform` that equals one of `fit`, but for
    rounding (a hundred-thousandth of its length), is that word. `inverse_transform` knows of no
    words and undoes `aligner_` alone.

    Whether words that are not in the lexicon are translated, retrofitting does not help, and it may
    hurt a little, for the words that are in it are candidates in other places now. It is meant for
    tasks on top of the vectors, such as classification across languages.

    Pairs are X and y where they are given to `fit`, else those that `aligner` found by itself, as
    :class:`SelfLearningAligner` does: the synthetic dictionary of the paper.

    References
    ----------
    .. [1] Zhang, M., Fujinuma, Y., Paul, M. J., Boyd-Graber, J. "Why overfitting isn't always bad:
       retrofitting cross-lingual word embeddings to dictionaries". ACL 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import ProcrustesAligner, RetrofittedAligner
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(2, 100, 5))
    >>> base = ProcrustesAligner().fit(X, y)
    >>> aligner = RetrofittedAligner().fit(X, y)
    >>> apart = [np.linalg.norm(a.transform(X) - a.transform_target(y)) for a in (base, aligner)]
    >>> round(float(apart[1] / apart[0]), 3)
    0.333
    """

    _parameter_constraints: dict = {
        **BaseMetaAligner._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "device": [str, torch.device],
    }

    def __init__(self, aligner=None, *, alpha=1.0, device="auto"):
        self.aligner = aligner
        self.alpha = alpha
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, *, source_vectors=None, target_vectors=None):
        """Fit the aligner, and move the words of the lexicon.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source), default=None
            Source vectors of the pairs; None where `aligner` finds its own.

        y : array-like of shape (n_samples, d_target) or (n_samples,), default=None
            Target vectors of the pairs; given together with X or not at all.

        source_vectors : array-like of shape (n_source, d_source) or WordVectors, default=None
            The whole source vocabulary, for `aligner`.

        target_vectors : array-like of shape (n_target, d_target) or WordVectors, default=None
            The whole target vocabulary, likewise.

        Returns
        -------
        self : object
            The fitted aligner.

        Raises
        ------
        ValueError
            If there are no pairs, given or found by `aligner`; and what `aligner` raises.
        """
        device = resolve_device(self.device)
        X, Y = self._fit_on_pairs(X, y, source_vectors, target_vectors)
        (rows, source_words), (columns, target_words) = number_rows(X), number_rows(Y)
        self.source_rows_, self.target_rows_ = X[rows], Y[columns]
        pairs = np.unique(np.column_stack([source_words, target_words]), axis=0)
        places = (
            to_tensor(np.asarray(self.aligner_.transform(self.source_rows_)), device=device),
            to_tensor(self.aligner_.transform_target(self.target_rows_), device=device),
        )
        moved = retrofit_pairs(*places, to_tensor(pairs, device=device), alpha=self.alpha)
        self.source_offsets_, self.target_offsets_ = (
            to_numpy(new - old) for new, old in zip(moved, places, strict=True)
        )
        return self

    def transform(self, X):
        """Take source vectors to the shared space, words of the lexicon to their new places.

        Parameters
        ----------
        X : array-like of shape (n_samples, d_source)
            Source vectors.

        Returns
        -------
        X_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of X.
        """
        mapped = np.asarray(super().transform(X))
        return _add_offsets(mapped, np.asarray(X), self.source_rows_, self.source_offsets_)

    def transform_target(self, Y):
        """Take target vectors to the shared space, words of the lexicon to their new places.

        Parameters
        ----------
        Y : array-like of shape (n_samples, d_target)
            Target vectors.

        Returns
        -------
        Y_mapped : ndarray of shape (n_samples, n_components)
            Their images, of the precision of Y.
        """
        mapped = super().transform_target(Y)
        return _add_offsets(mapped, np.asarray(Y), self.target_rows_, self.target_offsets_)
