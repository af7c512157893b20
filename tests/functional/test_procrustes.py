import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes as scipy_procrustes

from skxling.functional import orthogonal_procrustes, project_spectral


def _randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def _rotation(d, seed=0, dtype=torch.float64):
    return torch.linalg.qr(_randn(d, d, seed=seed)).Q.to(dtype)


@pytest.mark.parametrize(("dtype", "tol"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_planted_rotation_is_recovered(dtype, tol):
    X, rotation = _randn(100, 8, dtype=dtype), _rotation(8, dtype=dtype)
    found = orthogonal_procrustes(X, X @ rotation)
    assert found.mapping.dtype == dtype
    torch.testing.assert_close(found.mapping, rotation, atol=tol, rtol=0)
    assert found.scale.item() == 1


def test_equals_scipy():
    X, Y = _randn(50, 6, seed=0), _randn(50, 6, seed=1)
    expected, _ = scipy_procrustes(X.numpy(), Y.numpy())
    np.testing.assert_allclose(orthogonal_procrustes(X, Y).mapping, expected, atol=1e-12)


@pytest.mark.parametrize(("d_source", "d_target"), [(6, 6), (4, 7), (7, 4), (1, 3), (3, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mapping_is_orthonormal_in_the_smaller_dimension(d_source, d_target, dtype):
    X, Y = _randn(20, d_source, dtype=dtype), _randn(20, d_target, seed=1, dtype=dtype)
    W = orthogonal_procrustes(X, Y).mapping
    gram = W @ W.T if d_source <= d_target else W.T @ W
    eye = torch.eye(min(d_source, d_target), dtype=dtype)
    torch.testing.assert_close(gram, eye, atol=1e-6, rtol=0)


def test_no_rotation_is_better():
    X, Y = _randn(40, 5), _randn(40, 5, seed=1)
    best = torch.linalg.norm(X @ orthogonal_procrustes(X, Y).mapping - Y)
    for seed in range(20):
        assert best < torch.linalg.norm(X @ _rotation(5, seed=seed) - Y)


def test_planted_scale_is_recovered():
    X, rotation = _randn(100, 5), _rotation(5)
    found = orthogonal_procrustes(X, 2.5 * X @ rotation, scale=True)
    torch.testing.assert_close(found.mapping, rotation)
    assert found.scale.item() == pytest.approx(2.5)


@pytest.mark.parametrize(("d_source", "d_target"), [(5, 5), (3, 6), (6, 3)])
def test_scale_is_the_least_squares_one(d_source, d_target):
    X, Y = _randn(30, d_source), _randn(30, d_target, seed=1)
    weight = torch.linspace(0, 2, 30, dtype=torch.float64)
    W, scale = orthogonal_procrustes(X, Y, sample_weight=weight, scale=True)
    root = weight.sqrt()[:, None].numpy()
    mapped = (root * (X @ W).numpy()).ravel()
    expected = np.linalg.lstsq(mapped[:, None], (root * Y.numpy()).ravel(), rcond=None)[0][0]
    assert scale.item() == pytest.approx(expected)


def test_weights_count_like_repeated_pairs():
    X, Y, counts = _randn(8, 3), _randn(8, 3, seed=1), torch.tensor([0, 2, 1, 1, 3, 0, 1, 2])
    weighted = orthogonal_procrustes(X, Y, sample_weight=counts.double(), scale=True)
    repeated = orthogonal_procrustes(
        X.repeat_interleave(counts, dim=0), Y.repeat_interleave(counts, dim=0), scale=True
    )
    torch.testing.assert_close(weighted, repeated)


def test_rows_of_zeros_give_an_orthogonal_map_and_scale_zero():
    found = orthogonal_procrustes(torch.zeros(4, 3), torch.zeros(4, 3), scale=True)
    torch.testing.assert_close(found.mapping @ found.mapping.T, torch.eye(3))
    assert found.scale.item() == 0


@pytest.mark.parametrize("shape", [(5, 5), (3, 6), (6, 3)])
def test_spectral_projection_is_the_closest_contraction(shape):
    W = 2 * _randn(*shape)
    projected = project_spectral(W)
    assert torch.linalg.matrix_norm(projected, 2) <= 1 + 1e-12
    torch.testing.assert_close(project_spectral(projected), projected)
    distance = torch.linalg.norm(projected - W)
    for seed in range(20):
        other = _randn(*shape, seed=seed + 1)
        other = other / torch.linalg.matrix_norm(other, 2)
        assert distance < torch.linalg.norm(other - W)


def test_contractions_and_rotations_are_left_alone():
    rotation = _rotation(4)
    torch.testing.assert_close(project_spectral(rotation), rotation)
    torch.testing.assert_close(project_spectral(0.3 * rotation), 0.3 * rotation)
