"""The relaxed CSLS loss of a map, and its gradient."""

from typing import NamedTuple

import torch

from skxling.functional.neighbors import largest_products


class RCSLS(NamedTuple):
    """Value of :func:`rcsls_loss`.

    Attributes
    ----------
    loss : Tensor of shape ()
        The loss, a mean over pairs; for rows of length 1 and an orthogonal map from -4 to 4.

    gradient : Tensor of shape (d_source, d_target)
        A subgradient in the mapping.
    """

    loss: torch.Tensor
    gradient: torch.Tensor


def _nearest_means(queries, candidates, n_neighbors, memory_budget):
    """Mean of the n_neighbors candidates that have the largest inner products with each query."""
    indices = largest_products(
        queries, candidates, n_neighbors, memory_budget=memory_budget
    ).indices  # (n, k)
    # the mean of gathered rows, without gathering (n, k, d)
    return torch.nn.functional.embedding_bag(indices, candidates, mode="mean")  # (n, d)


def rcsls_loss(
    mapping, X, Y, source_vectors, target_vectors, n_neighbors=10, *, memory_budget=2**28
):
    r"""Relaxed CSLS of paired rows under a linear map.

    For rows :math:`x_i, y_i` of a pair, :math:`N_Y(x_i W)` the k rows of the target space with the
    largest inner products with :math:`x_i W`, and :math:`N_X(y_i)` the k rows of the source space
    whose images have the largest ones with :math:`y_i` [1]_,

    .. math::

        \frac{1}{n} \sum_i \Big( -2 x_i W y_i^\top
        + \frac{1}{k} \sum_{y_j \in N_Y(x_i W)} x_i W y_j^\top
        + \frac{1}{k} \sum_{x_j \in N_X(y_i)} x_j W y_i^\top \Big)

    is convex in W: a sum of the k largest of linear functions is convex. For rows of length 1 and
    an orthogonal W it is CSLS with its sign turned.

    Parameters
    ----------
    mapping : Tensor of shape (d_source, d_target)
        W.

    X : Tensor of shape (n_pairs, d_source)
        Source rows of the pairs.

    Y : Tensor of shape (n_pairs, d_target)
        Target rows of the pairs.

    source_vectors : Tensor of shape (n_source, d_source)
        The source space, in which :math:`N_X` is looked for.

    target_vectors : Tensor of shape (n_target, d_target)
        The target space, in which :math:`N_Y` is looked for.

    n_neighbors : int, default=10
        k, at least 1; clipped to what exists.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take.

    Returns
    -------
    value : RCSLS
        `loss` and `gradient`.

    References
    ----------
    .. [1] Joulin, A., Bojanowski, P., Mikolov, T., Jegou, H., Grave, E. "Loss in translation:
       learning bilingual word mapping with a retrieval criterion". EMNLP 2018.
    """
    near_targets = _nearest_means(X @ mapping, target_vectors, n_neighbors, memory_budget)
    # x_j W y_i' is the product of x_j with y_i W', so the source space need not be mapped
    near_sources = _nearest_means(Y @ mapping.T, source_vectors, n_neighbors, memory_budget)
    gradient = X.T @ (near_targets - 2 * Y) + near_sources.T @ Y
    gradient /= X.shape[0]
    # the loss is linear in W as long as the neighbours stay, hence <W, gradient>
    return RCSLS((mapping * gradient).sum(), gradient)
