import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skxling.functional.segments import (
    distinct_rows,
    group_rows,
    scale_rows_,
    segment_mean,
    segment_sum,
    sum_repeated,
)


@given(index=st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_segment_sum_equals_numpy(index):
    values = np.random.default_rng(0).normal(size=(len(index), 3))
    expected = np.zeros((10, 3))
    np.add.at(expected, index, values)
    groups = group_rows(torch.tensor(index))
    sums = segment_sum(torch.from_numpy(values), groups.members, groups.offsets)
    assert groups.index.tolist() == sorted(set(index))
    np.testing.assert_allclose(sums, expected[groups.index.numpy()], atol=1e-12)
    assert torch.equal(sum_repeated(torch.from_numpy(values), distinct_rows(groups)), sums)


def test_sum_repeated_leaves_its_rows_alone_and_writes_where_it_is_told():
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    rows = distinct_rows(group_rows(torch.tensor([7, 2, 7])))
    assert rows.repeated.index.tolist() == [1]  # of the distinct indices, 7
    out = torch.empty(2, 2)
    assert sum_repeated(values, rows, out=out) is out
    assert out.tolist() == [[3, 4], [6, 8]]
    assert values.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_group_rows_keeps_the_order_within_an_index():
    index, members, offsets = group_rows(torch.tensor([7, 2, 7, 2]), torch.tensor([5, 6, 3, 0]))
    assert index.tolist() == [2, 7]
    assert members.tolist() == [6, 0, 5, 3]
    assert offsets.tolist() == [0, 2, 4]


def test_segment_mean_equals_numpy():
    table = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    rows, offsets = torch.tensor([0, 5, 5, 2]), torch.tensor([0, 3, 3, 4])
    means = segment_mean(table, rows, offsets)
    np.testing.assert_allclose(means[0], table[[0, 5, 5]].mean(0), rtol=1e-5)
    assert means[1].tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(means[2], table[2], rtol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_scale_rows_shortens_long_rows_only(scale):
    values = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    expected = torch.tensor([[0.6, 0.8], [0.3 * scale, 0.4 * scale], [0.0, 0.0]])
    scaled = scale_rows_(values, scale, max_norm=1.0)
    assert scaled is values
    torch.testing.assert_close(scaled, expected)
