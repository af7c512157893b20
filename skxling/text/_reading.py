"""Read corpora: text files or lists, sentence by sentence, as lists of tokens."""

import bz2
import gzip
import lzma
import os
import zlib
from pathlib import Path

import numpy as np

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def corpus_paths(corpus, name="X"):
    """Tell which files a corpus is in.

    Parameters
    ----------
    corpus : path, list of paths, list of str or list of list of str
        A corpus, as `tokenize` takes it.

    name : str, default="X"
        What the corpus is called in error messages.

    Returns
    -------
    paths : list of pathlib.Path or None
        None where it is a list of sentences.

    Raises
    ------
    FileNotFoundError, TypeError
        If it names no file, or mixes paths and sentences.
    """
    if isinstance(corpus, (str, os.PathLike)):
        corpus = [corpus]
    elif isinstance(corpus, (list, tuple)) and corpus:
        are_paths = [isinstance(item, os.PathLike) for item in corpus]
        if not all(are_paths):
            if any(are_paths):
                raise TypeError(f"`{name}` mixes paths and sentences. Pass one kind only.")
            _refuse_file_names(corpus, name)
            return None
    else:
        return None
    paths = [Path(path) for path in corpus]
    for path in paths:
        if not os.path.isfile(path):  # of a text that is too long for a name too
            raise FileNotFoundError(
                f"`{name}` names no file: {os.fspath(path)!r}. Give the path of a text file "
                "(plain, .gz, .bz2 or .xz), a list of pathlib.Path, or a list of sentences."
            )
    return paths


def _refuse_file_names(corpus, name):
    """Stop who means files: a list of strings is a list of sentences."""
    head = corpus[:100]
    if all(isinstance(item, str) and 0 < len(item) < 4096 for item in head) and all(
        os.path.isfile(item) for item in head
    ):
        raise TypeError(
            f"`{name}` is a list of strings that all name existing files, but a list of strings "
            "is read as sentences. Pass pathlib.Path objects to read the files."
        )


def read_lines(path):
    """Iterate over the lines of a text file, plain or compressed.

    Parameters
    ----------
    path : pathlib.Path
        File, UTF-8; ``.gz``, ``.bz2`` and ``.xz`` are decompressed.

    Yields
    ------
    line : str

    Raises
    ------
    ValueError
        If it is not UTF-8, or cannot be decompressed.
    """
    opener = OPENERS.get(path.suffix, open)
    line_number = 0
    try:
        # a byte order mark is no letter of the first word
        with opener(path, "rt", encoding="utf-8-sig", newline="\n") as file:
            for line in file:
                line_number += 1
                yield line
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{os.fspath(path)!r} is not UTF-8 shortly after line {line_number}: byte "
            f"{error.object[error.start]:#04x}. Convert it (iconv -t UTF-8), drop the line, or, if "
            "it is compressed, let its name end in .gz, .bz2 or .xz."
        ) from error
    except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        if opener is open or getattr(error, "errno", None) is not None:
            raise  # the system's own errors name the file
        raise ValueError(
            f"{os.fspath(path)!r} cannot be decompressed after line {line_number}: {error}. "
            "The file is truncated, or its suffix is not that of its format."
        ) from error


def tokenize(corpus, name="X"):
    """Iterate over the sentences of a corpus as lists of tokens.

    Parameters
    ----------
    corpus : path, list of paths, list of str or list of list of str
        A `str` or path names a text file (plain, .gz, .bz2 or .xz) with one sentence a line,
        tokens separated by white space; a list of `str` holds sentences, a list of lists tokens.

    name : str, default="X"
        What the corpus is called in error messages.

    Yields
    ------
    tokens : list of str
    """
    paths = corpus_paths(corpus, name)
    if paths is not None:
        for path in paths:
            yield from map(str.split, read_lines(path))
    else:
        yield from split_sentences(corpus, name)


def split_sentences(corpus, name="X"):
    """Iterate over sentences in memory as lists of tokens.

    Parameters
    ----------
    corpus : list of str or list of list of str
        Sentences: strings whose tokens are separated by white space, or lists of tokens.

    name : str, default="X"
        What the corpus is called in error messages.

    Yields
    ------
    tokens : list of str
    """
    if not hasattr(corpus, "__iter__") or isinstance(corpus, (bytes, dict)):
        raise TypeError(
            f"`{name}` must be a path, a list of paths, a list of str or a list of token lists. "
            f"Got {type(corpus).__name__}."
        )
    for i, sentence in enumerate(corpus):
        if isinstance(sentence, str):
            yield sentence.split()
        elif isinstance(sentence, (list, tuple, np.ndarray)):
            yield _checked_tokens(sentence, i, name)
        else:
            raise TypeError(
                f"`{name}[{i}]` must be a str or a list of tokens. Got {type(sentence).__name__}."
            )


def _checked_tokens(sentence, i, name):
    tokens = [str(token) if isinstance(token, np.str_) else token for token in sentence]
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(
                f"`{name}[{i}]` holds the token {token!r} of type {type(token).__name__}. "
                "Tokens must be str."
            )
    return tokens
