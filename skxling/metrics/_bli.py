"""Scores of bilingual lexicon induction, from ranked predictions and of whole estimators."""

from functools import partial
from numbers import Integral, Real
from os import PathLike

import numpy as np
from sklearn.utils import Bunch

from skxling.functional import RETRIEVALS
from skxling.metrics._judge import (
    find_covered,
    first_hits,
    hits_at_k,
    judge,
    mean_reciprocal_rank,
    precision_at_k,
    reciprocal_ranks,
)
from skxling.metrics._resampling import draw_seed, mean_interval
from skxling.utils import as_words
from skxling.utils._sklearn import Interval, StrOptions, validate_params
from skxling.utils._words import check_word_pairs

_ROWS = (list, tuple, np.ndarray)


def check_predictions(y_true, y_pred):
    """Ranked predictions as a two-dimensional array of objects."""
    y_pred = np.asarray(y_pred, dtype=object)
    if y_pred.ndim == 1:
        y_pred = y_pred[:, None]
    if y_pred.ndim != 2 or any(isinstance(row[0], _ROWS) for row in y_pred if len(row)):
        raise ValueError(
            "`y_pred` must have shape (n_queries,) or (n_queries, n_predictions). Fill short rows "
            "up with None, or with -1 where predictions are indices."
        )
    if len(y_pred) != len(y_true):
        raise ValueError(
            f"`y_true` has {len(y_true)} queries and `y_pred` has {len(y_pred)}. Give one row of "
            "predictions for each query."
        )
    if not len(y_pred):
        raise ValueError("`y_true` and `y_pred` are empty: there is no query to judge.")
    return y_pred


def check_k(k, y_pred):
    """Refuse to judge more predictions than there are."""
    if k > y_pred.shape[1]:
        raise ValueError(
            f"`k` is {k}, but `y_pred` has {y_pred.shape[1]} predictions for each query. Lower "
            f"`k`, or ask for more: kneighbors(X, n_neighbors={k})."
        )


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "k": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def precision_at_k_score(y_true, y_pred, *, k=1):
    """Share of queries with a gold translation among the first k predictions (P@k).

    Parameters
    ----------
    y_true : sequence of length n_queries
        The gold of each query: a word (or an index), or a list or set of several, any of which
        counts.

    y_pred : array-like of shape (n_queries,) or (n_queries, n_predictions)
        Predictions, best first, such as the words that `kneighbors` gives. None, and -1 where
        predictions are indices, stand for no answer, which is wrong.

    k : int, default=1
        How many predictions of each query count, at most n_predictions.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If the two sides differ in length, are empty, or have fewer than `k` predictions.

    See Also
    --------
    mean_reciprocal_rank_score : Also tells how far down the gold stands.
    make_bli_scorer : The same score for `cross_val_score` and `GridSearchCV`.

    Examples
    --------
    >>> from skxling.metrics import precision_at_k_score
    >>> y_true = [["haus", "heim"], "winter"]
    >>> y_pred = [["heim", "hof"], ["sommer", "winter"]]
    >>> precision_at_k_score(y_true, y_pred)
    0.5
    >>> precision_at_k_score(y_true, y_pred, k=2)
    1.0
    """
    y_pred = check_predictions(y_true, y_pred)
    check_k(k, y_pred)
    return precision_at_k(first_hits(y_true, y_pred), k)


@validate_params(
    {"y_true": ["array-like"], "y_pred": ["array-like"]}, prefer_skip_nested_validation=True
)
def mean_reciprocal_rank_score(y_true, y_pred):
    """Mean over queries of 1 / rank of the first gold translation (MRR).

    Parameters
    ----------
    y_true : sequence of length n_queries
        The gold of each query: a word (or an index), or a list or set of several, any of which
        counts.

    y_pred : array-like of shape (n_queries,) or (n_queries, n_predictions)
        Predictions, best first. None, and -1 where predictions are indices, stand for no answer.

    Returns
    -------
    score : float
        In [0, 1]; higher is better. A query whose gold is not among its predictions adds 0.

    Raises
    ------
    ValueError
        If the two sides differ in length, or are empty.

    See Also
    --------
    precision_at_k_score : Share of queries with a gold among the first k.

    Examples
    --------
    >>> from skxling.metrics import mean_reciprocal_rank_score
    >>> y_pred = [["heim", "hof"], ["sommer", "winter"]]
    >>> mean_reciprocal_rank_score(["heim", "winter"], y_pred)
    0.75
    """
    y_pred = check_predictions(y_true, y_pred)
    return mean_reciprocal_rank(first_hits(y_true, y_pred))


