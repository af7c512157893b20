import warnings

import numpy as np
import pytest
import torch

from skxling.utils import own_memory, resolve_device, to_numpy, to_tensor


def test_auto_is_cuda_only_where_there_is_one():
    assert resolve_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("device", ["gpu", "", None, 1.5, "cpu:x"])
def test_unknown_device_is_named(device):
    with pytest.raises(ValueError, match="`device` must be 'auto', 'cpu', 'cuda'"):
        resolve_device(device)


def test_missing_cuda_device_names_the_way_out(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"sees 0 CUDA device\(s\). Use device='auto'"):
        resolve_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ValueError, match=r"'cuda:2', but torch sees 2"):
        resolve_device("cuda:2")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.int32, bool])
@pytest.mark.parametrize("writeable", [True, False])
def test_to_tensor_shares_memory_silently(dtype, writeable):
    array = np.ones((3, 4), dtype=dtype)
    array.flags.writeable = writeable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = to_tensor(array)
    assert tensor.data_ptr() == array.ctypes.data
    assert tensor.shape == (3, 4)
    np.testing.assert_array_equal(to_numpy(tensor), array)
    assert to_numpy(tensor).dtype == array.dtype
    assert array.flags.writeable == writeable


def test_to_tensor_keeps_a_read_only_array_alive():
    def make():
        array = np.arange(100_000.0)
        array.flags.writeable = False
        return to_tensor(array)

    tensor = make()
    np.empty(100_000)[:] = -1.0  # would reuse the memory, were it free
    assert tensor.sum() == np.arange(100_000.0).sum()


def test_to_tensor_of_a_memory_map(tmp_path):
    np.save(tmp_path / "vectors.npy", np.arange(12.0).reshape(4, 3))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    tensor = to_tensor(mapped)
    assert tensor.data_ptr() == mapped.ctypes.data
    assert to_tensor(mapped[1:, ::2]).tolist() == [[3.0, 5.0], [6.0, 8.0], [9.0, 11.0]]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0)[::-1],
        np.arange(6.0).reshape(2, 3)[:, ::-1],
        np.arange(6.0).astype(">f8"),
        np.rec.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i1"), ("b", "f8")]).b,
        np.broadcast_to(np.arange(3.0), (2, 3)),
        np.empty((0, 3)),
    ],
    ids=["reversed", "reversed columns", "big endian", "unaligned", "broadcast", "empty"],
)
def test_to_tensor_of_awkward_arrays(array):
    np.testing.assert_array_equal(to_tensor(array).numpy(), array)


def test_to_tensor_converts_when_asked():
    tensor = to_tensor([[1, 2]], dtype=torch.float64, device="cpu")
    assert tensor.dtype == torch.float64
    assert to_tensor(tensor) is not None
    assert to_tensor(tensor).data_ptr() == tensor.data_ptr()
    assert to_tensor(tensor, dtype=torch.float32).dtype == torch.float32


def test_to_numpy_detaches():
    tensor = torch.ones(3, requires_grad=True)
    np.testing.assert_array_equal(to_numpy(tensor), np.ones(3))


def test_memory_of_another_is_copied():
    array = np.arange(6.0)
    assert not np.shares_memory(own_memory(array[2:4], array), array)
    other = np.arange(2.0)
    assert own_memory(other, array) is other
