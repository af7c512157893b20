import numpy as np
import pytest
import torch

from skxling.functional import (
    csls_neighbors,
    inverted_softmax_neighbors,
    inverted_softmax_normalizers,
    margin_neighbors,
    mutual_neighborhood_means,
    nearest_neighbors,
    neighborhood_means,
)

BUDGETS = [1, 2**17, 2**28]


def _rows(n_rows, seed, n_clusters=None):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(n_rows, 6, generator=generator, dtype=torch.float64)
    if n_clusters is None:
        return rows
    centres = torch.randn(n_clusters, 6, generator=torch.Generator().manual_seed(99))
    return centres[torch.arange(n_rows) % n_clusters] + 0.1 * rows


def _cosines(X, Y):
    X, Y = (M.numpy() / np.linalg.norm(M.numpy(), axis=1)[:, None] for M in (X, Y))
    return X @ Y.T


def _assert_top_k(found, dense):
    order = np.argsort(-dense, axis=1, kind="stable")[:, : found.indices.shape[1]]
    np.testing.assert_array_equal(found.indices, order)
    np.testing.assert_allclose(found.scores, np.take_along_axis(dense, order, 1), rtol=1e-9)


@pytest.mark.parametrize("memory_budget", BUDGETS)
@pytest.mark.parametrize("n_clusters", [None, 5])
@pytest.mark.parametrize("temperature", [0.02, 0.1, 10.0])
def test_inverted_softmax_equals_dense_reference(temperature, n_clusters, memory_budget):
    X, Y = _rows(130, 0, n_clusters), _rows(90, 1, n_clusters)
    logits = _cosines(X, Y) / temperature
    largest = logits.max(0)
    expected = logits - largest - np.log(np.exp(logits - largest).sum(0))
    log_normalizers = inverted_softmax_normalizers(Y, X, temperature, memory_budget=memory_budget)
    found = inverted_softmax_neighbors(
        X,
        Y,
        4,
        log_normalizers=log_normalizers,
        temperature=temperature,
        memory_budget=memory_budget,
    )
    _assert_top_k(found, expected)
    # probabilities of the source rows, for each candidate
    assert (found.scores <= 1e-12).all()


def test_inverted_softmax_survives_cold_single_precision():
    X = torch.eye(3)
    log_normalizers = inverted_softmax_normalizers(-X, X, 1e-4)
    assert log_normalizers.isfinite().all()
    assert log_normalizers.dtype == torch.float32


def test_a_sample_of_the_source_estimates_the_normalizers():
    X, Y = _rows(4000, 0), _rows(50, 1)
    everything = inverted_softmax_normalizers(Y, X, 0.3)
    seeds = (torch.Generator().manual_seed(seed) for seed in range(20))
    samples = [
        inverted_softmax_normalizers(Y, X, 0.3, n_samples=500, generator=seed) for seed in seeds
    ]
    assert not torch.equal(samples[0], samples[1])
    torch.testing.assert_close(
        torch.stack(samples).exp().mean(0).log(), everything, atol=0.05, rtol=0
    )
    whole = inverted_softmax_normalizers(Y, X, 0.3, n_samples=9999)
    assert torch.equal(whole, everything)


def test_warm_inverted_softmax_takes_the_mean_cosine_off():
    X, Y = _rows(30, 0).double(), _rows(40, 1).double()
    log_normalizers = inverted_softmax_normalizers(Y, X, 1e4)
    found = inverted_softmax_neighbors(X, Y, 3, log_normalizers=log_normalizers, temperature=1e4)
    cosines = _cosines(X, Y)
    expected = np.argsort(-(cosines - cosines.mean(axis=0)), axis=1)[:, :3]
    np.testing.assert_array_equal(found.indices, expected)
    assert not torch.equal(found.indices, nearest_neighbors(X, Y, 3).indices)


