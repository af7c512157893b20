import numpy as np
import pytest
import torch

from skxling.functional import (
    induce_pairs,
    mutual_neighbors,
    refine_pairs,
    similarity_distributions,
)


def _randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def _dense_scores(X, Y, retrieval, k=10):
    """Half of CSLS, or the cosines, of every pair."""
    X, Y = (M.numpy() / np.linalg.norm(M.numpy(), axis=1)[:, None] for M in (X, Y))
    scores = X @ Y.T
    if retrieval == "csls":
        r_x = np.sort(scores, axis=1)[:, -k:].mean(1)
        r_y = np.sort(scores, axis=0)[-k:].mean(0)
        scores = scores - r_x[:, None] / 2 - r_y / 2
    return scores


def _pairs(pairs):
    return torch.stack(pairs, dim=1).tolist()


@pytest.mark.parametrize("memory_budget", [1, 10_000, 2**28])
@pytest.mark.parametrize("retrieval", ["csls", "cosine"])
@pytest.mark.parametrize(("n_source", "n_target"), [(60, 90), (90, 60)])
def test_equals_dense_reference(n_source, n_target, retrieval, memory_budget):
    X, Y = _randn(n_source, 8), _randn(n_target, 8, seed=1)
    scores = _dense_scores(X, Y, retrieval)
    best_x, best_y = scores.argmax(1), scores.argmax(0)
    source = [[i, j] for i, j in enumerate(best_x)]
    target = [[i, j] for j, i in enumerate(best_y)]
    expected = {
        "source": source,
        "target": target,
        "both": source + target,
        "mutual": [[i, j] for i, j in source if best_y[j] == i],
    }
    for induction, pairs in expected.items():
        options = {"retrieval": retrieval, "memory_budget": memory_budget}
        assert _pairs(induce_pairs(X, Y, induction=induction, **options)) == pairs


def test_nothing_left_out_equals_mutual_neighbors():
    X, Y = _randn(80, 6), _randn(80, 6, seed=1)
    expected = _pairs(mutual_neighbors(X, Y))
    assert _pairs(induce_pairs(X, Y)) == expected
    # nearly everything is seen, so that the other way through the code is taken
    generator = torch.Generator().manual_seed(0)
    nearly = induce_pairs(X, Y, keep_probability=1 - 1e-9, generator=generator)
    assert _pairs(nearly) == expected


def test_ties_go_to_the_first():
    X = torch.eye(3)[[0, 0, 1]]
    Y = torch.eye(3)[[1, 0, 0, 1]]
    for budget in (1, 2**28):
        options = {"retrieval": "cosine", "memory_budget": budget}
        assert _pairs(induce_pairs(X, Y, induction="both", **options)) == [
            [0, 1], [1, 1], [2, 0], [2, 0], [0, 1], [0, 2], [2, 3]
        ]  # fmt: skip


@pytest.mark.parametrize("keep_probability", [0.1, 0.5])
def test_a_share_of_the_similarities_is_seen(keep_probability):
    X = _randn(2000, 10)
    generator = torch.Generator().manual_seed(0)
    rows, columns = induce_pairs(
        X, X, induction="source", keep_probability=keep_probability, generator=generator
    )
    # a word finds itself exactly where that one similarity is seen
    assert abs((rows == columns).double().mean() - keep_probability) < 0.04


def test_both_directions_see_the_same():
    X = _randn(300, 10)
    pairs = induce_pairs(
        X, X, induction="both", keep_probability=0.3, generator=torch.Generator().manual_seed(0)
    )
    found = torch.stack(pairs)
    forward, backward = found[:, :300], found[:, 300:]
    there = forward[:, forward[0] == forward[1]][0]
    back = backward[:, backward[0] == backward[1]][0]
    assert 50 < len(there) < 130
    assert torch.equal(there, back)


def test_same_generator_same_pairs():
    X, Y = _randn(50, 5), _randn(60, 5, seed=1)

    def induce(seed):
        generator = torch.Generator().manual_seed(seed)
        return _pairs(induce_pairs(X, Y, keep_probability=0.5, generator=generator))

    assert induce(0) == induce(0) != induce(1)


@pytest.mark.parametrize("induction", ["mutual", "both", "source", "target"])
def test_a_pair_is_found_even_where_nearly_nothing_is_seen(induction):
    X, Y = _randn(3, 4), _randn(2, 4, seed=1)
    generator = torch.Generator().manual_seed(0)
    rows, columns = induce_pairs(
        X, Y, induction=induction, keep_probability=1e-9, generator=generator
    )
    assert len(rows) == len(columns) > 0
    assert rows.max() < 3
    assert columns.max() < 2


def test_inputs_are_not_written_to():
    X, Y = _randn(40, 5), _randn(40, 5, seed=1)
    copies = X.clone(), Y.clone()
    induce_pairs(X, Y, keep_probability=0.5, generator=torch.Generator())
    similarity_distributions(X)
    assert torch.equal(X, copies[0])
    assert torch.equal(Y, copies[1])


def test_distributions_equal_the_matrix_root():
    X = _randn(30, 5)
    values, vectors = np.linalg.eigh((X @ X.T).numpy())
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    rows = np.sort(root, axis=1)
    for step in ("unit", "center", "unit"):
        rows = (
            rows - rows.mean(0)
            if step == "center"
            else rows / np.linalg.norm(rows, axis=1)[:, None]
        )
    np.testing.assert_allclose(similarity_distributions(X), rows, atol=1e-6)


def test_distributions_see_neither_a_turn_nor_an_order():
    X = _randn(40, 6)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    turned = (X @ torch.linalg.qr(_randn(6, 6, seed=1)).Q)[order]
    torch.testing.assert_close(similarity_distributions(turned), similarity_distributions(X)[order])


@pytest.mark.parametrize("n_frequent", [None, 50])
def test_refined_pairs_equal_reference(n_frequent):
    X, Y = _randn(80, 6), _randn(90, 6, seed=1)
    rows, columns = torch.arange(60, 75), torch.arange(70, 85)  # the start may be anywhere
    refined = refine_pairs(X, Y, rows, columns, n_frequent=n_frequent, max_iter=2)
    S, T = X.numpy(), Y.numpy()
    pairs = np.column_stack([rows, columns])
    for _ in range(2):
        U, _, Vt = np.linalg.svd(S[pairs[:, 0]].T @ T[pairs[:, 1]])
        mapped = S[:n_frequent] @ U @ Vt
        scores = _dense_scores(torch.tensor(mapped), Y[:n_frequent], "csls")
        best_x, best_y = scores.argmax(1), scores.argmax(0)
        pairs = np.array([[i, j] for i, j in enumerate(best_x) if best_y[j] == i])
    assert _pairs(refined) == pairs.tolist()


def test_refinement_ends_where_pairs_stay():
    X = _randn(200, 6)
    Q = torch.linalg.qr(_randn(6, 6, seed=1)).Q
    start = torch.arange(20)
    expected = [[i, i] for i in range(200)]
    assert _pairs(refine_pairs(X, X @ Q, start, start, max_iter=2)) == expected
    assert _pairs(refine_pairs(X, X @ Q, start, start, max_iter=10**9)) == expected


def test_refined_pairs_of_spaces_of_two_sizes():
    X = _randn(100, 6)
    Q = torch.linalg.qr(_randn(8, 6, seed=1)).Q.T
    start = torch.arange(20)
    assert _pairs(refine_pairs(X, X @ Q, start, start)) == [[i, i] for i in range(100)]
