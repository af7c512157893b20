"""Alignment of more than two languages: all into the space of one."""

from copy import copy
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skxling.alignment._base import BaseAligner
from skxling.alignment._language_pair import LanguagePair
from skxling.alignment._languages import (
    Way,
    check_languages,
    check_links,
    check_rows,
    find_pivot,
    skip_missing,
)
from skxling.alignment._linear_map import LinearMap
from skxling.alignment._procrustes import ProcrustesAligner
from skxling.alignment._space_normalizer import SpaceNormalizer, as_steps
from skxling.functional import generalized_procrustes
from skxling.utils import as_words, resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context


def _refuse_vocabularies(X):
    """Refuse whole vocabularies where rows are wanted that mean the same."""
    for language, V in X.items():
        if as_words(V) is not None:
            raise ValueError(
                f"`X[{language!r}]` is {type(V).__name__}, a whole vocabulary, but row i of every "
                "language means the same. Look the words of a lexicon up with stack_lexicons, and "
                "pass whole vocabularies as `vectors`."
            )


class MultiAligner(BaseEstimator):
    """Align more than two languages, so that all are in one space.

    A sample is a row of a lexicon of many languages: the vectors of words that mean the same, one
    word in each language that has one. Either all languages are turned together, so that each row
    comes to lie around its mean, which is generalised Procrustes analysis [1]_, [2]_; or each
    language is mapped onto a pivot by an aligner of pairs, and the others are not looked at.

    Parameters
    ----------
    method : {"procrustes", "hub"}, default="procrustes"
        "procrustes" looks at the pairs of all languages, "hub" at those with `pivot`, by `aligner`.

    pivot : str or other key of X, default=None
        The language whose normalised space is the shared space. None is the first, and for
        "procrustes" the first of the largest.

    aligner : BaseAligner, default=None
        For "hub": maps each language onto the pivot; None is :class:`ProcrustesAligner` with
        ``normalize=()``. Its `normalize` comes after that of this estimator.

    normalize : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Steps done in this order to every language first, as those of :class:`SpaceNormalizer`.
        Statistics are those of `vectors` where given, else of the rows of X.

    max_iter : int, default=100
        For "procrustes": greatest number of rounds, at least 1.

    tol : float, default=1e-8
        For "procrustes": rounds end where `loss_curve_` falls by less.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU. `aligner` has a device of
        its own.

    Attributes
    ----------
    n_features_ : dict of {language: int}
        The languages, in the order of X, and the numbers of features of their spaces.

    n_components_ : int
        Number of features of the shared space.

    pivot_ : str or other key of X
        The language whose normalised space is the shared space.

    aligners_ : dict of {language: BaseAligner}
        For every language but the pivot, what maps its normalised space onto that of the pivot;
        for "procrustes" with the matrix `mapping_`, whose rows are orthonormal.

    normalizers_ : dict of {language: SpaceNormalizer}
        The fitted steps of `normalize`.

    loss_curve_ : ndarray of shape (n_iter_ + 1,)
        For "procrustes": share of the sum of squares that lies within rows, at the start and after
        each round, from 0 to 1. Empty for "hub".

    n_iter_ : int
        Number of rounds done; 0 for "hub".

    See Also
    --------
    stack_lexicons : Rows from lexicons of words.

    Notes
    -----
    A dict of matrices does not go through a ``Pipeline``; what :meth:`get_aligner` gives does.

    References
    ----------
    .. [1] Gower, J. C. "Generalized Procrustes analysis". Psychometrika 40, 1975.

    .. [2] Kementchedjhieva, Y., Ruder, S., Cotterell, R., Soegaard, A. "Generalizing Procrustes
       analysis for better bilingual dictionary induction". CoNLL 2018, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.stats import ortho_group
    >>> from skxling.alignment import MultiAligner
    >>> en = np.random.default_rng(0).normal(size=(50, 4))
    >>> de, fr = (en @ ortho_group.rvs(4, random_state=seed) for seed in (0, 1))
    >>> known = {"en": en[:30].copy(), "de": de[:30].copy(), "fr": fr[:30].copy()}
    >>> known["en"][:10] = np.nan  # no English word in these rows
    >>> known["fr"][20:] = np.nan
    >>> multi = MultiAligner(normalize=()).fit(known)
    >>> shared = multi.transform({"de": de, "fr": fr})
    >>> bool(np.allclose(shared["de"], shared["fr"]))
    True
    """

    _parameter_constraints: dict = {
        "method": [StrOptions({"procrustes", "hub"})],
        "pivot": "no_validation",  # fit checks it against X
        "aligner": [BaseAligner, None],
        "normalize": [tuple, list, HasMethods(["fit", "transform"])],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "device": [str, torch.device],
    }

    def __init__(
        self,
        method="procrustes",
        *,
        pivot=None,
        aligner=None,
        normalize=("unit", "center", "unit"),
        max_iter=100,
        tol=1e-8,
        device="auto",
    ):
        self.method = method
        self.pivot = pivot
        self.aligner = aligner
        self.normalize = normalize
        self.max_iter = max_iter
        self.tol = tol
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, *, vectors=None):
        """Find the map of each language.

        Parameters
        ----------
        X : dict of {language: array-like of shape (n_samples, d_language)}
            Rows that mean the same, in two languages or more. A row of nan is missing; no row needs
            all languages.

        y : None
            Ignored.

        vectors : dict of {language: array-like of shape (n_words, d_language) or WordVectors}
            Whole vocabularies of some languages, or all: for the statistics of `normalize`, and for
            `aligner`. None takes the rows of X.

        Returns
        -------
        self : object
            The fitted aligner.

        Raises
        ------
        TypeError
            If X or `vectors` is no dict.

        ValueError
            If X has whole vocabularies, whose rows nobody has paired; if the matrices do not go
            together, a row is nan in part, `pivot` is no language or, for "procrustes", has fewer
            features than another, or no chain of rows links all languages; for "hub": if a
            language has no row in common with the pivot.
        """
        steps = as_steps(self.normalize, "normalize")
        rows = check_languages(X, "X")
        _refuse_vocabularies(X)
        present = check_rows(rows)
        check_links(present)
        self.n_features_ = {language: V.shape[1] for language, V in rows.items()}
        vectors = {} if vectors is None else vectors
        vectors = check_languages(vectors, "vectors", self.n_features_)
        self.normalizers_ = {}
        for language in rows:
            normalizer = SpaceNormalizer(steps, device=self.device)
            normalizer.fit(vectors.get(language, rows[language][present[language]]))
            rows[language] = skip_missing(normalizer.transform, rows[language])
            self.normalizers_[language] = normalizer
        sizes = {language: V.shape[1] for language, V in rows.items()}  # a step may change them
        self.pivot_ = find_pivot(sizes, self.pivot, self.method)
        self.n_components_ = sizes[self.pivot_]
        if self.method == "hub":
            self._fit_hub(rows, present, vectors)
        else:
            self._fit_procrustes(rows)
        return self

    def transform(self, X):
        """Take vectors to the shared space.

        Parameters
        ----------
        X : dict of {language: array-like of shape (n_language, d_language) or WordVectors}
            Vectors of one language or more, any number of each. Rows of nan stay so.

        Returns
        -------
        X_shared : dict of {language: ndarray of shape (n_language, n_components)}
            The same vectors in the shared space.
        """
        check_is_fitted(self)
        X = check_languages(X, "X", self.n_features_)
        return {language: self._way(language).there(V) for language, V in X.items()}

    def inverse_transform(self, X):
        """Take vectors of the shared space to those of languages.

        Parameters
        ----------
        X : dict of {language: array-like of shape (n_language, n_components)}
            Vectors of the shared space, by the language to whose space they shall go.

        Returns
        -------
        X_original : dict of {language: ndarray of shape (n_language, d_language)}
            Vectors of each language's own space. Lengths that the step "unit" took away do not come
            back.
        """
        check_is_fitted(self)
        X = check_languages(X, "X", dict.fromkeys(self.n_features_, self.n_components_))
        return {language: self._way(language).back(V) for language, V in X.items()}

    def get_aligner(self, source, target):
        """Give the aligner of two of the languages, for all that takes one.

        Parameters
        ----------
        source, target : str or other key of X
            The two languages.

        Returns
        -------
        aligner : FrozenEstimator
            A fitted aligner that stays as it is: for :func:`~skxling.metrics.make_bli_scorer`, a
            ``Pipeline``, or a :class:`~skxling.translation.WordTranslator` without a lexicon.

        Raises
        ------
        ValueError
            If one is none of the languages.
        """
        check_is_fitted(self)
        for language in (source, target):
            if language not in self.n_features_:
                raise ValueError(f"{language!r} is none of the languages {[*self.n_features_]}.")
        # a copy, so that a later fit changes nothing: it would bind other attributes
        return FrozenEstimator(LanguagePair(copy(self), source, target))

    def _fit_hub(self, rows, present, vectors):
        """Fit an aligner for each language on the rows that it has in common with the pivot."""
        check_links(present, self.pivot_)
        aligner = self.aligner
        if aligner is None:
            aligner = ProcrustesAligner(normalize=(), device=self.device)
        vectors = {name: self.normalizers_[name].transform(V) for name, V in vectors.items()}
        self.aligners_ = {}
        for language in rows:
            if language == self.pivot_:
                continue
            both = present[language] & present[self.pivot_]
            self.aligners_[language] = clone(aligner).fit(
                rows[language][both],
                rows[self.pivot_][both],
                source_vectors=vectors.get(language),
                target_vectors=vectors.get(self.pivot_),
            )
        self.loss_curve_, self.n_iter_ = np.empty(0), 0

    def _fit_procrustes(self, rows):
        """Turn all languages together."""
        device = resolve_device(self.device)
        solution = generalized_procrustes(
            [to_tensor(V, device=device) for V in rows.values()],
            reference=list(rows).index(self.pivot_),
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.aligners_ = {
            language: LinearMap.from_matrix(to_numpy(mapping), device=self.device)
            for language, mapping in zip(rows, solution.mappings, strict=True)
            if language != self.pivot_
        }
        self.loss_curve_ = to_numpy(solution.losses)
        self.n_iter_ = len(self.loss_curve_) - 1

    def _way(self, language):
        return Way(self.normalizers_[language], self.aligners_.get(language))
