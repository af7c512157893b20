"""Folders of .npy files, safetensors, and the choice of a format."""

import json
import os
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skxling.embedding import WordVectors, read_fasttext, read_word_vectors, write_word_vectors

STORES = ["npy", "safetensors"]
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture
def word_vectors():
    rng = np.random.default_rng(0)
    words = ["house", "größe", "new york", "two\nlines", ""]
    return WordVectors(words, rng.normal(size=(5, 4)), counts=rng.integers(0, 99, (5, 2)))


def path_of(folder, format):
    return folder / ("store" if format == "npy" else "store.safetensors")


def is_memory_mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def assert_same(a, b):
    assert a.words == b.words
    np.testing.assert_array_equal(a.vectors.view(np.uint32), b.vectors.view(np.uint32))
    assert (a.counts is None) == (b.counts is None)
    if a.counts is not None:
        np.testing.assert_array_equal(a.counts, b.counts)


@pytest.mark.parametrize("format", STORES)
@pytest.mark.parametrize("mmap", [False, True])
def test_round_trip(format, mmap, word_vectors, tmp_path):
    path = path_of(tmp_path, format)
    write_word_vectors(word_vectors, path)
    read = read_word_vectors(path, mmap=mmap)
    assert_same(read, word_vectors)
    assert is_memory_mapped(read.vectors) == mmap
    assert not read.vectors.flags.writeable
    assert_same(read_word_vectors(path, mmap=mmap, limit=2), word_vectors.subset([0, 1]))
    # a mapped store can be written over itself
    write_word_vectors(read, path)
    write_word_vectors(read.subset([1, 0]), path)
    assert_same(read_word_vectors(path, mmap=mmap), word_vectors.subset([1, 0]))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", STORES)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_any_words(format, data, tmp_path_factory):
    text = st.text(st.characters(exclude_categories=["Cs"]))
    words = data.draw(st.lists(text, min_size=1, unique=True))
    vectors = data.draw(arrays(np.float32, (len(words), 2), elements=finite))
    original = WordVectors(words, vectors)
    path = path_of(tmp_path_factory.mktemp("any"), format)
    write_word_vectors(original, path, format=format)
    assert_same(read_word_vectors(path, mmap=True), original)


def test_npy_folder_is_plain(word_vectors, tmp_path):
    write_word_vectors(word_vectors.subset([0, 1]), tmp_path / "store")
    assert (tmp_path / "store" / "words.txt").read_text(encoding="utf-8") == "house\ngröße\n"
    np.testing.assert_array_equal(
        np.load(tmp_path / "store" / "vectors.npy"), word_vectors.vectors[:2]
    )


def test_npy_refuses_folders_of_others(word_vectors, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"thesis\.tex"):
        write_word_vectors(word_vectors, tmp_path / "store")
    assert (tmp_path / "store" / "thesis.tex").exists()
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="not a folder of word vectors"):
        write_word_vectors(word_vectors, tmp_path / "file")


def damage_npy(path, name, change):
    file = path / f"{name}.npy"
    np.save(file, change(np.load(file)))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("vectors", lambda a: a[:-1], "vectors has 4 rows, and word_offsets is of 5 words"),
        ("vectors", lambda a: a.astype("f8"), "must be of float32.*Got float64"),
        ("vectors", lambda a: a[:, 0], "2-dimensional"),
        ("word_offsets", lambda a: a[::-1], "must rise from 0"),
        ("counts", lambda a: a[:-1], "counts is of 4 words"),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_damaged_npy(name, change, message, mmap, word_vectors, tmp_path):
    path = tmp_path / "store"
    write_word_vectors(word_vectors, path)
    damage_npy(path, name, change)
    with pytest.raises(ValueError, match=f"store.*{message}"):
        read_word_vectors(path, mmap=mmap)


def test_values_of_stores(word_vectors, tmp_path):
    path = tmp_path / "store"
    write_word_vectors(word_vectors, path)
    vectors = word_vectors.vectors.copy()
    vectors[3, 1] = np.nan
    np.save(path / "vectors.npy", vectors)
    with pytest.raises(ValueError, match=r"store.*nan at row 3, column 1"):
        read_word_vectors(path)
    mapped = read_word_vectors(path, mmap=True)  # which does not look
    with pytest.raises(ValueError, match="row 3"):
        write_word_vectors(mapped, tmp_path / "x.safetensors")
    assert [file.name for file in tmp_path.iterdir()] == ["store"]


def test_repeated_word_in_a_store(tmp_path):
    write_word_vectors(WordVectors(["a", "b"], np.eye(2)), tmp_path / "store")
    (tmp_path / "store" / "words.txt").write_text("a\na\n")
    with pytest.raises(ValueError, match=r"store.*'a' at rows 0 and 1"):
        read_word_vectors(tmp_path / "store")
    with pytest.raises(ValueError, match="'a' at rows 0 and 1"):
        read_word_vectors(tmp_path / "store", mmap=True).index(["a"])


