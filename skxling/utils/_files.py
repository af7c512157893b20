"""Files that appear under their name only when they are complete."""

import contextlib
import os
import time
import uuid
from pathlib import Path

LEFTOVER_SECONDS = 3600.0  # no file is written for so long


@contextlib.contextmanager
def replacing(path):
    """Write a file beside its place, and put it there when it is complete.

    Parameters
    ----------
    path : path
        File to write or replace. It stays as it is where the block raises.

    Yields
    ------
    temporary : Path
        Where to write: in the same folder, under a name that nobody else uses.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skxling.utils import replacing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "words.txt"
    ...     with replacing(path) as temporary:
    ...         _ = temporary.write_text("haus", encoding="utf-8")
    ...         is_there = path.exists()
    ...     is_there, path.read_text(encoding="utf-8")
    (False, 'haus')
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(path):
    """Delete what `replacing` began to write for a path in processes that were killed.

    Parameters
    ----------
    path : path
        As given to `replacing`. Files that another process may be writing are left alone.
    """
    path = Path(path)
    for file in path.parent.iterdir():
        if file.name.startswith(f".{path.name}."):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > LEFTOVER_SECONDS:
                    file.unlink()
