"""A device beside the CPU, for machines that have none.

Its tensors are held by the CPU and wrapped, so that whatever is computed on it is what the CPU
computes. But as on CUDA no operation takes tensors of two devices, nor a generator of another one,
and numpy sees none of it. A line that forgets the device fails on it as it would there.
"""

from contextlib import contextmanager
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("simulated")
DEVICE = torch.device("simulated", 0)

_INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")
_generators = {}  # by address: torch wraps a generator anew on its way
_names = []  # of the operations on the device since `simulate`
_CPUGenerator = torch.Generator


class SimulatedTensor(torch.Tensor):
    """A tensor of the device; `value` holds it."""

    @staticmethod
    def __new__(cls, value):
        layout = {"strides": value.stride(), "storage_offset": value.storage_offset()}
        self = torch.Tensor._make_wrapper_subclass(
            cls, value.shape, dtype=value.dtype, device=DEVICE, **layout
        )
        self.value = value
        return self

    def __repr__(self):
        return f"SimulatedTensor({self.value})"

    def tolist(self):
        return self.value.tolist()

    def __array__(self, *args, **kwargs):
        raise TypeError("numpy sees no tensor of this device: copy it to the CPU first.")

    numpy = __array__

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _run(function, args, kwargs or {})


class SimulatedGenerator(_CPUGenerator):
    """A generator of the device, or of the CPU where that is asked for."""

    device = DEVICE

    def __new__(cls, device="cpu"):
        if torch.device(device).type == "cpu":
            return _CPUGenerator(device)
        return super().__new__(cls)

    def __init__(self, device):
        _generators[self._cdata] = self


class _Everything(TorchDispatchMode):
    """Sees the operations without a tensor among their arguments too."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _run(function, args, kwargs or {})


@contextmanager
def simulate():
    """Let there be the device."""
    lifted = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor makes them on the CPU, then copies
    _names.clear()
    try:
        with mock.patch("torch.Generator", SimulatedGenerator), _Everything():
            yield DEVICE
    finally:
        torch._C._set_only_lift_cpu_tensors(lifted)
        _generators.clear()


def n_operations():
    """Count what was computed on the device since it was there."""
    return len(_names) - _names.count("_to_copy")


def _run(function, args, kwargs):
    """Run an operation on the CPU, where its tensors are of one device."""
    name = function.overloadpacket.__name__
    device = kwargs.get("device")
    is_here = _is_here(name, args, kwargs) if device is None else _is_ours(torch.device(device))
    generator = kwargs.get("generator")
    if generator is not None and (generator._cdata in _generators) != is_here:
        raise RuntimeError(f"{name}: the generator is of another device.")
    values, options = tree_map_only(SimulatedTensor, lambda t: t.value, (args, dict(kwargs)))
    if device is not None:
        options["device"] = torch.device("cpu")
    result = function(*values, **options)
    if is_here:
        _names.append(name)
    for given in (args[0] if args else None, kwargs.get("out")):
        if isinstance(given, SimulatedTensor) and given.value is result:
            return given  # what was changed in place
    return tree_map_only(torch.Tensor, SimulatedTensor, result) if is_here else result


def _is_here(name, args, kwargs):
    """Whether the operation is one of this device."""
    if name == "copy_":
        return isinstance(args[0], SimulatedTensor)
    if name in _INDEXING and _is_ours(args[0].device):
        args = (args[0], *args[2:])  # indices may be of the CPU
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    is_here = any(_is_ours(tensor.device) for tensor in tensors)
    # a scalar may be of the CPU
    if is_here and not all(_is_ours(tensor.device) or tensor.dim() == 0 for tensor in tensors):
        shapes = [f"{tuple(tensor.shape)} of {tensor.device}" for tensor in tensors]
        raise RuntimeError(f"{name}: tensors of two devices, {', '.join(shapes)}.")
    return is_here


def _is_ours(device):
    return device.type == DEVICE.type
