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
    drawn = sample_negatives(noise, 200_000, generator=torch.Generator().manual_seed(0))
    expected = counts.numpy() ** exponent
    observed = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(observed, expected / expected.sum(), atol=0.005)


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
