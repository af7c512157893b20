"""Folders of .npy files, and safetensors: word vectors that can be memory-mapped."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from skxling.embedding._word_checks import check_finite
from skxling.embedding._word_vectors import WordVectors
from skxling.utils import replacing

_DTYPES = {
    "vectors": np.dtype("<f4"),
    "words": np.dtype("u1"),
    "word_offsets": np.dtype("<i8"),
    "counts": np.dtype("<i8"),
}
_NPY_FILES = {
    "vectors": "vectors.npy",
    "words": "words.txt",
    "word_offsets": "word_offsets.npy",
    "counts": "counts.npy",
}
_SAFETENSORS_DTYPES = {"vectors": "F32", "words": "U8", "word_offsets": "I64", "counts": "I64"}


def _to_arrays(word_vectors):
    """Name the arrays that make up word vectors, in the byte order of files."""
    if word_vectors.n_words == 0:
        raise ValueError("`word_vectors` has no words: there is nothing to write.")
    check_finite(word_vectors.vectors)
    arrays = {
        "vectors": word_vectors.vectors,
        "words": word_vectors._buffer,
        "word_offsets": word_vectors._offsets,
        "counts": word_vectors.counts,
    }
    return {
        name: np.ascontiguousarray(array, dtype=_DTYPES[name])
        for name, array in arrays.items()
        if array is not None
    }


def _check_arrays(path, arrays):
    """Raise unless the arrays are what `_to_arrays` makes, and fit each other."""
    for name, array in arrays.items():
        n_dims = {"vectors": (2,), "counts": (1, 2)}.get(name, (1,))
        if array.dtype != _DTYPES[name] or array.ndim not in n_dims:
            raise ValueError(
                f"{path}: {name} must be of {_DTYPES[name]} and {n_dims[-1]}-dimensional. Got "
                f"{array.dtype} of shape {array.shape}. Make the store by write_word_vectors."
            )
    n_words, offsets = len(arrays["vectors"]), arrays["word_offsets"]
    lengths = {
        "word_offsets": len(offsets) - 1,
        "counts": len(arrays.get("counts", range(n_words))),
    }
    for name, length in lengths.items():
        if length != n_words:
            raise ValueError(
                f"{path}: vectors has {n_words} rows, and {name} is of {length} words. They are of "
                "different vocabularies; write the store again."
            )
    n_bytes = len(arrays["words"])
    if offsets[0] != 0 or offsets[-1] != n_bytes or (np.diff(offsets) < 1).any():
        raise ValueError(
            f"{path}: word_offsets must rise from 0 to {n_bytes}, the bytes of the words. The "
            "store is damaged; write it again."
        )


def _from_arrays(path, arrays, limit, mmap):
    """Make WordVectors of arrays; their values are looked at only where they are in memory."""
    _check_arrays(path, arrays)
    vectors, buffer, offsets = arrays["vectors"], arrays["words"], arrays["word_offsets"]
    counts = arrays.get("counts")
    if limit is not None and limit < len(vectors):
        vectors, offsets = vectors[:limit], offsets[: limit + 1]
        buffer, counts = buffer[: offsets[-1]], None if counts is None else counts[:limit]
    word_vectors = WordVectors._from_buffer(buffer, offsets, vectors, counts)
    if not mmap:
        try:
            check_finite(vectors)
            word_vectors._lookup()
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    return word_vectors


def is_npy_folder(path):
    """Tell whether `path` is a folder with the file that every such store has."""
    return (Path(path) / _NPY_FILES["vectors"]).is_file()


def read_npy(path, *, limit=None, mmap=False):
    """Read a folder of .npy files; see `read_word_vectors`."""
    folder = Path(path)
    mode = "r" if mmap else None
    arrays = {}
    for name, file_name in _NPY_FILES.items():
        file = folder / file_name
        if name == "counts" and not file.exists():
            continue
        try:
            if name == "words":
                arrays[name] = (
                    np.memmap(file, np.uint8, "r") if mmap else np.fromfile(file, np.uint8)
                )
            else:
                arrays[name] = np.load(file, mmap_mode=mode, allow_pickle=False)
        except (ValueError, EOFError) as error:  # FileNotFoundError names the file itself
            raise ValueError(f"{file} cannot be read: {error}. Write the store again.") from error
    return _from_arrays(path, arrays, limit, mmap)


def write_npy(word_vectors, path):
    """Write a folder of .npy files; see `write_word_vectors`."""
    arrays = _to_arrays(word_vectors)
    folder = Path(path)
    if folder.exists():
        strange = set(os.listdir(folder)) - set(_NPY_FILES.values()) if folder.is_dir() else {path}
        if strange:
            raise ValueError(
                f"{path} exists and is not a folder of word vectors alone (found "
                f"{sorted(map(str, strange))[0]!r}). Choose another path, or remove it."
            )
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new, old = temporary / "new", temporary / "old"
        new.mkdir()
        for name, array in arrays.items():
            if name == "words":
                array.tofile(new / _NPY_FILES[name])
            else:
                np.save(new / _NPY_FILES[name], array)
        try:
            if folder.exists():
                os.replace(folder, old)  # a folder is not replaced in one step unless it is empty
            os.replace(new, folder)
        except BaseException:  # an interrupt too
            if old.exists() and not folder.exists():
                os.replace(old, folder)
            raise
    finally:
        shutil.rmtree(temporary)


def _import_safetensors():
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "format='safetensors' needs the package safetensors: pip install skxling[data]"
        ) from error
    return safetensors


def _map_tensors(path):
    """Memory-map every tensor of a file whose header safetensors has found right."""
    with open(path, "rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(n_header))
    return {
        name: np.memmap(
            path,
            dtype=_DTYPES[name],
            mode="r",
            offset=8 + n_header + entry["data_offsets"][0],
            shape=tuple(entry["shape"]),
        )
        for name, entry in header.items()
        if name in _DTYPES
    }


def read_safetensors(path, *, limit=None, mmap=False):
    """Read a safetensors file; see `read_word_vectors`."""
    safetensors = _import_safetensors()
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist.")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names = set(file.keys())
            missing = {"vectors", "words", "word_offsets"} - names
            if missing:
                raise ValueError(
                    f"{path} has no tensor {sorted(missing)[0]!r}, only {sorted(names)}. It was "
                    "not made by write_word_vectors."
                )
            for name in names & set(_DTYPES):
                dtype = file.get_slice(name).get_dtype()
                if dtype != _SAFETENSORS_DTYPES[name]:
                    raise ValueError(
                        f"{path}: the tensor {name!r} must be {_SAFETENSORS_DTYPES[name]}. Got "
                        f"{dtype}. Convert it first."
                    )
            if not mmap:
                arrays = {name: file.get_tensor(name) for name in names & set(_DTYPES)}
    except safetensors.SafetensorError as error:
        raise ValueError(
            f"{path} is no whole safetensors file: {error}. Fetch it again."
        ) from error
    return _from_arrays(path, _map_tensors(path) if mmap else arrays, limit, mmap)


def write_safetensors(word_vectors, path):
    """Write a safetensors file; see `write_word_vectors`."""
    safetensors = _import_safetensors()
    arrays = _to_arrays(word_vectors)
    with replacing(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, metadata={"format": "skxling"})
