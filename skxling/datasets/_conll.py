"""Tagged sentences from the column files of CoNLL and of Universal NER."""

import os
from pathlib import Path

from sklearn.utils import Bunch

from skxling.datasets._columns import is_pair_of_columns
from skxling.embedding._io_files import open_for_reading, read_errors_named
from skxling.tagging import to_iob2

_DOCUMENT = "-DOCSTART-"


def _read_lines(path, encoding):
    """Lines of a file without their ends, with numbers from 1."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"Tagged file {os.fspath(path)!r} {what}. Check `path`.")
    with read_errors_named(path), open_for_reading(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                yield number, line.decode(encoding).removeprefix("\ufeff").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{os.fspath(path)!r} is not {encoding} in line {number}: byte "
                    f"{line[error.start]:#04x}. Pass another `encoding`; the files of 2002 and "
                    "2003 are often 'latin-1'."
                ) from error


def _cells(line, columns, where):
    """Token and tag of a line: cut at tabs where it has some, else at blanks."""
    # other white space, such as a no-break space, is part of a token
    cells = line.split("\t") if "\t" in line else [cell for cell in line.split(" ") if cell]
    try:
        token, tag = (cells[column].strip(" ") for column in columns)
    except IndexError:
        token = tag = ""
    if not token or not tag or len(cells) < 2:
        raise ValueError(
            f"{where} has no token and tag in the columns {columns}: {line!r}. Pass other "
            "`columns`, or mend the line."
        )
    return token, tag


def load_conll(path, *, columns=None, comment=None, scheme="iob2", encoding="utf-8"):
    r"""Read tagged sentences from a file with a token a line.

    Columns are separated by blanks or by tabs, sentences by empty lines. This covers the files of
    the CoNLL-2002 and CoNLL-2003 shared tasks [1]_, [2]_, and those of Universal NER [3]_, whose
    names end in ".iob2".

    Parameters
    ----------
    path : str or path-like
        File, plain or compressed (.gz, .bz2, .xz).

    columns : tuple of two int, default=None
        Columns of token and tag, counted from 0, or from -1 at the end. None is (1, 2) for
        ".iob2" files, else (0, -1).

    comment : str, default=None
        Lines that begin so are left out. None is "#" for ".iob2" files, and nothing else: in the
        CoNLL files "#" may be a token.

    scheme : {"iob2"} or None, default="iob2"
        Rewrite tags in IOB2: the files of CoNLL-2003 are in IOB1, where B marks only a span that
        follows another of the same label. None leaves tags as they are, such as parts of speech.

    encoding : str, default="utf-8"
        The files of 2002 and 2003 are often in "latin-1".

    Returns
    -------
    sentences : :class:`~sklearn.utils.Bunch`
        tokens : list of list of str
            Tokens of each sentence. The marks of new documents (-DOCSTART-) are left out.
        tags : list of list of str
            Their tags.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    ValueError
        If a line lacks the columns, a byte is not in the encoding, a tag is not in IOB1 or IOB2
        (the line's number is told), or if there is no sentence at all.

    See Also
    --------
    skxling.tagging.to_iob2 : The rewriting alone.

    References
    ----------
    .. [1] Tjong Kim Sang, E. F. "Introduction to the CoNLL-2002 shared task: language-independent
       named entity recognition". CoNLL 2002.

    .. [2] Tjong Kim Sang, E. F., De Meulder, F. "Introduction to the CoNLL-2003 shared task:
       language-independent named entity recognition". CoNLL 2003.

    .. [3] Mayhew, S. et al. "Universal NER: a gold-standard multilingual named entity recognition
       benchmark". NAACL 2024.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skxling.datasets import load_conll
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "train.txt"
    ...     _ = path.write_text("Anna NNP I-NP I-PER\nsings VBZ I-VP O\n\nParis NNP I-NP I-LOC\n")
    ...     sentences = load_conll(path)
    >>> sentences.tokens
    [['Anna', 'sings'], ['Paris']]
    >>> sentences.tags
    [['B-PER', 'O'], ['B-LOC']]
    """
    path = Path(path)
    if scheme not in ("iob2", None):
        raise ValueError(f"`scheme` must be 'iob2' or None. Got {scheme!r}.")
    is_uner = ".iob2" in path.suffixes
    if columns is None:
        columns = (1, 2) if is_uner else (0, -1)
    if not is_pair_of_columns(columns):
        raise ValueError(f"`columns` must be two column numbers. Got {columns!r}.")
    comment = "#" if comment is None and is_uner else comment
    sentences, numbers = [[]], []
    for number, line in _read_lines(path, encoding):
        if comment and line.startswith(comment):
            continue
        if not line.strip():
            sentences.append([])
        elif line.split()[0] != _DOCUMENT:
            if not sentences[-1]:
                numbers.append(number)
            sentences[-1].append(_cells(line, columns, f"Line {number} of {os.fspath(path)!r}"))
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        raise ValueError(f"{os.fspath(path)!r} holds no sentence. Check `path`.")
    tokens = [[token for token, _ in sentence] for sentence in sentences]
    tags = [[tag for _, tag in sentence] for sentence in sentences]
    if scheme == "iob2":
        tags = [
            _rewrite(one, f"The sentence from line {number} of {os.fspath(path)!r}")
            for one, number in zip(tags, numbers, strict=True)
        ]
    return Bunch(tokens=tokens, tags=tags)


def _rewrite(tags, where):
    """Tags of one sentence in IOB2."""
    try:
        return to_iob2([tags])[0]
    except ValueError as error:
        raise ValueError(
            f"{where}: {error} Pass `columns` to choose another column, or scheme=None."
        ) from error
