"""Checks, batches and padding of feature matrices."""

import numpy as np
import pytest
import torch

from skxling.tagging._sentences import POOL, check_sentences, length_batches, pad


def test_sentences_become_float32_of_one_width():
    found = check_sentences([[], [[1, 2, 3]], np.zeros((0, 7)), np.ones((2, 3))])
    assert [matrix.shape for matrix in found] == [(0, 3), (1, 3), (0, 3), (2, 3)]
    assert {matrix.dtype for matrix in found} == {np.dtype(np.float32)}


def test_float32_is_not_copied():
    matrix = np.ones((2, 3), dtype=np.float32)
    assert check_sentences([matrix])[0] is matrix


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("text", TypeError, "list of arrays"),
        (3, TypeError, "list of arrays"),
        ([["anna", "sings"]], TypeError, r"`X\[0\]` is no matrix.*TokenVectorizer"),
        ([np.ones(3)], ValueError, r"`X\[0\]` must have shape.*\(3,\)"),
        ([np.ones((1, 2)), np.ones((1, 3))], ValueError, r"`X\[1\]` has 3 .*`X\[0\]` has 2"),
        ([np.ones((1, 2)), [[1, np.nan]]], ValueError, r"`X\[1\]` holds NaN"),
        ([[], []], ValueError, "holds no token, in 2 sentences"),
        ([], ValueError, "holds no token"),
    ],
)
def test_bad_sentences_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        check_sentences(X)


def test_width_of_the_fit_is_asked_for():
    with pytest.raises(
        ValueError, match=r"`X\[0\]` has 2 features, and the tagger was fitted on 3"
    ):
        check_sentences([np.ones((1, 2))], 3)


@pytest.mark.parametrize("seed", [None, 0])
def test_batches_hold_every_sentence_with_tokens_once(seed):
    lengths = np.random.default_rng(0).integers(0, 30, size=1000)
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    batches = length_batches(lengths, 8, generator)
    assert sorted(np.concatenate(batches)) == np.flatnonzero(lengths).tolist()
    assert max(map(len, batches)) == 8
    n_pools = 1 if seed is None else np.ceil(np.count_nonzero(lengths) / (8 * POOL))
    assert sum(len(batch) < 8 for batch in batches) <= n_pools


def test_batches_are_of_similar_length_and_random():
    lengths = np.random.default_rng(0).integers(1, 30, size=1000)
    generator = torch.Generator().manual_seed(0)
    first, second = (length_batches(lengths, 8, generator) for _ in range(2))
    spread = np.mean([np.ptp(lengths[batch]) for batch in first])
    at_random = np.mean([np.ptp(lengths[i : i + 8]) for i in range(0, 1000, 8)])
    assert spread < at_random / 5
    as_sets = [{frozenset(batch.tolist()) for batch in batches} for batches in (first, second)]
    assert len(as_sets[0] & as_sets[1]) < 10
    again = length_batches(lengths, 8, torch.Generator().manual_seed(0))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_padding():
    sentences = [np.full((n, 2), n, dtype=np.float32) for n in (2, 3)]
    batch = pad(sentences, [np.array([5, 6]), np.array([7, 8, 9])], device="cpu")
    assert batch.mask.tolist() == [[True, True, False], [True, True, True]]
    assert batch.tags.tolist() == [[5, 6, -1], [7, 8, 9]]
    assert batch.X[:, :, 0].tolist() == [[2, 2, 0], [3, 3, 3]]
    assert pad(sentences, device="cpu").tags is None
