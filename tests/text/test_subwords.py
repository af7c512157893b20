import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skxling.text import subword_ids

gensim_fasttext = pytest.importorskip("gensim.models.fasttext_inner")


def reference_ids(word, min_n, max_n, bucket):
    marked, ids = f"<{word}>", []
    for start in range(len(marked)):
        for n in range(min_n, max_n + 1):
            ngram = marked[start : start + n]
            if len(ngram) < n or (ngram in ("<", ">") and start in (0, len(marked) - 1)):
                continue
            value = 2166136261
            for byte in ngram.encode():
                signed = byte - 256 if byte > 127 else byte
                value = ((value ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
            ids.append(value % bucket)
    return ids


@given(
    words=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=5),
    lengths=st.tuples(st.integers(1, 4), st.integers(0, 3)),
    bucket=st.sampled_from([1, 97, 2_000_000, 2**32]),
)
@settings(deadline=None)  # the reference is slow on a busy machine
def test_equals_the_scalar_hash(words, lengths, bucket):
    min_n, max_n = lengths[0], lengths[0] + lengths[1]
    ids, offsets = subword_ids(words, min_n=min_n, max_n=max_n, bucket=bucket)
    assert len(offsets) == len(words) + 1
    for i, word in enumerate(words):
        expected = reference_ids(word, min_n, max_n, bucket)
        assert ids[offsets[i] : offsets[i + 1]].tolist() == expected


@pytest.mark.parametrize("word", ["haus", "straße", "überall", "日本語", "a", "🙂x"])
def test_equals_gensim(word):
    ngrams = gensim_fasttext.compute_ngrams_bytes(word, 3, 6)
    expected = [gensim_fasttext.ft_hash_bytes(ngram) % 2_000_000 for ngram in ngrams]
    assert subword_ids([word])[0].tolist() == expected


@pytest.mark.parametrize("words", [[], ["house", "haus"]])
def test_no_ngrams(words):
    ids, offsets = subword_ids(words, max_n=0)
    assert len(ids) == 0
    np.testing.assert_array_equal(offsets, np.zeros(len(words) + 1))
