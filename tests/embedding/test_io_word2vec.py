"""word2vec's text and binary formats."""

import bz2
import gzip
import lzma
import tracemalloc
import warnings

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skxling.embedding import WordVectors, _io_word2vec, read_word_vectors, write_word_vectors
from skxling.embedding._io_numbers import parse_rows

FORMATS = ["word2vec", "word2vec_binary"]
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
characters = st.characters(exclude_characters=" \t\n\r", exclude_categories=["Cs"])


@st.composite
def word_vectors(draw, alphabet=characters, min_size=1):
    words = draw(st.lists(st.text(alphabet, min_size=min_size), min_size=1, unique=True))
    shape = (len(words), draw(st.integers(1, 5)))
    return WordVectors(words, draw(arrays(np.float32, shape, elements=finite)))


def write(tmp_path, content, name="vectors.vec"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def assert_same(a, b):
    assert a.words == b.words
    # bit for bit: -0.0 is not 0.0
    np.testing.assert_array_equal(a.vectors.view(np.uint32), b.vectors.view(np.uint32))


@pytest.mark.parametrize("format", FORMATS)
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_round_trip(format, data, tmp_path_factory):
    original = data.draw(word_vectors())
    path = tmp_path_factory.mktemp("round") / "x"
    write_word_vectors(original, path, format=format)
    assert_same(read_word_vectors(path, format=format), original)


@pytest.mark.parametrize("block", [1, 7, 64])
def test_any_block_size_reads_the_same(block, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    original = WordVectors([f"w{i}" for i in range(50)], rng.normal(size=(50, 4)))
    write_word_vectors(original, tmp_path / "x.txt")
    monkeypatch.setattr(_io_word2vec, "_BLOCK", block)
    assert_same(read_word_vectors(tmp_path / "x.txt"), original)
    assert_same(read_word_vectors(tmp_path / "x.txt", limit=17), original.subset(slice(0, 17)))


@given(values=st.lists(finite, min_size=1, max_size=20), digits=st.integers(1, 20), data=st.data())
@settings(deadline=None)
def test_numbers_equal_pythons(values, digits, data):
    """Reference: float() of each token, then float32."""
    form = data.draw(st.sampled_from([".{}f", ".{}e", ".{}g", "+.{}f"])).format(digits)
    tokens = [format(value, form) for value in values]
    expected = np.array([float(token) for token in tokens])
    with np.errstate(over="ignore"):
        expected = expected.astype(np.float32)
    parsed, wrong = parse_rows([" ".join(tokens).encode()], len(tokens))
    assert not wrong.any()
    np.testing.assert_array_equal(parsed[0].view(np.uint32), expected.view(np.uint32))


@given(token=st.text("0123456789.-+eE_x,\x00\x1b", min_size=1, max_size=12))
@settings(max_examples=500, deadline=None)
def test_what_is_no_number_is_found(token):
    try:
        good = "_" not in token and token == token.strip() and np.isfinite(float(token)) is not None
    except ValueError:
        good = False
    wrong = parse_rows([b"0.5 1.5", b"0.25 " + token.encode(), b"1 2"], 2)[1]
    # no control character counts as a blank between numbers
    assert wrong.tolist() == [False, not good, False]


@pytest.mark.parametrize("binary", [True, False])
def test_gensim_reads_and_writes_the_same(binary, tmp_path):
    rng = np.random.default_rng(0)
    original = WordVectors(["haus", "größe", "日本"], rng.normal(size=(3, 5)))
    format = FORMATS[binary]
    write_word_vectors(original, tmp_path / "ours", format=format)
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "ours", binary=binary)
    assert_same(WordVectors.from_keyed_vectors(theirs), original)
    assert WordVectors.from_keyed_vectors(theirs).counts is None
    theirs.save_word2vec_format(tmp_path / "theirs", binary=binary)
    assert_same(read_word_vectors(tmp_path / "theirs"), original)
    write_word_vectors(theirs, tmp_path / "again", format=format)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "ours").read_bytes()


@pytest.mark.parametrize("suffix", [".vec", ".txt.gz", ".vec.bz2", ".txt.xz", ".bin", ".bin.gz"])
def test_suffixes(suffix, tmp_path):
    original = WordVectors(["a", "b"], [[0.1, -2.5], [1e-30, 3e20]])
    path = tmp_path / f"x{suffix}"
    write_word_vectors(original, path)
    assert_same(read_word_vectors(path), original)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]  # no temporary left


