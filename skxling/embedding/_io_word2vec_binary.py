"""word2vec's binary format: a text header, then words and raw float32 vectors."""

import numpy as np

from skxling.embedding._io_files import (
    RowCollector,
    open_for_reading,
    open_for_writing,
    read_errors_named,
)
from skxling.embedding._io_word2vec import (
    check_promise,
    check_writable,
    guess_capacity,
    parse_header,
)

_BLOCK = 2**22  # bytes read at once
_LONGEST_WORD = 2**16  # bytes; a longer one means that this is no such file


def _split_rows(data, n_components, n_rows):
    """Split off up to `n_rows` whole rows.

    Returns
    -------
    words : list of bytes
    starts : list of int
        Where in `data` each row's numbers start.
    position : int
        Where the first row starts that is not whole.
    """
    words, starts, position = [], [], 0
    n_bytes = 4 * n_components
    while len(words) < n_rows:
        blank = data.find(b" ", position)
        if blank < 0 or blank + 1 + n_bytes > len(data):
            break
        # word2vec's own tool ends a row by a newline, gensim does not
        words.append(data[position:blank].removeprefix(b"\n"))
        starts.append(blank + 1)
        position = blank + 1 + n_bytes
    return words, starts, position


def _gen_rows(file, path, header, limit):
    """Yield (words, vectors) of blocks of rows, as many as promised or `limit` in all."""
    n_components = header.n_components
    data, n_left = b"", header.n_words if limit is None else min(limit, header.n_words)
    while n_left:
        chunk = file.read(max(_BLOCK, 4 * n_components))
        data += chunk
        words, starts, position = _split_rows(data, n_components, n_left)
        if words:
            rows = [np.frombuffer(data, "<f4", n_components, start) for start in starts]
            yield words, np.stack(rows).astype(np.float32, copy=False)
            n_left -= len(words)
        data = data[position:]
        if not chunk or (len(data) > _LONGEST_WORD and b" " not in data[:_LONGEST_WORD]):
            return
    if limit is None and (data + file.read(2)).strip(b"\n"):
        raise ValueError(
            f"{path}: the header promises {header.n_words} words of {n_components} components, "
            f"and the file has more. Correct its first line, or pass limit={header.n_words}."
        )


def read_word2vec_binary(path, *, limit=None, on_bad_lines="error"):
    """Read word2vec's binary format; see `read_word_vectors`."""
    with read_errors_named(path), open_for_reading(path) as file:
        line = file.readline(100)
        header = parse_header(line, path)
        if header is None:
            raise ValueError(
                f"{path}: a word2vec binary file starts with its numbers of words and components. "
                f"Got {line[:40]!r}. Is it of another format?"
            )
        capacity = guess_capacity(file, path, header, limit, 4 * header.n_components + 2)
        rows = RowCollector(path, "row", on_bad_lines, header.n_components, capacity)
        n_rows = 0
        for words, vectors in _gen_rows(file, path, header, limit):
            rows.add(words, vectors, range(n_rows + 1, n_rows + len(words) + 1))
            n_rows += len(words)
    check_promise(path, header, limit, n_rows, "row")
    return rows.finish()


def write_word2vec_binary(word_vectors, path):
    """Write word2vec's binary format; see `write_word_vectors`."""
    check_writable(word_vectors, path)
    vectors = word_vectors.vectors
    with open_for_writing(path) as file:
        file.write(b"%d %d\n" % vectors.shape)
        for word, row in zip(word_vectors.words, vectors, strict=True):
            file.write(word.encode() + b" " + row.astype("<f4", copy=False).tobytes() + b"\n")
