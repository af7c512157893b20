"""Judging contextual vectors by how often a word's nearest neighbour is its partner."""

import numpy as np

from skxling.functional import RetrievalStatistics, retrieval_statistics, retrieve
from skxling.text._symmetrization import check_links
from skxling.utils import resolve_device, to_numpy, to_tensor


def check_positions(links, n_source, n_target, name="links"):
    """Check links against the number of words of their sentences.

    Parameters
    ----------
    links : list of array-like of shape (n_links, 2)
        For each sentence pair its links (source position, target position).

    n_source, n_target : list of int
        Numbers of words of the sentences.

    name : str, default="links"
        What the links are called in error messages.

    Returns
    -------
    links : list of ndarray of shape (n_links, 2), dtype int64

    Raises
    ------
    ValueError
        If there are not as many as sentence pairs, or one points after the end of a sentence.
    """
    links = check_links(links, name)
    if not len(links) == len(n_source) == len(n_target):
        raise ValueError(
            f"There must be links for each sentence pair. Got {len(n_source)} source sentences, "
            f"{len(n_target)} target sentences and {len(links)} sets of `{name}`. Sentences "
            "without links have an empty one."
        )
    for i, (found, *sizes) in enumerate(zip(links, n_source, n_target, strict=True)):
        if len(found) and (found.max(axis=0) >= sizes).any():
            raise ValueError(
                f"`{name}[{i}]` has a link to a word that is not there: positions up to "
                f"{found.max(axis=0).tolist()}, in sentences of {sizes[0]} and {sizes[1]} words. "
                "Positions count from 0; are the links of other sentences, or other tokens?"
            )
    return links


def contextual_retrieval_score(source, target, links, *, n_neighbors=10, device="auto"):
    """P@1 of linked words: how often the partner is the nearest of all words of all sentences.

    A word is asked for in its sentence, so the right word of another sentence is wrong. The
    measure of [1]_. Nearest is by CSLS.

    Parameters
    ----------
    source : list of array-like of shape (n_words, d)
        Vectors of the words of each source sentence, in the shared space.

    target : list of array-like of shape (n_words, d)
        Those of each target sentence. All are candidates, linked or not.

    links : list of array-like of shape (n_links, 2)
        For each sentence pair the (source position, target position) of words that belong
        together. Every source word with a link is a query; any of its links is right.

    n_neighbors : int, default=10
        Size of the neighbourhoods of CSLS.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Returns
    -------
    score : float
        Share of the linked source words whose nearest target word is one that they are linked
        to, in [0, 1].

    Raises
    ------
    ValueError
        If sentences and links do not fit each other, or there is no link.

    References
    ----------
    .. [1] Cao, S., Kitaev, N., Klein, D. "Multilingual Alignment of Contextual Word
       Representations". ICLR 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.contextual import contextual_retrieval_score
    >>> source = [np.eye(4)[:2], np.eye(4)[2:]]
    >>> target = [np.eye(4)[[1, 0]], np.eye(4)[2:]]
    >>> links = [[(0, 1), (1, 0)], [(0, 1)]]
    >>> round(contextual_retrieval_score(source, target, links), 2)
    0.67
    """
    device = resolve_device(device)
    sizes = [[len(vectors) for vectors in side] for side in (source, target)]
    links = check_positions(links, *sizes)
    starts = [np.cumsum([0, *side[:-1]], dtype=np.int64) for side in sizes]
    pair = np.repeat(np.arange(len(links)), [len(found) for found in links])
    if not len(pair):
        raise ValueError("There is no link, so nothing to ask for. Pass `links` of some words.")
    rows, columns = np.concatenate(links).T + [side[pair] for side in starts]
    queries = np.unique(rows)
    X, Y = (to_tensor(np.concatenate(list(side)), device=device) for side in (source, target))
    statistics = retrieval_statistics(X, Y, n_neighbors=n_neighbors)
    chosen = to_tensor(queries, device=device)
    of_queries = RetrievalStatistics(statistics.source[chosen], statistics.target)
    nearest = to_numpy(retrieve(X[chosen], Y, 1, of_queries).indices)[:, 0]
    gold = set(zip(rows.tolist(), columns.tolist(), strict=True))
    pairs = zip(queries.tolist(), nearest.tolist(), strict=True)
    return sum(pair in gold for pair in pairs) / len(queries)
