"""Scores of pairs that make hubs pay: CSLS, inverted softmax, margins.

Each sets the cosine against what is near to the two rows anyway. For a candidate that takes the
whole source vocabulary to know, and is computed apart, so that it can be kept.
"""

import math
from functools import partial

import torch

from skxling.functional.exact import unit_pair
from skxling.functional.neighbors import best_neighbors
from skxling.functional.scores import TermScores, divide_, subtract_
from skxling.functional.tiles import gen_products
from skxling.functional.top_k import Neighbors


def csls_neighbors(
    queries, candidates, n_neighbors, *, candidate_means, query_means=None, memory_budget=2**28
):
    """Find the candidates with the largest CSLS to each query.

    Cross-domain similarity local scaling takes from twice the cosine the mean cosines of query and
    candidate to their own nearest neighbours on the other side, so that hubs, which are near to
    everything, lose::

        csls(x, y) = 2 cos(x, y) - r_T(x) - r_S(y)

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows x, in the space of the candidates; they need not have length 1.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows y to choose from.

    n_neighbors : int
        Number of neighbours to return, at least 1; clipped to the number of candidates. The
        size of CSLS's neighbourhoods is in the means.

    candidate_means : Tensor of shape (n_candidates,)
        `r_S(y)`: ``neighborhood_means(candidates, source_space, 10)``.

    query_means : Tensor of shape (n_queries,), default=None
        `r_T(x)`: ``neighborhood_means(queries, candidates, 10)``. None leaves the term out of the
        scores; the order of a query's neighbours does not depend on it.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, n_neighbors).

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018, section 2.3.
    """
    score = TermScores(partial(subtract_, scale=2), y=candidate_means)
    found = best_neighbors(
        queries, candidates, n_neighbors, score=score, memory_budget=memory_budget
    )
    if query_means is None:
        return found
    return Neighbors(found.scores - query_means[:, None].to(found.scores.dtype), found.indices)


def inverted_softmax_normalizers(
    candidates, source, temperature, *, n_samples=None, generator=None, memory_budget=2**28
):
    """Sum up how near the source rows are to each candidate, for the inverted softmax.

    Parameters
    ----------
    candidates : Tensor of shape (n_candidates, n_components)
        Rows y.

    source : Tensor of shape (n_source, n_components)
        Rows x of the whole source space, in the space of the candidates.

    temperature : float
        Above 0: the inverse of the paper's beta.

    n_samples : int, default=None
        Number of source rows, drawn without replacement, that stand for all. None takes all.

    generator : torch.Generator, default=None
        Of the device of `source`; the sample is drawn from it.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    log_normalizers : Tensor of shape (n_candidates,)
        Logarithm of the sum over all x of ``exp(cos(x, y) / temperature)``, or its estimate.
    """
    n_source = source.shape[0]
    log_share = 0.0
    if n_samples is not None and n_samples < n_source:
        order = torch.randperm(n_source, generator=generator, device=source.device)
        source = source[order[:n_samples].sort().values]
        log_share = math.log(n_source / n_samples)
    source, candidates = unit_pair(source, candidates)
    largest = candidates.new_full((candidates.shape[0],), -torch.inf)
    total = torch.zeros_like(largest, dtype=torch.float64)
    for _, columns, logits in gen_products(source, candidates, memory_budget=memory_budget):
        logits /= temperature
        shift = torch.maximum(largest[columns], logits.amax(0))
        logits -= shift  # so that no exponential overflows
        total[columns] *= (largest[columns] - shift).double().exp()
        total[columns] += logits.exp_().sum(0)
        largest[columns] = shift
    return largest + total.log().to(largest.dtype) + log_share


def inverted_softmax_neighbors(
    queries, candidates, n_neighbors, *, log_normalizers, temperature=0.03, memory_budget=2**28
):
    """Find the candidates with the largest inverted softmax to each query.

    The softmax asks how probable a candidate is for the query. Inverted, it asks how probable the
    query is for the candidate [1]_: a hub, to which many source rows are near, has little for each
    of them::

        log P(x | y) = cos(x, y) / temperature - log sum_x' exp(cos(x', y) / temperature)

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows x, in the space of the candidates; they need not have length 1.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows y to choose from.

    n_neighbors : int
        Number of neighbours to return, at least 1; clipped to the number of candidates.

    log_normalizers : Tensor of shape (n_candidates,)
        ``inverted_softmax_normalizers(candidates, source_space, temperature)``.

    temperature : float, default=0.03
        Above 0: the inverse of the paper's beta, there chosen by the likelihood of the seed
        lexicon. Near 0 only each candidate's nearest source row counts; a large one orders
        candidates by their cosine less its mean over all source rows.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores`, log probabilities, and `indices`, each of shape (n_queries, n_neighbors). The
        factor that makes a query's probabilities sum to 1 is left out: it changes no order.

    References
    ----------
    .. [1] Smith, S. L., Turban, D. H. P., Hamblin, S., Hammerla, N. Y. "Offline bilingual word
       vectors, orthogonal transformations and the inverted softmax". ICLR 2017.
    """
    score = TermScores(partial(subtract_, scale=1 / temperature), y=log_normalizers)
    return best_neighbors(
        queries, candidates, n_neighbors, score=score, memory_budget=memory_budget
    )


def margin_neighbors(
    queries,
    candidates,
    n_neighbors,
    *,
    candidate_means,
    query_means,
    margin="ratio",
    memory_budget=2**28,
):
    """Find the candidates with the largest margin to each query.

    The margin compares the cosine with the mean of the two neighbourhoods [1]_, by a ratio or by
    their distance::

        ratio(x, y)    = cos(x, y) / (r_T(x) / 2 + r_S(y) / 2)
        distance(x, y) = cos(x, y) - (r_T(x) / 2 + r_S(y) / 2)
        absolute(x, y) = cos(x, y)

    The distance is half of CSLS.

    Parameters
    ----------
    queries : Tensor of shape (n_queries, n_components)
        Rows x, in the space of the candidates; they need not have length 1.

    candidates : Tensor of shape (n_candidates, n_components)
        Rows y to choose from.

    n_neighbors : int
        Number of neighbours to return, at least 1; clipped to the number of candidates. The
        size of the neighbourhoods is in the means.

    candidate_means : Tensor of shape (n_candidates,)
        `r_S(y)`: ``neighborhood_means(candidates, source_space, 4)``; 4 is the paper's size.

    query_means : Tensor of shape (n_queries,)
        `r_T(x)`: ``neighborhood_means(queries, candidates, 4)``. The order by the ratio depends
        on it.

    margin : {"ratio", "distance", "absolute"}, default="ratio"
        How the cosine is compared.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside one normalised copy of either input.

    Returns
    -------
    neighbors : Neighbors
        `scores` and `indices`, each of shape (n_queries, n_neighbors).

    Notes
    -----
    A ratio means little where neighbourhoods have cosines below zero: sums of the means are taken
    to be above it.

    References
    ----------
    .. [1] Artetxe, M., Schwenk, H. "Margin-based parallel corpus mining with multilingual sentence
       embeddings". ACL 2019, section 3.1.
    """
    score = {
        "ratio": TermScores(divide_, query_means, candidate_means),
        "distance": TermScores(subtract_, query_means / 2, candidate_means / 2),
        "absolute": None,
    }[margin]
    return best_neighbors(
        queries, candidates, n_neighbors, score=score, memory_budget=memory_budget
    )
