"""fastText's .bin models, as gensim and a writer of a few lines make them."""

import gzip
import struct

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import save_facebook_model

from skxling.embedding import read_fasttext, read_word_vectors
from skxling.text import subword_ids

SENTENCES = [
    ["das", "große", "haus", "steht", "am", "see"],
    ["日本語", "の", "本", "haus", "am", "see"],
    ["naïve", "haus", "das", "a", "I"],
] * 5


def train(min_n=2, max_n=4):
    model = FastText(vector_size=7, min_count=1, min_n=min_n, max_n=max_n, bucket=53, workers=1)
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=3)
    return model


@pytest.fixture(scope="module")
def model():
    return train()


@pytest.fixture
def path(model, tmp_path):
    save_facebook_model(model, str(tmp_path / "model.bin"))
    return tmp_path / "model.bin"


@pytest.mark.parametrize("n", [(2, 4), (1, 1), (3, 6)])
def test_gensim_reads_the_same(n, tmp_path):
    model = train(*n)
    save_facebook_model(model, str(tmp_path / "model.bin"))
    ours = read_fasttext(tmp_path / "model.bin")
    words = model.wv.index_to_key
    assert ours.word_vectors.words == tuple(words)
    assert (ours.min_n, ours.max_n, ours.bucket) == (*n, 53)
    np.testing.assert_allclose(ours.word_vectors.vectors, model.wv.vectors, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(
        ours.word_vectors.counts, [model.wv.get_vecattr(word, "count") for word in words]
    )
    unknown = ["häuser", "seen", "日本人", "haus", "x"]
    np.testing.assert_allclose(
        ours.transform(unknown), [model.wv.get_vector(word) for word in unknown], rtol=0, atol=1e-6
    )


def test_read_word_vectors_detects_it(path, model):
    read = read_word_vectors(path)
    np.testing.assert_allclose(read.vectors, model.wv.vectors, rtol=0, atol=1e-6)
    assert read_word_vectors(path, limit=3).words == read.words[:3]
    np.testing.assert_array_equal(read_word_vectors(path, limit=3).counts, read.counts[:3])
    with pytest.raises(ValueError, match="mmap=True needs"):
        read_word_vectors(path, mmap=True)


def test_bounded_blocks_read_the_same(path, monkeypatch):
    whole = read_fasttext(path)
    monkeypatch.setattr("skxling.embedding._io_fasttext._BLOCK", 1)
    np.testing.assert_allclose(
        read_fasttext(path).word_vectors.vectors, whole.word_vectors.vectors, rtol=1e-6
    )


def make_model(words, *, version=12, model=2, bucket=11, n=(3, 4), labels=0, quantised=False):
    """Write a model by hand; its rows are random."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(len(words) - labels + bucket, 3)).astype("<f4")
    parts = [struct.pack("<2i", 793712314, version)]
    parts.append(struct.pack("<12id", 3, 5, 1, 1, 5, 1, 2, model, bucket, *n, 100, 1e-4))
    parts.append(struct.pack("<3i2q", len(words), len(words) - labels, labels, 99, -1))
    for i, word in enumerate(words):
        kind = i >= len(words) - labels
        word = word if isinstance(word, bytes) else word.encode()
        parts.append(word + b"\0" + struct.pack("<qb", 9 - i, kind))
    parts.append(struct.pack("<?2q", quantised, *rows.shape) + rows.tobytes())
    return b"".join(parts), rows


def test_end_of_sentence_has_no_ngrams(tmp_path):
    content, rows = make_model(["</s>", "haus"])
    (tmp_path / "m.bin").write_bytes(content)
    read = read_word_vectors(tmp_path / "m.bin")
    np.testing.assert_array_equal(read["</s>"], rows[0])
    ids, _ = subword_ids(["haus"], min_n=3, max_n=4, bucket=11)
    expected = np.vstack([rows[[1]], rows[2 + ids]]).astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(read["haus"], expected, rtol=1e-6)


def test_supervised(tmp_path):
    """Labels are no words, and version 11 had no n-grams in supervised models."""
    words = ["haus", "see", "__label__de"]
    content, rows = make_model(words, version=11, model=3, labels=1)
    (tmp_path / "m.bin").write_bytes(content)
    read = read_fasttext(tmp_path / "m.bin")
    assert read.word_vectors.words == ("haus", "see")
    np.testing.assert_array_equal(read.word_vectors.vectors, rows[:2])
    np.testing.assert_array_equal(read.transform(["unknown"]), np.zeros((1, 3)))


def test_bad_words(tmp_path):
    content, _ = make_model([b"a", b"\xff", b"a", b"b"])
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(ValueError, match=r"m\.bin, word 2: .*not UTF-8"):
        read_word_vectors(tmp_path / "m.bin")
    with (
        pytest.warns(UserWarning, match="1 bad words dropped; the first is word 2"),
        pytest.warns(UserWarning, match="1 words dropped that repeat a word; the first is word 3"),
    ):
        read = read_word_vectors(tmp_path / "m.bin", on_bad_lines="warn")
    assert read.words == ("a", "b")
    np.testing.assert_array_equal(read.counts, [9, 6])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: make_model(["a"], quantised=True)[0], "quantised"),
        (lambda c: make_model(["a"], version=13)[0], "version 11 or 12"),
        (lambda c: c.replace(struct.pack("<2q", 13, 3), struct.pack("<2q", 12, 3)), "13 rows"),
        (lambda c: c.replace(struct.pack("<3i", 2, 2, 0), struct.pack("<3i", 2, 3, 0)), "damaged"),
    ],
)
def test_damaged(change, message, tmp_path):
    content, _ = make_model(["ab", "cd"])
    (tmp_path / "m.bin").write_bytes(change(content))
    with pytest.raises(ValueError, match=rf"m\.bin.*{message}"):
        read_word_vectors(tmp_path / "m.bin")


def test_cut_off_anywhere(tmp_path):
    content, _ = make_model(["ab", "cd"])
    for size in range(4, len(content), 7):
        (tmp_path / "m.bin").write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"m\.bin"):
            read_word_vectors(tmp_path / "m.bin")


def test_compressed(tmp_path):
    (tmp_path / "m.bin.gz").write_bytes(gzip.compress(make_model(["ab"])[0]))
    with pytest.raises(ValueError, match=r"m\.bin\.gz.*Decompress"):
        read_word_vectors(tmp_path / "m.bin.gz")


def test_bad_words_as_asked_and_warned_of_where_they_are_read(path):
    content = path.read_bytes()
    at = content.index("große".encode())
    path.write_bytes(content[: at + 3] + b"\xff" + content[at + 4 :])
    with pytest.raises(ValueError, match=r"`on_bad_lines` must be one of .* Got 'raise'"):
        read_fasttext(path, on_bad_lines="raise")
    for read in (read_fasttext, read_word_vectors):
        with pytest.raises(ValueError, match="not UTF-8"):
            read(path)
        with pytest.warns(UserWarning, match="1 bad words dropped") as caught:
            read(path, on_bad_lines="warn")
        assert caught[0].filename == __file__
