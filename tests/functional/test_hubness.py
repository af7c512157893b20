import numpy as np
import pytest
import torch
from scipy.stats import skew

from skxling.functional import count_occurrences, skewness


def _rows(n_rows, n_components, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_components, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("memory_budget", [1, 2**28])
@pytest.mark.parametrize("retrieval", ["csls", "cosine"])
@pytest.mark.parametrize("k", [1, 5])
def test_occurrences_equal_dense_reference(k, retrieval, memory_budget):
    X, Y = _rows(70, 5, seed=0) + 1, _rows(90, 5, seed=1) + 1
    x, y = (M.numpy() / np.linalg.norm(M, axis=1, keepdims=True) for M in (X, Y))
    scores = x @ y.T
    if retrieval == "csls":
        scores = scores - np.sort(scores, axis=0)[-10:].mean(axis=0) / 2
    near = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    expected = np.bincount(near.ravel(), minlength=90)
    found = count_occurrences(X, Y, k, retrieval=retrieval, memory_budget=memory_budget)
    np.testing.assert_array_equal(found, expected)


def test_every_query_counts_k_times():
    X, Y = _rows(30, 4, seed=0), _rows(8, 4, seed=1)
    assert count_occurrences(X, Y, 3).sum() == 30 * 3
    assert count_occurrences(X, Y, 100).tolist() == [30] * 8


@pytest.mark.parametrize("values", [[0, 0, 0, 4], [1, 2, 3], [5, 5, 0], [*range(40), 900]])
def test_skewness_equals_scipy(values):
    assert float(skewness(torch.tensor(values))) == pytest.approx(skew(values), abs=1e-12)


def test_equal_values_have_no_skewness():
    assert skewness(torch.full((5,), 3)) == 0


def test_equal_numbers_are_not_skewed():
    assert skewness(torch.full((3,), 0.1, dtype=torch.float64)) == 0