@pytest.mark.parametrize("memory_budget", BUDGETS)
@pytest.mark.parametrize("n_clusters", [None, 5])
def test_margins_equal_dense_reference(n_clusters, memory_budget):
    X, Y = _rows(110, 0, n_clusters), _rows(80, 1, n_clusters)
    cosines = _cosines(X, Y)
    r_x = np.sort(cosines, axis=1)[:, -4:].mean(1)[:, None]
    r_y = np.sort(cosines, axis=0)[-4:].mean(0)
    expected = {
        "ratio": cosines / ((r_x + r_y) / 2),
        "distance": cosines - (r_x + r_y) / 2,
        "absolute": cosines,
    }
    means = {
        "query_means": neighborhood_means(X, Y, 4),
        "candidate_means": neighborhood_means(Y, X, 4),
    }
    for margin, dense in expected.items():
        found = margin_neighbors(X, Y, 5, **means, margin=margin, memory_budget=memory_budget)
        _assert_top_k(found, dense)
    csls = csls_neighbors(X, Y, 5, **means)
    distance = margin_neighbors(X, Y, 5, **means, margin="distance")
    assert torch.equal(csls.indices, distance.indices)
    torch.testing.assert_close(csls.scores, 2 * distance.scores)


def test_ratio_of_nothing_is_a_number():
    X, Y = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    means = mutual_neighborhood_means(X, Y, 1)
    found = margin_neighbors(X, Y, 2, query_means=means.source, candidate_means=means.target)
    assert found.scores.tolist() == [[0.0, 0.0]] * 2
    assert found.indices.tolist() == [[0, 1]] * 2


@pytest.mark.parametrize("memory_budget", BUDGETS)
def test_mutual_means_equal_one_sided_ones(memory_budget):
    X, Y = _rows(120, 0, 3), _rows(7, 1, 3)
    means = mutual_neighborhood_means(X, Y, 10, memory_budget=memory_budget)
    torch.testing.assert_close(means.source, neighborhood_means(X, Y, 10))
    torch.testing.assert_close(means.target, neighborhood_means(Y, X, 10))


def test_ties_go_to_the_lowest_index():
    # four of eight components are 1 or -1, and neighbourhoods of 8: every number here is exact
    generator = torch.Generator().manual_seed(0)
    rows = torch.cat(
        [torch.randint(0, 2, (300, 4), generator=generator) * 2.0 - 1, torch.zeros(300, 4)], dim=1
    )
    X, Y = rows[:100], rows[100:]
    cosines = _cosines(X.double(), Y.double())
    r_x = np.sort(cosines, axis=1)[:, -8:].mean(1)[:, None]
    r_y = np.sort(cosines, axis=0)[-8:].mean(0)
    means = mutual_neighborhood_means(X, Y, 8)
    for memory_budget in BUDGETS:
        options = {"candidate_means": means.target, "memory_budget": memory_budget}
        found = csls_neighbors(X, Y, 6, query_means=means.source, **options)
        _assert_top_k(found, 2 * cosines - r_x - r_y)
        assert (found.scores[:, 0] == found.scores[:, 1]).all()


def test_every_way_takes_a_hub_off_the_first_place():
    # row 0 of Y lies between all queries, a little nearer to each than its translation
    X = torch.eye(6, 12)
    Y = torch.cat([X.sum(0, keepdim=True), 0.4 * X + 0.9165 * X.roll(6, 1)])
    assert (nearest_neighbors(X, Y, 1).indices == 0).all()
    means = mutual_neighborhood_means(X, Y, 6)
    sums = inverted_softmax_normalizers(Y, X, 0.1)
    by_means = {"query_means": means.source, "candidate_means": means.target}
    for found in (
        csls_neighbors(X, Y, 1, **by_means),
        margin_neighbors(X, Y, 1, **by_means),
        inverted_softmax_neighbors(X, Y, 1, log_normalizers=sums, temperature=0.1),
    ):
        assert found.indices[:, 0].tolist() == [1, 2, 3, 4, 5, 6]


def test_inputs_are_not_written_to():
    X, Y = _rows(40, 0), _rows(50, 1)
    means, terms = mutual_neighborhood_means(X, Y, 3), inverted_softmax_normalizers(Y, X, 0.1)
    given = [X, Y, *means, terms]
    copies = [tensor.clone() for tensor in given]
    for margin in ("ratio", "distance", "absolute"):
        margin_neighbors(
            X, Y, 2, query_means=means.source, candidate_means=means.target, margin=margin
        )
    inverted_softmax_neighbors(X, Y, 2, log_normalizers=terms, temperature=0.1)
    assert all(torch.equal(*pair) for pair in zip(given, copies, strict=True))
