"""Bilingual lexicons: read them from files, and keep test words out of training."""

import os
from pathlib import Path

from sklearn.utils import Bunch

from skxling.datasets._columns import is_pair_of_columns
from skxling.embedding._io_files import open_for_reading, read_errors_named


def _read_lines(path):
    """Lines of a file, decoded one by one so that an error knows its line."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"Lexicon file {os.fspath(path)!r} {what}. Check `path`.")
    with read_errors_named(path), open_for_reading(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                # a byte order mark is no letter of the first word
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{os.fspath(path)!r} is not UTF-8 in line {number}: byte "
                    f"{line[error.start]:#04x}. Convert it (iconv -t UTF-8), or drop the line."
                ) from error


def _split(line, sep):
    """Columns of a line: at every blank, or at the separator with blanks kept in words."""
    return line.split() if sep == " " else [column.strip() for column in line.split(sep)]


def _guess_separator(cells):
    """Name the separator that a line of one column seems to have."""
    found = [sep for sep in (";", ",", "|", "=", ":", "\t") if cells[0].count(sep) == 1]
    return f" (sep={found[0]!r}, by the look of it)" if len(cells) == 1 and found else ""


def _pick_columns(cells, columns, where):
    """Pick the source and the target word of a line."""
    if columns is None and len(cells) != 2:
        raise ValueError(
            f"{where} has {len(cells)} column{'s' * (len(cells) != 1)} instead of two: {cells}. "
            f"Mend the line, or pass `sep`{_guess_separator(cells)}, or `columns` to choose two of "
            "more."
        )
    first, second = (0, 1) if columns is None else columns
    if max(first, second) >= len(cells):
        raise ValueError(
            f"{where} has {len(cells)} column{'s' * (len(cells) != 1)}, `columns` is {columns}: "
            f"{cells}. Mend the line, or pass other `sep` or `columns`."
        )
    if not cells[first] or not cells[second]:
        raise ValueError(f"{where} has an empty word: {cells}. Fill it in, or drop the line.")
    return cells[first], cells[second]


def load_lexicon(path, *, sep="auto", columns=None, lowercase=False, comment="#"):
    r"""Read a bilingual lexicon from a text file.

    One pair of words a line, source word first; a word with several translations has several
    lines. This covers the files of MUSE (separated by a blank), VecMap and XLING (by a tab).
    Empty lines are left out, and so is a pair that occurred before.

    Parameters
    ----------
    path : str or path-like
        File in UTF-8, plain or compressed (.gz, .bz2, .xz).

    sep : str, default="auto"
        What stands between the words. "auto" takes the tab where the first pair's line has
        one, else blanks. A blank (`" "`) means any run of white space; with any other
        separator words may hold blanks.

    columns : tuple of two int, default=None
        Columns of the source and of the target word, counted from 0, in files with more than
        two columns; `(1, 0)` reads a lexicon in the other direction. By default a line with
        other than two columns is an error, because it may be a word with a blank in it.

    lowercase : bool, default=False
        Whether to lower-case the words, as corpora often are.

    comment : str or None, default="#"
        Lines that begin so are left out. None keeps them.

    Returns
    -------
    lexicon : :class:`~sklearn.utils.Bunch`
        source, target : list of str
            Words in the order of the file; entry `i` of one translates entry `i` of the other.
        n_duplicates : int
            Pairs that were left out because they occurred before.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    ValueError
        If a line has not the expected columns, an empty word or bytes that are no UTF-8 (the
        line's number is told), or if there is no pair at all.

    See Also
    --------
    drop_test_sources : Keep a test lexicon's words out of a training lexicon.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skxling.datasets import load_lexicon
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "en-de.txt"
    ...     _ = path.write_text("house Haus\nhome Haus\nhome Heim\n", encoding="utf-8")
    ...     lexicon = load_lexicon(path, lowercase=True)
    >>> lexicon.source, lexicon.target
    (['house', 'home', 'home'], ['haus', 'haus', 'heim'])
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"`path` must be the path of one file. Got {type(path).__name__}. Read several files "
            "one by one, and join their `source` and `target`."
        )
    path = Path(path)
    if not isinstance(sep, str) or not sep:
        raise ValueError(f'`sep` must be "auto" or a separator such as "\\t". Got {sep!r}.')
    if columns is not None and not (is_pair_of_columns(columns) and min(columns) >= 0):
        raise ValueError(f"`columns` must be two column numbers from 0 on. Got {columns!r}.")
    pairs, n_read = {}, 0  # a dict keeps the file's order
    for number, line in _read_lines(path):
        if not line.strip() or (comment and line.startswith(comment)):
            continue
        if sep == "auto":
            sep = "\t" if "\t" in line else " "
        where = f"Line {number} of {os.fspath(path)!r}"
        source, target = _pick_columns(_split(line, sep), columns, where)
        pair = (source.lower(), target.lower()) if lowercase else (source, target)
        pairs[pair] = None
        n_read += 1
    if not pairs:
        raise ValueError(f"{os.fspath(path)!r} holds no pair of words. Check `path`.")
    return Bunch(
        source=[source for source, _ in pairs],
        target=[target for _, target in pairs],
        n_duplicates=n_read - len(pairs),
    )


def drop_test_sources(train_lexicon, test_lexicon):
    """Drop from a training lexicon every entry whose source word is asked in the test.

    Published lexicons overlap: 347 of the 1,917 test words of XLING's German-French lexicon
    stand in its training lexicon too.

    Parameters
    ----------
    train_lexicon, test_lexicon : Bunch
        With equally long lists `source` and `target`, as of :func:`load_lexicon`.

    Returns
    -------
    lexicon : :class:`~sklearn.utils.Bunch`
        source, target : list of str
            What is left of the training lexicon, in its order.
        n_dropped : int
            Number of entries dropped.

    Examples
    --------
    >>> from sklearn.utils import Bunch
    >>> from skxling.datasets import drop_test_sources
    >>> train = Bunch(source=["house", "home", "home"], target=["haus", "haus", "heim"])
    >>> drop_test_sources(train, Bunch(source=["home"], target=["heim"]))
    {'source': ['house'], 'target': ['haus'], 'n_dropped': 2}
    """
    for name, lexicon in (("train_lexicon", train_lexicon), ("test_lexicon", test_lexicon)):
        if not (hasattr(lexicon, "source") and hasattr(lexicon, "target")):
            raise TypeError(
                f"`{name}` must have lists `source` and `target`, as load_lexicon(path) gives "
                f"them. Got {type(lexicon).__name__}."
            )
    asked = set(test_lexicon.source)
    kept = [
        pair
        for pair in zip(train_lexicon.source, train_lexicon.target, strict=True)
        if pair[0] not in asked
    ]
    return Bunch(
        source=[source for source, _ in kept],
        target=[target for _, target in kept],
        n_dropped=len(train_lexicon.source) - len(kept),
    )
