"""fastText's .bin models: words, and the n-grams that compose the words it has not seen."""

import os
import struct
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from skxling.embedding._io_files import (
    ON_BAD_LINES,
    RowCollector,
    check_choice,
    check_exists,
    check_limit,
)
from skxling.text import subword_ids
from skxling.utils import gen_blocks

# The format's facts are those of fastText's sources: fasttext.cc (signModel, saveModel), args.cc,
# dictionary.cc (save, initNgrams) and densematrix.cc (save). All fields are little-endian.
FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_SUPERVISED = 3  # the field "model": 1 cbow, 2 skip-gram, 3 supervised
_END_OF_SENTENCE = "</s>"  # the one word that has no n-grams
_DICTIONARY_CHUNK = 2**22  # bytes
_BLOCK = 2**26  # bytes of n-gram rows gathered at once


class _Fields:
    """Take fields off a memory-mapped file, one after another."""

    def __init__(self, path):
        self.path = path
        if os.path.getsize(path) == 0:
            raise ValueError(f"{path} is empty (0 bytes). Check `path`, or fetch the file again.")
        self.data = np.memmap(path, dtype=np.uint8, mode="r")
        self.position = 0

    def take(self, n_bytes, what):
        end = self.position + n_bytes
        if n_bytes < 0 or end > len(self.data):
            raise ValueError(
                f"{self.path}: {what} takes {n_bytes} bytes from byte {self.position}, and the "
                f"file has {len(self.data)}. It is cut off or damaged; fetch it again."
            )
        part = self.data[self.position : end]
        self.position = end
        return part

    def unpack(self, layout, what):
        return struct.unpack(layout, self.take(struct.calcsize(layout), what))


def _check_not_quantised(path, quantised):
    if quantised:
        raise ValueError(
            f"{path} is quantised (.ftz): its vectors are compressed, which is not supported. Use "
            "the .bin model that it was made from."
        )


def _read_settings(fields):
    """Bucket, min_n and max_n."""
    magic, version = fields.unpack("<4si", "the signature")
    if magic != FASTTEXT_MAGIC or version not in _VERSIONS:
        raise ValueError(
            f"{fields.path}: a fastText model starts with the bytes {FASTTEXT_MAGIC!r} and version "
            f"11 or 12. Got {magic!r} and {version}. Decompress it first if it is compressed."
        )
    # dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lrUpdateRate t
    settings = fields.unpack("<12id", "the settings")
    model, bucket, min_n, max_n = settings[7:11]
    if version == 11 and model == _SUPERVISED:
        max_n = 0  # such models were trained without n-grams, whatever their file says
    return bucket, min_n, max_n


def _read_dictionary(fields):
    """Words as bytes, and their counts; labels of supervised models are passed over."""
    n_entries, n_words, _, _, n_pruned = fields.unpack("<3i2q", "the dictionary's header")
    _check_not_quantised(fields.path, n_pruned > 0)
    words, counts, chunk, position = [], [], b"", 0
    for entry in range(n_entries):
        end = chunk.find(b"\0", position)
        if end < 0 or end + 10 > len(chunk):
            fields.position += position
            chunk = fields.data[fields.position :][:_DICTIONARY_CHUNK].tobytes()
            position, end = 0, chunk.find(b"\0")
            if end < 0 or end + 10 > len(chunk):
                fields.take(len(fields.data), f"entry {entry + 1} of {n_entries} of the dictionary")
        # the word, a zero byte, its count (8 bytes), its type (1 byte: 0 word, 1 label)
        count, kind = struct.unpack_from("<qb", chunk, end + 1)
        if kind == 0:
            words.append(chunk[position:end])
            counts.append(count)
        position = end + 10
    fields.position += position
    if len(words) != n_words:
        raise ValueError(
            f"{fields.path}: the dictionary promises {n_words} words and has {len(words)}. The "
            "file is damaged; fetch it again."
        )
    return words, np.array(counts, dtype=np.int64)


def _read_rows(fields, n_rows):
    """Input matrix: one opaque item per row, since rows in the file are not aligned to floats."""
    (quantised,) = fields.unpack("<?", "the matrix's header")
    _check_not_quantised(fields.path, quantised)
    got_rows, n_components = fields.unpack("<2q", "the matrix's header")
    if got_rows != n_rows or n_components < 1:
        raise ValueError(
            f"{fields.path}: the matrix should have {n_rows} rows (words and buckets), and its "
            f"header says {got_rows} x {n_components}. The file is damaged; fetch it again."
        )
    data = fields.take(4 * n_rows * n_components, "the matrix")
    return data.view(np.dtype((np.void, 4 * n_components)))


