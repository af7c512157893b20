import numpy as np
import pytest
import torch

from skxling.functional.sampling import (
    keep_probability,
    noise_distribution,
    sample_negatives,
    sample_windows,
)


def test_keep_probability_thins_frequent_words():
    counts = torch.tensor([900, 99, 1])
    kept = keep_probability(counts, 0.01).tolist()
    for count, probability in zip(counts.tolist(), kept, strict=True):
        f = count / 1000
        assert probability == pytest.approx(min(1, (0.01 / f) ** 0.5 + 0.01 / f))
    assert kept == sorted(kept)
    assert keep_probability(counts, 0).tolist() == [1, 1, 1]


@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0])
def test_negatives_follow_the_smoothed_counts(exponent):
    counts = torch.tensor([60, 30, 10])
    noise = noise_distribution(counts, exponent)
    drawn = sample_negatives(noise, 100_000, 2, generator=torch.Generator().manual_seed(0))
    assert drawn.shape == (100_000, 2)
    expected = counts.numpy() ** exponent
    observed = np.bincount(drawn.flatten(), minlength=3) / drawn.numel()
    np.testing.assert_allclose(observed, expected / expected.sum(), atol=0.005)


def test_no_exponent_overflows():
    counts = torch.tensor([10**6, 10**3, 1])
    assert noise_distribution(counts, 500).tolist() == [1, 1, 1]
    assert noise_distribution(counts, -500).tolist() == [0, 0, 1]


@pytest.mark.parametrize("n_shared", [1, 7, 64])
def test_each_group_has_a_negative_of_every_part_of_the_distribution(n_shared):
    noise = noise_distribution(torch.arange(500, 0, -1))
    drawn = sample_negatives(noise, 2_000, n_shared, generator=torch.Generator().manual_seed(0))
    begin = torch.cat([torch.zeros(1), noise[:-1]])[drawn]  # a word's share of the distribution
    part = torch.arange(n_shared)
    assert (begin < (part + 1) / n_shared).all()
    assert (noise[drawn] >= part / n_shared).all()
    assert len(drawn.unique()) > 400


def test_windows_stay_in_their_sentence():
    sentence = torch.repeat_interleave(torch.arange(50), torch.arange(50) % 6)
    left, right = sample_windows(sentence, 3, generator=torch.Generator().manual_seed(0))
    n = len(sentence)
    for i in range(n):
        assert i - left[i] >= 0
        assert i + right[i] < n
        assert sentence[i - left[i]] == sentence[i] == sentence[i + right[i]]
        # cut by the sentence, or the same reach on both sides
        cut_left = i == left[i] or sentence[i - left[i] - 1] != sentence[i]
        cut_right = i + right[i] == n - 1 or sentence[i + right[i] + 1] != sentence[i]
        assert left[i] == right[i] or cut_left or cut_right


def test_windows_are_uniform():
    sentence = torch.zeros(40_000, dtype=torch.int64)
    left, _ = sample_windows(sentence, 4, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(
        np.bincount(left[4:]) / 40_000, [0, 0.25, 0.25, 0.25, 0.25], atol=0.01
    )