@pytest.mark.parametrize(
    "content",
    [
        "2 2\na 0.5 1\nb 2 3\n",
        "2 2\na 0.5 1\nb 2 3",  # no newline at the end
        "2 2\na 0.5 1 \nb 2 3 \n",  # word2vec's own tool
        "2 2\r\na 0.5 1\r\nb 2 3\r\n",
        "2\t2\na\t0.5\t1\nb\t2\t3\n",
        "2 2\na  0.5   1\nb 2 3\n\n",
        "\ufeff2 2\na 0.5 1\nb 2 3\n",
        "a 0.5 1\nb 2 3\n",  # GloVe
        "\ufeffa 0.5 1\nb 2 3\n",
        "a .5 1e0\nb 2. +3\n",
    ],
)
def test_dialects(content, tmp_path):
    read = read_word_vectors(write(tmp_path, content))
    assert_same(read, WordVectors(["a", "b"], [[0.5, 1], [2, 3]]))


def test_only_blanks_separate(tmp_path):
    words = ["new\u00a0york", "a\u2028b", "x\x85", "\u3000"]
    content = "4 1\n" + "".join(f"{word} 1\n" for word in words)
    assert read_word_vectors(write(tmp_path, content)).words == tuple(words)


BAD_LINES = [
    ("new york 1 2", "6 fields|4 fields, expected 3.*'new york' contains a blank"),
    ("x 1", "2 fields, expected 3.*cut off"),
    ("x 1 1,5", "field 3 is '1,5', not a number"),
    ("x 1 1_0", "not a number"),
    ("x 1 nan", "'x' has the value nan"),
    ("x -inf 1", "has the value -inf"),
    ("x 1e39 1", "has the value inf"),
    (b"\xff\xfe 1 2", "not UTF-8"),
    (" 1 2", "2 fields|the word is missing"),
]


