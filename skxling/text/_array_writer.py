"""Arrays that grow, in memory as long as they are short."""

import tempfile

import numpy as np

MAX_BYTES_IN_MEMORY = 2**20


class ArrayWriter:
    """Append to an array: in memory first, in an unnamed file once it is long.

    As a context manager it closes the file; what `finish` has given stays as long as it is used.

    Parameters
    ----------
    dtype : dtype
        Type of the numbers.

    Attributes
    ----------
    size : int
        How many numbers there are so far.
    """

    def __init__(self, dtype):
        self.dtype, self.size = np.dtype(dtype), 0
        self._parts, self._file = [], None

    def __enter__(self):
        return self

    def append(self, values):
        """Add numbers at the end.

        Parameters
        ----------
        values : ndarray of shape (n,)
            The numbers.
        """
        self.size += len(values)
        self._parts.append(values.astype(self.dtype, copy=False))
        if self.size * self.dtype.itemsize <= MAX_BYTES_IN_MEMORY:
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="skxling-")  # noqa: SIM115
        for part in self._parts:
            self._file.write(part)
        self._parts = []

    def finish(self):
        """Give the array.

        Returns
        -------
        array : ndarray of shape (size,)
            A read-only memory map where it is long.
        """
        if self._file is None:
            return np.concatenate([np.zeros(0, dtype=self.dtype), *self._parts])
        self._file.flush()
        return np.memmap(self._file, dtype=self.dtype, mode="r", shape=(self.size,))

    def __exit__(self, *exc_info):
        if self._file is not None:
            self._file.close()
