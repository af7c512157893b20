"""word2vec's text format, with or without its header line (GloVe's files have none)."""

import io
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
from joblib import cpu_count

from skxling.embedding._io_files import (
    RowCollector,
    open_for_reading,
    open_for_writing,
    read_errors_named,
)
from skxling.embedding._io_numbers import parse_rows
from skxling.embedding._word_checks import check_finite

_BLOCK = 2**18  # bytes of text parsed at once: small enough for the temporaries to stay in cache
_MAX_THREADS = 8  # the interpreter lock serves no more
_BOM = b"\xef\xbb\xbf"
_FORBIDDEN = " \t\n\r"


class _Header(NamedTuple):
    n_words: int | None  # None where the file has no header
    n_components: int


def parse_header(line, path):
    """Read "n_words n_components" from the first line; None where it is something else."""
    fields = line.removeprefix(_BOM).split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    n_words, n_components = map(int, fields)
    if n_words < 1 or n_components < 1:
        raise ValueError(
            f"{path}, line 1: the header promises {n_words} words of {n_components} components. "
            "Both must be at least 1."
        )
    return _Header(n_words, n_components)


def _gen_blocks(file, limit):
    """Yield blocks of whole lines, without the newline of the last line.

    They hold `limit` lines in all that are not blank.
    """
    rest, n_left = b"", limit
    while n_left is None or n_left > 0:
        chunk = file.read(_BLOCK)
        if chunk:
            block, newline, rest = (rest + chunk).rpartition(b"\n")
            if not newline:
                continue  # a line longer than a block
        elif rest:
            block, rest = rest, b""  # the last line, where no newline ends the file
        else:
            return
        if n_left is not None:
            lines = block.split(b"\n")
            filled = list(islice((i for i, line in enumerate(lines) if line.strip()), n_left))
            n_left -= len(filled)
            if n_left == 0:
                block = b"\n".join(lines[: filled[-1] + 1])
        yield block


def _describe(line, n_components):
    """Say what is wrong with a line that is no word and `n_components` numbers."""
    fields = line.split()
    expected = f"expected {n_components + 1}: a word and {n_components} numbers"
    if not fields:
        return "the line is empty"
    if len(fields) > n_components + 1:
        word = b" ".join(fields[:-n_components]).decode(errors="backslashreplace")
        if not parse_rows([b" ".join(fields[-n_components:])], n_components)[1][0]:
            return f"{len(fields)} fields, {expected}; the word {word[:40]!r} contains a blank"
    if len(fields) != n_components + 1:
        return f"{len(fields)} fields, {expected}; the file may be cut off here"
    for i, field in enumerate(fields[1:], start=2):
        if parse_rows([field], 1)[1][0]:
            return f"field {i} is {field.decode(errors='backslashreplace')[:40]!r}, not a number"
    return "the word is missing"


class _Block(NamedTuple):
    n_lines: int
    lines: list  # those that are not blank
    numbers: list  # their places in the block
    words: list
    vectors: np.ndarray
    wrong: np.ndarray  # lines that are no word and numbers


def _parse_block(block, n_components):
    """Split lines into words and vectors; blank lines do not count."""
    lines = block.split(b"\n")
    n_lines = len(lines)
    if b"\t" in block:
        lines = [line.replace(b"\t", b" ") for line in lines]
    numbers = [i for i, line in enumerate(lines) if line and not line.isspace()]
    lines = [lines[i] for i in numbers]
    words, bodies = [], []
    for line in lines:
        word, _, body = line.partition(b" ")
        words.append(word)
        bodies.append(body.rstrip(b" \r"))  # word2vec's own tool ends lines by a blank
    vectors, wrong = parse_rows(bodies, n_components)
    wrong |= np.array([not word for word in words], dtype=bool)
    return _Block(n_lines, lines, numbers, words, vectors, wrong)


