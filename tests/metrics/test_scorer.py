import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

from skxling.alignment import ProcrustesAligner, RCSLSAligner
from skxling.embedding import WordVectors
from skxling.metrics import bli_report, make_bli_scorer

N, D = 120, 8


@pytest.fixture(scope="module")
def spaces():
    """Two noisy rotations of one another; rows i are translations."""
    rng = np.random.default_rng(0)
    S = rng.normal(size=(N, D)) * np.linspace(3, 0.5, D)
    rotation = np.linalg.qr(rng.normal(size=(D, D)))[0]
    T = S @ rotation + 0.8 * rng.normal(size=(N, D))
    return S.astype(np.float32), T.astype(np.float32)


def dense_precision(Q, T, S, golds, k, n_neighbors=10):
    """P@k by CSLS with whole matrices, in float64."""
    Q, T, S = (M / np.linalg.norm(M, axis=1, keepdims=True) for M in (Q, T, S))
    penalty = np.sort(T @ S.T, axis=1)[:, -n_neighbors:].mean(axis=1)  # r_S
    order = np.argsort(-(2 * Q @ T.T - penalty), axis=1, kind="stable")[:, :k]
    return np.mean([bool(set(row) & set(gold)) for row, gold in zip(order, golds, strict=True)])


@pytest.mark.parametrize("k", [1, 3])
def test_equals_dense_reference(spaces, k):
    S, T = spaces
    model = LinearRegression().fit(S[:20], T[:20])
    scorer = make_bli_scorer(candidates=T, source_vectors=S, k=k)
    golds = [[i] for i in range(20, 60)]
    expected = dense_precision(
        model.predict(S[20:60].astype(float)), T.astype(float), model.predict(S), golds, k
    )
    assert 0 < expected < 1
    assert scorer(model, S[20:60], T[20:60]) == pytest.approx(expected)


def test_cosine_needs_no_source_vectors(spaces):
    S, T = spaces
    model = LinearRegression().fit(S[:20], T[:20])
    scorer = make_bli_scorer(candidates=T, retrieval="cosine")
    Q = model.predict(S[20:60])
    cosines = (Q @ T.T) / np.linalg.norm(T, axis=1)
    expected = np.mean(cosines.argmax(axis=1) == np.arange(20, 60))
    assert scorer(model, S[20:60], T[20:60]) == pytest.approx(expected)


def test_equal_sources_are_one_query_and_any_gold_counts(spaces):
    S, T = spaces
    model = ProcrustesAligner().fit(S[:60], T[:60])
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    hits = [scorer(model, S[[i]], T[[i]]) for i in range(60, 100)]
    right, wrong = 60 + hits.index(1.0), 60 + hits.index(0.0)
    # a second, wrong gold for the same source neither adds a query nor takes the hit
    assert scorer(model, S[[right, right, wrong]], T[[wrong, right, wrong]]) == 0.5


def test_equal_candidates_are_all_gold():
    T = np.vstack([np.eye(3), np.eye(3)]).astype(np.float32)
    model = LinearRegression().fit(np.eye(3), np.eye(3))
    assert make_bli_scorer(candidates=T, retrieval="cosine")(model, np.eye(3), np.eye(3)) == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_gold_is_found_across_types(spaces, dtype):
    S, T = spaces
    T = T.astype(np.float16).astype(dtype)
    model = LinearRegression().fit(S, T)
    scores = {
        make_bli_scorer(candidates=T, retrieval="cosine")(model, S, T.astype(other))
        for other in (np.float16, np.float32, np.float64)
    }
    assert len(scores) == 1


def test_negative_zero_equals_zero():
    T = np.array([[0.0, 1.0], [1.0, -0.0]])
    model = LinearRegression().fit(T, T)
    assert make_bli_scorer(candidates=T, retrieval="cosine")(model, T, np.abs(T)) == 1


def test_whole_vocabulary_is_harder_than_the_fold(spaces):
    S, T = spaces
    model = ProcrustesAligner().fit(S[:20], T[:20])
    whole = make_bli_scorer(candidates=T, source_vectors=S)(model, S[20:40], T[20:40])
    fold = make_bli_scorer(candidates=T[20:40], source_vectors=S)(model, S[20:40], T[20:40])
    assert whole < fold


