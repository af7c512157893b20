import numpy as np
import pytest
import torch

from skxling.functional import neighborhood_means, rcsls_loss, unit_rows


def _randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _problem(d_source=5, d_target=5):
    source, target = unit_rows(_randn(60, d_source)), unit_rows(_randn(70, d_target, seed=1))
    W = _randn(d_source, d_target, seed=2)
    return W, source[:20], target[:20], source, target


def _reference(W, X, Y, source, target, k):
    W, X, Y, source, target = (tensor.numpy() for tensor in (W, X, Y, source, target))
    loss = -2 * np.einsum("ic,cd,id->", X, W, Y)
    loss += np.sort(X @ W @ target.T, axis=1)[:, -k:].sum() / k
    loss += np.sort(source @ W @ Y.T, axis=0)[-k:].sum() / k
    return loss / len(X)


@pytest.mark.parametrize(("d_source", "d_target"), [(5, 5), (3, 6), (6, 3)])
@pytest.mark.parametrize("memory_budget", [1, 2**28])
def test_loss_equals_reference(d_source, d_target, memory_budget):
    problem = _problem(d_source, d_target)
    value = rcsls_loss(*problem, 4, memory_budget=memory_budget)
    assert value.loss.item() == pytest.approx(_reference(*problem, 4), abs=1e-12)


@pytest.mark.parametrize(("d_source", "d_target"), [(5, 5), (3, 4)])
def test_gradient_equals_central_differences(d_source, d_target):
    W, *rest = _problem(d_source, d_target)
    gradient = rcsls_loss(W, *rest, 4).gradient
    for i in range(d_source):
        for j in range(d_target):
            step = torch.zeros_like(W)
            step[i, j] = 1e-6
            rise = _reference(W + step, *rest, 4) - _reference(W - step, *rest, 4)
            assert gradient[i, j].item() == pytest.approx(rise / 2e-6, abs=1e-6)


def test_loss_is_convex():
    first, *rest = _problem()
    second = _randn(5, 5, seed=9)
    for t in (0.1, 0.5, 0.9):
        chord = t * rcsls_loss(first, *rest, 4).loss + (1 - t) * rcsls_loss(second, *rest, 4).loss
        assert rcsls_loss(t * first + (1 - t) * second, *rest, 4).loss <= chord + 1e-12


def test_gradient_is_a_subgradient():
    W, *rest = _problem()
    value = rcsls_loss(W, *rest, 4)
    for seed in range(10):
        other = _randn(5, 5, seed=10 + seed)
        bound = value.loss + ((other - W) * value.gradient).sum()
        assert rcsls_loss(other, *rest, 4).loss >= bound - 1e-12


def test_loss_is_csls_with_its_sign_turned_for_rotations():
    _, X, Y, source, target = _problem()
    W = torch.linalg.qr(_randn(5, 5, seed=3)).Q
    csls = 2 * ((X @ W) * Y).sum(1)
    csls -= neighborhood_means(X @ W, target, 10) + neighborhood_means(Y, source @ W, 10)
    loss = rcsls_loss(W, X, Y, source, target).loss
    assert loss.item() == pytest.approx(-csls.mean().item())


def test_neighborhoods_are_clipped_to_what_exists():
    W, X, Y, source, target = _problem()
    few = rcsls_loss(W, X, Y, source[:3], target[:2], 10).loss.item()
    expected = -2 * ((X @ W) * Y).sum() + (X @ W @ target[:2].T).mean(1).sum()
    expected += (Y @ W.T @ source[:3].T).mean(1).sum()
    assert few == pytest.approx(expected.item() / len(X))


def test_inputs_are_not_written_to():
    problem = _problem()
    before = [tensor.clone() for tensor in problem]
    rcsls_loss(*problem)
    for tensor, copy in zip(problem, before, strict=True):
        assert torch.equal(tensor, copy)
