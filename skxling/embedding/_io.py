"""Reading and writing word vectors, whatever the format."""

import os
from pathlib import Path

from skxling.embedding._io_fasttext import FASTTEXT_MAGIC, read_fasttext
from skxling.embedding._io_files import (
    COMPRESSED_SUFFIXES,
    ON_BAD_LINES,
    check_choice,
    check_exists,
    check_limit,
    open_for_reading,
    read_errors_named,
)
from skxling.embedding._io_stores import (
    is_npy_folder,
    read_npy,
    read_safetensors,
    write_npy,
    write_safetensors,
)
from skxling.embedding._io_word2vec import parse_header, read_word2vec, write_word2vec
from skxling.embedding._io_word2vec_binary import read_word2vec_binary, write_word2vec_binary
from skxling.embedding._word_vectors import as_word_vectors

_FORMATS = ("word2vec", "word2vec_binary", "fasttext", "npy", "safetensors")
_STORES = ("npy", "safetensors")
_SUFFIXES = {
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".bin": "word2vec_binary",
    ".safetensors": "safetensors",
    "": "npy",
}


def _detect_format(path):
    """Tell the format from the first bytes, since .bin and .txt mean several."""
    if os.path.isdir(path):
        if is_npy_folder(path):
            return "npy"
        raise ValueError(f"{path} is a folder without vectors.npy. Name a file, or another folder.")
    if Path(path).suffix == ".safetensors":
        return "safetensors"
    with read_errors_named(path), open_for_reading(path) as file:
        first = file.readline(2**16)
        if first.startswith(FASTTEXT_MAGIC):
            return "fasttext"
        if first.startswith(b"\x93NUMPY"):
            raise ValueError(
                f"{path} is a bare .npy file, which names no words. Use "
                "WordVectors(words, numpy.load(path)), or name the folder that holds it."
            )
        header = parse_header(first, path)
        if header is None:
            return "word2vec"
        # word2vec's two formats have one header; what follows the first word tells them apart
        line = file.readline(2**16).split()
        is_text = not line or sum(map(_is_number, line[1:])) >= min(2, header.n_components)
        return "word2vec" if is_text else "word2vec_binary"


def _is_number(field):
    try:
        float(field)
    except ValueError:
        return False
    return True


def read_word_vectors(path, *, format="auto", limit=None, mmap=False, on_bad_lines="error"):
    """Read word vectors from a file.

    Parameters
    ----------
    path : path-like
        File, or folder for `format="npy"`. Files of word2vec's two formats may be compressed
        by gzip, bzip2 or xz.

    format : {"auto", "word2vec", "word2vec_binary", "fasttext", "npy", "safetensors"}, \
            default="auto"
        "word2vec" is the text format of word2vec, fastText (.vec), MUSE and, without its header
        line, GloVe. "fasttext" is fastText's own .bin model. "auto" looks into the file.

    limit : int, default=None
        Read only the first `limit` words, which are the most frequent ones in most files.

    mmap : bool, default=False
        Leave the vectors in the file, memory-mapped and read-only, and do not look at their
        values. Formats "npy" and "safetensors" only.

    on_bad_lines : {"error", "warn", "skip"}, default="error"
        What a line (or row of a binary file) does that is no word and vector: too many or too few
        fields, as from a word with a blank in it; something that is not a number; NaN or an
        infinity; a word that is not UTF-8. "error" raises and names the line; "warn" drops such
        lines and counts them in one warning; "skip" drops them silently. A repeated word
        is no bad line: its first row is kept, and one warning, but with "skip", counts the others.
        Formats "npy" and "safetensors" are this library's own, and raise for anything bad.

    Returns
    -------
    word_vectors : WordVectors
        Words, float32 vectors and, where the format has them, counts.

    Raises
    ------
    ValueError
        If the file is empty, cut off, damaged or not of the format; if its header promises
        another number of words than it has; or if a line is bad, as `on_bad_lines` says.

    See Also
    --------
    write_word_vectors : Write word vectors to a file.
    read_fasttext : Keep the n-grams of a fastText model for unknown words.

    Notes
    -----
    Reading text takes the memory of its result and a few megabytes. Decimal numbers are rounded to
    the nearest float64 and then to float32, as numpy does.

    Examples
    --------
    >>> import os, tempfile
    >>> from skxling.embedding import WordVectors, read_word_vectors, write_word_vectors
    >>> word_vectors = WordVectors(["house", "haus"], [[1.0, 0.0], [0.8, 0.6]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "words.vec.gz")
    ...     write_word_vectors(word_vectors, path)
    ...     read_word_vectors(path, limit=1)
    <WordVectors: 1 words, 2 components>
    """
    check_choice("format", format, ("auto", *_FORMATS))
    check_choice("on_bad_lines", on_bad_lines, ON_BAD_LINES)
    check_limit(limit)
    path = check_exists(path)
    if format == "auto":
        format = _detect_format(path)
    if format in _STORES:
        reader = read_npy if format == "npy" else read_safetensors
        return reader(path, limit=limit, mmap=mmap)
    if mmap:
        raise ValueError(
            f"mmap=True needs format 'npy' or 'safetensors'. Got {format!r}: {path}. Convert it "
            "once by write_word_vectors(read_word_vectors(path), folder, format='npy')."
        )
    if format == "fasttext":
        return read_fasttext(path, limit=limit, on_bad_lines=on_bad_lines).word_vectors
    reader = read_word2vec if format == "word2vec" else read_word2vec_binary
    return reader(path, limit=limit, on_bad_lines=on_bad_lines)


