import numpy as np
import pytest

from skxling.alignment._equal_rows import find_rows, number_rows


@pytest.fixture(scope="module")
def words():
    rows = np.random.default_rng(0).normal(size=(500, 20)) * np.logspace(-3, 3, 500)[:, None]
    rows[7] = 0
    return rows


def test_rows_that_rounding_took_apart_are_one_word(words):
    numbers = np.r_[np.arange(500), 3, 400, 7, 3]
    rows = words[numbers].astype(np.float32) * (1 + 1e-6)
    rows[:500] = words
    first, found = number_rows(rows)
    np.testing.assert_array_equal(first, np.arange(500))
    np.testing.assert_array_equal(found, numbers)


def test_words_that_are_near_each_other_are_two(words):
    rows = np.vstack([words[0], words[0] * (1 + 1e-4), words[1], words[0]])
    first, found = number_rows(rows)
    assert first.tolist() == [0, 1, 2]
    assert found.tolist() == [0, 1, 2, 0]


def test_rows_are_found_among_the_known(words):
    asked = np.vstack([words[30], words[7], words[12] * 1.001, words[499] * (1 - 1e-6)])
    assert find_rows(asked, words.astype(np.float32)).tolist() == [30, 7, -1, 499]
    assert find_rows(asked, words[:0]).tolist() == [-1] * 4


def test_a_long_and_a_short_row_on_one_plane_are_two_words():
    rows = np.zeros((2, 3))
    rows[:, 0] = [1, 2]
    assert number_rows(rows)[1].tolist() == [0, 1]
    assert number_rows([1.0, 2.0, 1.0])[1].tolist() == [0, 1, 0]


def test_words_far_from_the_origin_are_told_apart():
    rows = np.random.default_rng(0).normal(size=(50, 5)) + 1e6
    assert len(number_rows(rows)[0]) == 50
    assert len(number_rows(np.arange(100_000.0, 100_100.0))[0]) == 100
    one, other = number_rows(np.vstack([rows, rows[:3]]))
    assert len(one) == 50
    assert other[50:].tolist() == [0, 1, 2]
