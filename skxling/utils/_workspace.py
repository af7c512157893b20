"""Memory for loops that would otherwise ask for it again in every turn."""

import ctypes
import math
import os

import numpy as np
import torch


def empty(*shape, device):
    """Uninitialised float32 tensor, on the CPU in huge pages where the system has them.

    Parameters
    ----------
    *shape : int
        Its shape.

    device : torch.device
        Where it shall live.

    Returns
    -------
    tensor : Tensor of this shape
    """
    if device.type != "cpu":
        return torch.empty(shape, device=device)
    # numpy asks the kernel for huge pages: scattered rows of a large table are found faster
    return torch.from_numpy(np.empty(shape, dtype=np.float32))


def release_memory():
    """Hand free memory back to the system, where the C library can (glibc).

    It keeps what was freed below something that is still in use, as after many small objects.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


class Workspace:
    """Tensors by name, whose memory is used again when the name is.

    A tensor of some megabytes costs more in page faults when it is new than in arithmetic.

    Parameters
    ----------
    device : torch.device
        Where the tensors live.
    """

    def __init__(self, device):
        self.device = device
        self._buffers = {}

    def empty(self, name, *shape):
        """Tensor of a shape; it is valid until the next call with this name.

        Parameters
        ----------
        name : str
            What it is for.

        *shape : int
            Its shape.

        Returns
        -------
        tensor : Tensor of this shape, dtype float32
            Uninitialised.
        """
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or len(buffer) < size:
            buffer = self._buffers[name] = empty(size, device=self.device)
        return buffer[:size].view(shape)
