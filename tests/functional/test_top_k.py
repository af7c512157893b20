import numpy as np
import pytest
import torch

from skxling.functional import tiles, top_k
from skxling.functional.tiles import gen_tiles
from skxling.functional.top_k import largest_scores, largest_scores_both_ways

BUDGETS = [1, 2**17, 2**28]  # tiles of 32 x 32 scores, of several groups, all at once


def _randn(n_rows, n_components=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_components, generator=generator, dtype=torch.float64)


def _clusters(n_rows, seed):
    """Few tight clusters, one after the other, so that late tiles change nearly everything."""
    centres = _randn(7, seed=99).repeat_interleave(-(-n_rows // 7), 0)[:n_rows]
    return centres + 0.05 * _randn(n_rows, seed=seed)


def _few_values(n_rows, seed):
    """Rows whose products are exact and nearly all tie with others."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-1, 2, (n_rows, 4), generator=generator).double()


DATA = {
    "random": lambda n, seed: _randn(n, seed=seed),
    "clusters": _clusters,
    "ties": _few_values,
    "equal": lambda n, seed: torch.ones(n, 2, dtype=torch.float64),
}


def _dense_top_k(scores, k):
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, axis=1), order


@pytest.mark.parametrize("memory_budget", BUDGETS)
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(
    ("n_source", "n_target", "k"), [(70, 500, 10), (500, 70, 1), (33, 64, 40), (1, 200, 3)]
)
def test_both_ways_equal_dense_reference(n_source, n_target, k, kind, memory_budget):
    X, Y = DATA[kind](n_source, 1), DATA[kind](n_target, 2)
    products = (X @ Y.T).numpy()
    if kind != "ties":  # which are exact, and equal
        products = products.round(12)
    found = largest_scores_both_ways(X, Y, k, memory_budget=memory_budget)
    for side, dense in zip(found, (products, products.T), strict=True):
        values, order = _dense_top_k(dense, k)
        np.testing.assert_array_equal(side.indices, order)
        np.testing.assert_allclose(side.scores, values, atol=1e-11)
    one_way = largest_scores(X, Y, k, memory_budget=memory_budget)
    assert torch.equal(one_way.indices, found[0].indices)


@pytest.mark.parametrize("memory_budget", BUDGETS)
@pytest.mark.parametrize("k", [1, 5])
def test_scores_that_rise_with_every_column(k, memory_budget):
    # nothing can be skipped: each tile beats all that was there before
    X, Y = torch.ones(40, 1), torch.arange(2000.0)[:, None]
    found = largest_scores(X, Y, k, memory_budget=memory_budget)
    assert found.indices.tolist() == [list(range(1999, 1999 - k, -1))] * 40


def test_one_row_rises_and_the_others_do_not():
    X = torch.cat([torch.ones(1, 1), -torch.ones(60, 1)])
    found = largest_scores(X, torch.arange(700.0)[:, None], 2, memory_budget=2**12)
    assert found.indices[0].tolist() == [699, 698]
    assert found.indices[1:].tolist() == [[0, 1]] * 60


@pytest.mark.parametrize("memory_budget", BUDGETS)
def test_rescored_tiles_are_the_right_rows_and_columns(memory_budget):
    X, Y = _randn(90), _randn(150, seed=1)
    row_terms, column_terms = _randn(90, 1)[:, 0], _randn(150, 1, seed=1)[:, 0]

    def rescore(products, rows, columns):
        products -= row_terms[rows, None] * column_terms[columns]

    dense = (X @ Y.T - row_terms[:, None] * column_terms).numpy()
    found = largest_scores_both_ways(X, Y, 4, rescore=rescore, memory_budget=memory_budget)
    np.testing.assert_array_equal(found[0].indices, _dense_top_k(dense, 4)[1])
    np.testing.assert_array_equal(found[1].indices, _dense_top_k(dense.T, 4)[1])


@pytest.mark.parametrize("memory_budget", BUDGETS)
def test_scores_of_minus_infinity_come_last_in_order(memory_budget):
    Y = _randn(100)

    def rescore(products, rows, columns):
        products[:, torch.arange(columns.start, columns.stop) != 70] = -torch.inf

    found = largest_scores(_randn(3), Y, 4, rescore=rescore, memory_budget=memory_budget)
    assert found.indices.tolist() == [[70, 0, 1, 2]] * 3


@pytest.mark.parametrize("memory_budget", BUDGETS)
def test_whole_groups_of_minus_infinity_come_last_in_order(memory_budget):
    """More groups than are looked for, and nothing in them."""

    def rescore(products, rows, columns):
        products[:, torch.arange(columns.start, columns.stop) != 700] = -torch.inf

    found = largest_scores(_randn(3), _randn(1000), 4, rescore=rescore, memory_budget=memory_budget)
    assert found.indices.tolist() == [[700, 0, 1, 2]] * 3


@pytest.mark.parametrize("memory_budget", BUDGETS)
def test_tiles_cover_the_product(memory_budget):
    X, Y = _randn(70), _randn(130, seed=1)
    covered = torch.zeros(70, 130, dtype=torch.float64)
    for tile in gen_tiles(X, Y, memory_budget=memory_budget):
        height, width = tile.rows.stop - tile.rows.start, tile.columns.stop - tile.columns.start
        covered[tile.rows, tile.columns] += tile.scores[:height, :width]
        assert (tile.scores[height:] == -torch.inf).all()
        assert (tile.scores[:, width:] == -torch.inf).all()
        assert torch.equal(tile.row_maxima, tile.scores.unflatten(1, (-1, 64)).amax(2))
        assert torch.equal(tile.column_maxima, tile.scores.unflatten(0, (-1, 32)).amax(1))
    torch.testing.assert_close(covered, X @ Y.T)


def test_no_tile_is_larger_than_the_budget():
    X, Y = _randn(3000, 1), _randn(3000, 1)
    for budget in (2**18, 2**20, 2**22):
        sizes = [tile.scores.numel() * 8 for tile in gen_tiles(X, Y, memory_budget=budget)]
        assert budget / 16 < max(sizes) <= budget / 4


@pytest.mark.parametrize("both_ways", [False, True])
def test_many_neighbors_of_few_rows_take_no_square(both_ways):
    X, Y = _randn(3, 1), _randn(5000, 1)
    (tile,) = gen_tiles(X, Y, k=5000, both_ways=both_ways, memory_budget=2**16)
    assert tile.scores.shape == (32, 5056)


def test_a_tile_is_multiplied_and_reduced_in_parts(monkeypatch):
    monkeypatch.setattr(tiles, "_CACHE_BYTES", 2**13)  # 32 x 32 scores
    X, Y = _randn(150), _randn(400, seed=1)
    terms = _randn(150, 1)[:, 0], _randn(400, 1, seed=2)[:, 0]

    def rescore(products, rows, columns):
        products -= terms[0][rows, None] + terms[1][columns]

    (tile,) = gen_tiles(X, Y, rescore=rescore)
    expected = X @ Y.T - terms[0][:, None] - terms[1]
    torch.testing.assert_close(tile.scores[:150, :400], expected)
    assert torch.equal(tile.row_maxima, tile.scores.unflatten(1, (-1, 64)).amax(2))
    assert torch.equal(tile.column_maxima, tile.scores.unflatten(0, (-1, 32)).amax(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_best_of_breaks_ties_by_column(dtype):
    generator = torch.Generator().manual_seed(0)
    values = torch.tensor([-torch.inf, -1.5, -0.0, 0.0, 1e-40, 3.0], dtype=dtype)
    scores = values[torch.randint(len(values), (200, 50), generator=generator)]
    columns = torch.rand(200, 50, generator=generator).argsort(1) * 2**26
    found = top_k.best_of(scores, columns, 20)
    order = np.lexsort((columns.numpy(), -scores.numpy()))[:, :20]
    np.testing.assert_array_equal(found.indices, np.take_along_axis(columns.numpy(), order, 1))
    np.testing.assert_array_equal(found.scores, np.take_along_axis(scores.numpy(), order, 1))


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_way_of_cuda_is_the_same(kind, dtype, monkeypatch):
    X, Y = DATA[kind](150, 1).to(dtype), DATA[kind](900, 2).to(dtype)
    expected = largest_scores_both_ways(X, Y, 3, memory_budget=2**19)
    monkeypatch.setattr(top_k, "_looks_first", lambda like: False)
    found = largest_scores_both_ways(X, Y, 3, memory_budget=2**19)
    for a, b in zip(expected, found, strict=True):
        assert torch.equal(a.indices, b.indices)
        assert torch.equal(a.scores, b.scores)


def test_nothing_to_search():
    X, Y = _randn(5), _randn(4, seed=1)
    assert largest_scores(X[:0], Y, 2).indices.shape == (0, 2)
    assert largest_scores(X, Y[:0], 2).indices.shape == (5, 0)
