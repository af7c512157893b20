import numpy as np
import pytest
import torch

from skxling.functional import retrofit_pairs


def _problem(dtype=torch.float64):
    """Word 0 has three translations, target word 1 two sources, and the last of either none."""
    generator = torch.Generator().manual_seed(0)
    X, Y = torch.randn(2, 8, 5, generator=generator, dtype=dtype)
    pairs = torch.tensor([[i, i] for i in range(7)] + [[0, 1], [0, 2]])
    return X, Y, pairs


@pytest.mark.parametrize("alpha", [0.3, 1.0, 5.0])
def test_equals_the_solution_of_the_linear_system(alpha):
    X, Y, pairs = _problem()
    links = np.zeros((16, 16))
    links[pairs[:, 0], pairs[:, 1] + 8] = links[pairs[:, 1] + 8, pairs[:, 0]] = 1
    laplacian = np.diag(links.sum(0)) - links
    old = np.vstack([X, Y])
    expected = np.linalg.solve(laplacian + alpha * np.eye(16), alpha * old)
    moved = retrofit_pairs(X, Y, pairs, alpha=alpha, max_iter=1000, tol=1e-12)
    np.testing.assert_allclose(torch.cat(moved), expected, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_words_without_a_pair_stay(dtype):
    X, Y, pairs = _problem(dtype)
    X_moved, Y_moved = retrofit_pairs(X, Y, pairs)
    assert X_moved.dtype == Y_moved.dtype == dtype
    torch.testing.assert_close(X_moved[7], X[7])
    torch.testing.assert_close(Y_moved[7], Y[7])
    torch.testing.assert_close(X_moved[5] - Y_moved[5], (X[5] - Y[5]) / 3, atol=1e-4, rtol=0)


def test_a_small_weight_on_staying_takes_no_more_steps():
    X, Y, pairs = _problem()
    found = retrofit_pairs(X, Y, pairs, alpha=1e-3)
    exact = retrofit_pairs(X, Y, pairs, alpha=1e-3, max_iter=9999, tol=0)
    for one, other in zip(found, exact, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        found[0][5] - found[1][5], (X[5] - Y[5]) * 1e-3 / 2.001, atol=1e-5, rtol=0
    )


def test_staying_may_be_worth_much_or_little():
    X, Y, pairs = _problem()
    apart = [
        torch.linalg.norm(moved[0][3:7] - moved[1][3:7])
        for moved in (retrofit_pairs(X, Y, pairs, alpha=a, max_iter=9999) for a in (1e-3, 1, 1e3))
    ]
    assert apart[0] < 0.01 < apart[1] < apart[2]
    assert apart[2] == pytest.approx(torch.linalg.norm(X[3:7] - Y[3:7]).item(), rel=0.01)