@pytest.mark.parametrize(("line", "problem"), BAD_LINES)
@pytest.mark.parametrize("header", [b"3 2\n", b""])
def test_bad_line(line, problem, header, tmp_path):
    line = line if isinstance(line, bytes) else line.encode()
    path = write(tmp_path, header + b"a 0 1\n" + line + b"\nb 2 3\n")
    number = 3 if header else 2
    with pytest.raises(ValueError, match=f"vectors.vec, line {number}: .*({problem})"):
        read_word_vectors(path)
    with pytest.warns(UserWarning, match=f"1 bad lines dropped; the first is line {number}"):
        read = read_word_vectors(path, on_bad_lines="warn")
    assert_same(read, WordVectors(["a", "b"], [[0, 1], [2, 3]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(read_word_vectors(path, on_bad_lines="skip"), read)


@pytest.mark.parametrize("format", FORMATS)
def test_first_of_repeated_words_is_kept(format, tmp_path):
    original = WordVectors(["a", "b", "c"], [[1], [2], [3]])
    write_word_vectors(original, tmp_path / "x", format=format)
    content = (tmp_path / "x").read_bytes().replace(b"b ", b"a ")
    path = write(tmp_path, content)
    with pytest.warns(UserWarning, match=r"1 (line|row)s dropped that repeat.*(line 3|row 2), 'a'"):
        read = read_word_vectors(path, format=format)
    assert_same(read, WordVectors(["a", "c"], [[1], [3]]))


@pytest.mark.parametrize("format", FORMATS)
def test_header_disagrees(format, tmp_path):
    original = WordVectors(["a", "b", "c"], np.eye(3))
    write_word_vectors(original, tmp_path / "x", format=format)
    content = (tmp_path / "x").read_bytes()
    path = write(tmp_path, content.replace(b"3 3", b"4 3", 1))
    with pytest.raises(ValueError, match=r"promises 4 words.*ends after 3.*limit=3"):
        read_word_vectors(path, format=format)
    assert_same(read_word_vectors(path, format=format, limit=3), original)
    path = write(tmp_path, content.replace(b"3 3", b"2 3", 1))
    with pytest.raises(ValueError, match=r"promises 2 words.*has more.*limit=2"):
        read_word_vectors(path, format=format)
    assert_same(read_word_vectors(path, format=format, limit=2), original.subset([0, 1]))


def test_absurd_header_needs_no_memory(tmp_path):
    path = write(tmp_path, "900000000000 300\nfoo " + "0 " * 300 + "\n")
    tracemalloc.start()
    with pytest.raises(ValueError, match="ends after 1"):
        read_word_vectors(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24
    with pytest.raises(ValueError, match="at least 1"):
        read_word_vectors(write(tmp_path, "0 300\n"))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("compress", [None, gzip.compress, bz2.compress, lzma.compress])
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_cut_off_anywhere(format, compress, data, tmp_path_factory):
    """A file that lost its end is an error, or, in text, lost digits of its last number at most."""
    rng = np.random.default_rng(0)
    original = WordVectors([f"w{i}" for i in range(9)], rng.normal(size=(9, 3)))
    folder = tmp_path_factory.mktemp("cut")
    write_word_vectors(original, folder / "x", format=format)
    content = (folder / "x").read_bytes()
    content = compress(content) if compress else content
    path = write(folder, content[: data.draw(st.integers(1, len(content) - 2))])
    try:
        read = read_word_vectors(path, format=format)
    except ValueError as error:
        assert "vectors.vec" in str(error)
    else:
        assert format == "word2vec" or compress
        assert read.words == original.words
        assert_same(read.subset(slice(0, 8)), original.subset(slice(0, 8)))


@pytest.mark.parametrize(
    ("word", "value", "message"),
    [(b"b", np.nan, "row 2: .*'b' has the value nan"), (b"\xff", 0, "row 2: .*not UTF-8")],
)
def test_bad_binary_row(word, value, message, tmp_path):
    rows = [(b"a", [1, 2]), (word, [value, 0])]
    content = b"".join(name + b" " + np.array(row, "<f4").tobytes() for name, row in rows)
    path = write(tmp_path, b"2 2\n" + content, "x.bin")
    with pytest.raises(ValueError, match=message):
        read_word_vectors(path)
    with pytest.warns(UserWarning, match="1 bad rows dropped"):
        assert read_word_vectors(path, on_bad_lines="warn").words == ("a",)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("word", ["new york", "", "a\tb", "a\nb"])
def test_words_that_cannot_be_written(format, word, tmp_path):
    with pytest.raises(ValueError, match="Use format='npy'"):
        write_word_vectors(WordVectors([word], [[1.0]]), tmp_path / "x", format=format)
    assert not list(tmp_path.iterdir())


def test_memory_is_bounded(tmp_path):
    """200 times the text of a block: the text is never in memory as a whole."""
    line = "x " + " ".join(["0.1234567"] * 100)
    n_words = 6000
    with gzip.open(tmp_path / "x.vec.gz", "wt", compresslevel=1) as file:
        file.write(f"{n_words} 100\n")
        file.writelines(f"w{i}{line}\n" for i in range(n_words))
    assert n_words * len(line) > 6e6
    tracemalloc.start()
    read = read_word_vectors(tmp_path / "x.vec.gz", limit=50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.n_words == 50
    assert peak < 4e6


@pytest.mark.parametrize("low_byte", [0x0A, 0x0A37])  # a line end; a digit before it
def test_binary_numbers_may_hold_a_line_end(low_byte, tmp_path):
    vectors = np.array([[0x3F800000 + low_byte, 0x3F800000]], dtype="<u4").view("<f4")
    path = tmp_path / "vectors.bin"
    write_word_vectors(WordVectors(["a"], vectors), path)
    assert_same(read_word_vectors(path), WordVectors(["a"], vectors))


@pytest.mark.parametrize("line", ["new york 1 2", "", "a\t1 2"])
def test_text_is_known_by_its_numbers(line, tmp_path):
    path = write(tmp_path, f"1 2\n{line}\nb 3 4\n")
    assert "b" in read_word_vectors(path, limit=2, on_bad_lines="skip")


def test_blank_lines_do_not_count(tmp_path):
    path = write(tmp_path, "3 2\n\na 1 2\n \nb 3 4\nc 5 6\n")
    assert read_word_vectors(path).words == ("a", "b", "c")
    assert read_word_vectors(path, limit=2).words == ("a", "b")
    path = write(tmp_path, "a 1 2\n\nb 3 4\nc 5 6\n")
    assert read_word_vectors(path, limit=2).words == ("a", "b")
