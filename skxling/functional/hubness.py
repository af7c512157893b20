"""Hubs: rows that are a nearest neighbour more often than others."""

import torch

from skxling.functional.retrieval import retrieval_statistics, retrieve


def count_occurrences(
    queries,
    candidates,
    k,
    *,
    retrieval="csls",
    n_neighbors=10,
    temperature=0.03,
    memory_budget=2**28,
):
    """Count how often each candidate is among the k nearest of a query: `N_k` [1]_.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows, in the space of the candidates; they need not have length 1.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows to choose from.

    k : int
        Nearest candidates that count, at least 1; clipped to the number of candidates.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a candidate near, as in :func:`retrieve`.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin", at least 1; clipped to the number of
        queries, which stand for the source vocabulary.

    temperature : float, default=0.03
        Of the inverted softmax, above 0.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    occurrences : Tensor of shape (n_candidates,), int64
        Their mean is ``n_queries * k / n_candidates``.

    References
    ----------
    .. [1] Radovanović, M., Nanopoulos, A., Ivanović, M. "Hubs in space: popular nearest neighbors
       in high-dimensional data". Journal of Machine Learning Research 11, 2010, section 2.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import count_occurrences
    >>> queries = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> count_occurrences(queries, torch.eye(2), 1, retrieval="cosine")
    tensor([2, 1])
    """
    budget = {"memory_budget": memory_budget}
    statistics = retrieval_statistics(
        queries,
        candidates,
        retrieval=retrieval,
        n_neighbors=n_neighbors,
        temperature=temperature,
        **budget,
    )
    near = retrieve(
        queries, candidates, k, statistics, retrieval=retrieval, temperature=temperature, **budget
    )
    return torch.bincount(near.indices.flatten(), minlength=candidates.shape[0])


def skewness(values):
    """Third standardised moment: how far the longer tail reaches to the right.

    Parameters
    ----------
    values : Tensor of shape (n_values,)
        Numbers of any type.

    Returns
    -------
    skewness : Tensor of shape (), float64
        0 for a symmetric distribution, and where all values are equal.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import skewness
    >>> skewness(torch.tensor([0, 0, 0, 4]))
    tensor(1.1547, dtype=torch.float64)
    """
    deviations = values.double() - values.double().mean()
    variance = deviations.square().mean()
    if values.min() == values.max():  # of which the mean may be off by rounding
        return torch.zeros_like(variance)
    return deviations.pow(3).mean() / variance**1.5
