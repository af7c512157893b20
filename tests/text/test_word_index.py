import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skxling.text import _word_index
from skxling.text._word_index import WordIndex

words = st.lists(st.text(alphabet="abcß€ \n", max_size=3), max_size=12)


@given(batches=st.lists(words, max_size=8), limit=st.integers(0, 5))
def test_it_counts_words_as_a_dictionary_does(batches, limit):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_word_index, "MIN_MERGED", limit)
        index, expected = WordIndex(), {}
        for tokens in batches:
            for token in tokens:
                expected.setdefault(token, len(expected))
            assert index.encode(tokens).tolist() == [expected[token] for token in tokens]
    assert index.n_words == len(expected)
    backwards = np.arange(index.n_words)[::-1]
    text, lengths = index.text(backwards)
    assert text == "".join(list(expected)[::-1])
    assert lengths.tolist() == [len(word) for word in list(expected)[::-1]]


def test_new_words_are_merged_now_and_then(monkeypatch):
    monkeypatch.setattr(_word_index, "MIN_MERGED", 10)
    index = WordIndex()
    sizes = []
    for start in range(0, 400, 4):
        index.encode([str(i) for i in range(start, start + 4)])
        sizes.append((len(index._known.keys), len(index._recent.keys)))
    known, recent = np.array(sizes).T
    assert (known + recent == np.arange(4, 404, 4)).all()
    assert recent.max() <= max(10, known.max() / 16)
    assert len(np.unique(known)) < 30  # a merge is dear, and rare
    assert (np.diff(index._known.keys) > 0).all()
