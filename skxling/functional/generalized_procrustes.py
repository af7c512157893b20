"""The orthogonal maps that bring the common rows of several matrices together."""

from itertools import combinations
from typing import NamedTuple

import torch


class GeneralizedProcrustes(NamedTuple):
    """Solution of :func:`generalized_procrustes`.

    Attributes
    ----------
    mappings : tuple of Tensor of shape (d_i, n_components)
        W_i, one for each matrix, with orthonormal rows.

    losses : Tensor of shape (n_rounds + 1,), float64
        The share of the sum of squares that lies within rows, at the start and after each round;
        from 0, where all rows meet, to 1. It never rises.
    """

    mappings: tuple
    losses: torch.Tensor


def _closest_orthogonal(matrix):
    """Give the map with orthonormal rows or columns that is closest to a matrix."""
    U, _, Vt = torch.linalg.svd(matrix, full_matrices=False)
    return U @ Vt


class _Products(NamedTuple):
    """What is left of the rows: all that the maps and the loss depend on."""

    between: dict  # (i, j) -> sum over rows of x_i' x_j / m, of shape (d_i, d_j)
    n_common: torch.Tensor  # (k, k)
    within: torch.Tensor  # sum over rows of (1 - 1 / m) sum_i |x_i|^2: the largest the loss can be

    def pull(self, mappings, i):
        """Sum up what the mapped matrices ask of the map of another one."""
        others = [self.between[i, j] @ mappings[j] for j in mappings if j != i]
        return torch.stack(others).sum(0)  # (d_i, d)

    def loss(self, mappings):
        """Give the share of the sum of squares that lies within rows."""
        met = sum((self.pull(mappings, i) * W).sum() for i, W in mappings.items())
        # rounding may make it negative
        return ((self.within - met) / self.within.clamp_min(1e-300)).clamp_min(0)


def _sum_products(spaces):
    """Products of rows that two matrices have in common, in double precision."""
    present = torch.stack([space.isfinite().all(1) for space in spaces], dim=1)  # (n, k)
    shares = 1 / present.sum(1).clamp_min(1).double()  # (n,)
    within = shares.new_zeros(())
    between = {}
    for i, space in enumerate(spaces):
        rows = present[:, i]
        squares = space[rows].double().square().sum(1)
        within += (squares * (1 - shares[rows])).sum()
    for i, j in combinations(range(len(spaces)), 2):
        rows = present[:, i] & present[:, j]
        weighted = spaces[i][rows].double() * shares[rows, None]
        between[i, j] = weighted.T @ spaces[j][rows].double()
        between[j, i] = between[i, j].T
    return _Products(between, present.T.double() @ present.double(), within)


def generalized_procrustes(spaces, *, reference=0, max_iter=100, tol=1e-8):
    r"""Turn several matrices so that their common rows come together.

    With :math:`x_{ri}` row r of matrix i, present in :math:`m_r` of them, and :math:`g_r` the mean
    of its images :math:`x_{ri} W_i`, the maps minimise [1]_, [2]_

    .. math::

        \sum_r \sum_i \lVert x_{ri} W_i - g_r \rVert^2
        = \sum_r \frac{1}{m_r} \sum_{i < j} \lVert x_{ri} W_i - x_{rj} W_j \rVert^2 ,

    sums over the matrices that have the row. Given the others, :math:`W_i` is the orthogonal
    Procrustes solution towards :math:`\frac{1}{m_r} \sum_{j \neq i} x_{rj} W_j`, and so the maps
    are found in turns, round by round [3]_. All that they need of the rows are the products
    :math:`\sum_r x_{ri}^\top x_{rj} / m_r`, and a round does not depend on the number of rows.

    Parameters
    ----------
    spaces : list of Tensor of shape (n_rows, d_i)
        The matrices; row r of each is the same thing. A row of nan is missing, and one that only
        a single matrix has does not count.

    reference : int, default=0
        The matrix that stays where it is; no other has more components.

    max_iter : int, default=100
        Greatest number of rounds, at least 0.

    tol : float, default=1e-8
        Rounds end where the loss falls by less.

    Returns
    -------
    solution : GeneralizedProcrustes
        `mappings` and `losses`.

    Notes
    -----
    The start is a chain: the matrix that has most rows in common with those already mapped is the
    next, mapped onto all of them. The minimum that is found from there may be a local one.

    References
    ----------
    .. [1] Gower, J. C. "Generalized Procrustes analysis". Psychometrika 40, 1975.

    .. [2] Kementchedjhieva, Y., Ruder, S., Cotterell, R., Soegaard, A. "Generalizing Procrustes
       analysis for better bilingual dictionary induction". CoNLL 2018, section 3.

    .. [3] Ten Berge, J. M. F. "Orthogonal Procrustes rotation for two or more matrices".
       Psychometrika 42, 1977.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import generalized_procrustes
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    >>> spaces = [X, X.flip(1), -X]
    >>> solution = generalized_procrustes(spaces)
    >>> [bool(torch.allclose(Y @ W, X)) for Y, W in zip(spaces, solution.mappings)]
    [True, True, True]
    """
    products = _sum_products(spaces)
    d = spaces[reference].shape[1]
    identity = torch.eye(d, dtype=torch.float64, device=spaces[reference].device)
    mappings = {reference: identity}
    while len(mappings) < len(spaces):
        links = products.n_common[:, list(mappings)].sum(1)
        links[list(mappings)] = -1
        i = int(links.argmax())
        mappings[i] = _closest_orthogonal(products.pull(mappings, i))
    losses = [products.loss(mappings)]
    for _ in range(max_iter):
        for i in range(len(spaces)):
            if i != reference:
                mappings[i] = _closest_orthogonal(products.pull(mappings, i))
        losses.append(products.loss(mappings))
        if losses[-2] - losses[-1] < tol:
            break
    in_order = (mappings[i].to(space.dtype) for i, space in enumerate(spaces))
    return GeneralizedProcrustes(tuple(in_order), torch.stack(losses))
