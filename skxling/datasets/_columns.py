"""Columns of text files that a user names by their numbers."""

from numbers import Integral


def is_pair_of_columns(columns):
    """Tell whether these are two numbers of columns."""
    return (
        isinstance(columns, (tuple, list))
        and len(columns) == 2
        and all(isinstance(column, Integral) for column in columns)
    )