class _SubwordTable(NamedTuple):
    """Rows of words, then of n-gram buckets, as they stand in the file."""

    rows: np.ndarray
    n_words: int
    bucket: int
    min_n: int
    max_n: int

    @property
    def n_components(self):
        return self.rows.dtype.itemsize // 4

    def gen_blocks(self, n_words):
        n_bytes = 32 * self.rows.dtype.itemsize  # about 32 n-grams a word
        return gen_blocks(n_words, n_bytes, memory_budget=_BLOCK)

    def compose(self, words, first_row=None):
        """Mean of each word's n-gram rows, and of its own row, from `first_row` on, where given."""
        indices, offsets = subword_ids(
            words, min_n=self.min_n, max_n=self.max_n, bucket=self.bucket
        )
        indices = indices + self.n_words
        if first_row is not None:
            own = first_row + np.arange(len(words))
            indices = np.insert(indices, offsets[:-1], own)
            offsets = offsets + np.arange(len(offsets))
        used, columns = np.unique(indices, return_inverse=True)
        rows = self.rows.take(used).view("<f4").reshape(len(used), self.n_components)
        ones = np.ones(len(indices), dtype=np.float32)
        sums = csr_array((ones, columns, offsets), shape=(len(words), len(used))) @ rows
        means = sums / np.maximum(np.diff(offsets), 1)[:, None].astype(np.float32)
        if first_row is not None and _END_OF_SENTENCE in words:
            i = words.index(_END_OF_SENTENCE)
            means[i] = rows[columns[offsets[i]]]
        return means


class SubwordVectors:
    """Word vectors with the n-gram table that composes unknown words.

    Made by :func:`read_fasttext`. The table, often of 2 million rows, stays in the file: only
    the rows that `transform` needs are read.

    Attributes
    ----------
    word_vectors : WordVectors
        The words that the model has seen, with their counts.

    min_n, max_n : int
        Shortest and longest n-gram, in characters, marks included. `max_n=0`: no n-grams.

    bucket : int
        Number of rows of the n-gram table.
    """

    def __init__(self, word_vectors, table):
        self.word_vectors = word_vectors
        self.min_n, self.max_n, self.bucket = table.min_n, table.max_n, table.bucket
        self._table = table

    def transform(self, words):
        """Give the vectors of words, the unknown ones from their n-grams.

        Parameters
        ----------
        words : sequence of str
            Words, known or not.

        Returns
        -------
        vectors : ndarray of shape (len(words), n_components), float32
            A known word's vector, or the mean of an unknown word's n-grams (zero without any).
        """
        index = self.word_vectors.index(words, missing="ignore")
        vectors = self.word_vectors.vectors[index]
        words, unknown = list(words), np.flatnonzero(index < 0)
        for block in self._table.gen_blocks(len(unknown)):
            rows = unknown[block]
            vectors[rows] = self._table.compose([words[row] for row in rows])
        return vectors


def read_fasttext(path, *, limit=None, on_bad_lines="error"):
    """Read a fastText .bin model with its n-grams.

    Parameters
    ----------
    path : path-like
        Model of fastText, version 11 or 12 of the format, not quantised and not compressed.

    limit : int, default=None
        Read only the first, most frequent, words.

    on_bad_lines : {"error", "warn", "skip"}, default="error"
        As in :func:`read_word_vectors`.

    Returns
    -------
    subword_vectors : SubwordVectors
        Its `word_vectors` are what :func:`read_word_vectors` returns (a word's vector is the mean
        of its own row and of those of its n-grams [1]_); its `transform` also composes
        words that the model has not seen.

    References
    ----------
    .. [1] Bojanowski, Grave, Joulin, Mikolov, "Enriching Word Vectors with Subword
       Information", TACL 2017, section 3.2.
    """
    check_choice("on_bad_lines", on_bad_lines, ON_BAD_LINES)
    check_limit(limit)
    fields = _Fields(check_exists(path))
    bucket, min_n, max_n = _read_settings(fields)
    raw_words, counts = _read_dictionary(fields)
    rows = _read_rows(fields, len(raw_words) + bucket)
    table = _SubwordTable(rows, len(raw_words), bucket, min_n, max_n)

    raw_words = raw_words[:limit]
    collector = RowCollector(path, "word", on_bad_lines, table.n_components, len(raw_words))
    for block in table.gen_blocks(len(raw_words)):
        # words that are not UTF-8 are for the collector to refuse
        words = [word.decode(errors="replace") for word in raw_words[block]]
        vectors = table.compose(words, first_row=block.start)
        collector.add(raw_words[block], vectors, range(block.start + 1, block.stop + 1))
    return SubwordVectors(collector.finish(counts), table)
