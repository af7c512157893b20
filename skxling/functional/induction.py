"""Pairs of rows that are probably translations: induced from similarities."""

import torch

from skxling.functional.exact import unit_pair
from skxling.functional.neighbors import best_neighbors_both_ways, mutual_pairs
from skxling.functional.normalization import fit_normalization
from skxling.functional.procrustes import orthogonal_procrustes
from skxling.functional.retrieval import mutual_scores
from skxling.functional.top_k import largest_scores_both_ways
from skxling.functional.whitening import gram_spectrum


def _drop_scores(score, keep_probability, generator):
    """Make of a function that scores a tile one that also drops a random part of it."""

    def rescore(cosines, rows, columns):
        score(cosines, rows, columns)
        is_dropped = torch.empty_like(cosines, dtype=torch.bool)
        is_dropped.bernoulli_(1 - keep_probability, generator=generator)
        cosines.masked_fill_(is_dropped, -torch.inf)

    return rescore


def induce_pairs(
    X,
    Y,
    *,
    induction="mutual",
    retrieval="csls",
    n_neighbors=10,
    temperature=0.03,
    keep_probability=1.0,
    generator=None,
    memory_budget=2**28,
):
    """Pair rows of two sides by their similarity, of which a random part may be left out.

    Leaving similarities out makes the pairs vary, and so keeps self-learning from staying where it
    began [1]_.

    Parameters
    ----------
    X : Tensor of shape (n_source, n_components)
        Rows of one side; they need not have length 1.

    Y : Tensor of shape (n_target, n_components)
        Rows of the other side, in the same space and of the same type.

    induction : {"mutual", "both", "source", "target"}, default="mutual"
        "mutual" pairs rows that are each other's best; "source" each row of X with its best row
        of Y; "target" each row of Y with its best row of X; "both" gives the pairs of "source",
        then those of "target", so that a mutual pair stands twice.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        What makes a row the best, as in :func:`retrieve`.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin", at least 1; clipped to what exists.

    temperature : float, default=0.03
        Of the inverted softmax, above 0.

    keep_probability : float, default=1.0
        In (0, 1]: probability with which each of the n_source x n_target similarities is seen,
        from both sides alike. One that is not seen comes after all that are.

    generator : torch.Generator, default=None
        Of the device of X; what is seen is drawn from it, tile by tile, so that draws differ
        between budgets.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    pairs_x : Tensor of shape (n_pairs,), int64
        Rows of X.

    pairs_y : Tensor of shape (n_pairs,), int64
        Their partners among the rows of Y.

    References
    ----------
    .. [1] Artetxe, M., Labaka, G., Agirre, E. "A robust self-learning method for fully unsupervised
       cross-lingual mappings of word embeddings". ACL 2018, section 3.3.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import induce_pairs
    >>> X, Y = torch.eye(2), torch.tensor([[1.0, 0.1], [0.8, 0.6]])
    >>> induce_pairs(X, Y, retrieval="cosine")
    (tensor([0]), tensor([0]))
    >>> induce_pairs(X, Y, retrieval="cosine", induction="target")
    (tensor([0, 0]), tensor([0, 1]))
    """
    X, Y = unit_pair(X, Y)
    score = mutual_scores(
        X,
        Y,
        retrieval=retrieval,
        n_neighbors=n_neighbors,
        temperature=temperature,
        memory_budget=memory_budget,
    )
    budget = {"memory_budget": memory_budget}
    if keep_probability < 1:
        score = _drop_scores(score, keep_probability, generator)
        near = largest_scores_both_ways(X, Y, 1, rescore=score, **budget)
    else:
        near = best_neighbors_both_ways(X, Y, 1, score=score, **budget)
    best_x, best_y = (side.indices[:, 0] for side in near)
    rows = torch.arange(X.shape[0], device=X.device)
    columns = torch.arange(Y.shape[0], device=X.device)
    if induction == "mutual":
        return mutual_pairs(best_x, best_y)
    if induction == "both":
        return torch.cat([rows, best_y]), torch.cat([best_x, columns])
    return (rows, best_x) if induction == "source" else (best_y, columns)


def refine_pairs(X, Y, pairs_x, pairs_y, *, n_frequent=None, max_iter=10, memory_budget=2**28):
    """Fit a rotation to pairs, and pair the rows that it makes each other's nearest, in turns.

    Parameters
    ----------
    X : Tensor of shape (n_source, d_source)
        Normalised rows of one side, the most frequent words first.

    Y : Tensor of shape (n_target, d_target)
        Rows of the other side.

    pairs_x, pairs_y : Tensor of shape (n_pairs,), int64
        The pairs to start from.

    n_frequent : int, default=None
        Pair this many rows at the head of either side; None pairs all.

    max_iter : int, default=10
        Greatest number of rounds, at least 1; they end where pairs stay the same.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    pairs_x, pairs_y : Tensor of shape (n_pairs,), int64
        Mutual neighbours by CSLS: rows of X, ascending, and their partners among the rows of Y.

    See Also
    --------
    orthogonal_procrustes : The rotation.
    induce_pairs : The pairs.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import refine_pairs
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-0.6, 0.8], [0.6, -0.8]])
    >>> refine_pairs(X, X.flip(0, 1), torch.tensor([0, 1]), torch.tensor([3, 2]))
    (tensor([0, 1, 2, 3]), tensor([3, 2, 1, 0]))
    """
    source, target = X[:n_frequent], Y[:n_frequent]
    for _ in range(max_iter):
        mapping = orthogonal_procrustes(X[pairs_x], Y[pairs_y]).mapping  # W
        before = pairs_x, pairs_y
        pairs_x, pairs_y = induce_pairs(source @ mapping, target, memory_budget=memory_budget)
        if torch.equal(pairs_x, before[0]) and torch.equal(pairs_y, before[1]):
            break
    return pairs_x, pairs_y


def similarity_distributions(X):
    r"""Describe each row by how its similarities to all rows are distributed.

    Two spaces of one shape have the same matrix of similarities but for the order of their rows.
    Sorted, the similarities of a row do not depend on that order, so that rows of two spaces can be
    compared where nothing else can [1]_: rows of :math:`(XX^\top)^{1/2}`, each sorted, then scaled
    to length 1, centered, and scaled again.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_components)
        Rows of one space, normalised as they shall be compared. The most frequent few thousand
        words do: the result has the square of their number.

    Returns
    -------
    distributions : Tensor of shape (n_rows, n_rows)
        Rows that can be compared with those of another space of as many rows.

    References
    ----------
    .. [1] Artetxe, M., Labaka, G., Agirre, E. "A robust self-learning method for fully unsupervised
       cross-lingual mappings of word embeddings". ACL 2018, section 3.2.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import similarity_distributions
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    >>> turned = X.flip(1)
    >>> bool(torch.allclose(similarity_distributions(X), similarity_distributions(turned)))
    True
    """
    # (X X')^(1/2) = X (X' X)^(-1/2) X', of which only d x d is decomposed
    root = gram_spectrum(X).power(-0.5).to(X.dtype)
    similarities = X @ root @ X.T  # (n, n)
    return fit_normalization(similarities.sort(1).values, ("unit", "center", "unit"))[0]