# -- composition -----------------------------------------------------------------------------


def test_pipeline_equals_its_steps_by_hand(spaces):
    S, T = spaces
    pipe = Pipeline([("pca", PCA(5)), ("align", ProcrustesAligner())]).fit(S[:60], T[:60])
    align = pipe["align"]
    mapped = [align.transform(pipe["pca"].transform(M)).astype(float) for M in (S[60:], S)]
    expected = dense_precision(
        mapped[0],
        align.transform_target(T).astype(float),
        mapped[1],
        [[i] for i in range(60, N)],
        1,
    )
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    assert scorer(pipe, S[60:], T[60:]) == pytest.approx(expected)
    passthrough = Pipeline([("a", "passthrough"), ("b", pipe)])
    assert scorer(passthrough, S[60:], T[60:]) == pytest.approx(expected)
    assert scorer(FrozenEstimator(pipe), S[60:], T[60:]) == pytest.approx(expected)


def test_cross_val_score_over_a_pipeline(spaces):
    S, T = spaces
    pipe = Pipeline([("pca", PCA(7)), ("align", ProcrustesAligner())])
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    scores = cross_val_score(pipe, S[:60], T[:60], scoring=scorer, cv=KFold(3))
    by_hand = [
        scorer(clone(pipe).fit(S[train], T[train]), S[test], T[test])
        for train, test in KFold(3).split(S[:60])
    ]
    assert scores.tolist() == by_hand
    assert scores.mean() > 0.3


def test_grid_search_unwraps_to_its_best_estimator(spaces):
    S, T = spaces
    pipe = make_pipeline(PCA(), ProcrustesAligner())
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    search = GridSearchCV(pipe, {"pca__n_components": [1, 7]}, scoring=scorer, cv=3)
    search.fit(S[:60], T[:60])
    assert search.best_params_ == {"pca__n_components": 7}
    expected = scorer(search.best_estimator_, S[60:], T[60:])
    assert search.score(S[60:], T[60:]) == scorer(search, S[60:], T[60:]) == expected


def test_grid_over_aligners_in_workers(spaces):
    S, T = spaces
    pipe = Pipeline([("align", ProcrustesAligner())])
    grids = [
        {"align": [ProcrustesAligner()]},
        {"align": [RCSLSAligner(max_iter=2)], "align__learning_rate": [0.1, 1.0]},
    ]
    scorers = {
        "p_at_1": make_bli_scorer(candidates=T, source_vectors=S),
        "p_at_5": make_bli_scorer(candidates=T, source_vectors=S, k=5),
    }
    search = GridSearchCV(pipe, grids, scoring=scorers, refit="p_at_1", cv=GroupKFold(2), n_jobs=2)
    search.fit(S[:60], T[:60], groups=np.arange(60) % 20)
    results = search.cv_results_
    assert len(results["params"]) == 3
    assert (results["mean_test_p_at_5"] >= results["mean_test_p_at_1"]).all()
    assert results["mean_test_p_at_1"].min() > 0.3


@pytest.mark.parametrize("n_words", [60, N])
def test_vocabulary_as_long_as_the_lexicon(spaces, n_words):
    """scikit-learn would slice a vocabulary that looks like n_samples rows."""
    S, T = spaces
    source = WordVectors([f"s{i}" for i in range(n_words)], S[:n_words])
    target = WordVectors([f"t{i}" for i in range(n_words)], T[:n_words])
    scorer = make_bli_scorer(candidates=target, source_vectors=source)
    fit_params = {"source_vectors": source, "target_vectors": target}
    scores = cross_val_score(
        ProcrustesAligner(), S[:60], T[:60], scoring=scorer, cv=2, params=fit_params
    )
    plain = make_bli_scorer(candidates=T[:n_words], source_vectors=S[:n_words])
    by_hand = [
        plain(ProcrustesAligner().fit(S[train], T[train], **fit_params), S[test], T[test])
        for train, test in KFold(2).split(S[:60])
    ]
    assert scores.tolist() == by_hand


