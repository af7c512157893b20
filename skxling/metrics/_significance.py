"""How far scores can be trusted: confidence intervals, and tests between two estimators."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch

from skxling.functional import RETRIEVALS
from skxling.metrics._bli import check_k, check_predictions
from skxling.metrics._judge import first_hits, hits_at_k, judge, reciprocal_ranks
from skxling.metrics._resampling import draw_seed, mean_interval, sign_flip_p_value
from skxling.utils._sklearn import Interval, StrOptions, validate_params

_RESAMPLING_CONSTRAINTS = {
    "score": [StrOptions({"p_at_k", "mrr"})],
    "k": [Interval(Integral, 1, None, closed="left")],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_resamples": [Interval(Integral, 1, None, closed="left")],
    "random_state": ["random_state"],
}


def _outcomes(ranks, score, k):
    """Give what each query adds to a score, before the mean."""
    return hits_at_k(ranks, k) if score == "p_at_k" else reciprocal_ranks(ranks)


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "method": [StrOptions({"bca", "percentile"})],
        **_RESAMPLING_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def bli_confidence_interval(
    y_true,
    y_pred,
    *,
    score="p_at_k",
    k=1,
    confidence_level=0.95,
    n_resamples=2_000,
    method="bca",
    random_state=None,
):
    """Bootstrap confidence interval of P@k or MRR, over queries.

    The queries are a sample of what might have been asked. The bootstrap draws as many of them
    again, with replacement, many times over, and looks how far the score moves [1]_.

    Parameters
    ----------
    y_true : sequence of length n_queries
        The gold of each query: a word (or an index), or a list or set of several, any of which
        counts.

    y_pred : array-like of shape (n_queries,) or (n_queries, n_predictions)
        Predictions, best first. None, and -1 where predictions are indices, stand for no answer.

    score : {"p_at_k", "mrr"}, default="p_at_k"
        :func:`precision_at_k_score` or :func:`mean_reciprocal_rank_score`.

    k : int, default=1
        How many predictions of each query count, for "p_at_k".

    confidence_level : float, default=0.95
        In (0, 1).

    n_resamples : int, default=2_000
        How often the queries are drawn.

    method : {"bca", "percentile"}, default="bca"
        "percentile" cuts the tails of the resampled scores; "bca" corrects the cuts for bias and
        skewness, which matters for scores near 0 or 1.

    random_state : int, RandomState instance or None, default=None
        Of the draws.

    Returns
    -------
    interval : ConfidenceInterval
        With `low` and `high`. Where all queries have the same outcome the interval has no width,
        which only says that the bootstrap cannot tell.

    Raises
    ------
    ValueError
        If the two sides differ in length, are empty, or have fewer than `k` predictions.

    See Also
    --------
    bli_report : The intervals of all its scores.
    compare_translators : The interval of a difference, which is narrower than two intervals
        side by side suggest.

    References
    ----------
    .. [1] Efron, B., Tibshirani, R. J. "An introduction to the bootstrap". Chapman & Hall, 1993,
       chapter 14.

    Examples
    --------
    >>> from skxling.metrics import bli_confidence_interval
    >>> y_true = [f"word{i}" for i in range(100)]
    >>> y_pred = y_true[:30] + ["wrong"] * 70
    >>> low, high = bli_confidence_interval(y_true, y_pred, random_state=0)
    >>> print(f"{low:.2f} to {high:.2f}")
    0.22 to 0.39
    """
    y_pred = check_predictions(y_true, y_pred)
    if score == "p_at_k":
        check_k(k, y_pred)
    return mean_interval(
        _outcomes(first_hits(y_true, y_pred), score, k),
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        method=method,
        seed=draw_seed(random_state),
    )


@validate_params(
    {
        "oov": [StrOptions({"wrong", "skip", "copy"})],
        "retrieval": [StrOptions(set(RETRIEVALS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        **_RESAMPLING_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def compare_translators(
    a,
    b,
    X,
    y,
    *,
    score="p_at_k",
    k=1,
    oov="wrong",
    candidates=None,
    source_vectors=None,
    retrieval="csls",
    n_neighbors=10,
    temperature=0.03,
    confidence_level=0.95,
    n_resamples=2_000,
    random_state=None,
):
    """Test whether one fitted estimator translates better than another, on the same queries.

    Each query is answered by both, so that its difficulty cancels: what counts is the difference
    of the two outcomes. Queries are those of :func:`bli_report`: a source word counts once, and
    any of its gold translations counts.

    Parameters
    ----------
    a, b : estimator
        Fitted, both of words or both of vectors, as for :func:`bli_report`.

    X, y : array-like of shape (n_pairs,) or (n_pairs, n_features)
        The lexicon, in the form that the estimators' `fit` takes.

    score : {"p_at_k", "mrr"}, default="p_at_k"
        What is compared: P@k, or the mean reciprocal rank, of which ranks beyond `k` add 0.

    k : int, default=1
        How many predictions of each query count. With "mrr", take 10 or more.

    oov : {"wrong", "skip", "copy"}, default="wrong"
        What becomes of queries that the vocabularies do not cover, as in
        :func:`make_bli_scorer`; "skip" leaves out those that either of the two does not cover.

    candidates, source_vectors, retrieval, n_neighbors, temperature
        For estimators of vectors: as in :func:`make_bli_scorer`.

    confidence_level : float, default=0.95
        In (0, 1).

    n_resamples : int, default=2_000
        How often queries are drawn for the interval, and signs for the test.

    random_state : int, RandomState instance or None, default=None
        Of the draws.

    Returns
    -------
    comparison : Bunch
        score_a, score_b : float
            The two scores, in [0, 1].
        difference : float
            ``score_a - score_b``.
        confidence_interval : ConfidenceInterval
            `low` and `high` of the difference, by the bootstrap of the queries' differences
            (BCa).
        p_value : float
            Probability of a difference at least as large, in either direction, if `a` and `b`
            could be exchanged in every query: a sign-flip test. For "p_at_k" it is McNemar's
            exact test [1]_. For "mrr" the signs are drawn, unless there are few queries, and it is
            no less than ``2 / (n_resamples + 1)`` then. Where all differences have one size, the
            exact test serves both.
        n_queries : int
            Number of queries that both were judged on.
        n_a_better, n_b_better : int
            Queries that only one of them gets right; with "mrr", where it ranks the gold higher.

    Raises
    ------
    ValueError
        If "skip" leaves no query.

    See Also
    --------
    bli_report : Each of the two alone.

    Notes
    -----
    The test is about these two fitted estimators. It does not know how much another seed of the
    training would have changed either [2]_.

    References
    ----------
    .. [1] McNemar, Q. "Note on the sampling error of the difference between correlated proportions
       or percentages". Psychometrika 12, 1947.

    .. [2] Dror, R., Baumer, G., Shlomov, S., Reichart, R. "The hitchhiker's guide to testing
       statistical significance in natural language processing". ACL 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skxling.alignment import ProcrustesAligner
    >>> from skxling.metrics import compare_translators
    >>> rng = np.random.default_rng(0)
    >>> S = rng.normal(size=(200, 20))
    >>> T = S @ np.linalg.qr(rng.normal(size=(20, 20)))[0] + 0.7 * rng.normal(size=(200, 20))
    >>> a, b = (model.fit(S[:30], T[:30]) for model in (ProcrustesAligner(), LinearRegression()))
    >>> found = compare_translators(
    ...     a, b, S[30:], T[30:], candidates=T, source_vectors=S, random_state=0
    ... )
    >>> found.n_a_better, found.n_b_better
    (31, 11)
    >>> print(f"difference {found.difference:.2f}, p-value {found.p_value:.3f}")
    difference 0.12, p-value 0.003
    """
    judgements = [
        judge(
            estimator,
            X,
            y,
            n_predictions=k,
            candidates=candidates,
            source_vectors=source_vectors,
            retrieval=retrieval,
            n_neighbors=n_neighbors,
            temperature=temperature,
        )
        for estimator in (a, b)
    ]
    # "skip" by itself would leave each with queries of its own
    kept = np.ones(len(judgements[0].ranks), dtype=bool)
    if oov == "skip":
        kept = judgements[0].covered & judgements[1].covered
        oov = "wrong"
    if not kept.any():
        raise ValueError(
            "`oov='skip'` leaves no query: none is covered by the vocabularies of both. Look for "
            "differences of case or encoding between lexicon and vocabularies."
        )
    outcomes = [_outcomes(found.conventions()[oov][kept], score, k) for found in judgements]
    differences = outcomes[0] - outcomes[1]
    seed = draw_seed(random_state)
    return Bunch(
        score_a=float(outcomes[0].mean()),
        score_b=float(outcomes[1].mean()),
        difference=float(differences.mean()),
        confidence_interval=mean_interval(
            differences, confidence_level=confidence_level, n_resamples=n_resamples, seed=seed
        ),
        p_value=sign_flip_p_value(differences, n_resamples=n_resamples, seed=seed),
        n_queries=len(differences),
        n_a_better=int((differences > 0).sum()),
        n_b_better=int((differences < 0).sum()),
    )
