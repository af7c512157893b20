import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from skxling.embedding import WordVectors
from skxling.metrics import (
    eigenvector_similarity,
    gromov_hausdorff_distance,
    relational_similarity,
)

MEASURES = [eigenvector_similarity, gromov_hausdorff_distance, relational_similarity]
SAME = {eigenvector_similarity: 0, gromov_hausdorff_distance: 0, relational_similarity: 1}


def _space(n_words=300, d=16, seed=0):
    """Words in topics of several sizes."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(12, d))
    topic = rng.integers(12, size=n_words) * rng.integers(2, size=n_words)  # half in the first
    return topics[topic] + 0.4 * rng.normal(size=(n_words, d))


def _rotate(X, seed=1):
    return X @ np.linalg.qr(np.random.default_rng(seed).normal(size=(X.shape[1],) * 2))[0]


def _normalized(X):
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    X = X - X.mean(axis=0)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


# -- planted truth ---------------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
def test_rotation_and_scale_change_nothing(measure):
    X = _space()
    assert measure(X, 3 * _rotate(X)) == pytest.approx(SAME[measure], abs=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_more_noise_the_less_alike(measure):
    X = _space()
    noise = np.random.default_rng(2).normal(size=X.shape)
    found = [measure(X, _rotate(X + scale * noise)) for scale in (0, 0.2, 0.6, 2)]
    steps = np.diff(found) * (-1 if measure is relational_similarity else 1)
    assert (steps > 0).all()


def test_measures_tell_which_of_two_spaces_can_be_mapped():
    X, shapeless = _space(), np.random.default_rng(5).normal(size=(300, 16))
    near = _rotate(X + 0.2 * shapeless)
    for measure in (eigenvector_similarity, gromov_hausdorff_distance):
        assert measure(X, near) < 0.7 * measure(X, shapeless)
    assert relational_similarity(X, near) > 0.8 > 0.1 > abs(relational_similarity(X, shapeless))


def test_only_pairs_tell_a_space_from_another_of_the_same_kind():
    # what the docstrings warn of: without pairs, any order of the words is as good
    X = _space()
    shuffled = X[np.random.default_rng(0).permutation(len(X))]
    assert eigenvector_similarity(X, shuffled) == pytest.approx(0, abs=1e-6)
    assert gromov_hausdorff_distance(X, shuffled) == pytest.approx(0, abs=1e-6)
    assert abs(relational_similarity(X, shuffled)) < 0.1


# -- references ------------------------------------------------------------------------------


def test_eigenvector_similarity_equals_reference():
    X, Y = _space(80), _space(100, d=9, seed=1)
    spectra = []
    for side in (_normalized(X)[:50], _normalized(Y)[:50]):
        cosines = side @ side.T - 2 * np.eye(50)
        adjacency = np.zeros((50, 50))
        np.put_along_axis(adjacency, np.argsort(-cosines, axis=1)[:, :3], 1, axis=1)
        adjacency = np.maximum(adjacency, adjacency.T)
        spectra.append(np.linalg.eigvalsh(np.diag(adjacency.sum(1)) - adjacency)[::-1])
    k = min(next(k for k in range(51) if s[:k].sum() >= 0.7 * s.sum()) for s in spectra)
    expected = ((spectra[0][:k] - spectra[1][:k]) ** 2).sum()
    found = eigenvector_similarity(X, Y, n_words=50, n_neighbors=3, energy=0.7)
    assert 0 < k < 50
    assert found == pytest.approx(expected)


def test_all_energy_compares_all_eigenvalues():
    X, Y = _space(40), _space(40, seed=1)
    assert eigenvector_similarity(X, Y, energy=1) > eigenvector_similarity(X, Y, energy=0.9)


def test_gromov_hausdorff_equals_reference():
    X, Y = _space(70), _space(90, seed=1)
    lengths = [
        np.sort(minimum_spanning_tree(cdist(side, side)).data)
        for side in (_normalized(X)[:60], _normalized(Y)[:60])
    ]
    differences = np.abs(lengths[0] - lengths[1])
    assert (differences < np.maximum(*lengths) / 2).all()  # no class goes to the diagonal
    expected = differences.max()
    assert gromov_hausdorff_distance(X, Y, n_words=60) == pytest.approx(expected)


def test_relational_similarity_equals_reference():
    X, Y = _space(60), _space(60, seed=1) + 0.5 * _space(60)
    cosines = [(M @ M.T)[np.triu_indices(60, 1)] for M in (_normalized(X), _normalized(Y))]
    assert relational_similarity(X, Y) == pytest.approx(np.corrcoef(cosines)[0, 1])


def test_pairs_name_the_rows_of_both_sides():
    X, Y = _space(60), _space(80, seed=1)
    pairs = np.column_stack([np.arange(0, 40), np.arange(79, 39, -1)])
    expected = relational_similarity(X[pairs[:, 0]], Y[pairs[:, 1]], normalize=("unit",))
    assert relational_similarity(X, Y, pairs=pairs, normalize=("unit",)) == pytest.approx(expected)


# -- what goes in ----------------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
def test_word_vectors_equal_their_arrays(measure):
    X, Y = (side.astype(np.float32) for side in (_space(50), _space(50, seed=1)))
    words = [f"w{i}" for i in range(50)]
    expected = measure(X, Y)
    assert measure(WordVectors(words, X), WordVectors(words, Y)) == expected


@pytest.mark.parametrize("measure", [eigenvector_similarity, gromov_hausdorff_distance])
def test_as_many_words_as_the_smaller_space_has(measure):
    X, Y = _space(50), _space(40, seed=1)
    steps = {"normalize": ("unit",)}
    expected = measure(X[:40], Y, n_words=None, **steps)
    assert measure(X, Y, n_words=1_000, **steps) == expected
    assert measure(X[:20], Y[:20], **steps) == measure(X, Y, n_words=20, **steps)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: eigenvector_similarity(X, X, normalize=("whiten",)), "unknown steps"),
        (lambda X: gromov_hausdorff_distance(X, X[:1]), "minimum of 2 is required"),
        (lambda X: gromov_hausdorff_distance(X, X * np.nan), "contains NaN"),
        (lambda X: relational_similarity(X, X[:7]), "10 rows and `Y` has 7"),
        (lambda X: relational_similarity(X, X, pairs=[[0, 10], [1, 1]]), "do not exist"),
        (lambda X: relational_similarity(X, X, pairs=[[0, -1], [1, 1]]), "do not exist"),
        (lambda X: relational_similarity(X, X, pairs=[0, 1]), "two integers"),
        (lambda X: relational_similarity(X, X, pairs=[[0.5, 1], [1, 1]]), "two integers"),
        (lambda X: eigenvector_similarity(X, X, energy=0), "'energy' parameter"),
        (lambda X: eigenvector_similarity(X, X, n_words=1), "'n_words' parameter"),
    ],
)
def test_errors_name_the_way_out(call, message):
    with pytest.raises(ValueError, match=message):
        call(_space(10))


def test_equal_cosines_but_for_rounding_tell_nothing():
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        X = np.linalg.qr(rng.normal(size=(5, 5)))[0].astype(dtype)  # all cosines are 0, or nearly
        Y = rng.normal(size=(5, 3)).astype(dtype)
        assert np.isnan(relational_similarity(X, Y))
        simplex = (np.eye(5) - 0.2).astype(dtype)
        assert np.isnan(relational_similarity(simplex, Y))
        nearly = simplex + 1e-3 * rng.normal(size=(5, 5)).astype(dtype)
        assert abs(relational_similarity(nearly, Y)) <= 1
