import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skxling.embedding import WordVectors
from skxling.metrics import (
    bli_report,
    coverage_score,
    mean_reciprocal_rank_score,
    precision_at_k_score,
)
from skxling.translation import WordTranslator

Y_TRUE = ["haus", {"baum", "stamm"}, ["katze"], ("hund", "rüde")]
Y_PRED = [["haus", "hof"], ["ast", "stamm"], ["hund", "maus"], [None, None]]


def test_precision_counts_any_gold_once():
    assert precision_at_k_score(Y_TRUE, Y_PRED) == 0.25
    assert precision_at_k_score(Y_TRUE, Y_PRED, k=2) == 0.5


def test_reciprocal_rank():
    assert mean_reciprocal_rank_score(Y_TRUE, Y_PRED) == (1 + 1 / 2 + 0 + 0) / 4


def test_one_dimensional_predictions():
    assert precision_at_k_score(["a", "b"], np.array(["a", None], dtype=object)) == 0.5


@pytest.mark.parametrize("missing", [None, -1])
def test_no_answer_is_never_right(missing):
    assert precision_at_k_score([[missing], [missing, 3]], [[missing], [missing]]) == 0


GOLDS = st.sets(st.integers(-1, 5))
PREDICTIONS = st.lists(st.integers(-1, 5), min_size=4, max_size=4)


@settings(deadline=None)
@given(st.lists(st.tuples(GOLDS, PREDICTIONS), min_size=1))
def test_scores_equal_their_definition(queries):
    y_true = [golds for golds, _ in queries]
    y_pred = np.array([predictions for _, predictions in queries])
    hits = np.array([[p in g and p != -1 for p in row] for g, row in zip(y_true, y_pred)])  # noqa: B905
    for k in (1, 2, 4):
        assert precision_at_k_score(y_true, y_pred, k=k) == pytest.approx(
            hits[:, :k].any(axis=1).mean()
        )
    reciprocal = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0)
    assert mean_reciprocal_rank_score(y_true, y_pred) == pytest.approx(reciprocal.mean())


@pytest.mark.parametrize(
    ("y_true", "y_pred", "k", "message"),
    [
        (["a"], [["a", "b"]], 3, "`k` is 3, but `y_pred` has 2"),
        (["a", "b"], [["a"]], 1, "`y_true` has 2 queries and `y_pred` has 1"),
        ([], np.empty((0, 1)), 1, "empty"),
        (["a", "b"], [["a"], ["a", "b"]], 1, "Fill short rows"),
    ],
)
def test_errors_name_the_way_out(y_true, y_pred, k, message):
    with pytest.raises(ValueError, match=message):
        precision_at_k_score(y_true, y_pred, k=k)


def test_coverage_counts_sources_once():
    X = ["house", "house", "tree", "moon"]
    y = ["haus", "heim", "baum", "mond"]
    source = WordVectors(["house", "tree"], np.eye(2))
    assert coverage_score(X, y, source, ["heim", "mond"]) == pytest.approx(1 / 3)


@pytest.fixture
def translator():
    """One space: house=haus, winter=winter, tree is nearest to the wrong word."""
    source = WordVectors(["house", "winter", "tree"], [[1, 0, 0], [0, 1, 0], [0.1, 0.2, 1]])
    target = WordVectors(
        ["haus", "winter", "baum", "ast"], [[1, 0, 0], [0, 1, 0], [0.2, 0.9, 0.5], [0, 0.2, 1]]
    )
    return WordTranslator(source, target, "passthrough", retrieval="cosine").fit()


def test_report_under_every_convention(translator):
    # covered: house, winter, tree; not covered: radio (copies), moon; tea (target lacks the gold)
    X = ["house", "house", "winter", "tree", "radio", "moon", "tea"]
    y = ["haus", "heim", "winter", "baum", "radio", "mond", "tee"]
    report = bli_report(translator, X, y, ks=(1, 2))
    assert (report.n_queries, report.n_covered, report.n_candidates) == (6, 3, 4)
    assert report.coverage == 0.5
    assert report.p_at_k["wrong"] == pytest.approx({1: 2 / 6, 2: 3 / 6})
    assert report.p_at_k["skip"] == pytest.approx({1: 2 / 3, 2: 3 / 3})
    assert report.p_at_k["copy"] == pytest.approx({1: 3 / 6, 2: 4 / 6})
    assert report.mrr == pytest.approx(
        {"wrong": 2.5 / 6, "skip": 2.5 / 3, "copy": 3.5 / 6},
    )
    assert report.n_different == 2
    assert report.p_at_1_different == 0.5


def test_report_without_covered_queries(translator):
    report = bli_report(translator, ["moon"], ["mond"])
    assert report.p_at_k["wrong"][1] == report.coverage == 0
    assert np.isnan(report.p_at_k["skip"][1])
    assert np.isnan(report.p_at_1_different)


def test_report_refuses_bad_ks(translator):
    with pytest.raises(ValueError, match="`ks`"):
        bli_report(translator, ["house"], ["haus"], ks=(0, 1))


def test_a_path_is_no_vocabulary():
    with pytest.raises(TypeError, match=r"`target_vocabulary` must be .* Got 'de\.vec'"):
        coverage_score(["a"], ["b"], {"a"}, "de.vec")


def test_ragged_arrays_are_refused():
    with pytest.raises(ValueError, match="Fill short rows up"):
        precision_at_k_score(["a", "b"], [np.array(["a"]), np.array(["a", "b"])])
