"""Lexicon files: the usual forms are read, everything else is refused with a line number."""

import gzip
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import Bunch

from skxling.datasets import drop_test_sources, load_lexicon

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


def write(tmp_path, content, name="lexicon.txt"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pairs(lexicon):
    return list(zip(lexicon.source, lexicon.target, strict=True))


@pytest.mark.parametrize(
    "content",
    [
        "house\tHaus\ncat\tKatze\n",  # XLING
        "house Haus\ncat Katze\n",  # MUSE
        "house Haus\r\ncat Katze\r\n",
        "house  \t Haus\ncat\tKatze",  # no newline at the end
        "\n# comment\nhouse Haus\n   \ncat Katze\n\n",
        "\ufeffhouse Haus\ncat Katze\n",  # a byte order mark
    ],
)
def test_usual_forms_are_read(tmp_path, content):
    lexicon = load_lexicon(write(tmp_path, content))
    assert pairs(lexicon) == [("house", "Haus"), ("cat", "Katze")]
    assert lexicon.n_duplicates == 0


def test_translations_stay_and_duplicates_go(tmp_path):
    path = write(tmp_path, "Home Haus\nhome Heim\nhome haus\nHome Haus\n")
    assert pairs(load_lexicon(path)) == [("Home", "Haus"), ("home", "Heim"), ("home", "haus")]
    lowered = load_lexicon(path, lowercase=True)
    assert pairs(lowered) == [("home", "haus"), ("home", "heim")]
    assert lowered.n_duplicates == 2


def test_words_with_blanks(tmp_path):
    path = write(tmp_path, "new york\tnueva york\nof course\tnatürlich\n")
    assert pairs(load_lexicon(path)) == [("new york", "nueva york"), ("of course", "natürlich")]
    path = write(tmp_path, "new york;nueva york\n")
    assert pairs(load_lexicon(path, sep=";")) == [("new york", "nueva york")]


def test_columns(tmp_path):
    path = write(tmp_path, "1\thouse\tHaus\n2\tcat\tKatze\n")
    assert pairs(load_lexicon(path, columns=(2, 1))) == [("Haus", "house"), ("Katze", "cat")]


def test_comment(tmp_path):
    path = write(tmp_path, "# #\nhouse Haus\n")
    assert pairs(load_lexicon(path)) == [("house", "Haus")]
    assert pairs(load_lexicon(path, comment=None)) == [("#", "#"), ("house", "Haus")]


def test_compressed(tmp_path):
    path = tmp_path / "lexicon.tsv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("Tür\tdoor\n")
    assert pairs(load_lexicon(str(path))) == [("Tür", "door")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("house Haus\n\ncat\n", "Line 3 .* has 1 column instead of two"),
        ("house Haus\nnew york Stadt\n", "Line 2 .* has 3 columns"),
        ("house\tHaus\ncat Katze\n", "Line 2 .* has 1 column"),
        ("house;Haus\n", r"1 column instead of two: .* pass `sep` \(sep=';', by the look of it\)"),
        ("house,Haus\n", r"pass `sep` \(sep=',', by the look"),
        ("house\n", r"pass `sep`, or `columns`"),
        ("house\tHaus\n\tKatze\n", "Line 2 .* has an empty word"),
        (b"house Haus\ndoor T\xfcr\n", "not UTF-8 in line 2: byte 0xfc"),
        ("house Haus\n".encode("utf-16"), "not UTF-8 in line 1"),
        ("", "is empty"),
        ("\n# nothing\n", "holds no pair"),
    ],
)
def test_bad_files(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=message) as error:
        load_lexicon(path)
    assert str(path) in str(error.value)


def test_truncated_archive(tmp_path):
    whole = gzip.compress("".join(f"source{i}\ttarget{i}\n" for i in range(999)).encode())
    path = write(tmp_path, whole[: len(whole) // 2], "lexicon.gz")
    with pytest.raises(ValueError, match=re.escape(str(path))):
        load_lexicon(path)


def test_bad_arguments(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_lexicon(tmp_path / "nothing.txt")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        load_lexicon(tmp_path)
    with pytest.raises(TypeError, match=r"`path` must be the path of one file\. Got list"):
        load_lexicon([tmp_path])
    path = write(tmp_path, "house\tHaus\n")
    with pytest.raises(ValueError, match="`sep`"):
        load_lexicon(path, sep="")
    with pytest.raises(ValueError, match="`columns` must be"):
        load_lexicon(path, columns=(0, -1))
    with pytest.raises(ValueError, match=r"Line 1 .* `columns` is \(0, 2\)"):
        load_lexicon(path, columns=(0, 2))


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, unique=True))
def test_what_is_written_is_read(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in written), encoding="utf-8")
    assert pairs(load_lexicon(path, comment=None)) == written


def test_drop_test_sources():
    train = Bunch(source=["a", "b", "b", "c"], target=["1", "2", "3", "4"])
    kept = drop_test_sources(train, Bunch(source=["b", "d"], target=["9", "9"]))
    assert pairs(kept) == [("a", "1"), ("c", "4")]
    assert kept.n_dropped == 2
    assert train.source == ["a", "b", "b", "c"]
    with pytest.raises(TypeError, match=r"`test_lexicon` must have .* load_lexicon.* Got str"):
        drop_test_sources(train, "test.tsv")


@pytest.mark.parametrize(("languages", "n_shared"), [("en-de", 0), ("en-fr", 0), ("de-fr", 347)])
def test_xling_protocol(data_dir, languages, n_shared):
    folder = data_dir / "xling" / languages
    train = load_lexicon(folder / f"yacle.train.freq.5k.{languages}.tsv", lowercase=True)
    test = load_lexicon(folder / f"yacle.test.freq.2k.{languages}.tsv", lowercase=True)
    assert len(train.source) + train.n_duplicates == 5000
    assert len(test.source) + test.n_duplicates == 2000
    kept = drop_test_sources(train, test)
    assert len(set(train.source) & set(test.source)) == n_shared
    assert not set(kept.source) & set(test.source)
    assert kept.n_dropped == sum(word in set(test.source) for word in train.source)


def test_one_column_is_not_enough(tmp_path):
    path = tmp_path / "lexicon.txt"
    path.write_text("house haus\n", encoding="utf-8")
    with pytest.raises(ValueError, match="`columns` must be two column numbers"):
        load_lexicon(path, columns=1)
