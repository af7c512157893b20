import numpy as np
import pytest
import torch

from skxling.functional import rate_translations, translation_nearness


def _randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _rotation(d, seed=1):
    return torch.linalg.qr(_randn(d, d, seed=seed)).Q


def test_rating_equals_dense_reference():
    X, Y = _randn(60, 6), _randn(90, 6, seed=1)
    rated = rate_translations(X, Y, memory_budget=10_000)
    A, B = (M.numpy() / np.linalg.norm(M.numpy(), axis=1)[:, None] for M in (X, Y))
    cosines = A @ B.T
    means = np.sort(cosines, axis=0)[-10:].mean(0)
    best = (2 * cosines - means).argmax(1)
    np.testing.assert_array_equal(rated.indices, best)
    assert rated.similarity.item() == pytest.approx(cosines[np.arange(60), best].mean())


def test_rating_is_best_where_the_map_is_right():
    X = _randn(300, 8)
    rotation = _rotation(8)
    right, wrong = (
        rate_translations(X @ W, X @ rotation) for W in (rotation, torch.eye(8).double())
    )
    assert right.similarity.item() == pytest.approx(1)
    assert torch.equal(right.indices, torch.arange(300))
    assert wrong.similarity < 0.9


def _nearness(X, Y, indices):
    """Reference in float64 numpy."""

    def unit(M):
        return M / np.linalg.norm(M, axis=1)[:, None]

    def own(M):
        cosines = unit(M) @ unit(M).T
        np.fill_diagonal(cosines, -2)
        return cosines.max(1)

    n_near, pairs = 0, np.arange(len(X))
    for fold in (0, 1):
        others = pairs[pairs % 2 != fold]
        U, _, Vt = np.linalg.svd(X[others].T @ Y[indices[others]], full_matrices=False)
        for i in pairs[pairs % 2 == fold]:
            cosine = (unit(X[[i]] @ U @ Vt) * unit(Y[[indices[i]]])).sum()
            n_near += cosine > max(own(X)[i], own(Y)[indices[i]])
    return n_near / len(X)


@pytest.mark.parametrize("shape", [(5, 5), (4, 6), (6, 4)])
def test_nearness_equals_reference(shape):
    X = _randn(41, shape[0])
    noise = 0.3 * _randn(41, shape[1], seed=2)
    Y = torch.nn.functional.pad(X, (0, 2))[:, : shape[1]] @ _rotation(shape[1]) + noise
    indices = torch.arange(41)
    indices[::3] = 7
    nearness = translation_nearness(X, Y, indices, memory_budget=1000)
    assert nearness.item() == pytest.approx(_nearness(X.numpy(), Y.numpy(), indices.numpy()))
    assert 0.1 < nearness < 0.9


@pytest.mark.parametrize("d", [3, 10, 50])
def test_nearness_is_low_for_other_samples_of_one_distribution(d):
    # the best that could be found for them: one upon the other
    X, Y = (_randn(300, d, seed=seed) * torch.linspace(2, 0.5, d) for seed in (0, 1))
    rotation = _rotation(d)
    translations = rate_translations(X, Y).indices
    assert translation_nearness(X, Y @ rotation, translations) < 0.35
    right = torch.arange(300)
    for noise, least in ((0, 1), (0.05, 0.9 if d > 3 else 0.3)):
        noisy = X @ rotation + noise * _randn(300, d, seed=2)
        assert translation_nearness(X, noisy, right) >= least


def test_nearness_is_low_for_pairs_that_a_map_was_fitted_on():
    # as many components as pairs: a rotation brings any pairs together
    X, Y = _randn(100, 100), _randn(100, 100, seed=1)
    U, _, Vt = torch.linalg.svd(X.T @ Y)
    translations = rate_translations(X @ U @ Vt, Y)
    assert translations.similarity > 0.7
    assert (translations.indices == torch.arange(100)).double().mean() > 0.9
    assert translation_nearness(X, Y, translations.indices) < 0.1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_nearness_of_few_rows(n):
    X = _randn(n, 4)
    assert 0 <= translation_nearness(X, X, torch.arange(n)) <= 1
