"""Devices, and the only crossing between numpy and torch."""

import numpy as np
import torch


class _WritableAlias:
    """Array interface of a read-only array, with the read-only flag taken off.

    ``torch.from_numpy`` warns on read-only memory since a tensor cannot be read-only. The alias
    shares the memory and keeps the array alive; that nobody writes is the caller's promise.
    """

    def __init__(self, array):
        self._array = array
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def resolve_device(device="auto"):
    """Turn a `device` parameter into a torch device that exists.

    Parameters
    ----------
    device : str or torch.device, default="auto"
        "auto" is the first CUDA device where there is one, else the CPU. Anything else is what
        ``torch.device`` accepts: "cpu", "cuda", "cuda:1", ...

    Returns
    -------
    device : torch.device
        The device.

    Raises
    ------
    ValueError
        If `device` is not the name of a device, or names a CUDA device that this machine lacks.

    Examples
    --------
    >>> from skxling.utils import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"`device` must be 'auto', 'cpu', 'cuda' or 'cuda:<index>'. Got {device!r}."
        ) from error
    if resolved.type == "cuda":
        n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (resolved.index or 0) >= n_devices:
            raise ValueError(
                f"`device` is {device!r}, but torch sees {n_devices} CUDA device(s). "
                "Use device='auto' or device='cpu'."
            )
    return resolved


def to_tensor(array, *, device=None, dtype=None):
    """Give the tensor of an array, sharing its memory wherever that is possible.

    Read-only arrays and memory maps are shared too, and silently: never write to the result.

    Parameters
    ----------
    array : array-like or torch.Tensor
        The values.

    device : torch.device or str, default=None
        Where the tensor shall live. None leaves a tensor where it is, and means the CPU for
        anything else.

    dtype : torch.dtype, default=None
        Its type. None keeps that of `array`.

    Returns
    -------
    tensor : torch.Tensor
        A tensor of the same shape; on the CPU and without a change of type, a view of `array`.
    """
    if isinstance(array, torch.Tensor):
        return array.detach().to(device=device, dtype=dtype)
    array = np.asarray(array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if any(stride < 0 or stride % array.itemsize for stride in array.strides):
        array = array.copy()  # torch knows neither reversed nor unaligned strides
    if not array.flags.writeable:
        array = np.asarray(_WritableAlias(array))
    return torch.from_numpy(array).to(device=device, dtype=dtype)


def to_numpy(tensor):
    """Give the array of a tensor, sharing memory where the tensor is on the CPU.

    Parameters
    ----------
    tensor : torch.Tensor
        A tensor on any device.

    Returns
    -------
    array : ndarray
        An array of the same shape and type.
    """
    return tensor.detach().cpu().numpy()


def own_memory(result, source):
    """Copy an array where it shares the memory of another, so that it can be written to.

    Parameters
    ----------
    result, source : ndarray
        What was made, and what it was made of: the same memory, where no step changed anything.

    Returns
    -------
    result : ndarray
        The same values.
    """
    return result.copy() if np.may_share_memory(result, source) else result
