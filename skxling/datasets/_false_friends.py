"""False friends: one spelling, two meanings, and how often each language uses it."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch


class FalseFriends(NamedTuple):
    """One spelling each; its noun in the source, its noun in the target, and its kind."""

    source: np.ndarray
    target: np.ndarray
    kinds: list


def _closest_noun(rates, wanted, is_free, overlap):
    """Free noun about as frequent as wanted that shares few topics with its rival."""
    distance = np.where(is_free, np.abs(np.log(rates / wanted)), np.inf)
    near = np.argsort(distance, kind="stable")[:5]
    near = near[distance[near] <= distance[near[0]] + 0.1]
    return near[np.argmin(overlap[near])]


def choose_false_friends(n_skewed, n_balanced, skew, samplers, rng):
    """Choose two nouns for each spelling, so that their frequencies have the wanted share."""
    model = samplers[0].model
    nouns = model.members("noun")
    rates = [sampler.singular_rates() for sampler in samplers]  # source, target
    is_free = np.ones(len(nouns), dtype=bool)
    kinds = [("source", "target")[i % 2] for i in range(n_skewed)] + ["balanced"] * n_balanced
    chosen = np.zeros((len(kinds), 2), dtype=np.int64)
    for row, kind in zip(chosen, kinds, strict=True):
        side = int(kind == "target")
        share = 0.5 if kind == "balanced" else skew
        # one of the most frequent, since the rare rival must still occur; but not of the very
        # most for a balanced pair, since it must find its equal
        order = np.argsort(np.where(is_free, -rates[side], np.inf), kind="stable")
        n_skipped = min(10, is_free.sum() // 2) if kind == "balanced" else 0
        first = order[n_skipped + rng.integers(min(10, is_free.sum() - n_skipped))]
        is_free[first] = False
        overlap = model.topics[nouns] @ model.topics[nouns[first]]
        wanted = rates[side][first] * (1 - share) / share
        second = _closest_noun(rates[1 - side], wanted, is_free, overlap)
        is_free[second] = False
        row[side], row[1 - side] = first, second
    return FalseFriends(nouns[chosen[:, 0]], nouns[chosen[:, 1]], kinds)


def describe_false_friends(words, friends, spellings, counts):
    """Make the Bunch that tells everything about each false friend."""
    source, target = spellings
    source_count = counts[0][source.offsets[friends.source]]
    target_count = counts[1][target.offsets[friends.target]]
    # the formula of reallocate_vocabulary; 0 / 0 where a spelling occurs in neither corpus
    frequency = source_count / counts[0].sum(), target_count / counts[1].sum()
    both = frequency[0] + frequency[1]
    return Bunch(
        word=words,
        kind=friends.kinds,
        proportion=np.divide(frequency[0], both, out=np.full(len(words), np.nan), where=both > 0),
        source_count=source_count,
        target_count=target_count,
        target_word=[target.words[i] for i in target.offsets[friends.source]],
        source_word=[source.words[i] for i in source.offsets[friends.target]],
    )
