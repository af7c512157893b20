"""Ranking the words of one space for rows of it: exactly, or among what an index proposes."""

from numbers import Integral

import numpy as np
import torch
from sklearn.base import clone

from skxling.functional import (
    Neighbors,
    RetrievalStatistics,
    pair_scores,
    query_statistics,
    retrieval_statistics,
    retrieve,
)
from skxling.utils import resolve_device, to_numpy, to_tensor

_USE_MEANS = ("csls", "margin")  # whose statistics an index can find


def word_array(word_vectors):
    """Words as an array that can be indexed by an array."""
    return np.array(word_vectors.words, dtype=object)


class SearchMixin:
    """Search of a translator: by its `retrieval`, among all words or what its `index` proposes.

    The class has the parameters `retrieval`, `n_neighbors`, `temperature`, `index` and `device`,
    and the attributes `source_vectors_` and `target_vectors_`.
    """

    def rank_words(self, vectors, n_neighbors):
        """Scores and target words nearest to rows of the shared space; rows of zeros have none."""
        if not isinstance(n_neighbors, Integral) or n_neighbors < 1:
            raise ValueError(f"`n_neighbors` must be an integer from 1 on. Got {n_neighbors!r}.")
        is_known = vectors.any(axis=1)
        shape = (len(vectors), min(n_neighbors, self.target_vectors_.n_words))
        scores = np.full(shape, np.nan, dtype=np.float32)
        words = np.full(shape, None, dtype=object)
        if is_known.any():
            T = self._spaces()[1]
            queries = to_tensor(vectors[is_known], device=T.device)
            statistics = self._statistics(T.device)._replace(source=None)
            found = self._search(queries, T, n_neighbors, statistics)
            is_found = to_numpy(found.indices) >= 0
            ranked = word_array(self.target_vectors_)[to_numpy(found.indices)]
            scores[is_known] = np.where(is_found, to_numpy(found.scores), np.nan)
            words[is_known] = np.where(is_found, ranked, None)
        return scores, words

    def _spaces(self):
        """Both vocabularies in the shared space, as tensors."""
        return self._tensors(self.source_vectors_, self.target_vectors_)

    def _tensors(self, source, target):
        device = resolve_device(self.device)
        return tuple(to_tensor(side.vectors, device=device) for side in (source, target))

    def _way(self):
        """Name of the way of retrieval, and the number that belongs to it."""
        return {"retrieval": self.retrieval, "temperature": self.temperature}

    def _prepare_search(self, source, target):
        """Index the target words, and measure what retrieval must know of both sides' words.

        Gives the index, or None, and the statistics of each side, or None.
        """
        S, T = self._tensors(source, target)
        index = None if self.index is None else clone(self.index).fit(target)
        if self.index is None or self.retrieval not in _USE_MEANS:
            x, y = retrieval_statistics(S, T, n_neighbors=self.n_neighbors, **self._way())
        else:
            x = _nearest_mean(index, S, self.n_neighbors)
            y = _nearest_mean(clone(self.index).fit(source), T, self.n_neighbors)
        return index, *(None if side is None else to_numpy(side) for side in (x, y))

    def _statistics(self, device):
        """Give what retrieval knows of all words, as tensors."""
        both = self.source_statistics_, self.target_statistics_
        return RetrievalStatistics(
            *(None if side is None else to_tensor(side, device=device) for side in both)
        )

    def _search(self, queries, T, k, statistics):
        """Rank the target words for rows of the shared space, which may have been measured."""
        if self.index_ is not None:
            way = self._way()
            return _search_index(queries, k, statistics, self.index_, self.n_neighbors, **way)
        x, y = statistics
        if x is None:
            x = query_statistics(queries, T, retrieval=self.retrieval, n_neighbors=self.n_neighbors)
        return retrieve(queries, T, k, RetrievalStatistics(x, y), **self._way())


def _search_index(queries, k, statistics, index, n_neighbors, **way):
    """Rank what an index proposes."""
    n_proposed = max(k, n_neighbors, index.n_candidates)
    found = index.kneighbors(to_numpy(queries), n_proposed)
    cosines, proposed = (to_tensor(part, device=queries.device) for part in found)
    x, y = statistics
    if x is None and way["retrieval"] in _USE_MEANS:
        x = _finite_mean(cosines[:, :n_neighbors])
    terms = RetrievalStatistics(
        None if x is None else x[:, None], None if y is None else y[proposed]
    )
    scores = pair_scores(cosines, terms, **way)
    scores[proposed < 0] = -torch.inf
    # of equal scores the lowest index first: a stable sort of what is in ascending order
    proposed, order = proposed.sort(dim=1)
    scores, best = scores.gather(1, order).sort(dim=1, descending=True, stable=True)
    return Neighbors(scores[:, :k], proposed.gather(1, best)[:, :k])


def _nearest_mean(index, queries, n_neighbors):
    """Mean cosine of each query to the nearest rows that an index finds."""
    cosines, _ = index.kneighbors(to_numpy(queries), n_neighbors)
    return _finite_mean(to_tensor(cosines, device=queries.device))


def _finite_mean(cosines):
    """Mean of each row over what was found; 0 where nothing was."""
    is_found = cosines.isfinite()
    total = cosines.where(is_found, cosines.new_zeros(())).sum(1)
    return total / is_found.sum(1).clamp(min=1)
