"""Spans are those of conlleval, and their scores those of seqeval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.metrics import make_scorer

from skxling.metrics import (
    Span,
    extract_spans,
    span_f1_score,
    span_precision_score,
    span_recall_score,
    span_report,
)

TAGS = st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-a-b", "B", "I"])
NAMED = st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"])


def conlleval_spans(tags):
    """The rules of conlleval for the beginning and the end of a chunk, in its own terms."""
    spans, last, last_type, start = set(), "O", "", None
    for i, tag in enumerate([*tags, "O"]):
        prefix, _, kind = tag.partition("-")
        ends = (last, prefix) in {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O")}
        ends = ends or (last != "O" and last_type != kind)
        starts = (last, prefix) in {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I")}
        starts = starts or (prefix != "O" and last_type != kind)
        if ends and start is not None:
            spans.add((last_type, start, i))
            start = None
        if starts:
            start = i
        last, last_type = prefix, kind
    return spans


def sentences(tags):
    """Two taggings of the same sentences."""
    pair = st.lists(st.tuples(tags, tags), max_size=7)
    return st.lists(pair, min_size=1, max_size=5).map(
        lambda rows: tuple([[pair[side] for pair in row] for row in rows] for side in (0, 1))
    )


@given(tags=st.lists(TAGS, max_size=9))
def test_spans_are_those_of_conlleval(tags):
    spans = extract_spans(tags)
    assert len(set(spans)) == len(spans)
    assert set(spans) == conlleval_spans(tags)
    assert spans == sorted(spans, key=lambda span: span.start)


@given(sides=sentences(NAMED))
def test_scores_equal_seqeval(sides):
    seqeval = pytest.importorskip("seqeval.metrics")
    y_true, y_pred = sides
    report = span_report(y_true, y_pred)
    for ours, theirs in (
        (report.precision, seqeval.precision_score),
        (report.recall, seqeval.recall_score),
        (report.f1, seqeval.f1_score),
    ):
        assert ours == pytest.approx(theirs(y_true, y_pred, zero_division=0))
    if any(y_true):
        assert report.accuracy == pytest.approx(seqeval.accuracy_score(y_true, y_pred))
    assert span_precision_score(y_true, y_pred) == report.precision
    assert span_recall_score(y_true, y_pred) == report.recall
    assert span_f1_score(y_true, y_pred) == report.f1


@given(sides=sentences(NAMED))
def test_labels_add_up(sides):
    report = span_report(*sides)
    for name in ("n_true", "n_predicted", "n_correct"):
        assert report[name] == sum(label[name] for label in report.labels.values())
    assert list(report.labels) == sorted(report.labels)


def test_by_hand():
    y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "B-LOC"]]
    y_pred = [["B-PER", "I-PER", "O", "B-PER"], ["B-LOC", "I-LOC"]]
    report = span_report(y_true, y_pred)
    assert (report.n_true, report.n_predicted, report.n_correct) == (4, 3, 1)
    assert (report.precision, report.recall) == (1 / 3, 1 / 4)
    assert report.f1 == pytest.approx(2 / 7)
    assert report.accuracy == 4 / 6
    assert (report.labels["PER"].precision, report.labels["PER"].recall) == (0.5, 1.0)
    assert report.labels["LOC"].f1 == 0


def test_span_is_a_tuple():
    assert extract_spans(["O", "B-X", "I-X"]) == [Span("X", 1, 3)] == [("X", 1, 3)]


def test_nothing_to_find_is_zero():
    report = span_report([["O"], []], [["O"], []])
    assert (report.precision, report.recall, report.f1, report.accuracy) == (0, 0, 0, 1)
    assert span_report([], []).accuracy == 0


def test_as_a_scorer():
    class Constant(BaseEstimator):
        def fit(self, X, y):
            return self

        def predict(self, X):
            return [["B-X"] for _ in X]

    assert make_scorer(span_f1_score)(Constant(), [1, 2], [["B-X"], ["O"]]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("tag", ["PER", "S-PER", "o", "", "O-PER", None, 1])
def test_other_tags_are_refused(tag):
    with pytest.raises(ValueError, match=r"A tag is 'O'.*Got"):
        extract_spans(["O", tag])


def test_two_sides_must_fit():
    with pytest.raises(ValueError, match="2 sentences and `y_pred` has 1"):
        span_report([["O"], ["O"]], [["O"]])
    with pytest.raises(ValueError, match=r"`y_true\[1\]` has 2 tags and `y_pred\[1\]` has 1"):
        span_report([["O"], ["O", "O"]], [["O"], ["O"]])
    with pytest.raises(TypeError, match=r"`y_true\[0\]` is 'O'.*pass \[y_true\]"):
        span_report(["O", "O"], ["O", "O"])
    with pytest.raises(TypeError, match="Got a str"):
        span_report("O", ["O"])
