import numpy as np
import pytest
import torch

from skxling.functional import (
    apply_normalization,
    fit_normalization,
    row_mean,
    undo_normalization,
    unit_rows,
)

CHAINS = [
    (),
    ("unit",),
    ("center",),
    ("unit", "center"),
    ("unit", "center", "unit"),
    ("center",) * 2,
]


def _rows(n_rows=30, n_components=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_components, generator=generator, dtype=torch.float64) + 2


def _reference(X, steps):
    X = X.numpy().copy()
    for step in steps:
        if step == "unit":
            X /= np.linalg.norm(X, axis=1)[:, None]
        else:
            X -= X.mean(axis=0)
    return X


@pytest.mark.parametrize("steps", CHAINS)
def test_chain_equals_reference(steps):
    X = _rows()
    before = X.clone()
    normalized, means = fit_normalization(X, steps)
    np.testing.assert_allclose(normalized, _reference(X, steps), atol=1e-12)
    assert means.shape == (steps.count("center"), 4)
    assert torch.equal(X, before)


@pytest.mark.parametrize("steps", CHAINS)
def test_noted_means_give_new_rows_the_same_treatment(steps):
    X = _rows()
    normalized, means = fit_normalization(X, steps)
    torch.testing.assert_close(apply_normalization(X[3:7], steps, means), normalized[3:7])


@pytest.mark.parametrize("steps", [(), ("center",), ("center", "center")])
def test_undo_is_exact_without_unit(steps):
    X = _rows()
    normalized, means = fit_normalization(X, steps)
    torch.testing.assert_close(undo_normalization(normalized, steps, means), X)


def test_undo_is_exact_but_for_the_lengths():
    X = _rows()
    steps = ("unit", "center")
    normalized, means = fit_normalization(X, steps)
    torch.testing.assert_close(undo_normalization(normalized, steps, means), unit_rows(X))


def test_undo_adds_the_means_in_reverse_order():
    steps, means = ("center", "unit", "center"), torch.tensor([[5.0], [0.5]])
    X = apply_normalization(torch.tensor([[9.0], [1.0]]), steps, means)
    assert X.tolist() == [[0.5], [-1.5]]
    assert undo_normalization(X, steps, means).tolist() == [[6.0], [4.0]]


def test_rows_of_zeros_stay_zero():
    assert unit_rows(torch.tensor([[0.0, 0.0], [3.0, 4.0]])).tolist() == [
        [0.0, 0.0],
        [pytest.approx(0.6), pytest.approx(0.8)],
    ]


def test_weights_count_like_repeated_rows():
    X, counts = _rows(5), torch.tensor([0, 1, 3, 2, 1])
    weighted = row_mean(X, sample_weight=counts.double())
    torch.testing.assert_close(weighted, X.repeat_interleave(counts, dim=0).mean(0))
