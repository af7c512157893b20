import bz2
import gzip
import lzma
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skxling.text import _array_writer, _corpus, encode_corpora, tokenize

LINES = ["the house is old", "", "the old house", "a house in winter ."]
TOKENS = [line.split() for line in LINES]
OPENERS = {"txt": open, "txt.gz": gzip.open, "txt.bz2": bz2.open, "txt.xz": lzma.open}


def write(path, lines, opener=open):
    with opener(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def decode(vocabulary, corpus):
    bounds = zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)
    return [[vocabulary.words[i] for i in corpus.ids[a:b]] for a, b in bounds]


@pytest.mark.parametrize("suffix", OPENERS)
def test_a_file_of_each_kind(tmp_path, suffix):
    path = write(tmp_path / f"corpus.{suffix}", LINES, OPENERS[suffix])
    assert list(tokenize(path)) == TOKENS
    assert list(tokenize(str(path))) == TOKENS
    assert list(tokenize([path, path])) == TOKENS + TOKENS


@pytest.mark.parametrize("corpus", [LINES, TOKENS, tuple(TOKENS), np.array(LINES, dtype=object)])
def test_sentences(corpus):
    assert list(tokenize(corpus)) == TOKENS


sentence = st.lists(st.sampled_from("abcdefg"), max_size=6)


@given(X=st.lists(sentence, min_size=1), y=st.lists(sentence, min_size=1), seed=st.integers(0, 9))
def test_encoding_loses_nothing(X, y, seed):
    X, y = [["a", "b"], *X], [["b", "a"], *y]  # at least one frequent word
    vocabulary, corpus = encode_corpora(
        X, y, min_count=2, balance=None, rng=np.random.RandomState(seed)
    )
    counts = Counter(token for s in X + y for token in s)
    frequent = {word for word, n in counts.items() if n >= 2}
    assert set(vocabulary.words) == frequent
    kept = [[token for token in s if token in frequent] for s in X + y]
    assert sorted(decode(vocabulary, corpus)) == sorted(s for s in kept if s)
    total = vocabulary.counts.sum(axis=1)
    assert (np.diff(total) <= 0).all()
    assert total.tolist() == [counts[word] for word in vocabulary.words]
    for language, side in enumerate((X, y)):
        of_side = Counter(token for s in side for token in s)
        assert vocabulary.counts[:, language].tolist() == [of_side[w] for w in vocabulary.words]


@pytest.mark.parametrize(("balance", "expected"), [("down", 100), ("up", 530), (None, None)])
def test_balance_is_by_tokens(balance, expected):
    X = [["a"] * 5] * 20  # 100 tokens
    y = [["b"] * 10, ["b"]] * 48 + [["b"] * 2]  # 530 tokens
    vocabulary, corpus = encode_corpora(
        X, y, min_count=1, balance=balance, rng=np.random.RandomState(0)
    )
    n_source, n_target = vocabulary.counts.sum(axis=0)
    if balance is None:
        assert (n_source, n_target) == (100, 530)
    else:
        assert abs(n_source - expected) < 10
        assert abs(n_target - expected) < 10
    assert corpus.n_tokens == n_source + n_target


def test_up_sampling_uses_every_sentence():
    X = [[f"w{i}"] for i in range(10)]
    y = [["t"]] * 37
    vocabulary, _ = encode_corpora(X, y, min_count=1, balance="up", rng=np.random.RandomState(0))
    counts = dict(zip(vocabulary.words, vocabulary.counts[:, 0], strict=True))
    assert sorted(counts[f"w{i}"] for i in range(10)) == [3] * 3 + [4] * 7


def test_order_depends_on_the_seed_alone():
    X, y = [[c] for c in "abcdefgh"], [[c] for c in "ijklmnop"]
    runs = [
        decode(*encode_corpora(X, y, min_count=1, rng=np.random.RandomState(s))) for s in (0, 0, 1)
    ]
    assert runs[0] == runs[1] != runs[2]
    assert sorted(runs[0]) == sorted(runs[2])


def test_a_large_corpus_is_encoded_on_disk(monkeypatch):
    X = [["a", "b"], ["c"]] * 50
    expected = encode_corpora(X, min_count=1, rng=np.random.RandomState(0))
    monkeypatch.setattr(_array_writer, "MAX_BYTES_IN_MEMORY", 40)
    vocabulary, corpus = encode_corpora(X, min_count=1, rng=np.random.RandomState(0))
    assert isinstance(corpus.ids, np.memmap) and isinstance(corpus.offsets, np.memmap)
    np.testing.assert_array_equal(corpus.ids, expected[1].ids)
    np.testing.assert_array_equal(corpus.offsets, expected[1].offsets)
    assert vocabulary.words == expected[0].words


def test_blocks_do_not_change_the_encoding(monkeypatch):
    X = [[f"w{i % 7}", f"w{i % 3}"] for i in range(100)]
    expected = encode_corpora(X, min_count=1, rng=np.random.RandomState(0))
    monkeypatch.setattr(_corpus, "TOKENS_PER_BATCH", 3)
    monkeypatch.setattr(_corpus, "BLOCK_SENTENCES", 3)
    _, corpus = encode_corpora(X, min_count=1, rng=np.random.RandomState(0))
    np.testing.assert_array_equal(corpus.ids, expected[1].ids)