def test_report_of_vectors(spaces):
    S, T = spaces
    pipe = make_pipeline(PCA(7), ProcrustesAligner()).fit(S[:60], T[:60])
    how = {"candidates": T, "source_vectors": S}
    report = bli_report(pipe, S[60:], T[60:], ks=(1, 5), **how)
    assert report.p_at_k["skip"][5] == make_bli_scorer(k=5, **how)(pipe, S[60:], T[60:])
    assert report.p_at_k["wrong"][1] == report.p_at_1_different
    assert (report.coverage, report.n_candidates, report.n_queries) == (1, N, 60)


# -- the object ------------------------------------------------------------------------------


def test_clone_and_repr_copy_nothing(spaces):
    S, T = spaces
    scorer = make_bli_scorer(candidates=T, source_vectors=S, k=5)
    assert clone(scorer) is scorer
    assert scorer.candidates is T
    search = clone(GridSearchCV(ProcrustesAligner(), {}, scoring=scorer))
    assert search.scoring is scorer
    assert repr(scorer) == (
        "make_bli_scorer(retrieval='csls', n_neighbors=10, temperature=0.03, k=5, oov='wrong')"
    )


def test_pickle(spaces):
    S, T = spaces
    model = LinearRegression().fit(S[:20], T[:20])
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    again = pickle.loads(pickle.dumps(scorer))
    assert again(model, S[20:], T[20:]) == scorer(model, S[20:], T[20:])


def test_nothing_is_kept_on_the_estimator(spaces):
    S, T = spaces
    model = ProcrustesAligner().fit(S[:20], T[:20])
    before = set(vars(model))
    make_bli_scorer(candidates=T, source_vectors=S)(model, S[20:], T[20:])
    assert set(vars(model)) == before


# -- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "`candidates` is None"),
        ({"candidates": "T"}, "`source_vectors` is None"),
        ({"candidates": "T[:10]", "source_vectors": "S"}, "10 of 20 rows of `y` are in no row"),
        ({"candidates": "T[:, :3]", "source_vectors": "S"}, "3 components and `y` has 8"),
    ],
)
def test_errors_name_the_way_out(spaces, params, message):
    S, T = spaces
    names = {"S": S, "T": T, "T[:10]": T[:10], "T[:, :3]": T[:, :3]}
    scorer = make_bli_scorer(**{name: names[value] for name, value in params.items()})
    model = LinearRegression().fit(S, T)
    with pytest.raises(ValueError, match=message):
        scorer(model, S[:20], T[:20])


@pytest.mark.parametrize("params", [{"k": 0}, {"retrieval": "knn"}, {"oov": "drop"}])
def test_parameters_are_checked_at_once(params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        make_bli_scorer(**params)


def test_whole_numbers_are_not_the_coarser_type():
    candidates = np.array([[1.0, 0.0], [1.5, 0.3]])
    model = LinearRegression(fit_intercept=False).fit(np.eye(2), candidates)
    scorer = make_bli_scorer(candidates=candidates, retrieval="cosine")
    assert scorer(model, np.eye(2), candidates) == 1
    # the second row is not the first one rounded
    assert scorer(model, np.eye(2)[[1]], np.array([[1, 0]])) == 0


def test_a_device_of_a_regressor_is_its_own():
    class Boosted(LinearRegression):
        device = None

    model = Boosted().fit(np.eye(3), np.eye(3))
    scorer = make_bli_scorer(candidates=np.eye(3), retrieval="cosine")
    assert scorer(model, np.eye(3), np.eye(3)) == 1


def test_texts_may_be_lists_of_tokens(spaces):
    S, T = spaces

    class Texts(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return S[[int(text[0]) for text in X]]

    X = [[str(i), *["x"] * (i % 2)] for i in range(60)]
    model = make_pipeline(Texts(), ProcrustesAligner()).fit(X, T[:60])
    scorer = make_bli_scorer(candidates=T, retrieval="cosine")
    once = scorer(model, X, T[:60])
    assert 0.5 < once <= 1
    assert scorer(model, X + X, np.vstack([T[:60], T[:60]])) == once


def test_negative_zero_is_zero():
    S = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]])
    T = np.eye(3)
    model = LinearRegression().fit(np.eye(2), T[:2])
    scorer = make_bli_scorer(candidates=T, retrieval="cosine")
    # one query of two golds, and one that is wrong
    assert scorer(model, S, T[[1, 2, 2]]) == 0.5
