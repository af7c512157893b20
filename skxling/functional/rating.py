"""How good a map looks to one who knows no pair."""

from typing import NamedTuple

import torch

from skxling.functional.neighbors import nearest_neighbors, neighborhood_means
from skxling.functional.normalization import unit_rows
from skxling.functional.procrustes import orthogonal_procrustes
from skxling.functional.similarity import csls_neighbors


class Translations(NamedTuple):
    """Value of :func:`rate_translations`.

    Attributes
    ----------
    indices : Tensor of shape (n_rows,), int64
        Each row's best candidate by CSLS.

    similarity : Tensor of shape ()
        Mean cosine of the rows and these candidates, from -1 to 1.
    """

    indices: torch.Tensor
    similarity: torch.Tensor


def rate_translations(X, Y, n_neighbors=10, *, memory_budget=2**28):
    """Translate rows by CSLS, and say how similar they are to their translations.

    The mean cosine is high where two spaces lie upon each other, and follows the share of right
    translations closely enough to choose among maps without knowing one [1]_.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_components)
        Mapped rows of the most frequent source words; they need not have length 1.

    Y : Tensor of shape (n_candidates, n_components)
        Rows of the target words.

    n_neighbors : int, default=10
        Size of the neighbourhoods of CSLS, at least 1; clipped to what exists.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    translations : Translations
        `indices` and `similarity`.

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018, section 3.5.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import rate_translations
    >>> translations = rate_translations(torch.eye(3), torch.eye(3)[[1, 0, 2]], 2)
    >>> translations.indices, translations.similarity
    (tensor([1, 0, 2]), tensor(1.))
    """
    means = neighborhood_means(Y, X, n_neighbors, memory_budget=memory_budget)
    best = csls_neighbors(X, Y, 1, candidate_means=means, memory_budget=memory_budget)
    indices = best.indices[:, 0]
    return Translations(indices, torch.cosine_similarity(X, Y[indices], dim=1).mean())


def translation_nearness(X, Y, indices, *, memory_budget=2**28):
    """Give the share of words that are nearer to their translation than to their own neighbours.

    Two clouds of one density can be laid upon each other so that every word has some word of the
    other language near it. But that is no nearer than the words of its own language are, unless it
    is the same word. So a pair counts where its cosine is larger than that of either word and its
    nearest neighbour in its own language. Of two samples of one distribution, one upon the other,
    about a fourth do; of translations with little noise, nearly all.

    The cosine is that under an orthogonal map, which is fitted on the half of the pairs to which
    this pair does not belong: in spaces of many components a map brings together any words that it
    is fitted on.

    Parameters
    ----------
    X : Tensor of shape (n_rows, d_source)
        Source rows, as they are before the map.

    Y : Tensor of shape (n_candidates, d_target)
        Target rows.

    indices : Tensor of shape (n_rows,), int64
        Each source row's translation.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    nearness : Tensor of shape ()
        From 0 to 1.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import translation_nearness
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.2], [0.5, 1.0]])
    >>> translation_nearness(X, X.flip(1), torch.arange(4))
    tensor(1.)
    >>> translation_nearness(X, X.flip(1), torch.tensor([1, 2, 3, 0]))
    tensor(0.)
    """
    own = torch.maximum(
        _neighbor_cosines(X, memory_budget), _neighbor_cosines(Y, memory_budget)[indices]
    )
    Y = Y[indices]
    mapped = torch.empty_like(Y)
    for fold in (0, 1):
        mapping = orthogonal_procrustes(X[1 - fold :: 2], Y[1 - fold :: 2]).mapping
        mapped[fold::2] = X[fold::2] @ mapping
    cosines = (unit_rows(mapped) * unit_rows(Y)).sum(1)
    rounding = 8 * torch.finfo(cosines.dtype).eps  # equal rows are as near as their neighbours
    return (cosines > own + rounding).to(X.dtype).mean()


def _neighbor_cosines(X, memory_budget):
    """Cosines of rows and their nearest neighbours, besides themselves."""
    return nearest_neighbors(X, X, 2, memory_budget=memory_budget).scores[:, -1]
