import numpy as np
import pytest
import torch

from skxling.functional import (
    Discriminator,
    adversarial_step,
    discriminate,
    orthogonality_step,
    random_discriminator,
)

S, LR = 0.1, 0.5


def _randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def batch():
    """A map from 4 to 3 components, a discriminator, batches of 5 and 7 rows, and a mask."""
    generator = torch.Generator().manual_seed(0)
    weights = [0.1 * _randn(*w.shape) + w for w in random_discriminator(3, 6, generator=generator)]
    mask = (_randn(12, 3, seed=1) > -0.5).double() / 0.7
    return _randn(4, 3, seed=2), Discriminator(*weights), _randn(5, 4), _randn(7, 3), mask


def _scores(weights, Z):
    first, first_bias, second, second_bias, output, output_bias = weights
    for matrix, bias in ((first, first_bias), (second, second_bias)):
        Z = Z @ matrix + bias
        Z = np.where(Z > 0, Z, 0.2 * Z)
    return Z @ output + output_bias


def _losses(W, weights, X, Y, mask):
    """Losses of discriminator and map."""
    scores = _scores(weights, np.vstack([X @ W, Y]) * mask)
    p = 1 / (1 + np.exp(-scores))
    p_x, p_y = p[: len(X)], p[len(X) :]

    def cross_entropy(p):
        return -((1 - S) * np.log(p) + S * np.log(1 - p)).mean()

    return cross_entropy(p_x) + cross_entropy(1 - p_y), cross_entropy(1 - p_x)


def _numerical_gradient(loss, array, eps=1e-6):
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        values = []
        for sign in (1, -1):
            moved = array.copy()
            moved[index] += sign * eps
            values.append(loss(moved))
        gradient[index] = (values[0] - values[1]) / (2 * eps)
    return gradient


@pytest.mark.parametrize("has_mask", [True, False])
def test_step_goes_down_both_gradients(batch, has_mask):
    W, weights, X, Y, mask = batch
    options = {"learning_rate": LR, "smoothing": S, "orthogonality": 0}
    step = adversarial_step(W, weights, X, Y, mask=mask if has_mask else None, **options)
    W, X, Y, mask = (M.numpy() for M in (W, X, Y, mask))
    mask = mask if has_mask else np.ones_like(mask)
    arrays = [w.numpy() for w in weights]
    assert step.loss.item() == pytest.approx(_losses(W, arrays, X, Y, mask)[0])
    gradient = _numerical_gradient(lambda M: _losses(M, arrays, X, Y, mask)[1], W)
    np.testing.assert_allclose(step.mapping, W - LR * gradient, atol=1e-8)
    for i, (name, moved) in enumerate(step.discriminator._asdict().items()):

        def loss(array, i=i):
            return _losses(W, [*arrays[:i], array, *arrays[i + 1 :]], X, Y, mask)[0]

        gradient = _numerical_gradient(loss, arrays[i])
        np.testing.assert_allclose(moved, arrays[i] - LR * gradient, atol=1e-8, err_msg=name)


def test_discriminator_alone(batch):
    W, weights, X, Y, mask = batch
    both = adversarial_step(W, weights, X, Y, learning_rate=LR, mask=mask)
    alone = adversarial_step(W, weights, X, Y, learning_rate=LR, mask=mask, moves_mapping=False)
    assert torch.equal(alone.mapping, W)
    for left, right in zip(alone.discriminator, both.discriminator, strict=True):
        assert torch.equal(left, right)


def test_discriminate_equals_reference(batch):
    _, weights, _, Y, _ = batch
    expected = _scores([w.numpy() for w in weights], Y.numpy())
    np.testing.assert_allclose(discriminate(weights, Y), expected)


def test_inputs_are_not_written_to(batch):
    W, weights, X, Y, mask = batch
    inputs = [W, *weights, X, Y, mask]
    copies = [tensor.clone() for tensor in inputs]
    adversarial_step(W, weights, X, Y, learning_rate=LR, mask=mask)
    assert all(torch.equal(left, right) for left, right in zip(inputs, copies, strict=True))


def test_a_discriminator_learns_what_tells_two_clouds_apart():
    generator = torch.Generator().manual_seed(0)
    X, Y = _randn(200, 3).float(), _randn(200, 3, seed=1).float() + torch.tensor([2.0, 0, 0])
    W, weights = torch.eye(3), random_discriminator(3, 16, generator=generator)
    losses = []
    for _ in range(100):
        _, weights, loss = adversarial_step(W, weights, X, Y, learning_rate=LR, moves_mapping=False)
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(4), abs=0.1)
    assert losses[-1] < 1.0
    assert (discriminate(weights, X) > 0).double().mean() > 0.8
    assert (discriminate(weights, Y) < 0).double().mean() > 0.8


@pytest.mark.parametrize("shape", [(5, 5), (4, 6), (6, 4)])
def test_orthogonality_step_moves_singular_values_alone(shape):
    W = 0.5 * _randn(*shape)
    U, values, Vt = np.linalg.svd(W.numpy(), full_matrices=False)
    expected = U * (values + 0.2 * values * (1 - values**2)) @ Vt
    np.testing.assert_allclose(orthogonality_step(W, 0.2), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 5), (4, 6), (6, 4)])
def test_orthogonality_steps_end_at_orthogonal_maps(shape):
    W = torch.linalg.qr(_randn(6, 6)).Q[: shape[0], : shape[1]] + 0.1 * _randn(*shape, seed=1)
    for _ in range(30):
        W = orthogonality_step(W, 0.5)
    gram = W @ W.T if shape[0] <= shape[1] else W.T @ W
    torch.testing.assert_close(gram, torch.eye(min(shape), dtype=W.dtype))
