"""Random choices of skip-gram training: subsampled tokens, windows, negatives."""

import torch


def keep_probability(counts, sample):
    """Probability with which each occurrence of a word is kept.

    Words more frequent than `sample` are thinned: with relative frequency `f`, an occurrence is
    kept with probability `sqrt(sample / f) + sample / f` (at most 1).

    Parameters
    ----------
    counts : Tensor of shape (n_words,)
        How often each word occurs.

    sample : float
        Threshold as a relative frequency, such as 1e-4; 0 keeps every occurrence.

    Returns
    -------
    probability : Tensor of shape (n_words,), dtype float32
        In (0, 1].

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and
       Phrases and their Compositionality", NIPS 2013, section 2.3. The form with the second
       summand is that of the authors' program.
    """
    if sample == 0:
        return torch.ones(len(counts), device=counts.device)
    ratio = sample * counts.sum() / counts.double()  # sample / f
    return (ratio.sqrt() + ratio).clamp_max(1.0).float()


def noise_distribution(counts, exponent=0.75):
    """Cumulative distribution from which negatives are drawn.

    Parameters
    ----------
    counts : Tensor of shape (n_words,)
        How often each word occurs.

    exponent : float, default=0.75
        Words are drawn in proportion to `counts ** exponent`.

    Returns
    -------
    cumulative : Tensor of shape (n_words,), dtype float64
        Non-decreasing, ends in 1.
    """
    # softmax of the logarithms: no exponent overflows
    cumulative = counts.double().log().mul_(exponent).softmax(0).cumsum(0)
    return cumulative / cumulative[-1]


def sample_negatives(cumulative, n_groups, n_shared, *, generator=None):
    """Draw groups of words from a cumulative distribution.

    A group is a stratified sample: one word of each of `n_shared` equally probable parts of the
    distribution. On average a word is drawn as often as by independent draws, but the number of
    frequent words in a group hardly varies.

    Parameters
    ----------
    cumulative : Tensor of shape (n_words,)
        As `noise_distribution` returns it.

    n_groups, n_shared : int
        Number of groups, and words to draw for each.

    generator : torch.Generator, default=None
        Source of randomness, on the device of `cumulative`.

    Returns
    -------
    ids : Tensor of shape (n_groups, n_shared), dtype int64
        Ascending in each group.
    """
    device, dtype = cumulative.device, cumulative.dtype
    uniform = torch.rand(n_groups, n_shared, generator=generator, device=device, dtype=dtype)
    uniform += torch.arange(n_shared, device=device)
    ids = torch.searchsorted(cumulative, uniform.div_(n_shared), right=True)
    return ids.clamp_max_(len(cumulative) - 1)


def sample_windows(sentence, window, *, generator=None):
    """Draw each token's window and cut it at the bounds of its sentence.

    Parameters
    ----------
    sentence : Tensor of shape (n_tokens,), dtype int64
        The sentence of each token, non-decreasing.

    window : int
        Largest window. Each token's reach is uniform in 1, ..., `window`.

    generator : torch.Generator, default=None
        Source of randomness, on the device of `sentence`.

    Returns
    -------
    left, right : Tensor of shape (n_tokens,), dtype int64
        How many tokens before and after each token are its contexts.
    """
    n_tokens, device = len(sentence), sentence.device
    reach = torch.randint(1, window + 1, (n_tokens,), generator=generator, device=device)
    position = torch.arange(n_tokens, device=device)
    _, lengths = torch.unique_consecutive(sentence, return_counts=True)
    end = torch.repeat_interleave(lengths.cumsum(0), lengths, output_size=n_tokens)
    begin = end - torch.repeat_interleave(lengths, lengths, output_size=n_tokens)
    return torch.minimum(reach, position - begin), torch.minimum(reach, end - 1 - position)
