import numpy as np
import pytest

from skxling.text._diagonal import (
    diagonal_feature,
    diagonal_prior,
    expected_feature,
    update_tension,
)

SIZES = [(m, n) for m in (1, 2, 3, 7, 40) for n in (1, 2, 5, 8, 41)]


def dense_expectation(i, m, n, tension):
    """Derivative of log Z by the tension, term by term."""
    h = [-abs(i / m - j / n) for j in range(1, n + 1)]
    weights = np.exp(tension * np.array(h))
    return (weights * h).sum() / weights.sum()


def test_feature_is_the_distance_from_the_diagonal():
    found = diagonal_feature(2, 4)
    np.testing.assert_allclose(found, [[-0.25, 0, -0.25, -0.5], [-0.75, -0.5, -0.25, 0]])


@pytest.mark.parametrize(("m", "n"), SIZES)
def test_prior_is_a_distribution(m, n):
    prior, null = diagonal_prior(m, n, 4.0, 0.08)
    np.testing.assert_allclose(prior.sum(axis=1) + null, 1)
    ratio = prior[-1, -1] / prior[-1, 0]  # the last word's links to the last and the first
    assert ratio == pytest.approx(np.exp(4.0 * (1 - 1 / n)))


def test_prior_without_tension_is_uniform():
    prior, null = diagonal_prior(2, 4, 0.0, 0.08)
    np.testing.assert_allclose(prior, np.full((2, 4), 0.2))
    assert null == pytest.approx(0.2)
    prior, null = diagonal_prior(2, 4, 0.0, 0.0)
    np.testing.assert_allclose(prior, np.full((2, 4), 0.25))
    assert null == 0


@pytest.mark.parametrize("tension", [0.1, 1.0, 4.0, 14.0])
def test_closed_form_equals_the_sum(tension):
    rows = np.array([(i, m, n) for m, n in SIZES for i in range(1, m + 1)])
    found = expected_feature(*rows.T, tension)
    expected = [dense_expectation(*row, tension) for row in rows.tolist()]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


def test_closed_form_of_long_sentences():
    i, m, n = 1234, 3000, 5000
    found = expected_feature(np.array([i]), np.array([m]), np.array([n]), 0.1)
    assert found[0] == pytest.approx(dense_expectation(i, m, n, 0.1), rel=1e-7)


def test_tension_is_eight_steps_of_twenty():
    sizes = np.array([[3, 4, 10], [5, 2, 1], [6, 6, 3]])
    rows = [(i, m, n) for m, n, g in sizes.tolist() for _ in range(g) for i in range(1, m + 1)]
    tension = 4.0
    for _ in range(8):
        mean = np.mean([dense_expectation(*row, tension) for row in rows])
        tension += 20 * (-0.12 - mean)
    assert 0.1 < tension < 14
    assert update_tension(4.0, -0.12, sizes) == pytest.approx(tension)


def test_tension_stays_in_its_bounds():
    sizes = np.array([[30, 30, 1]])
    assert update_tension(4.0, 0.0, sizes) == 14.0
    assert update_tension(4.0, -1.0, sizes) == 0.1


@pytest.mark.parametrize("true", [2.0, 9.0])
def test_tension_is_found(true):
    """Links drawn with a tension lead the steps to it."""
    sizes = np.array([[12, 10, 4], [9, 14, 2]])
    rows = [(i, m, n) for m, n, g in sizes.tolist() for _ in range(g) for i in range(1, m + 1)]
    observed = np.mean([dense_expectation(*row, true) for row in rows])
    tension = 4.0
    for _ in range(20):
        tension = update_tension(tension, observed, sizes)
    assert tension == pytest.approx(true, abs=0.01)
