"""Two maps into a shared space: whitening, rotation, re-weighting, dewhitening, reduction."""

from typing import NamedTuple

import torch

from skxling.functional.whitening import gram_product, gram_spectrum


class TwoSided(NamedTuple):
    """Maps of both sides into one space.

    Attributes
    ----------
    mapping : Tensor of shape (d_source, n_components)
        What source rows are multiplied by.

    target_mapping : Tensor of shape (d_target, n_components)
        What target rows are multiplied by.

    strengths : Tensor of shape (n_components,)
        How strongly the two sides agree along each component, in descending order, non-negative.
    """

    mapping: torch.Tensor
    target_mapping: torch.Tensor
    strengths: torch.Tensor


def _rotations(covariance):
    """Singular vectors of both sides, in columns, and singular values; rounding errors are 0."""
    U, values, Vt = torch.linalg.svd(covariance, full_matrices=False)
    tolerance = max(covariance.shape) * torch.finfo(covariance.dtype).eps
    return U, torch.where(values > tolerance * values[0], values, 0), Vt.T


def multistep_mapping(
    X,
    Y,
    *,
    sample_weight=None,
    whiten=True,
    source_power=0.5,
    target_power=0.5,
    source_dewhiten="source",
    target_dewhiten="target",
    alpha=0.0,
    n_components=None,
):
    r"""Bring paired rows together in steps, each of which may be left out.

    For the source side, and likewise with X and Y, U and V exchanged for the target side, [1]_

    1. whitens: :math:`A = (X^\top D X + \alpha I)^{-1/2}`, so that XA has no preferred direction;
    2. rotates: by U, from the singular value decomposition
       :math:`(XA)^\top D\,(YB) = U \Sigma V^\top`, the components in the order of their agreement;
    3. re-weights: by :math:`\Sigma^p`, so that components that agree count more;
    4. dewhitens: by :math:`U^\top A^{-1} U`, which gives back the extent that the source space had
       along each component, or by :math:`V^\top B^{-1} V`, which gives that of the target space;
    5. reduces: keeps the first components.

    Parameters
    ----------
    X : Tensor of shape (n_pairs, d_source)
        Source rows.

    Y : Tensor of shape (n_pairs, d_target)
        Target rows.

    sample_weight : Tensor of shape (n_pairs,), default=None
        Non-negative weights of the pairs, the diagonal of D; None weighs all by 1.

    whiten : bool, default=True
        Whether to whiten; without it there is nothing to dewhiten.

    source_power : float, default=0.5
        Exponent p of the source side; 0 leaves the step out.

    target_power : float, default=0.5
        Exponent p of the target side.

    source_dewhiten : {"source", "target"} or None, default="source"
        The space whose extent source rows get back; None leaves the step out.

    target_dewhiten : {"source", "target"} or None, default="target"
        The space whose extent target rows get back.

    alpha : float, default=0.0
        Added to the diagonal before whitening, non-negative. With 0, directions in which the pairs
        have no extent are dropped.

    n_components : int, default=None
        Number of components to keep, at most min(d_source, d_target), which is the default.

    Returns
    -------
    maps : TwoSided
        `mapping`, `target_mapping`, and the singular values as `strengths`.

    References
    ----------
    .. [1] Artetxe, M., Labaka, G., Agirre, E. "Generalizing and improving bilingual word embedding
       mappings with a multi-step framework of linear transformations". AAAI 2018.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import multistep_mapping
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    >>> maps = multistep_mapping(X, X.flip(1))
    >>> torch.allclose(X @ maps.mapping, X.flip(1) @ maps.target_mapping, atol=1e-6)
    True
    """
    covariance = gram_product(X, Y, sample_weight=sample_weight)  # (d_source, d_target)
    if whiten:
        spectra = [gram_spectrum(side, sample_weight=sample_weight) for side in (X, Y)]
        A, B = (spectrum.power(-0.5, alpha=alpha) for spectrum in spectra)
        covariance = A @ covariance @ B
    U, strengths, V = _rotations(covariance)
    if whiten:
        strengths = strengths.clamp_max(1)  # correlations, but for rounding
    mapping, target_mapping = U * strengths**source_power, V * strengths**target_power
    if whiten:
        A_inverse, B_inverse = (spectrum.power(0.5, alpha=alpha) for spectrum in spectra)
        extents = {"source": U.T @ A_inverse @ U, "target": V.T @ B_inverse @ V}
        mapping, target_mapping = A @ mapping, B @ target_mapping
        if source_dewhiten is not None:
            mapping = mapping @ extents[source_dewhiten]
        if target_dewhiten is not None:
            target_mapping = target_mapping @ extents[target_dewhiten]
    kept = slice(n_components)
    results = mapping[:, kept], target_mapping[:, kept], strengths[kept]
    return TwoSided(*(result.to(X.dtype) for result in results))


def canonical_correlation(X, Y, *, alpha=0.0, n_components=None, sample_weight=None):
    r"""Find the directions of two spaces along which paired rows are most correlated.

    Whitening and rotation, the first two steps of :func:`multistep_mapping`, are canonical
    correlation analysis [1]_: of all directions a and b, the first components have the largest
    :math:`(Xa)^\top (Yb) / \lVert Xa \rVert \lVert Yb \rVert`, and so on among those that are
    uncorrelated with the components before. It is a correlation about the origin; center X and Y
    for one about the mean.

    Parameters
    ----------
    X : Tensor of shape (n_pairs, d_source)
        Source rows.

    Y : Tensor of shape (n_pairs, d_target)
        Target rows.

    alpha : float, default=0.0
        Added to the diagonals of the two covariances, non-negative.

    n_components : int, default=None
        Number of components to keep, at most min(d_source, d_target), which is the default.

    sample_weight : Tensor of shape (n_pairs,), default=None
        Non-negative weights of the pairs; None weighs all by 1.

    Returns
    -------
    maps : TwoSided
        `mapping`, `target_mapping`, and the canonical correlations as `strengths`, at most 1.

    References
    ----------
    .. [1] Faruqui, M., Dyer, C. "Improving vector space word representations using multilingual
       correlation". EACL 2014.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import canonical_correlation
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> Y = torch.tensor([[9.0, 1.0], [0.0, 1.0], [-9.0, -1.0], [0.0, -1.0]])
    >>> canonical_correlation(X, Y).strengths
    tensor([1., 1.])
    """
    return multistep_mapping(
        X,
        Y,
        sample_weight=sample_weight,
        source_power=0,
        target_power=0,
        source_dewhiten=None,
        target_dewhiten=None,
        alpha=alpha,
        n_components=n_components,
    )
