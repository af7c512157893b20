import pytest

from skxling.utils import gen_blocks


@pytest.mark.parametrize("n_rows", [0, 1, 7, 64])
@pytest.mark.parametrize("bytes_per_row", [0, 1, 10, 1000])
@pytest.mark.parametrize("memory_budget", [1, 100, 2**28])
def test_blocks_cover_every_row_once_under_the_budget(n_rows, bytes_per_row, memory_budget):
    blocks = list(gen_blocks(n_rows, bytes_per_row, memory_budget=memory_budget))
    assert [row for block in blocks for row in range(n_rows)[block]] == list(range(n_rows))
    for block in blocks:
        n_block = block.stop - block.start
        assert n_block == 1 or n_block * bytes_per_row <= memory_budget


def test_blocks_are_as_long_as_the_budget_allows():
    assert len(list(gen_blocks(100, 8, memory_budget=80))) == 10
