import numpy as np
import pytest

from skxling.text import _array_writer
from skxling.text._array_writer import ArrayWriter


@pytest.mark.parametrize("limit", [0, 20, 44])
def test_what_is_appended_comes_out(monkeypatch, limit):
    monkeypatch.setattr(_array_writer, "MAX_BYTES_IN_MEMORY", limit)
    parts = [np.arange(4), np.zeros(0), np.array([-7.0]), np.arange(6, dtype=np.int16)]
    with ArrayWriter(np.int32) as writer:
        for part in parts:
            writer.append(part)
        array = writer.finish()
    assert writer.size == len(array) == 11
    assert array.dtype == np.int32
    assert isinstance(array, np.memmap) == (limit < 44)
    np.testing.assert_array_equal(array, np.concatenate(parts))


def test_nothing_is_an_empty_array():
    with ArrayWriter(np.int64) as writer:
        array = writer.finish()
    assert array.shape == (0,)
    assert array.dtype == np.int64
