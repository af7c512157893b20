"""How an estimator ranks the gold translations of a lexicon: what every score is computed from."""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skxling.functional import (
    RetrievalStatistics,
    query_statistics,
    retrieval_statistics,
    retrieve,
)
from skxling.utils import as_vectors, resolve_device, to_numpy, to_tensor
from skxling.utils._words import check_word_pairs

MISSING = frozenset({None, -1})  # predictions that stand for "no answer"
COLLECTIONS = (set, frozenset, list, tuple, np.ndarray)


class Judgement(NamedTuple):
    """Each query's success; a source with several translations is one query.

    Attributes
    ----------
    ranks : ndarray of shape (n_queries,), int64
        Rank, from 1, of the first gold translation; 0 where none was among those asked for.

    covered : ndarray of shape (n_queries,), bool
        Whether the vocabularies hold the source and at least one gold translation.

    copied : ndarray of shape (n_queries,), bool
        Whether the source, copied, is itself a gold translation.

    n_candidates : int
        Size of the target vocabulary.
    """

    ranks: np.ndarray
    covered: np.ndarray
    copied: np.ndarray
    n_candidates: int

    def conventions(self):
        """Ranks that count, by the name of each convention for uncovered queries."""
        return {
            "wrong": np.where(self.covered, self.ranks, 0),
            "skip": self.ranks[self.covered],
            "copy": np.where(self.covered, self.ranks, self.copied),
        }


def hits_at_k(ranks, k):
    """Whether each rank is from 1 to k, as 0.0 or 1.0."""
    return ((ranks > 0) & (ranks <= k)).astype(np.float64)


def reciprocal_ranks(ranks):
    """1 / rank, where rank 0 counts as 0."""
    return np.divide(1.0, ranks, out=np.zeros(len(ranks)), where=ranks > 0)


def precision_at_k(ranks, k):
    """Share of ranks from 1 to k; nan of no ranks."""
    return float(hits_at_k(ranks, k).mean()) if len(ranks) else float("nan")


def mean_reciprocal_rank(ranks):
    """Mean of 1 / rank, where rank 0 counts as 0; nan of no ranks."""
    return float(reciprocal_ranks(ranks).mean()) if len(ranks) else float("nan")


def first_hits(y_true, y_pred):
    """Rank, from 1, of each query's first gold among its predictions; 0 where there is none."""
    ranks = np.zeros(len(y_true), dtype=np.int64)
    for i, (gold, predictions) in enumerate(zip(y_true, y_pred, strict=True)):
        golds = set(gold if isinstance(gold, COLLECTIONS) else [gold]) - MISSING
        ranks[i] = next((r for r, p in enumerate(predictions, start=1) if p in golds), 0)
    return ranks


def without_words(X):
    """Give the array of a container of word vectors; anything else as it is."""
    return X if hasattr(X, "__array__") else getattr(X, "vectors", X)


def judge(
    estimator,
    X,
    y,
    *,
    n_predictions,
    candidates=None,
    source_vectors=None,
    retrieval="csls",
    n_neighbors=10,
    temperature=0.03,
):
    """Judge a fitted estimator, of words or of vectors, on translation pairs."""
    earlier, last = _unwrap(estimator)
    if hasattr(last, "kneighbors") and hasattr(last, "induce_lexicon"):
        if earlier or candidates is not None or source_vectors is not None:
            raise ValueError(
                f"{type(last).__name__} has its own vocabularies: at the word level pass neither "
                "`candidates` nor `source_vectors`, and no earlier pipeline steps."
            )
        return _judge_words(last, X, y, n_predictions)
    if candidates is None:
        raise ValueError(
            f"`candidates` is None, but {type(last).__name__} is judged by vectors. Pass the "
            "whole target vocabulary: make_bli_scorer(candidates=T, source_vectors=S)."
        )
    if retrieval != "cosine" and source_vectors is None:
        raise ValueError(
            f"`retrieval={retrieval!r}` measures the neighbourhood of each candidate in the source "
            "vocabulary, but `source_vectors` is None. Pass the whole source vocabulary, in the "
            "form of X, or retrieval='cosine'."
        )
    source = None if retrieval == "cosine" else without_words(source_vectors)
    way = {"retrieval": retrieval, "n_neighbors": n_neighbors, "temperature": temperature}
    return _judge_vectors(earlier, last, X, y, (as_vectors(candidates), source), way, n_predictions)


def _unwrap(estimator):
    """Take searches, pipelines and frozen estimators apart: the steps before the last, the last."""
    earlier = []
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            earlier += [step for _, step in estimator.steps[:-1]]
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        else:
            break
    if isinstance(estimator, BaseEstimator):
        check_is_fitted(estimator)
    return [step for step in earlier if step not in (None, "passthrough")], estimator


# -- words -----------------------------------------------------------------------------------


