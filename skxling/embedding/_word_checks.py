"""What WordVectors are made of: words as one buffer, and the checks of each part."""

from itertools import pairwise

import numpy as np


def encode_words(words):
    """Join words into one UTF-8 buffer, each closed by a newline, with the offsets of their starts.

    The closing newline makes the buffer a readable text file and lets it be split in one call.
    """
    for row, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(
                f"`words` must hold strings. Got {word!r} ({type(word).__name__}) at row {row}."
            )
    try:
        pieces = [word.encode() for word in words]
    except UnicodeEncodeError as error:
        raise ValueError(
            f"`words` must be encodable as UTF-8. Got {error.object!r}: {error.reason}. Decode the "
            "file with errors='replace' or drop the word."
        ) from error
    offsets = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.cumsum([len(piece) + 1 for piece in pieces], out=offsets[1:])
    buffer = b"".join(piece + b"\n" for piece in pieces)
    return np.frombuffer(buffer, dtype=np.uint8), offsets


def decode_words(buffer, offsets):
    """Undo `encode_words`."""
    raw = buffer.tobytes()
    if raw.count(b"\n") == len(offsets) - 1:
        return tuple(raw.decode().split("\n")[:-1])
    # some word contains a newline itself: only the offsets tell where words end
    starts = offsets.tolist()
    return tuple(raw[a : b - 1].decode() for a, b in pairwise(starts))


def check_unique(words):
    """Return {word: row}, or name the first word that stands twice."""
    index = dict(zip(words, range(len(words)), strict=True))
    if len(index) < len(words):
        first = {}
        for row, word in enumerate(words):
            if first.setdefault(word, row) != row:
                raise ValueError(
                    f"`words` must be distinct. Got {word!r} at rows {first[word]} and {row}. Keep "
                    "one of them."
                )
    return index


def check_vectors(vectors, n_words):
    """Return vectors as a float32 matrix of `n_words` rows, not copied where they are one."""
    # a memory map of float32 passes as it is: np.asarray is a view and nothing is read
    array = np.asarray(vectors, dtype=np.float32)
    if array.ndim != 2 or array.shape[0] != n_words:
        raise ValueError(
            f"`vectors` must have one row per word: ({n_words}, n_components). Got shape "
            f"{array.shape}."
        )
    if not _is_mapped(array):
        check_finite(array)
    return array


def _is_mapped(array):
    """Whether an array is a memory map, or looks at one."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def check_finite(vectors, block=4096):
    """Raise a ValueError that names the first row of `vectors` with a NaN or an infinity."""
    for start in range(0, vectors.shape[0], block):
        finite = np.isfinite(vectors[start : start + block])
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            value = vectors[start + row, column]
            raise ValueError(
                f"`vectors` must be finite. Got {value} at row {start + row}, column {column}. "
                "Drop the row, or train again with a smaller learning rate."
            )


def check_counts(counts, n_words):
    """Return counts of `n_words` words as int64, or None."""
    if counts is None:
        return None
    array = np.asarray(counts)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"`counts` must be integers. Got dtype {array.dtype}.")
    if array.ndim not in (1, 2) or array.shape[0] != n_words:
        raise ValueError(
            f"`counts` must be ({n_words},) or ({n_words}, n_languages). Got shape {array.shape}."
        )
    return array.astype(np.int64, copy=False)
