import numpy as np
import pytest
import torch

from skxling.functional import generalized_procrustes, orthogonal_procrustes

SIZES = (5, 4, 5)


def _spaces(seed=0, n=30, noise=0.3, sizes=SIZES):
    """Turned and noisy images of one matrix, a third of the rows of each missing."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, min(sizes)))
    spaces = []
    for i, d in enumerate(sizes):
        W = np.linalg.qr(rng.normal(size=(d, d)))[0][: min(sizes)]
        space = base @ W + noise * rng.normal(size=(n, d))
        space[i::3] = np.nan
        spaces.append(torch.from_numpy(space))
    return spaces


def _loss(spaces, mappings):
    """Share of the sum of squares that lies within rows: the means written out."""
    mapped = np.array(
        [space.numpy() @ W.numpy() for space, W in zip(spaces, mappings, strict=True)]
    )
    mapped = mapped[:, (~np.isnan(mapped[:, :, 0])).sum(0) > 0]
    means = np.nanmean(mapped, axis=0)
    within = np.nansum((mapped - means) ** 2)
    m = (~np.isnan(mapped[:, :, 0])).sum(0)
    return within / np.nansum(mapped**2 * (1 - 1 / m)[:, None])


def test_loss_equals_reference_and_never_rises():
    spaces = _spaces()
    solution = generalized_procrustes(spaces, tol=0, max_iter=8)
    assert len(solution.losses) == 9
    assert solution.losses[-1].item() == pytest.approx(_loss(spaces, solution.mappings), rel=1e-9)
    assert (solution.losses.diff() <= 1e-15).all()
    assert solution.losses[-1] < solution.losses[0]
    for W in solution.mappings:
        torch.testing.assert_close(W @ W.T, torch.eye(len(W), dtype=W.dtype))


def test_no_turn_of_one_matrix_is_better():
    spaces = _spaces()
    mappings = list(generalized_procrustes(spaces, tol=0, max_iter=200).mappings)
    lowest = _loss(spaces, mappings)
    generator = torch.Generator().manual_seed(0)
    for i in (1, 2):
        for size in (0.01, 0.3):
            A = size * torch.randn(5, 5, generator=generator, dtype=torch.float64)
            turned = [*mappings]
            turned[i] = mappings[i] @ torch.linalg.matrix_exp(A - A.T)
            assert _loss(spaces, turned) > lowest + 1e-9


def test_two_matrices_are_procrustes():
    X, Y = _spaces(sizes=(4, 5))
    both = (X.isfinite() & Y[:, :4].isfinite()).all(1)
    solution = generalized_procrustes([X, Y], reference=1)
    torch.testing.assert_close(
        solution.mappings[0], orthogonal_procrustes(X[both], Y[both]).mapping
    )
    torch.testing.assert_close(solution.mappings[1], torch.eye(5, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_planted_rotations_are_recovered(dtype):
    spaces = [space.to(dtype) for space in _spaces(noise=0)]
    solution = generalized_procrustes(spaces, reference=2)
    mapped = torch.stack([space @ W for space, W in zip(spaces, solution.mappings, strict=True)])
    present = mapped.isfinite().all(2)
    for r in range(mapped.shape[1]):
        rows = mapped[present[:, r], r]
        torch.testing.assert_close(rows, rows[:1].expand_as(rows), atol=1e-5, rtol=1e-5)
    assert solution.losses[-1] < 1e-12
    assert all(W.dtype == dtype for W in solution.mappings)


def test_a_chain_of_lexicons_is_enough():
    # 0 and 2 have no row in common, and 1 has fewer components than they
    spaces, whole = _spaces(n=60, noise=0), _spaces(n=60, noise=0)
    spaces[0][30:] = torch.nan
    spaces[2][:30] = torch.nan
    solution = generalized_procrustes(spaces)
    whole = [space @ W for space, W in zip(whole, solution.mappings, strict=True)]
    torch.testing.assert_close(whole[0][1::3], whole[2][1::3])


def test_rows_of_one_matrix_do_not_count():
    spaces = _spaces()
    more = [torch.cat([space, torch.full((4, space.shape[1]), torch.nan)]) for space in spaces]
    more[1][-4:] = 9.0
    solution, expected = generalized_procrustes(more), generalized_procrustes(spaces)
    torch.testing.assert_close(solution.losses, expected.losses)
    for left, right in zip(solution.mappings, expected.mappings, strict=True):
        torch.testing.assert_close(left, right)


def test_inputs_are_not_written_to():
    spaces = _spaces()
    copies = [space.clone() for space in spaces]
    generalized_procrustes(spaces)
    for left, right in zip(spaces, copies, strict=True):
        torch.testing.assert_close(left, right, equal_nan=True, atol=0, rtol=0)