def write_word_vectors(word_vectors, path, *, format="auto"):
    """Write word vectors to a file.

    The file appears under its name when it is complete; one that stood there is replaced.

    Parameters
    ----------
    word_vectors : WordVectors or KeyedVectors
        What to write. Words with a blank, a tab or a line break in them cannot be written in
        word2vec's formats.

    path : path-like
        File, or folder for `format="npy"`. A suffix .gz, .bz2 or .xz compresses word2vec's formats.

    format : {"auto", "word2vec", "word2vec_binary", "npy", "safetensors"}, default="auto"
        "auto" goes by the suffix: .txt and .vec are "word2vec" (text), .bin is "word2vec_binary",
        .safetensors is "safetensors", and a path without a suffix is a folder, "npy".

    See Also
    --------
    read_word_vectors : Read word vectors from a file.

    Notes
    -----
    All formats give back the same float32 values; "npy" and "safetensors" also keep the counts, and
    can be memory-mapped.

    The folder of `format="npy"` holds `vectors.npy`, float32 (n_words, n_components);
    `words.txt`, in UTF-8, each word closed by a newline; `word_offsets.npy`, int64 (n_words + 1,),
    the bytes of `words.txt` where words begin, and its size; and `counts.npy`, int64, if there are
    counts. A safetensors file holds the same four as tensors `vectors`, `words` (uint8),
    `word_offsets` and `counts`.
    """
    check_choice("format", format, ("auto", *(name for name in _FORMATS if name != "fasttext")))
    word_vectors = as_word_vectors(word_vectors)
    path = os.fspath(path)
    if format == "auto":
        name = Path(path)
        suffix = Path(name.stem).suffix if name.suffix in COMPRESSED_SUFFIXES else name.suffix
        format = _SUFFIXES.get(suffix)
        if format is None or (name.suffix in COMPRESSED_SUFFIXES and format in _STORES):
            raise ValueError(
                f"The format of {path!r} cannot be told from its suffix. Use .txt, .vec or .bin "
                "(and .gz, .bz2 or .xz behind it), .safetensors, or no suffix for a folder of .npy "
                "files, or pass `format`."
            )
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            f"{path!r} cannot be written: the folder {folder!r} does not exist."
        )
    writers = {
        "word2vec": write_word2vec,
        "word2vec_binary": write_word2vec_binary,
        "npy": write_npy,
        "safetensors": write_safetensors,
    }
    writers[format](word_vectors, path)
