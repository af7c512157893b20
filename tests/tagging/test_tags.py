"""IOB2: rewriting, checking, and what may follow what."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skxling.metrics import extract_spans
from skxling.tagging import to_iob2
from skxling.tagging._tags import check_iob2, check_tags, forbidden_in_iob2, score_tags

CLASSES = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
TAGS = st.lists(st.sampled_from([*CLASSES, "B", "I"]), max_size=8)


def is_iob2(tags):
    """The definition: I stands only behind B or I of the same label."""
    return all(
        not tag.startswith("I") or (before != "O" and before[1:] == tag[1:])
        for before, tag in itertools.pairwise(["O", *tags])
    )


@given(y=st.lists(TAGS, max_size=4))
def test_rewriting_keeps_spans_and_gives_iob2(y):
    converted = to_iob2(y)
    assert all(map(is_iob2, converted))
    assert list(map(extract_spans, converted)) == list(map(extract_spans, y))
    assert to_iob2(converted) == converted


@given(tags=TAGS)
def test_check_accepts_iob2_alone(tags):
    if is_iob2(tags):
        check_iob2([tags])
    else:
        with pytest.raises(ValueError, match=r"`y\[0\]\[\d\]` is 'I.*to_iob2"):
            check_iob2([tags])


@given(tags=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=6))
def test_forbidden_is_what_iob2_forbids(tags):
    transitions, start = forbidden_in_iob2(CLASSES)
    codes = np.searchsorted(CLASSES, tags)
    is_forbidden = start[codes[0]] or transitions[codes[:-1], codes[1:]].any()
    assert is_forbidden == (not is_iob2(tags))


def test_error_names_place_and_way_out():
    with pytest.raises(ValueError, match=r"`y\[1\]\[2\]` is 'I-A' after 'B-B', where .* 'B-A'"):
        check_iob2([["O"], ["O", "B-B", "I-A"]])
    with pytest.raises(ValueError, match=r"`y\[0\]\[0\]` is 'I-A' at the beginning"):
        check_iob2([["I-A"]])
    with pytest.raises(ValueError, match=r"`y\[0\]` is not in IOB2: .*'NOUN'.*scheme=None"):
        check_iob2([["NOUN"]])


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ("O", TypeError, "list of lists"),
        (3, TypeError, "list of lists"),
        ([["O"]], ValueError, "2 sentences and `y` has 1"),
        ([["O"], "OO"], TypeError, r"`y\[1\]` is 'OO'"),
        ([["O"], None], TypeError, r"`y\[1\]` is None"),
        ([["O"], ["O"]], ValueError, r"`y\[1\]` has 1 tags and `X\[1\]` has 2 tokens"),
        ([["O"], ["O", None]], TypeError, r"`y\[1\]\[1\]` is None of type NoneType"),
    ],
)
def test_bad_tags_are_refused(y, error, message):
    with pytest.raises(error, match=message):
        check_tags(y, [1, 2])


def test_tags_may_be_arrays():
    assert check_tags([np.array(["O", "B-X"]), ()], [2, 0]) == [["O", "B-X"], []]


def test_score_is_of_spans_or_of_tokens():
    y_true, y_pred = [["B-PER", "I-PER", "O"], ["O"], []], [["B-PER", "O", "O"], ["O"], []]
    assert score_tags(y_true, y_pred, "iob2") == 0
    assert score_tags(y_true, y_pred, None) == 0.75
    assert score_tags(y_true, y_true, "iob2") == score_tags(y_true, y_true, None) == 1
    assert score_tags([[]], [[]], None) == 0
