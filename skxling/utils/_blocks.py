"""Blocks of rows that keep temporary arrays under a byte budget."""


def gen_blocks(n_rows, bytes_per_row, *, memory_budget=2**28):
    """Cut `n_rows` rows into slices whose temporaries fit into a byte budget.

    Parameters
    ----------
    n_rows : int
        Number of rows, at least 0.

    bytes_per_row : int
        Bytes of temporary memory that one row needs.

    memory_budget : int, default=2**28
        Bytes that the temporaries of one block may take. A block has at least one row, even
        where that row alone is over the budget.

    Yields
    ------
    block : slice
        Consecutive slices that cover ``range(n_rows)``, of equal length but for the last.

    Examples
    --------
    >>> from skxling.utils import gen_blocks
    >>> list(gen_blocks(5, bytes_per_row=8, memory_budget=16))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    n_block = max(1, int(memory_budget) // max(1, int(bytes_per_row)))
    for start in range(0, n_rows, n_block):
        yield slice(start, min(start + n_block, n_rows))
