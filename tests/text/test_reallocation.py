import numpy as np
import pytest

from skxling.text import reallocate_vocabulary

COUNTS = np.array([[90, 0], [0, 180], [10, 20], [1, 199], [9, 2]])


def test_equals_the_formula():
    result = reallocate_vocabulary(COUNTS, 0.8)
    totals = COUNTS.sum(axis=0)
    for (c1, c2), p in zip(COUNTS, result.proportion, strict=True):
        r1, r2 = c1 / totals[0], c2 / totals[1]
        assert p == pytest.approx(r1 / (r1 + r2))
    np.testing.assert_array_equal(result.source, result.proportion >= 0.8)
    np.testing.assert_array_equal(result.target, 1 - result.proportion >= 0.8)


def test_classes_divide_the_vocabulary():
    result = reallocate_vocabulary(COUNTS)
    classes = np.stack([result.source, result.target, result.shared])
    np.testing.assert_array_equal(classes.sum(axis=0), 1)


def test_a_higher_threshold_shares_more():
    shared = [reallocate_vocabulary(COUNTS, t).shared.sum() for t in (0.7, 0.9, 0.999)]
    assert shared == sorted(shared)
    assert shared[0] < shared[-1]


def test_totals_replace_the_sums():
    result = reallocate_vocabulary([[1, 1]], totals=[10, 90])
    assert result.proportion[0] == pytest.approx(0.9)
    assert result.source[0]


@pytest.mark.parametrize("threshold", [0.5, 0.0, 1.01])
def test_threshold_out_of_range(threshold):
    with pytest.raises(ValueError, match=r"`threshold` must be in \(0.5, 1\]"):
        reallocate_vocabulary(COUNTS, threshold)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[1], [2]], "two in all"),
        ([[1, 0], [2, 0]], "one language has no"),
        ([[1, 2], [0, 0]], "row 1"),
    ],
)
def test_counts_that_cannot_be_used(counts, message):
    with pytest.raises(ValueError, match=message):
        reallocate_vocabulary(counts)
