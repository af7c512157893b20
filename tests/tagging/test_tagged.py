"""Sentences are checked with their tags, and held out fairly."""

import numpy as np
import pytest

from skxling.tagging._tagged import TaggedSentences, check_tagged, hold_out, root_mean_square
from skxling.utils import check_generator


def make_sentences(lengths):
    """Sentences whose features are their number, and tags that are it too."""
    X = [np.full((length, 2), i, dtype=np.float32) for i, length in enumerate(lengths)]
    return TaggedSentences(X, [[str(i)] * length for i, length in enumerate(lengths)])


@pytest.mark.parametrize(
    ("n_sentences", "fraction", "n_out"), [(20, 0.1, 2), (20, 0.01, 1), (2, 0.9, 1), (3, 0.99, 2)]
)
def test_parts_share_nothing_and_leave_nothing_out(n_sentences, fraction, n_out):
    sentences = make_sentences([3] * n_sentences)
    train, held_out = hold_out(sentences, fraction, check_generator(0))
    numbers = [[int(matrix[0, 0]) for matrix in part.X] for part in (train, held_out)]
    assert len(numbers[1]) == n_out
    assert sorted(numbers[0] + numbers[1]) == list(range(n_sentences))
    for part, of_part in zip((train, held_out), numbers, strict=True):
        assert part.y == [[str(i)] * 3 for i in of_part]


def test_sentences_without_tokens_are_in_neither_part():
    train, held_out = hold_out(make_sentences([0, 2, 0, 1, 0]), 0.5, check_generator(0))
    assert sorted(len(matrix) for matrix in train.X + held_out.X) == [1, 2]


def test_a_single_sentence_cannot_be_held_out():
    with pytest.raises(ValueError, match="only one with tokens"):
        hold_out(make_sentences([4, 0]), 0.5, check_generator(0))


def test_scheme_decides_what_is_checked():
    X, y = [np.zeros((2, 3))], [["O", "I-PER"]]
    assert check_tagged(X, y, None).y == y
    with pytest.raises(ValueError, match=r"`tags\[0\]\[1\]` is 'I-PER' after 'O'"):
        check_tagged(X, y, "iob2", y_name="tags")
    with pytest.raises(ValueError, match=r"`rows\[0\]` has 3 features"):
        check_tagged(X, y, None, n_features=4, x_name="rows")


def test_root_mean_square():
    X = [np.array([[3.0, 4.0]]), np.zeros((0, 2)), np.array([[0.0, 0.0]])]
    assert root_mean_square(X) == pytest.approx(2.5)
    assert root_mean_square([np.zeros((2, 2))]) == 1.0
