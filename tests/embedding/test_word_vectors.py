"""WordVectors: a container that clone, folds and workers leave alone."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.validation import _check_method_params

from skxling.embedding import WordVectors, as_word_vectors

WORDS = ["haus", "baum", "größe", "日本"]


@pytest.fixture
def word_vectors():
    vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    return WordVectors(WORDS, vectors, counts=[[9, 1], [5, 5], [3, 0], [1, 1]])


def is_memory_mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def test_look_up(word_vectors):
    assert word_vectors.words == tuple(WORDS)
    assert (word_vectors.n_words, word_vectors.n_components) == (4, 3)
    np.testing.assert_array_equal(word_vectors["baum"], [3, 4, 5])
    np.testing.assert_array_equal(word_vectors[["日本", "haus"]], [[9, 10, 11], [0, 1, 2]])
    assert "größe" in word_vectors
    assert "grösse" not in word_vectors
    rows = word_vectors.index(np.array(["baum", "x"]), missing="ignore")
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(rows, [1, -1])
    assert repr(word_vectors) == "<WordVectors: 4 words, 3 components, counts of shape (4, 2)>"


def test_unknown_words_are_named(word_vectors):
    with pytest.raises(KeyError, match="'maison'"):
        word_vectors["maison"]
    with pytest.raises(KeyError, match="'w0', 'w1', 'w2', 'w3', 'w4' and 2 more"):
        word_vectors.index([f"w{i}" for i in range(7)])
    with pytest.raises(TypeError, match="Pass a list"):
        word_vectors.index("haus")
    with pytest.raises(ValueError, match="'error' or 'ignore'"):
        word_vectors.index(["haus"], missing=-1)


@pytest.mark.parametrize(
    ("words", "vectors", "counts", "error", "message"),
    [
        (["a", "a"], np.zeros((2, 1)), None, ValueError, "'a' at rows 0 and 1"),
        (["a"], np.zeros((2, 1)), None, ValueError, r"\(1, n_components\)"),
        (["a"], np.zeros(1), None, ValueError, "shape"),
        (["a", "b"], [[0.0], [np.nan]], None, ValueError, "nan at row 1, column 0"),
        (["a", 3], np.zeros((2, 1)), None, TypeError, "3 .int. at row 1"),
        ("ab", np.zeros((2, 1)), None, TypeError, "sequence of strings"),
        (["a"], np.zeros((1, 1)), [0.5], TypeError, "integers"),
        (["a"], np.zeros((1, 1)), [1, 2], ValueError, "counts"),
        (["\ud800"], np.zeros((1, 1)), None, ValueError, "UTF-8"),
    ],
)
def test_errors(words, vectors, counts, error, message):
    with pytest.raises(error, match=message):
        WordVectors(words, vectors, counts)


def test_immutable(word_vectors):
    with pytest.raises(AttributeError, match="immutable"):
        word_vectors.vectors = np.zeros((4, 3))
    with pytest.raises(AttributeError, match="immutable"):
        del word_vectors._vectors
    with pytest.raises(ValueError, match="read-only"):
        word_vectors.vectors[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        word_vectors.counts[0, 0] = 1


def test_the_callers_array_stays_writeable_and_is_not_copied():
    vectors = np.zeros((2, 3), dtype=np.float32)
    word_vectors = WordVectors(["a", "b"], vectors)
    assert vectors.flags.writeable
    assert np.shares_memory(vectors, word_vectors.vectors)
    assert np.shares_memory(vectors, word_vectors.subset(slice(0, 1)).vectors)


def test_subset_and_with_vectors(word_vectors):
    subset = word_vectors.subset([2, 0])
    assert subset.words == ("größe", "haus")
    np.testing.assert_array_equal(subset.vectors, word_vectors.vectors[[2, 0]])
    np.testing.assert_array_equal(subset.counts, [[3, 0], [9, 1]])
    mask = np.array([False, True, False, True])
    assert word_vectors.subset(mask).words == ("baum", "日本")
    assert word_vectors.subset([]).n_words == 0
    with pytest.raises(ValueError, match="distinct"):
        word_vectors.subset([0, 0])
    other = word_vectors.with_vectors(np.ones((4, 7)))
    assert other.words == word_vectors.words
    assert other.n_components == 7
    assert other.vectors.dtype == np.float32
    with pytest.raises(ValueError, match="one row per word"):
        word_vectors.with_vectors(np.ones((3, 7)))


def test_clone_and_copies_are_the_object(word_vectors):
    assert clone(word_vectors) is word_vectors
    assert copy.copy(word_vectors) is word_vectors
    assert copy.deepcopy({"a": word_vectors})["a"] is word_vectors


class _Recorder(BaseEstimator):
    def fit(self, X, y=None, source_vectors=None):
        self.n_words_ = source_vectors.n_words
        return self

    def score(self, X, y=None):
        return self.n_words_


def test_is_not_cut_into_folds(word_vectors):
    X = np.zeros((word_vectors.n_words, 1))
    for name in ("__len__", "shape", "__array__"):
        assert not hasattr(word_vectors, name)
    params = {"source_vectors": word_vectors}
    assert _check_method_params(X, params, indices=[0])["source_vectors"] is word_vectors
    scores = cross_val_score(_Recorder(), X, cv=2, params=params)
    np.testing.assert_array_equal(scores, word_vectors.n_words)
    with pytest.raises(TypeError, match="not iterable"):
        iter(word_vectors)


@pytest.mark.parametrize("words", [WORDS, ["with\nbreak", "", "a b", "c"]])
def test_pickle(words):
    word_vectors = WordVectors(words, np.eye(4), counts=[4, 3, 2, 1])
    again = pickle.loads(pickle.dumps(word_vectors))
    assert again.words == tuple(words)
    assert again.index(words).tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(again.vectors, word_vectors.vectors)
    np.testing.assert_array_equal(again.counts, word_vectors.counts)
    assert not again.vectors.flags.writeable


def test_joblib_maps_and_hashes(word_vectors, tmp_path):
    path = tmp_path / "wv.joblib"
    before = joblib.hash(word_vectors)
    joblib.dump(word_vectors, path)
    again = joblib.load(path, mmap_mode="r")
    assert is_memory_mapped(again.vectors)
    assert again.words == word_vectors.words
    word_vectors.index(["haus"])
    assert joblib.hash(word_vectors) == before == joblib.hash(again)
    changed = word_vectors.with_vectors(word_vectors.vectors + 1)
    assert joblib.hash(changed) != before


def _probe(word_vectors):
    return is_memory_mapped(word_vectors.vectors), float(word_vectors.vectors.sum())


def test_workers_share_memory(word_vectors):
    calls = (joblib.delayed(_probe)(word_vectors) for _ in range(2))
    results = joblib.Parallel(n_jobs=2, max_nbytes=1)(calls)
    assert results == [(True, 66.0)] * 2


def test_memory_map_is_not_read(tmp_path):
    path = tmp_path / "vectors.npy"
    np.save(path, np.full((2, 3), np.nan, dtype=np.float32))
    word_vectors = WordVectors(["a", "b"], np.load(path, mmap_mode="r"))
    assert is_memory_mapped(word_vectors.vectors)


class _KeyedVectors:
    def __init__(self, words, vectors, counts):
        self.index_to_key, self.vectors = words, vectors
        self.expandos = {"count": np.array(counts)}


def test_as_word_vectors():
    vectors = np.eye(3, dtype=np.float32)
    word_vectors = as_word_vectors(_KeyedVectors(["a", "b", "c"], vectors, [7, 5, 5]))
    assert word_vectors.words == ("a", "b", "c")
    assert np.shares_memory(word_vectors.vectors, vectors)
    np.testing.assert_array_equal(word_vectors.counts, [7, 5, 5])
    assert as_word_vectors(word_vectors) is word_vectors
    invented = WordVectors.from_keyed_vectors(_KeyedVectors(["a", "b", "c"], vectors, [3, 2, 1]))
    assert invented.counts is None
    with pytest.raises(TypeError, match="ndarray"):
        as_word_vectors(vectors)


def test_gensim_model_error_names_wv():
    class Model:
        wv = None

    with pytest.raises(TypeError, match=r"Pass its `\.wv`"):
        as_word_vectors(Model())


def test_only_a_map_that_stays_one_is_not_read(tmp_path):
    for dtype in (np.float32, np.float64):
        np.save(tmp_path / f"{dtype.__name__}.npy", np.full((1, 2), np.nan, dtype=dtype))
    mapped = np.load(tmp_path / "float32.npy", mmap_mode="r")
    vectors = WordVectors(["a"], mapped)
    assert vectors.with_vectors(vectors.vectors).n_words == 1
    with pytest.raises(ValueError, match="`vectors` must be finite"):
        WordVectors(["a"], np.load(tmp_path / "float64.npy", mmap_mode="r"))
