"""Scores of pairs of rows, made of their cosine and of a term of either row."""

import torch


def subtract_(cosines, x=None, y=None, *, scale=1.0):
    """Turn cosines into ``scale * cosines - x - y``, in place.

    Parameters
    ----------
    cosines : Tensor
        Of pairs of rows; overwritten.

    x, y : Tensor, default=None
        Of a shape that broadcasts to that of the cosines; None is 0.

    scale : float, default=1.0
        Factor of the cosines.

    Returns
    -------
    scores : Tensor
        `cosines`.
    """
    if y is None:
        cosines *= scale
    else:  # -y + scale * cos, in one pass
        torch.add(-y.to(cosines.dtype), cosines, alpha=scale, out=cosines)
    if x is not None:
        cosines -= x
    return cosines


def divide_(cosines, x, y):
    """Turn cosines into ``cosines / (x / 2 + y / 2)``, in place.

    Parameters
    ----------
    cosines : Tensor
        Of pairs of rows; overwritten.

    x, y : Tensor
        Of a shape that broadcasts to that of the cosines. Where their sum is not above 0, the
        smallest number that is takes its place.

    Returns
    -------
    scores : Tensor
        `cosines`.
    """
    means = (x / 2 + y / 2).clamp_(min=torch.finfo(cosines.dtype).tiny)
    cosines /= means
    return cosines


class TermScores:
    """A score that is linear in the cosine of two rows, and knows a term of either row.

    Parameters
    ----------
    score_ : callable, default=None
        ``score_(cosines, x, y)``, in place, of shapes that broadcast. None leaves the cosines.

    x : Tensor of shape (n_rows,), default=None
        Term of each row.

    y : Tensor of shape (n_columns,), default=None
        Term of each column.
    """

    def __init__(self, score_=None, x=None, y=None):
        self.score_, self.x, self.y = score_, x, y

    def __call__(self, cosines, rows, columns):
        """Turn cosines into scores, in place.

        Parameters
        ----------
        cosines : Tensor of shape (b, c)
            Of pairs of rows and columns.

        rows : slice or Tensor of shape (b,), int64
            The rows.

        columns : slice or Tensor of shape (c,) or (b, c), int64
            The columns, of all rows or of each.
        """
        if self.score_ is not None:
            x = None if self.x is None else self.x[rows, None].to(cosines.dtype)
            y = None if self.y is None else self.y[columns].to(cosines.dtype)
            self.score_(cosines, x, y)

    def steepest(self, n_rows, like):
        """How much the scores of each row grow with the cosine, at most: (n_rows, 1), float64.

        Few candidates can have ratios that are a hundred times as steep as others', and these make
        no difference: they are far above the others, or far below.
        """
        if self.score_ is None:
            return like.new_ones(n_rows, 1, dtype=torch.float64)
        x = None if self.x is None else self.x[:, None].double()
        terms = [None] if self.y is None else [self.y.min().double(), self.y.median().double()]
        slopes = []
        for y in terms:
            step = like.new_tensor([0.0, 1.0], dtype=torch.float64).repeat(n_rows, 1)
            slopes.append(self.score_(step, x, y).diff(dim=1))
        slope = torch.fmin(slopes[0], 100 * slopes[-1])
        return slope.where(slope < 1e9, 0.0)  # no ratio of means that are not above 0

    def transposed(self):
        """Give the score with rows and columns exchanged."""
        return TermScores(self.score_, self.y, self.x)
