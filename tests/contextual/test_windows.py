from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skxling.contextual._windows import gen_windows

LENGTH = 7


@given(
    st.lists(st.integers(0, LENGTH), max_size=40),
    st.integers(0, LENGTH - 1),
)
def test_windows_keep_every_word_once_and_fit(n_pieces, overlap):
    windows = list(gen_windows(n_pieces, LENGTH, overlap))
    kept = [word for w in windows for word in range(w.keep_begin, w.keep_end)]
    assert kept == list(range(len(n_pieces)))
    for window in windows:
        assert window.begin <= window.keep_begin <= window.keep_end <= window.end
        assert sum(n_pieces[window.begin : window.end]) <= LENGTH
    for before, after in pairwise(windows):
        assert before.begin < after.begin <= before.end < after.end
        assert sum(n_pieces[after.begin : before.end]) <= overlap


def test_a_sentence_that_fits_is_one_window():
    (window,) = gen_windows([1, 2, 3], length=6, overlap=3)
    assert window == (0, 3, 0, 3)


@pytest.mark.parametrize("overlap", [0, 4, 8])
def test_context_of_words_at_cuts(overlap):
    """No word is nearer to a cut than half the overlap."""
    n_words = 100
    for window in gen_windows(np.ones(n_words, dtype=int), length=16, overlap=overlap):
        if window.begin > 0:
            assert window.keep_begin - window.begin >= overlap // 2
        if window.end < n_words:
            assert window.end - window.keep_end >= overlap // 2
