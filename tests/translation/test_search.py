import pickle
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold

from skxling.embedding import WordVectors
from skxling.functional.retrieval import RETRIEVALS
from skxling.translation import FaissIndex, WordTranslator

N, D, K = 300, 12, 5
SOURCE = [f"s{i}" for i in range(N)]
TARGET = [f"t{i}" for i in range(N)]
KINDS = [
    FaissIndex("flat"),
    FaissIndex("ivf", n_lists=8, n_probes=6),
    FaissIndex("hnsw", n_links=8),
]


@pytest.fixture(scope="module")
def spaces():
    """Word s{i} translates as t{i}, in one space, with noise."""
    rng = np.random.default_rng(0)
    S = rng.normal(size=(N, D)) + 0.5
    T = S + 0.6 * rng.normal(size=(N, D))
    return WordVectors(SOURCE, S), WordVectors(TARGET, T)


def dense_scores(spaces, retrieval, temperature=0.1):
    """Score of every pair, in float64."""
    S, T = (side.vectors.astype(float) for side in spaces)
    cosines = S @ T.T / np.outer(np.linalg.norm(S, axis=1), np.linalg.norm(T, axis=1))
    r_T = np.sort(cosines, axis=1)[:, -K:].mean(axis=1)[:, None]
    r_S = np.sort(cosines, axis=0)[-K:].mean(axis=0)
    return {
        "cosine": cosines,
        "csls": 2 * cosines - r_T - r_S,
        "inverted_softmax": cosines / temperature - np.log(np.exp(cosines / temperature).sum(0)),
        "margin": 2 * cosines / (r_T + r_S),
    }[retrieval]


def translator(spaces, **options):
    options = {"n_neighbors": K, "temperature": 0.1, **options}
    return WordTranslator(*spaces, "passthrough", **options).fit()


@pytest.mark.parametrize("retrieval", RETRIEVALS)
def test_every_retrieval_equals_dense_reference(spaces, retrieval):
    dense = dense_scores(spaces, retrieval)
    fitted = translator(spaces, retrieval=retrieval)
    scores, words = fitted.kneighbors(SOURCE, n_neighbors=3)
    order = np.argsort(-dense, axis=1)[:, :3]
    np.testing.assert_allclose(scores, np.take_along_axis(dense, order, 1), atol=1e-4)
    assert (words == np.array(TARGET, dtype=object)[order]).mean() > 0.99  # near ties may swap
    assert fitted.score(SOURCE, TARGET) > 0.6

    one_way = fitted.induce_lexicon(mutual=False)
    assert one_way.target.tolist() == words[:, 0].tolist()
    np.testing.assert_allclose(one_way.score, scores[:, 0], atol=1e-5)
    mutual = fitted.induce_lexicon()
    assert 0 < len(mutual.source) < N
    rows, columns = ([int(word[1:]) for word in side] for side in (mutual.source, mutual.target))
    np.testing.assert_allclose(mutual.score, dense[rows, columns], atol=1e-4)


def test_grid_over_retrieval_and_its_numbers(spaces):
    grid = [
        {"retrieval": ["margin"], "n_neighbors": [2, 10]},
        {"retrieval": ["inverted_softmax"], "temperature": [0.01, 100.0]},
    ]
    search = GridSearchCV(WordTranslator(*spaces, "passthrough"), grid, cv=GroupKFold(2))
    search.fit(SOURCE, TARGET, groups=SOURCE)
    assert len(set(search.cv_results_["mean_test_score"])) > 1


def test_temperature_and_retrieval_are_checked(spaces):
    with pytest.raises(ValueError, match="'temperature' parameter"):
        translator(spaces, temperature=0)
    with pytest.raises(ValueError, match="'retrieval' parameter"):
        translator(spaces, retrieval="ratio")


# -- an index ----------------------------------------------------------------------------------


def needs_faiss():
    return pytest.importorskip("faiss", reason="faiss is not installed: pip install faiss-cpu")


@pytest.mark.parametrize("retrieval", RETRIEVALS)
@pytest.mark.parametrize("index", KINDS, ids=lambda index: index.kind)
def test_index_finds_nearly_what_exact_search_finds(spaces, index, retrieval):
    needs_faiss()
    exact = translator(spaces, retrieval=retrieval)
    approximate = translator(spaces, retrieval=retrieval, index=index)
    assert approximate.index_ is not index
    scores, words = approximate.kneighbors(SOURCE, n_neighbors=3)
    expected_scores, expected = exact.kneighbors(SOURCE, n_neighbors=3)
    is_same = words == expected
    assert is_same.mean() > (0.99 if index.kind == "flat" else 0.9)
    np.testing.assert_allclose(scores[is_same], expected_scores[is_same], atol=0.05)
    one_way = approximate.induce_lexicon(mutual=False)
    assert one_way.target.tolist() == words[:, 0].tolist()