@pytest.mark.parametrize("format", STORES)
@pytest.mark.parametrize("mmap", [False, True])
def test_cut_off(format, mmap, word_vectors, tmp_path):
    path = path_of(tmp_path, format)
    write_word_vectors(word_vectors, path)
    file = path / "vectors.npy" if format == "npy" else path
    content = file.read_bytes()
    for size in (0, 4, 20, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:size])
        with pytest.raises(ValueError, match="store"):
            read_word_vectors(path, mmap=mmap)
    if format == "npy":
        file.unlink()
        with pytest.raises(FileNotFoundError, match=r"vectors\.npy"):
            read_word_vectors(path, format="npy", mmap=mmap)
        with pytest.raises(ValueError, match=r"without vectors\.npy"):
            read_word_vectors(path, mmap=mmap)


@pytest.mark.parametrize("mmap", [False, True])
def test_foreign_safetensors(mmap, tmp_path):
    from safetensors.numpy import save_file

    save_file({"weight": np.eye(2)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="no tensor 'vectors'"):
        read_word_vectors(tmp_path / "x.safetensors", mmap=mmap)
    parts = {"words": np.zeros(2, "u1"), "word_offsets": np.arange(2)}
    save_file({"vectors": np.eye(2, dtype="f2"), **parts}, tmp_path / "y.safetensors")
    with pytest.raises(ValueError, match=r"must be F32\. Got F16"):
        read_word_vectors(tmp_path / "y.safetensors", mmap=mmap)


def test_safetensors_is_optional(word_vectors, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"pip install skxling\[data\]"):
        write_word_vectors(word_vectors, tmp_path / "x.safetensors")


def test_safetensors_header(word_vectors, tmp_path):
    """Reference: the header says where numpy finds the vectors."""
    path = tmp_path / "x.safetensors"
    write_word_vectors(word_vectors, path)
    content = path.read_bytes()
    n_header = int.from_bytes(content[:8], "little")
    entry = json.loads(content[8 : 8 + n_header])["vectors"]
    start, end = entry["data_offsets"]
    vectors = np.frombuffer(content[8 + n_header + start : 8 + n_header + end], "<f4")
    np.testing.assert_array_equal(vectors.reshape(entry["shape"]), word_vectors.vectors)


def test_arguments(word_vectors, tmp_path):
    for read in (read_word_vectors, read_fasttext):
        with pytest.raises(FileNotFoundError, match=r"`path` names no file: .*nowhere.* folder is"):
            read(tmp_path / "nowhere.vec")
        with pytest.raises(ValueError, match=r"`limit` must be an int of at least 1.*Got '3'"):
            read(tmp_path / "nowhere.vec", limit="3")
    (tmp_path / "empty.vec").touch()
    with pytest.raises(ValueError, match=r"empty\.vec is empty .*Check `path`"):
        read_word_vectors(tmp_path / "empty.vec")
    (tmp_path / "odd.vec").write_text("hello\n")
    with pytest.raises(ValueError, match="line 1: neither a header"):
        read_word_vectors(tmp_path / "odd.vec")
    np.save(tmp_path / "bare.npy", np.eye(2))
    with pytest.raises(ValueError, match=r"bare \.npy file"):
        read_word_vectors(tmp_path / "bare.npy")
    for name, value in [("format", "glove"), ("on_bad_lines", "ignore"), ("limit", 0)]:
        with pytest.raises(ValueError, match=f"`{name}` must be .*Got {value!r}"):
            read_word_vectors(tmp_path / "odd.vec", **{name: value})
    write_word_vectors(word_vectors.subset([0]), tmp_path / "one.vec")
    with pytest.raises(ValueError, match="mmap=True needs"):
        read_word_vectors(tmp_path / "one.vec", mmap=True)
    for name in ("x.pt", "x.safetensors.gz"):
        with pytest.raises(ValueError, match="cannot be told from its suffix"):
            write_word_vectors(word_vectors, tmp_path / name)
    with pytest.raises(ValueError, match=r"`format`.*Got 'fasttext'"):
        write_word_vectors(word_vectors, tmp_path / "x", format="fasttext")
    with pytest.raises(FileNotFoundError, match=r"folder .*nowhere"):
        write_word_vectors(word_vectors, tmp_path / "nowhere" / "x")
    with pytest.raises(ValueError, match="no words"):
        write_word_vectors(word_vectors.subset([]), tmp_path / "x")


def test_an_interrupt_leaves_the_old_store(word_vectors, tmp_path, monkeypatch):
    folder = tmp_path / "store"
    write_word_vectors(word_vectors, folder, format="npy")
    replace = os.replace

    def interrupted(source, target):
        if os.path.basename(source) == "new":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_word_vectors(WordVectors(["other"], [[1.0]]), folder, format="npy")
    assert read_word_vectors(folder).words == word_vectors.words
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
