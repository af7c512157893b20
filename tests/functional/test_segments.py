import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from skxling.functional.segments import clip_rows, gather_mean, segment_sum


@given(index=st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_segment_sum_equals_numpy(index):
    values = np.random.default_rng(0).normal(size=(len(index), 3))
    expected = np.zeros((10, 3))
    np.add.at(expected, index, values)
    rows = segment_sum(torch.from_numpy(values), torch.tensor(index))
    assert rows.index.tolist() == sorted(set(index))
    np.testing.assert_allclose(rows.values, expected[rows.index.numpy()], atol=1e-12)


def test_gather_mean_equals_numpy():
    table = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    rows, offsets = torch.tensor([0, 5, 5, 2]), torch.tensor([0, 3, 3, 4])
    means = gather_mean(table, rows, offsets)
    np.testing.assert_allclose(means[0], table[[0, 5, 5]].mean(0), rtol=1e-5)
    assert means[1].tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(means[2], table[2], rtol=1e-6)


def test_clip_rows_shortens_long_rows_only():
    values = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    torch.testing.assert_close(
        clip_rows(values, 1.0), torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]])
    )
