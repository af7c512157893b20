from types import SimpleNamespace

import numpy as np
import pytest
from gensim.models import KeyedVectors

from skxling.utils import as_vectors, as_words

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


def _keyed_vectors():
    keyed = KeyedVectors(vector_size=2)
    keyed.add_vectors(["a", "b", "c"], ROWS)
    return keyed


def test_containers_by_duck_typing_without_a_copy():
    container = SimpleNamespace(vectors=ROWS, words=("a", "b", "c"))
    assert as_vectors(container) is ROWS
    assert as_words(container) == ["a", "b", "c"]
    keyed = _keyed_vectors()
    assert np.shares_memory(as_vectors(keyed), keyed.vectors)
    assert as_words(keyed) == ["a", "b", "c"]


def test_bare_arrays_have_no_words():
    assert as_vectors(ROWS) is ROWS
    assert as_words(ROWS) is None
    assert as_words([[1.0]]) is None
    np.testing.assert_array_equal(as_vectors([[1, 2], [3, 4]]), [[1, 2], [3, 4]])


def test_columns_of_a_data_frame_are_no_containers():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"vectors": [1.0, 2.0], "words": [3.0, 4.0]})
    np.testing.assert_array_equal(as_vectors(frame), [[1.0, 3.0], [2.0, 4.0]])
    assert as_words(frame) is None


@pytest.mark.parametrize("bad", [[1.0, 2.0], np.zeros((2, 2, 2)), 3.0])
def test_wrong_number_of_dimensions(bad):
    with pytest.raises(ValueError, match=r"Expected vectors of shape \(n_words, n_features\)"):
        as_vectors(bad)


def test_a_path_is_read_first():
    with pytest.raises(ValueError, match=r"as `source_vectors`\. Got .* from 'en\.vec'.* file by"):
        as_vectors("en.vec", "source_vectors")