def test_flat_index_is_exact(spaces):
    needs_faiss()
    S, T = (side.vectors.astype(float) for side in spaces)
    cosines = S @ T.T / np.outer(np.linalg.norm(S, axis=1), np.linalg.norm(T, axis=1))
    found, rows = FaissIndex("flat").fit(T).kneighbors(S, 7)
    np.testing.assert_array_equal(rows, np.argsort(-cosines, axis=1)[:, :7])
    np.testing.assert_allclose(found, -np.sort(-cosines, axis=1)[:, :7], atol=1e-6)
    assert FaissIndex("flat").fit(T).kneighbors(S, 2 * N)[1].shape == (N, N)


def test_equal_proposals_come_in_order():
    needs_faiss()
    source = WordVectors(["s"], [[1.0, 0.0]])
    target = WordVectors(["a", "b", "c", "d"], [[0.0, 1.0], [2.0, 0.0], [1.0, 0.0], [4.0, 0.0]])
    fitted = translator((source, target), retrieval="cosine", index=FaissIndex("flat"))
    assert fitted.kneighbors(["s"], n_neighbors=4)[1].tolist() == [["b", "c", "d", "a"]]


def test_more_probes_find_more(spaces):
    needs_faiss()
    T = spaces[1].vectors
    exact = FaissIndex("flat").fit(T).kneighbors(T, 10)[1]
    shares = [
        np.mean(FaissIndex("ivf", n_lists=30, n_probes=n).fit(T).kneighbors(T, 10)[1] == exact)
        for n in (1, 4, 30)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.99


def test_words_that_no_cell_holds_are_none(spaces):
    needs_faiss()
    index = FaissIndex("ivf", n_lists=100, n_probes=1)
    fitted = translator(spaces, retrieval="cosine", index=index)
    scores, words = fitted.kneighbors(SOURCE, n_neighbors=50)
    is_missing = words == None  # noqa: E711
    assert 0 < is_missing.sum() < is_missing.size
    np.testing.assert_array_equal(np.isnan(scores), is_missing)
    assert not is_missing[:, 0].all()


@pytest.mark.parametrize("index", KINDS, ids=lambda index: index.kind)
def test_index_is_cloned_pickled_and_deterministic(spaces, index):
    needs_faiss()
    fitted = translator(spaces, index=index)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.predict(SOURCE).tolist() == fitted.predict(SOURCE).tolist()
    assert clone(fitted).fit().predict(SOURCE).tolist() == fitted.predict(SOURCE).tolist()
    search = GridSearchCV(clone(fitted), {"index__n_candidates": [10, 20]}, cv=2)
    assert search.fit(SOURCE, TARGET).best_score_ > 0.6


def test_without_faiss_the_error_names_the_way_out(spaces, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"skxling\[faiss\]"):
        translator(spaces, index=FaissIndex())
    assert translator(spaces).score(SOURCE, TARGET) > 0.6


def test_parameters_of_the_index_are_checked(spaces):
    with pytest.raises(ValueError, match="'kind' parameter"):
        FaissIndex("pq").fit(spaces[1])
    with pytest.raises(ValueError, match="'index' parameter"):
        translator(spaces, index="ivf")


def test_an_index_is_told_what_it_can_use(spaces):
    from sklearn.neighbors import NearestNeighbors

    with pytest.raises(ValueError, match="'index' parameter"):
        translator(spaces, index=NearestNeighbors())  # distances, and no proposals
    index = FaissIndex("flat").fit(spaces[1])
    with pytest.raises(ValueError, match="NaN"):
        FaissIndex("flat").fit(np.full((3, 2), np.nan))
    with pytest.raises(ValueError, match="NaN"):
        index.kneighbors(np.full((1, D), np.nan))
    with pytest.raises(ValueError, match="`X` has 3 components, and the index holds rows of 12"):
        index.kneighbors(np.ones((1, 3)))
    with pytest.raises(ValueError, match="`n_neighbors` must be an integer from 1 on"):
        index.kneighbors(np.ones((1, D)), n_neighbors=0)
