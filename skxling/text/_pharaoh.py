"""Links of word alignments in files: the Pharaoh format, which aligners exchange."""

import os
import re
from pathlib import Path

import numpy as np

from skxling.text._reading import OPENERS, read_lines
from skxling.text._symmetrization import check_links
from skxling.utils import replacing

_LINE = re.compile(r"\d+-\d+(?:\s+\d+-\d+)*")


def read_pharaoh(path):
    """Read links from a file in Pharaoh format.

    A line is a sentence pair; ``0-0 1-2`` links the first source token to the first target token
    and the second to the third. An empty line is a pair without links.

    Parameters
    ----------
    path : path
        File, UTF-8; ``.gz``, ``.bz2`` and ``.xz`` are decompressed.

    Returns
    -------
    links : list of ndarray of shape (n_links, 2), dtype int64
        For each line its distinct links (source position, target position), in ascending order.

    Raises
    ------
    ValueError
        If a line holds anything else, or if the file is not UTF-8 or cannot be decompressed.

    See Also
    --------
    write_pharaoh : The other way round.
    skxling.text.symmetrize_links : Make one set of the links of two directions.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skxling.text import read_pharaoh
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "links.txt"
    ...     _ = path.write_text("0-0 2-1 1-1", encoding="utf-8")
    ...     read_pharaoh(path)[0].tolist()
    [[0, 0], [1, 1], [2, 1]]
    """
    path = Path(path)
    links = []
    for number, line in enumerate(read_lines(path), start=1):
        line = line.strip()
        if line and not _LINE.fullmatch(line):
            _refuse(line, number, path)
        numbers = list(map(int, line.replace("-", " ").split()))
        distinct = sorted(set(zip(numbers[::2], numbers[1::2], strict=True)))
        links.append(np.array(distinct, dtype=np.int64).reshape(-1, 2))
    return links


def _refuse(line, number, path):
    field = next(field for field in line.split() if not _LINE.fullmatch(field))
    raise ValueError(
        f"{os.fspath(path)!r}, line {number}: {field[:40]!r} is no link. A link is two positions "
        "from 0 on with a hyphen between them, as 3-4; links are separated by blanks. Convert "
        "other marks (possible links, as in 3p4 or 3?4), or leave them out."
    )


def write_pharaoh(links, path):
    """Write links to a file in Pharaoh format.

    Parameters
    ----------
    links : list of array-like of shape (n_links, 2)
        For each sentence pair its links (source position, target position).

    path : path
        File to write or replace; the suffix ``.gz``, ``.bz2`` or ``.xz`` compresses it.

    Raises
    ------
    ValueError
        If links are no pairs of positions.

    See Also
    --------
    read_pharaoh : The other way round.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skxling.text import write_pharaoh
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "links.txt"
    ...     write_pharaoh([[(0, 0), (1, 2)], []], path)
    ...     path.read_text(encoding="utf-8").splitlines()
    ['0-0 1-2', '']
    """
    path = Path(path)
    lines = [
        " ".join([f"{source}-{target}" for source, target in of_pair.tolist()])
        for of_pair in check_links(links, "links")
    ]
    opener = OPENERS.get(path.suffix, open)
    with (
        replacing(path) as temporary,
        opener(temporary, "wt", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(f"{line}\n" for line in lines)