def test_batches_are_bounded_by_their_tokens(monkeypatch):
    monkeypatch.setattr(_corpus, "TOKENS_PER_BATCH", 4)
    lengths = [3, 0, 2, 9, 1, 0, 0]
    batches = list(_corpus.token_batches([["w"] * n for n in lengths], "X"))
    assert [len(tokens) for tokens, _ in batches] == [5, 9, 1]
    assert np.concatenate([n for _, n in batches]).tolist() == lengths


def test_long_sentences_are_gathered_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(_corpus, "BLOCK_TOKENS", 10)
    _, corpus = encode_corpora([[c] * n for n, c in enumerate("abcdefgh", 1)], min_count=1)
    order = np.arange(8)[::-1]
    blocks = list(_corpus._gather(corpus, order))
    assert max(len(ids) for ids, _ in blocks) < 10 + 8
    assert np.concatenate([lengths for _, lengths in blocks]).tolist() == [8, 7, 6, 5, 4, 3, 2, 1]
    expected = [corpus.ids[corpus.offsets[i] : corpus.offsets[i + 1]] for i in order]
    assert np.concatenate([ids for ids, _ in blocks]).tolist() == np.concatenate(expected).tolist()


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "latin1.txt"
    path.write_bytes("gut\nschön\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin1.txt' is not UTF-8 .* byte 0xf6"):
        list(tokenize(path))


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_truncated_file(tmp_path, suffix):
    path = write(tmp_path / f"corpus.{suffix}", LINES * 1000, OPENERS[f"txt.{suffix}"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="cannot be decompressed"):
        list(tokenize(path))


def test_a_damaged_file(tmp_path):
    path = write(tmp_path / "corpus.txt.gz", [f"w{i * i}" for i in range(500)], gzip.open)
    whole = path.read_bytes()
    for place in range(40, len(whole) - 10, 25):  # of the deflated data
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with pytest.raises(
            ValueError, match=r"corpus.txt.gz' (is not UTF-8|cannot be decompressed)"
        ):
            list(tokenize(path))


def test_a_wrong_suffix(tmp_path):
    path = write(tmp_path / "corpus.xz", LINES)
    with pytest.raises(ValueError, match="cannot be decompressed"):
        list(tokenize(path))


@pytest.mark.parametrize(
    "corpus", ["no/such/file.txt", "a sentence given as a corpus", "too long for a name " * 100]
)
def test_a_missing_file_is_known_before_reading(corpus):
    def explode():
        raise AssertionError("read before the check")
        yield

    with pytest.raises(FileNotFoundError, match="`y` names no file"):
        encode_corpora(explode(), corpus)


def test_a_list_of_file_names_is_refused(tmp_path):
    names = [str(write(tmp_path / f"{i}.txt", LINES)) for i in range(2)]
    with pytest.raises(TypeError, match=r"pathlib\.Path"):
        encode_corpora(names)


@pytest.mark.parametrize("corpus", [["", "  "], [[]], []])
def test_an_empty_corpus(corpus):
    with pytest.raises(ValueError, match="`y` holds no token"):
        encode_corpora(LINES, corpus)


def test_an_empty_file(tmp_path):
    path = write(tmp_path / "empty.txt", [])
    with pytest.raises(ValueError, match=r"empty.txt' is empty"):
        encode_corpora(path)


def test_sentences_are_cut(monkeypatch):
    monkeypatch.setattr(_corpus, "MAX_SENTENCE", 4)
    sentences = [list("abcdefghi"), [], list("jklm"), list("no"), list("pqrst")]
    vocabulary, corpus = encode_corpora(sentences, min_count=1)
    assert np.diff(corpus.offsets).tolist() == [4, 4, 1, 4, 2, 4, 1]
    assert [vocabulary.words[i] for i in corpus.ids] == list("abcdefghijklmnopqrst")


def test_half_a_character():
    with pytest.raises(ValueError, match=r"A word holds '\\udcff', half a character"):
        encode_corpora([["house", "x\udcff"]] * 5)


def test_no_frequent_word():
    with pytest.raises(ValueError, match=r"`min_count`=5.*occurs 3 times"):
        encode_corpora(LINES, min_count=5)


@pytest.mark.parametrize("corpus", [[1, 2], [["a", 1]], 7, b"bytes", {"a": 1}])
def test_things_that_are_no_corpus(corpus):
    with pytest.raises(TypeError, match="`X"):
        encode_corpora(corpus)


def test_the_same_corpus_twice(tmp_path):
    path = write(tmp_path / "corpus.txt", LINES)
    with pytest.warns(UserWarning, match="are the same corpus"):
        encode_corpora(path, str(path), min_count=1)
    with pytest.warns(UserWarning, match="are the same corpus"):
        encode_corpora(LINES, LINES, min_count=1)


def test_a_byte_order_mark_is_no_letter(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffthe house\n".encode())
    assert list(tokenize(path)) == [["the", "house"]]


def test_a_compressed_file_by_another_name(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(gzip.compress(b"the house\n"))
    with pytest.raises(ValueError, match=r"let its name end in \.gz"):
        list(tokenize(path))


def test_a_misspelled_balance_is_refused():
    with pytest.raises(ValueError, match=r"`balance` must be .* Got 'upp'"):
        encode_corpora(["a b"], ["c d"], min_count=1, balance="upp")