def _judge_words(estimator, X, y, n_predictions):
    """Judge by `kneighbors`, among the words of the estimator's own target vocabulary."""
    golds = {}
    for source, target in zip(*check_word_pairs(X, y), strict=True):
        golds.setdefault(source, set()).add(target)
    queries = list(golds)
    target_vectors = estimator.target_vectors_
    covered = find_covered(golds, estimator.source_vectors_, target_vectors)
    ranks = np.zeros(len(queries), dtype=np.int64)
    if covered.any():
        asked = [query for query, is_covered in zip(queries, covered, strict=True) if is_covered]
        _, predicted = estimator.kneighbors(asked, n_neighbors=n_predictions)
        ranks[covered] = first_hits([golds[query] for query in asked], predicted)
    copied = np.array([query in gold for query, gold in golds.items()])
    return Judgement(ranks, covered, copied, target_vectors.n_words)


def find_covered(golds, source_words, target_words):
    """Whether the vocabularies hold each source word and at least one of its translations."""
    return np.array(
        [
            source in source_words and any(target in target_words for target in targets)
            for source, targets in golds.items()
        ],
        dtype=bool,
    )


# -- vectors ---------------------------------------------------------------------------------


def _judge_vectors(earlier, aligner, X, y, spaces, way, n_predictions):
    """Judge by retrieval among `candidates`, mapped as the target side is."""
    candidates, source_vectors = spaces
    rows = find_equal_rows(y, candidates)
    first, groups = _group_rows(X)  # equal sources are one query
    golds = [set() for _ in first]
    for group, found in zip(groups, rows, strict=True):
        golds[group].update(found)

    # a plain regressor predicts in the space of y: the target side is where it is
    is_aligner = hasattr(aligner, "transform_target")
    map_source = aligner.transform if is_aligner else aligner.predict
    device = resolve_device(getattr(aligner, "device", "auto") if is_aligner else "auto")

    def to_shared_space(vectors):
        for step in earlier:
            vectors = step.transform(vectors)
        return to_tensor(np.asarray(map_source(vectors)), device=device)

    target = aligner.transform_target(candidates) if is_aligner else candidates
    target = to_tensor(np.asarray(target), device=device)
    queries = to_shared_space(X)[to_tensor(first, device=device)]
    source = target[:0] if source_vectors is None else to_shared_space(source_vectors)
    neighbors = _retrieve(queries, target, source, n_predictions, **way)
    ranks = first_hits(golds, to_numpy(neighbors.indices).tolist())
    everywhere = np.ones(len(ranks), dtype=bool)
    return Judgement(ranks, everywhere, ~everywhere, len(candidates))


def _retrieve(queries, target, source, k, *, retrieval, n_neighbors, temperature):
    """Rank the target rows for queries that need not be source rows."""
    _, y = retrieval_statistics(
        source, target, retrieval=retrieval, n_neighbors=n_neighbors, temperature=temperature
    )
    x = query_statistics(queries, target, retrieval=retrieval, n_neighbors=n_neighbors)
    statistics = RetrievalStatistics(x, y)
    return retrieve(queries, target, k, statistics, retrieval=retrieval, temperature=temperature)


def find_equal_rows(y, candidates):
    """Candidates equal to each row of y, compared in the coarser of the two types."""
    y = as_vectors(y)
    if y.shape[1] != candidates.shape[1]:
        raise ValueError(
            f"`candidates` have {candidates.shape[1]} components and `y` has {y.shape[1]}. "
            "Candidates are the whole target vocabulary in y's own space, before any map."
        )
    types = [np.result_type(side.dtype, np.float16) for side in (y, candidates)]  # no integers
    dtype = min(types, key=lambda dtype: dtype.itemsize)
    keys = [row.tobytes() for row in _comparable(y, dtype)]
    found = {key: [] for key in keys}
    for start in range(0, len(candidates), 4096):  # never a second copy of the vocabulary
        block = _comparable(candidates[start : start + 4096], dtype)
        for i, row in enumerate(block, start=start):
            if (hits := found.get(row.tobytes())) is not None:
                hits.append(i)
    n_missing = sum(not found[key] for key in keys)
    if n_missing:
        raise ValueError(
            f"{n_missing} of {len(keys)} rows of `y` are in no row of `candidates`, so their "
            "translation can never be found. Candidates must be the whole target vocabulary in "
            "y's own space, the rows of `y` among them."
        )
    return [found[key] for key in keys]


def _comparable(array, dtype):
    """Copy whose equal rows have equal bytes."""
    return np.ascontiguousarray(array, dtype=dtype) + dtype.type(0)  # -0.0 becomes 0.0


def _group_rows(X):
    """First row of every group of equal rows, and the group of each row."""
    X = X.to_numpy() if hasattr(X, "to_numpy") else X
    if all(isinstance(row, (list, tuple)) and all(isinstance(t, str) for t in row) for row in X):
        keys = [tuple(row) for row in X]  # lists of tokens, of any lengths
    else:
        X = np.asarray(X)
        keys = X.tolist() if X.ndim == 1 else [row.tobytes() for row in _comparable(X, X.dtype)]
    group_of = {}
    groups = [group_of.setdefault(key, len(group_of)) for key in keys]
    first = np.unique(groups, return_index=True)[1]
    return first, groups
