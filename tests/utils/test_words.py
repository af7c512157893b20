import numpy as np
import pandas as pd
import pytest

from skxling.utils._words import check_word_pairs, check_words


@pytest.mark.parametrize(
    "as_input",
    [list, tuple, np.array, pd.Series, iter, lambda words: np.array(words, dtype=object)],
)
def test_words_become_a_list_of_str(as_input):
    words = check_words(as_input(["house", "Häuser"]))
    assert words == ["house", "Häuser"]
    assert [type(word) for word in words] == [str, str]


def test_input_is_not_changed():
    words = [np.str_("house")]
    assert type(check_words(words)[0]) is str
    assert type(words[0]) is np.str_


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("house", TypeError, r"single string 'house'. Pass a list of words: \['house'\]"),
        (b"house", TypeError, "single string"),
        ({"house": 1}, TypeError, "Got dict"),
        (3, TypeError, "Got int"),
        (["house", None], TypeError, r"`X\[1\]` is None"),
        ([b"house"], TypeError, "decode bytes"),
        (np.array([["house"]]), ValueError, r"shape \(1, 1\)"),
        (pd.DataFrame({"word": ["house"]}), ValueError, "one-dimensional"),
    ],
)
def test_errors_name_the_way_out(X, error, message):
    with pytest.raises(error, match=message):
        check_words(X)


def test_pairs():
    assert check_word_pairs(("a", "b"), np.array(["c", "d"])) == (["a", "b"], ["c", "d"])
    with pytest.raises(ValueError, match="Got only `y`"):
        check_word_pairs(None, ["c"])
    with pytest.raises(ValueError, match="`X` has 2 words and `y` has 1"):
        check_word_pairs(["a", "b"], ["c"])
    with pytest.raises(ValueError, match="empty"):
        check_word_pairs([], [])
