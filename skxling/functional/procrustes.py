"""The orthogonal map between two sets of paired rows."""

from typing import NamedTuple

import torch


class Procrustes(NamedTuple):
    """Solution of :func:`orthogonal_procrustes`.

    Attributes
    ----------
    mapping : Tensor of shape (d_source, d_target)
        W; its rows are orthonormal where d_source <= d_target, else its columns are.

    scale : Tensor of shape ()
        Factor of the map, 1 unless asked for.
    """

    mapping: torch.Tensor
    scale: torch.Tensor


def orthogonal_procrustes(X, Y, *, sample_weight=None, scale=False):
    r"""Find the orthogonal map that brings rows of X closest to the paired rows of Y.

    With the singular value decomposition :math:`X^\top D Y = U \Sigma V^\top`, D the diagonal
    matrix of weights, :math:`W = U V^\top` has the largest weighted sum of inner products
    :math:`\langle x_i W, y_i \rangle` of all maps with orthonormal rows or columns [1]_. Unless
    d_source > d_target, that is the least-squares solution too.

    Parameters
    ----------
    X : Tensor of shape (n_pairs, d_source)
        Source rows.

    Y : Tensor of shape (n_pairs, d_target)
        Target rows.

    sample_weight : Tensor of shape (n_pairs,), default=None
        Non-negative weights of the pairs; None weighs all equally.

    scale : bool, default=False
        Whether to find the factor s too, for which ``s * X @ W`` is closest to Y.

    Returns
    -------
    solution : Procrustes
        `mapping` and `scale`.

    References
    ----------
    .. [1] Schonemann, P. H. "A generalized solution of the orthogonal Procrustes problem".
       Psychometrika 31, 1966.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import orthogonal_procrustes
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> orthogonal_procrustes(X, X.flip(1)).mapping
    tensor([[0., 1.],
            [1., 0.]])
    """
    weighted = X if sample_weight is None else X * sample_weight[:, None]
    covariance = weighted.T @ Y  # (d_source, d_target)
    # in double precision: the decomposition costs little, and W is as orthogonal as can be
    U, _, Vt = torch.linalg.svd(covariance.double(), full_matrices=False)
    mapping = (U @ Vt).to(X.dtype)  # W
    factor = X.new_ones(())
    if scale:
        mapped_norm = ((weighted @ mapping) * (X @ mapping)).sum()
        tiny = torch.finfo(X.dtype).tiny
        factor = (covariance * mapping).sum() / mapped_norm.clamp_min(tiny)
    return Procrustes(mapping, factor)


def project_spectral(mapping):
    """Clip singular values at 1: the closest matrix of spectral norm at most 1.

    These matrices are the convex hull of the orthogonal ones.

    Parameters
    ----------
    mapping : Tensor of shape (d_source, d_target)
        Any matrix.

    Returns
    -------
    projected : Tensor of shape (d_source, d_target)
        The closest in the Frobenius norm.
    """
    U, singular_values, Vt = torch.linalg.svd(mapping.double(), full_matrices=False)
    return ((U * singular_values.clamp_max(1)) @ Vt).to(mapping.dtype)