def _gen_parsed(file, limit, n_components):
    """Parse blocks in threads, a few ahead of what is consumed; yield them in order."""
    n_threads = min(cpu_count(), _MAX_THREADS)
    with ThreadPoolExecutor(n_threads) as pool:
        pending = deque()
        for block in _gen_blocks(file, limit):
            pending.append(pool.submit(_parse_block, block, n_components))
            if len(pending) > 2 * n_threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _read_header(file, path):
    """Read the numbers of words and components, and leave `file` at the first word."""
    line = file.readline()
    header = parse_header(line, path)
    if header is None:
        n_components = len(line.split()) - 1
        if n_components < 1:
            raise ValueError(
                f"{path}, line 1: neither a header (two integers) nor a word and its vector. "
                f"Got {line[:60]!r}."
            )
        header = _Header(None, n_components)
        file.seek(len(_BOM) if line.startswith(_BOM) else 0)
    return header


def guess_capacity(file, path, header, limit, bytes_per_row):
    """Rows to make room for at first: what is promised, but no more than the file can hold."""
    if header.n_words is None or not isinstance(file, io.BufferedReader):  # or compressed
        return 1024
    n_rows = header.n_words if limit is None else min(header.n_words, limit)
    return min(n_rows, os.path.getsize(path) // bytes_per_row + 1)


def check_promise(path, header, limit, n_rows, unit):
    """Raise where the file ended before the number of words that its header promises."""
    n_words = header.n_words
    if n_words is not None and n_rows < (n_words if limit is None else min(n_words, limit)):
        raise ValueError(
            f"{path}: the header promises {n_words} words, and the file ends after {n_rows}. It "
            f"may be cut off: fetch it again, or read the {n_rows} {unit}s with limit={n_rows}."
        )


def read_word2vec(path, *, limit=None, on_bad_lines="error"):
    """Read word2vec's text format; see `read_word_vectors`."""
    with read_errors_named(path), open_for_reading(path) as file:
        header = _read_header(file, path)
        n_components = header.n_components
        line_number = 1 if header.n_words is None else 2  # of the block's first line
        # a one-letter word and one-digit numbers are the shortest line
        capacity = guess_capacity(file, path, header, limit, 2 * n_components + 2)
        rows = RowCollector(path, "line", on_bad_lines, n_components, capacity)
        n_rows = 0
        for block in _gen_parsed(file, limit, n_components):
            n_rows += len(block.lines)
            if limit is None and header.n_words is not None and n_rows > header.n_words:
                raise ValueError(
                    f"{path}: the header promises {header.n_words} words, and the file has more. "
                    f"Correct its first line, or pass limit={header.n_words}."
                )
            for i in np.flatnonzero(block.wrong):
                problem = _describe(block.lines[i], n_components)
                rows.drop(line_number + block.numbers[i], problem)
            kept = np.flatnonzero(~block.wrong)
            vectors = block.vectors if len(kept) == len(block.words) else block.vectors[kept]
            numbers = [line_number + block.numbers[i] for i in kept]
            rows.add([block.words[i] for i in kept], vectors, numbers)
            line_number += block.n_lines
    check_promise(path, header, limit, n_rows, "line")
    return rows.finish()


def check_writable(word_vectors, path):
    """Raise for words that a format of blanks and lines cannot carry."""
    for row, word in enumerate(word_vectors.words):
        if not word or any(character in word for character in _FORBIDDEN):
            raise ValueError(
                f"{path}: the word {word!r} at row {row} is empty or contains a blank, a tab or a "
                "line break, which word2vec's formats cannot hold. Use format='npy' or "
                "'safetensors', or drop the word."
            )
    check_finite(word_vectors.vectors)


def write_word2vec(word_vectors, path):
    """Write word2vec's text format; see `write_word_vectors`."""
    check_writable(word_vectors, path)
    words, vectors = word_vectors.words, word_vectors.vectors
    with open_for_writing(path) as file:
        file.write(b"%d %d\n" % vectors.shape)
        for start in range(0, len(words), 256):
            rows = slice(start, start + 256)
            # str of a float32 is the shortest decimal that reads back as the same float32
            lines = (
                f"{word} {' '.join(map(str, row))}\n"
                for word, row in zip(words[rows], vectors[rows], strict=True)
            )
            file.write("".join(lines).encode())