def coverage_score(X, y, source_vocabulary, target_vocabulary):
    """Share of a lexicon's source words that a pair of vocabularies can translate.

    A source word, counted once, is covered where the source vocabulary holds it and the target
    vocabulary holds at least one of its translations.

    Parameters
    ----------
    X : array-like of str, shape (n_pairs,)
        Source words.

    y : array-like of str, shape (n_pairs,)
        Their translations.

    source_vocabulary, target_vocabulary : WordVectors, KeyedVectors or collection of str
        The words that each side knows.

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> from skxling.metrics import coverage_score
    >>> X, y = ["house", "house", "winter"], ["haus", "heim", "winter"]
    >>> coverage_score(X, y, {"house", "winter"}, {"heim"})
    0.5
    """
    golds = {}
    for source, target in zip(*check_word_pairs(X, y), strict=True):
        golds.setdefault(source, set()).add(target)
    for name, vocabulary in (("source", source_vocabulary), ("target", target_vocabulary)):
        if isinstance(vocabulary, (str, bytes, PathLike)):
            raise TypeError(
                f"`{name}_vocabulary` must be word vectors or a collection of words. Got "
                f"{vocabulary!r}; read_word_vectors reads a file of vectors."
            )
    vocabularies = (
        frozenset(vocabulary if (words := as_words(vocabulary)) is None else words)
        for vocabulary in (source_vocabulary, target_vocabulary)
    )
    return float(find_covered(golds, *vocabularies).mean())


@validate_params(
    {
        "ks": ["array-like"],
        "retrieval": [StrOptions(set(RETRIEVALS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def bli_report(
    estimator,
    X,
    y,
    *,
    ks=(1, 5, 10),
    candidates=None,
    source_vectors=None,
    retrieval="csls",
    n_neighbors=10,
    temperature=0.03,
    confidence_level=0.95,
    n_resamples=2_000,
    random_state=None,
):
    """Report how well a fitted estimator translates a lexicon, under every convention.

    Parameters
    ----------
    estimator : estimator
        Fitted: of words (:class:`~skxling.translation.WordTranslator`,
        :class:`~skxling.combine.JointAlignCombiner`), or of vectors (an aligner or a
        ``Pipeline`` that ends with one).

    X, y : array-like of shape (n_pairs,) or (n_pairs, n_features)
        The lexicon, in the form that the estimator's `fit` takes.

    ks : sequence of int, default=(1, 5, 10)
        The k of each P@k.

    candidates, source_vectors, retrieval, n_neighbors, temperature
        For an estimator of vectors: as in :func:`make_bli_scorer`.

    confidence_level : float, default=0.95
        Of the intervals, in (0, 1).

    n_resamples : int, default=2_000
        How often the bootstrap draws the queries.

    random_state : int, RandomState instance or None, default=None
        Of these draws. The scores themselves have nothing random.

    Returns
    -------
    report : Bunch
        p_at_k : dict
            ``report.p_at_k[convention][k]``, in [0, 1]. The conventions differ in the queries
            that the vocabularies do not cover: they count wrong (``"wrong"``), are left out
            (``"skip"``, as in MUSE's own script), or count wrong unless the word translates as
            itself (``"copy"``, as in Table 1 of the Joint-Align paper).
        mrr : dict
            ``report.mrr[convention]``; ranks beyond the largest of `ks` add 0.
        p_at_k_interval, mrr_interval : dict
            For each of these numbers its :func:`bli_confidence_interval`, `low` and `high`.
        p_at_1_different : float
            P@1 on the covered queries of which no gold is spelled like the source word; what
            copying cannot earn. nan where there is none. Vectors have no spelling: all differ.
        n_different : int
            Number of those queries.
        coverage : float
            Share of covered queries.
        n_queries, n_covered, n_candidates : int
            Number of source words, of covered ones, and size of the target vocabulary.

    See Also
    --------
    compare_translators : Is one estimator better than another?
    """
    ks = list(ks)
    if not ks or not all(isinstance(k, Integral) and k >= 1 for k in ks):
        raise ValueError(f"`ks` must be integers, numbers of predictions of at least 1. Got {ks}.")
    ks = sorted(int(k) for k in ks)
    judgement = judge(
        estimator,
        X,
        y,
        n_predictions=ks[-1],
        candidates=candidates,
        source_vectors=source_vectors,
        retrieval=retrieval,
        n_neighbors=n_neighbors,
        temperature=temperature,
    )
    ranks = judgement.conventions()
    different = judgement.covered & ~judgement.copied
    interval = partial(  # one seed, so that all scores are of the same draws
        mean_interval,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        seed=draw_seed(random_state),
    )
    return Bunch(
        p_at_k={name: {k: precision_at_k(r, k) for k in ks} for name, r in ranks.items()},
        p_at_k_interval={
            name: {k: interval(hits_at_k(r, k)) for k in ks} for name, r in ranks.items()
        },
        mrr={name: mean_reciprocal_rank(r) for name, r in ranks.items()},
        mrr_interval={name: interval(reciprocal_ranks(r)) for name, r in ranks.items()},
        p_at_1_different=precision_at_k(judgement.ranks[different], 1),
        n_different=int(different.sum()),
        coverage=float(judgement.covered.mean()),
        n_queries=len(judgement.ranks),
        n_covered=int(judgement.covered.sum()),
        n_candidates=judgement.n_candidates,
    )
