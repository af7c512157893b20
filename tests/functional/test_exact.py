import numpy as np
import pytest
import torch

from skxling.functional import (
    csls_neighbors,
    induce_pairs,
    margin_neighbors,
    mutual_neighbors,
    nearest_neighbors,
    neighborhood_means,
    query_statistics,
    retrieval_statistics,
    retrieve,
)
from skxling.functional.exact import N_SPARE, PairCosines

BUDGETS = [2**15, 2**28]


def _randn(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _random(n, seed):
    return _randn(n, 30, seed=seed)


def _near_ties(n, seed):
    """Clusters within which cosines differ by what double precision sees, and single does not."""
    centres = _randn(5, 30, seed=9)[torch.arange(n) % 5]
    return centres * (1 + 3e-5 * _randn(n, 30, seed=seed))  # cosines differ by some 1e-10


def _equal_rows(n, seed):
    """Each row several times, at different lengths, not one after the other."""
    rows = _randn(n // 20 + 1, 30, seed=seed)[torch.arange(n) % (n // 20 + 1)]
    return rows * 2.0 ** (torch.arange(n) % 3)[:, None]  # exactly scaled


DATA = {"random": _random, "near ties": _near_ties, "equal rows": _equal_rows}


def _cosines(X, Y):
    X, Y = (M.double() / torch.linalg.vector_norm(M.double(), dim=1, keepdim=True) for M in (X, Y))
    # summed in one order for all pairs, so that what is equal stays so
    return torch.stack([(x * Y).sum(1) for x in X]).numpy()


def _order(scores, k):
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("memory_budget", BUDGETS)
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(
    ("n_queries", "n_candidates", "k"), [(1, 517, 3), (3, 33, 1), (90, 300, 10)]
)
def test_single_precision_has_the_order_of_double(n_queries, n_candidates, k, kind, memory_budget):
    X, Y = DATA[kind](n_queries, 0), DATA[kind](n_candidates, 1)
    cosines = _cosines(X, Y)
    found = nearest_neighbors(X, Y, k, memory_budget=memory_budget)
    np.testing.assert_array_equal(found.indices, _order(cosines, k))
    assert found.scores.dtype == torch.float32
    best = np.take_along_axis(cosines, found.indices.numpy(), 1)
    np.testing.assert_allclose(found.scores, best, atol=1e-6)

    terms = {
        "candidate_means": neighborhood_means(Y, X, 4),
        "query_means": neighborhood_means(X, Y, 4),
    }
    r_y = terms["candidate_means"].double().numpy()
    found = csls_neighbors(X, Y, k, **terms, memory_budget=memory_budget)
    np.testing.assert_array_equal(found.indices, _order(2 * cosines - r_y, k))


@pytest.mark.parametrize("memory_budget", BUDGETS)
@pytest.mark.parametrize("kind", DATA)
def test_ratios_have_the_order_of_double(kind, memory_budget):
    X, Y = DATA[kind](90, 0).abs(), DATA[kind](300, 1).abs()  # no cosine is negative
    means = neighborhood_means(X, Y, 4), neighborhood_means(Y, X, 4)
    found = margin_neighbors(
        X, Y, 10, query_means=means[0], candidate_means=means[1], memory_budget=memory_budget
    )
    r_x, r_y = (side.double().numpy() for side in means)
    ratio = _cosines(X, Y) / (r_x[:, None] / 2 + r_y / 2)
    np.testing.assert_array_equal(found.indices, _order(ratio, 10))


@pytest.mark.parametrize("kind", DATA)
def test_csls_has_the_order_of_double_with_its_means(kind):
    X, Y = DATA[kind](90, 0), DATA[kind](300, 1)
    cosines = _cosines(X, Y)
    means = [np.sort(cosines, axis=axis).take(range(-10, 0), axis).mean(axis) for axis in (1, 0)]
    statistics = retrieval_statistics(X, Y, n_neighbors=10)
    for found, expected in zip(statistics, means, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    alone = query_statistics(X[:7], Y, n_neighbors=10)
    np.testing.assert_allclose(alone, means[0][:7], rtol=0, atol=1e-14)
    found = retrieve(X, Y, 10, statistics)
    expected = (2 * cosines - means[1]).round(13)  # equal means are not always rounded alike
    np.testing.assert_array_equal(found.indices, _order(expected, 10))


def test_rounded_scores_alone_would_not_do():
    # what the above tests are about: the order by a product in single precision is another one
    X, Y = _near_ties(90, 0), _near_ties(300, 1)
    units = (torch.nn.functional.normalize(M) for M in (X, Y))
    rounded = torch.mm(next(units), next(units).T)
    assert (_order(rounded.numpy(), 1) != _order(_cosines(X, Y), 1)).mean() > 0.1


@pytest.mark.parametrize("kind", DATA)
def test_a_query_alone_has_the_same_answer(kind):
    X, Y = DATA[kind](40, 0), DATA[kind](257, 1)
    together = nearest_neighbors(X, Y, 5)
    for i in range(0, 40, 7):
        alone = nearest_neighbors(X[i : i + 1], Y, 5)
        assert torch.equal(alone.indices[0], together.indices[i])


def test_more_equal_candidates_than_are_spare():
    Y = torch.cat([_random(400, 1), _random(1, 2).expand(10 * N_SPARE, 30)])
    Y = Y[torch.randperm(len(Y), generator=torch.Generator().manual_seed(0))]
    found = nearest_neighbors(_random(1, 2), Y, 6)
    equal = (_random(1, 2) == Y).all(1).nonzero()[:, 0]
    assert found.indices.tolist() == [equal[:6].tolist()]


@pytest.mark.parametrize("kind", DATA)
def test_mutual_neighbors_have_the_order_of_double(kind):
    X, Y = DATA[kind](70, 0), DATA[kind](80, 1)
    cosines = _cosines(X, Y)
    best_y, best_x = cosines.argmax(1), cosines.argmax(0)
    expected = [(x, y) for x, y in enumerate(best_y) if best_x[y] == x]
    for find in (mutual_neighbors, induce_pairs):
        found = find(X, Y, retrieval="cosine")
        assert list(zip(*(pairs.tolist() for pairs in found), strict=True)) == expected


def test_candidates_that_are_excluded():
    X, Y = _equal_rows(6, 0), _equal_rows(200, 0)
    penalty = torch.zeros(200)
    penalty[:150] = torch.inf
    found = nearest_neighbors(X, Y, 3, candidate_penalty=penalty)
    expected = _order(_cosines(X, Y) - penalty.numpy(), 3)
    np.testing.assert_array_equal(found.indices, expected)
    assert (found.indices >= 150).all()


def test_pair_cosines_do_not_depend_on_the_block():
    X, Y = _random(50, 0), _random(60, 1)
    rows, columns = torch.arange(50), torch.randint(60, (50, 7))
    whole = PairCosines(X, Y, 2**28)(rows, columns)
    assert torch.equal(whole, PairCosines(X, Y, 1)(rows, columns))
    np.testing.assert_allclose(whole, np.take_along_axis(_cosines(X, Y), columns.numpy(), 1))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_rows_that_are_not_finite_are_refused(value):
    X, Y = _random(3, 0), _random(4, 1)
    Y[2, 5] = value
    with pytest.raises(ValueError, match="nan or infinity"):
        nearest_neighbors(X, Y, 1)
    with pytest.raises(ValueError, match="nan or infinity"):
        neighborhood_means(Y, X, 1)
