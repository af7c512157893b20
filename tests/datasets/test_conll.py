"""Column files of CoNLL and Universal NER are read; everything else is refused, with the line."""

import gzip
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skxling.datasets import load_conll
from skxling.metrics import extract_spans
from skxling.tagging import to_iob2

CONLL_2003 = """\
-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
British JJ I-NP B-MISC
call NN I-NP O

# # I-NP O
Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER
"""
CONLL_2002 = "Melbourne B-LOC\n( O\nAustralia B-LOC\n) O\n\nEl O\n"
UNER = (
    "# sent_id = 1\n# text = In New York #\n1\tIn\tO\t-\t-\n2\tNew\tB-LOC\t-\tsomebody\n"
    "3\tYork\tI-LOC\t-\tsomebody\n4\t#\tO\t-\t-\n\n# sent_id = 2\n1\tEnd\tO\t-\t-\n\n"
)


def write(tmp_path, content, name="train.txt"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_conll_2003_is_rewritten_to_iob2(tmp_path):
    sentences = load_conll(write(tmp_path, CONLL_2003))
    assert sentences.tokens == [
        ["EU", "rejects", "German", "British", "call"],
        ["#", "Peter", "Blackburn"],
    ]
    assert sentences.tags == [["B-ORG", "O", "B-MISC", "B-MISC", "O"], ["O", "B-PER", "I-PER"]]


def test_conll_2002(tmp_path):
    sentences = load_conll(write(tmp_path, CONLL_2002))
    assert sentences.tokens == [["Melbourne", "(", "Australia", ")"], ["El"]]
    assert sentences.tags == [["B-LOC", "O", "B-LOC", "O"], ["O"]]


def test_universal_ner(tmp_path):
    path = write(tmp_path, UNER, "en.iob2")
    sentences = load_conll(path)
    assert sentences.tokens == [["In", "New", "York", "#"], ["End"]]
    assert sentences.tags == [["O", "B-LOC", "I-LOC", "O"], ["O"]]
    renamed = write(tmp_path, UNER, "en.conllu")
    assert load_conll(renamed, columns=(1, 2), comment="#") == sentences


@pytest.mark.parametrize("change", [lambda s: s.replace("\n", "\r\n"), lambda s: "\ufeff" + s])
def test_line_ends_and_byte_order_marks(tmp_path, change):
    expected = load_conll(write(tmp_path, CONLL_2002))
    assert load_conll(write(tmp_path, change(CONLL_2002), "other.txt")) == expected


def test_compressed(tmp_path):
    path = write(tmp_path, gzip.compress(UNER.encode()), "en.iob2.gz")
    assert load_conll(path) == load_conll(write(tmp_path, UNER, "en.iob2"))


def test_other_columns(tmp_path):
    sentences = load_conll(write(tmp_path, CONLL_2003), columns=(0, 1), scheme=None)
    assert sentences.tags[1] == ["#", "NNP", "NNP"]


def test_encoding(tmp_path):
    path = write(tmp_path, "Málaga B-LOC\n".encode("latin-1"))
    assert load_conll(path, encoding="latin-1").tokens == [["Málaga"]]
    with pytest.raises(ValueError, match=r"not utf-8 in line 1: byte 0xe1.*latin-1"):
        load_conll(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\nb\n", "Line 2 of .* has no token and tag"),
        ("a O\n\nb NN\n", r"The sentence from line 3 of .*: A tag is 'O'.*'NN'.*`columns`"),
        ("", "is empty"),
        ("\n\n", "holds no sentence"),
        ("-DOCSTART- O\n\n", "holds no sentence"),
    ],
)
def test_bad_files_are_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        load_conll(write(tmp_path, content))


def test_missing_file_and_bad_arguments(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_conll(tmp_path / "no.txt")
    path = write(tmp_path, CONLL_2002)
    with pytest.raises(ValueError, match=re.escape("`columns` must be two column numbers")):
        load_conll(path, columns=(0, 1, 2))
    with pytest.raises(ValueError, match="`scheme`"):
        load_conll(path, scheme="iobes")


TOKENS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
TAGS = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])


@given(
    sentences=st.lists(
        st.lists(st.tuples(TOKENS.filter(lambda t: t != "-DOCSTART-"), TAGS), min_size=1),
        min_size=1,
        max_size=4,
    )
)
def test_round_trip(tmp_path_factory, sentences):
    lines = ["".join(f"{token} {tag}\n" for token, tag in sentence) for sentence in sentences]
    path = write(tmp_path_factory.mktemp("conll"), "\n".join(lines))
    found = load_conll(path)
    tags = [[tag for _, tag in sentence] for sentence in sentences]
    assert found.tokens == [[token for token, _ in sentence] for sentence in sentences]
    assert found.tags == to_iob2(tags)
    assert list(map(extract_spans, found.tags)) == list(map(extract_spans, tags))


def test_files_of_universal_ner(data_dir):
    sentences = load_conll(data_dir / "uner" / "de_pud-ud-test.iob2")
    assert len(sentences.tokens) == len(sentences.tags) == 1000
    spans = [span for tags in sentences.tags for span in extract_spans(tags)]
    assert len(spans) == 429 + 192 + 418
    assert {span.label for span in spans} == {"LOC", "ORG", "PER"}


def test_a_no_break_space_is_part_of_a_token(tmp_path):
    assert load_conll(write(tmp_path, "10\u00a0000 CD O\n")).tokens == [["10\u00a0000"]]


@pytest.mark.parametrize("columns", [1, "01", (0.0, 1.0)])
def test_columns_are_two_integers(tmp_path, columns):
    path = write(tmp_path, CONLL_2002)
    with pytest.raises(ValueError, match="`columns` must be two column numbers"):
        load_conll(path, columns=columns)
    assert load_conll(path, columns=[0, 1]) == load_conll(path)
