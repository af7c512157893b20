"""Opening and filling: what the readers and writers of all formats share."""

import bz2
import contextlib
import gzip
import lzma
import os
import zlib
from numbers import Integral
from pathlib import Path

import numpy as np

from skxling.embedding._word_vectors import WordVectors
from skxling.utils import replacing, warn_user

_MAGIC = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_SUFFIXES = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
COMPRESSED_SUFFIXES = tuple(_SUFFIXES)
ON_BAD_LINES = ("error", "warn", "skip")


def check_exists(path):
    """Check that there is something to read at a path, and give it as a string."""
    path = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"`path` names no file: {path!r}. The working folder is {os.getcwd()!r}."
        )
    return path


def check_limit(limit):
    """Check how many words shall be read."""
    if limit is not None and not (isinstance(limit, Integral) and limit >= 1):
        raise ValueError(
            f"`limit` must be an int of at least 1, or None for all words. Got {limit!r}."
        )


def check_choice(name, value, choices):
    """Check that a parameter has one of its values."""
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, choices))}. Got {value!r}.")


def open_for_reading(path):
    """Open a binary file, decompressing gzip, bzip2 and xz, which their first bytes tell."""
    with open(path, "rb") as file:
        start = file.read(6)
    if not start:
        raise ValueError(f"{path} is empty (0 bytes). Check `path`, or fetch the file again.")
    for magic, opener in _MAGIC.items():
        if start.startswith(magic):
            return opener(path, "rb")
    return open(path, "rb")


@contextlib.contextmanager
def read_errors_named(path):
    """Say which file was cut off or damaged, which the decompressors do not."""
    try:
        yield
    except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the operating system's own, with the file's name in it
        raise ValueError(
            f"{path} cannot be decompressed: {error} It may be cut off; fetch it again."
        ) from error


@contextlib.contextmanager
def open_for_writing(path):
    """Open a binary file that appears under its name when complete; its suffix may compress it."""
    opener = _SUFFIXES.get(Path(path).suffix, open)
    with replacing(path) as temporary, opener(temporary, "wb") as file:
        yield file


class RowCollector:
    """Gather rows in the order of the file; drop, count and report the bad and repeated ones.

    Parameters
    ----------
    path : path-like
        For messages.

    unit : str
        What a row is in the file, "line" or "row", for messages.

    on_bad_lines : {"error", "warn", "skip"}
        Raise at the first bad row; or drop it and warn once; or drop it silently.

    n_components : int
        Number of components.

    capacity : int
        Number of rows to make room for at first; more room is made as needed.
    """

    def __init__(self, path, unit, on_bad_lines, n_components, capacity):
        self.path, self.unit, self.on_bad_lines = path, unit, on_bad_lines
        self.words = []
        self.vectors = np.empty((capacity, n_components), dtype=np.float32)
        self._seen = set()
        self._numbers = []
        self._bad, self._repeated = [], []

    def drop(self, number, problem):
        """Count row `number` as bad, or raise."""
        if self.on_bad_lines == "error":
            raise ValueError(
                f"{self.path}, {self.unit} {number}: {problem}. "
                "on_bad_lines='warn' drops such rows and counts them."
            )
        self._bad.append((number, problem))

    def add(self, raw_words, vectors, numbers):
        """Add rows: words as UTF-8 bytes, vectors, and their numbers in the file."""
        keep = []
        finite = np.isfinite(vectors).all(axis=1)
        for i, raw in enumerate(raw_words):
            try:
                word = raw.decode()
            except UnicodeDecodeError as error:
                self.drop(numbers[i], f"the word {raw!r} is not UTF-8 ({error.reason})")
                continue
            if not finite[i]:
                value = vectors[i][~np.isfinite(vectors[i])][0]
                self.drop(numbers[i], f"the vector of {word!r} has the value {value}")
            elif word in self._seen:
                self._repeated.append((numbers[i], word))
            else:
                self._seen.add(word)
                self.words.append(word)
                self._numbers.append(numbers[i])
                keep.append(i)
        n_old = len(self.words) - len(keep)
        if len(self.words) > len(self.vectors):
            # realloc moves pages instead of copying them, so memory does not double
            n_rows = max(len(self.words), len(self.vectors) * 3 // 2, 1024)
            self.vectors.resize((n_rows, self.vectors.shape[1]), refcheck=False)
        rows = vectors if len(keep) == len(vectors) else vectors[keep]
        self.vectors[n_old : len(self.words)] = rows

    def finish(self, counts=None):
        """Warn about what was dropped and return WordVectors; `counts` are of rows 1, 2, ..."""
        if self.on_bad_lines != "skip":
            if self._bad:
                number, problem = self._bad[0]
                warn_user(
                    f"{self.path}: {len(self._bad)} bad {self.unit}s dropped; the first is "
                    f"{self.unit} {number}: {problem}.",
                )
            if self._repeated:
                number, word = self._repeated[0]
                warn_user(
                    f"{self.path}: {len(self._repeated)} {self.unit}s dropped that repeat a word; "
                    f"the first is {self.unit} {number}, {word!r}. The first row of a word counts.",
                )
        if not self.words:
            raise ValueError(f"{self.path} holds no usable {self.unit} of a word and its vector.")
        self.vectors.resize((len(self.words), self.vectors.shape[1]), refcheck=False)
        if counts is not None:
            counts = counts[np.array(self._numbers) - 1]
        return WordVectors(self.words, self.vectors, counts)
