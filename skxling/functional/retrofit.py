"""Moving paired rows towards each other."""

import torch


def retrofit_pairs(X, Y, pairs, *, alpha=1.0, max_iter=100, tol=1e-6):
    r"""Move rows of two sides towards their partners, and not far from where they are.

    The new rows :math:`\hat x, \hat y` minimise [1]_

    .. math::

        \alpha \sum_i \lVert \hat x_i - x_i \rVert^2 + \alpha \sum_j \lVert \hat y_j - y_j \rVert^2
        + \sum_{(i, j)} \lVert \hat x_i - \hat y_j \rVert^2 ,

    the last sum over the pairs: each row is the mean of its old place, weighted by alpha, and of
    its partners' new places. These linear equations are solved by conjugate gradients.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of one side.

    Y : Tensor of shape (n_target, n_components)
        Rows of the other side, in the same space.

    pairs : Tensor of shape (n_pairs, 2), int64
        Pairs of a row of X and a row of Y. A row may be in several, or in none: then it stays.

    alpha : float, default=1.0
        Positive: what staying is worth, compared with one partner.

    max_iter : int, default=100
        Greatest number of steps, at least 1. A lexicon of one translation a word needs two.

    tol : float, default=1e-6
        Stop where no row is wrong by more than about this, relative to the largest number in X
        and Y.

    Returns
    -------
    X_moved, Y_moved : Tensor of the shapes of X and Y
        The new rows.

    References
    ----------
    .. [1] Zhang, M., Fujinuma, Y., Paul, M. J., Boyd-Graber, J. "Why overfitting isn't always bad:
       retrofitting cross-lingual word embeddings to dictionaries". ACL 2020.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import retrofit_pairs
    >>> X, Y = torch.tensor([[0.0], [5.0]]), torch.tensor([[3.0]])
    >>> X_moved, Y_moved = retrofit_pairs(X, Y, torch.tensor([[0, 0]]))
    >>> X_moved.round(decimals=2), Y_moved.round(decimals=2)
    (tensor([[1.],
            [5.]]), tensor([[2.]]))
    """
    n_source = X.shape[0]
    old = torch.cat([X, Y]).double()
    ends = pairs[:, 0], pairs[:, 1] + n_source
    here, there = torch.cat(ends), torch.cat(ends[::-1])
    weights = alpha + torch.bincount(here, minlength=len(old)).double()[:, None]

    def without_partners(rows):
        return weights * rows - torch.zeros_like(rows).index_add_(0, here, rows[there])

    tiny = torch.finfo(old.dtype).tiny
    new, residual = old, alpha * old - without_partners(old)
    step, energy = torch.zeros_like(old), residual.new_ones(old.shape[1])
    for _ in range(max_iter):
        if residual.abs().max() <= alpha * tol * old.abs().max():
            break
        # each component is a system of its own, preconditioned by the diagonal
        scaled = residual / weights
        before, energy = energy, (residual * scaled).sum(0)
        step = scaled + energy / before.clamp_min(tiny) * step
        image = without_partners(step)
        length = energy / (step * image).sum(0).clamp_min(tiny)
        new, residual = new + length * step, residual - length * image
    return new[:n_source].to(X.dtype), new[n_source:].to(Y.dtype)
