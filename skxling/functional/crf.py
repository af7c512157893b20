"""Linear-chain conditional random fields: sums and maxima over all tag sequences.

A path is one tag for each token. Its score is the sum of the emissions of its tags, of the
transitions between neighbours, of `start` for the first tag and of `end` for the last; its
probability is proportional to the exponential of that [1]_. A score of `-inf` forbids a tag or a
transition. Sequences of a batch are padded at their ends; one without tokens has a single path,
the empty one, of score 0.

.. [1] Lafferty, J., McCallum, A., Pereira, F. "Conditional random fields: probabilistic models
   for segmenting and labeling sequence data". ICML 2001.
"""

from typing import NamedTuple

import torch


class Viterbi(NamedTuple):
    """Value of :func:`crf_viterbi`.

    Attributes
    ----------
    tags : Tensor of shape (n_sequences, n_tokens), dtype int64
        The best path of each sequence, -1 in the padding.

    scores : Tensor of shape (n_sequences,)
        Its score; `-inf` where all paths are forbidden.
    """

    tags: torch.Tensor
    scores: torch.Tensor


# Letters in shapes: b sequences, t tokens, c tags.


def _forward(emissions, mask, transitions, start):
    """Log-sums over the paths that end in each tag, (t, b, c); in the padding the last token's."""
    alpha = start + emissions[:, 0]
    alphas = [alpha]
    for i in range(1, emissions.shape[1]):
        step = torch.logsumexp(alpha[:, :, None] + transitions, dim=1) + emissions[:, i]
        alpha = torch.where(mask[:, i, None], step, alpha)  # (b, c)
        alphas.append(alpha)
    return torch.stack(alphas)


def _backward(emissions, mask, transitions, end):
    """Log-sums over the paths that go on after each tag, (t, b, c)."""
    beta = end.expand(emissions.shape[0], -1)
    betas = [beta]
    for i in range(emissions.shape[1] - 1, 0, -1):
        onward = (emissions[:, i] + beta)[:, None, :] + transitions  # (b, c, c)
        beta = torch.where(mask[:, i, None], torch.logsumexp(onward, dim=2), beta)
        betas.append(beta)
    return torch.stack(betas[::-1])


def _total(alphas, mask, end):
    """Log-partition from the messages; 0 for the empty sequence."""
    total = torch.logsumexp(alphas[-1] + end, dim=1)
    return torch.where(mask[:, 0], total, torch.zeros_like(total))


def _finite(total):
    """Log-partition with 0 for -inf, so that what is impossible has probability 0 and not nan."""
    return torch.where(total == -torch.inf, torch.zeros_like(total), total)


class _LogPartition(torch.autograd.Function):
    """Log-partition whose gradients are the probabilities of tags and transitions.

    Differentiating the recursion itself would give nan wherever all the ways to a tag are
    forbidden, and would keep every step in memory.
    """

    @staticmethod
    def forward(ctx, emissions, mask, transitions, start, end):
        alphas = _forward(emissions, mask, transitions, start)
        total = _total(alphas, mask, end)
        ctx.save_for_backward(emissions, mask, transitions, end, alphas, total)
        return total

    @staticmethod
    def backward(ctx, grad):
        emissions, mask, transitions, end, alphas, total = ctx.saved_tensors
        betas = _backward(emissions, mask, transitions, end)
        of_tags, of_transitions = _probabilities(
            emissions, mask, transitions, alphas, betas, total, weight=grad
        )
        last = mask.sum(dim=1).sub(1).clamp_min(0)  # (b,)
        of_last = of_tags[torch.arange(len(last), device=last.device), last]
        return of_tags, None, of_transitions, of_tags[:, 0].sum(0), of_last.sum(0)


def _probabilities(emissions, mask, transitions, alphas, betas, total, *, weight):
    """Weighted probabilities of tags (b, t, c), and of transitions summed over tokens (c, c)."""
    shift = _finite(total)[:, None]
    nothing = emissions.new_tensor(-torch.inf)  # what stands in the padding may be anything
    of_tags = (alphas + betas - shift).transpose(0, 1)  # (b, t, c)
    of_tags = torch.where(mask[:, :, None], of_tags, nothing).exp() * weight[:, None, None]
    onward = emissions.transpose(0, 1)[1:] + betas[1:] - shift  # (t - 1, b, c)
    pairs = alphas[:-1, :, :, None] + onward[:, :, None, :] + transitions
    pairs = torch.where(mask.T[1:, :, None, None], pairs, nothing)
    of_transitions = torch.einsum("tbij,b->ij", pairs.exp(), weight)
    return of_tags, of_transitions


def crf_path_score(emissions, tags, mask, transitions, start, end):
    """Score of one path of each sequence.

    Parameters
    ----------
    emissions : Tensor of shape (n_sequences, n_tokens, n_tags)
        Score of each tag at each token.

    tags : Tensor of shape (n_sequences, n_tokens), dtype int64
        The paths. What stands in the padding does not matter, if it is a tag or negative.

    mask : Tensor of shape (n_sequences, n_tokens), dtype bool
        True for tokens, False for the padding behind them.

    transitions : Tensor of shape (n_tags, n_tags)
        Score of going from the tag of the row to that of the column.

    start, end : Tensor of shape (n_tags,)
        Scores of the first and of the last tag.

    Returns
    -------
    scores : Tensor of shape (n_sequences,)
        0 for a sequence without tokens.
    """
    if not mask.shape[1]:
        return emissions.new_zeros(len(emissions))
    tags = torch.where(mask, tags, torch.zeros_like(tags))
    zero = emissions.new_zeros(())
    at_tokens = emissions.gather(2, tags[:, :, None])[:, :, 0]  # (b, t)
    scores = torch.where(mask, at_tokens, zero).sum(1)
    between = transitions[tags[:, :-1], tags[:, 1:]]  # (b, t - 1)
    scores = scores + torch.where(mask[:, 1:], between, zero).sum(1)
    last = tags.gather(1, mask.sum(1, keepdim=True).sub(1).clamp_min(0))[:, 0]
    return scores + torch.where(mask[:, 0], start[tags[:, 0]] + end[last], zero)


def crf_log_partition(emissions, mask, transitions, start, end):
    """Logarithm of the sum of the exponential scores of all paths.

    The log-likelihood of a path is :func:`crf_path_score` less this. It can be differentiated
    once; the gradient in the emissions is :func:`crf_marginals`.

    Parameters
    ----------
    emissions : Tensor of shape (n_sequences, n_tokens, n_tags)
        Score of each tag at each token.

    mask : Tensor of shape (n_sequences, n_tokens), dtype bool
        True for tokens, False for the padding behind them.

    transitions : Tensor of shape (n_tags, n_tags)
        Score of going from the tag of the row to that of the column.

    start, end : Tensor of shape (n_tags,)
        Scores of the first and of the last tag.

    Returns
    -------
    log_partition : Tensor of shape (n_sequences,)
        0 for a sequence without tokens, `-inf` where all paths are forbidden.
    """
    if not mask.shape[1]:
        return emissions.new_zeros(len(emissions))
    return _LogPartition.apply(emissions, mask, transitions, start, end)


def crf_marginals(emissions, mask, transitions, start, end):
    """Probability of each tag at each token, over all paths.

    Parameters
    ----------
    emissions, mask, transitions, start, end : Tensor
        As in :func:`crf_log_partition`.

    Returns
    -------
    marginals : Tensor of shape (n_sequences, n_tokens, n_tags)
        Rows of tokens sum to 1; zeros in the padding, and where all paths are forbidden.
    """
    if not mask.shape[1]:
        return torch.zeros_like(emissions)
    alphas = _forward(emissions, mask, transitions, start)
    betas = _backward(emissions, mask, transitions, end)
    # for each token the log-partition is the log-sum of its own row, which rounds least
    marginals = torch.softmax(alphas + betas, dim=2).transpose(0, 1)
    is_possible = mask & ~marginals.isnan().any(dim=2)
    return torch.where(is_possible[:, :, None], marginals, torch.zeros_like(marginals))


def crf_viterbi(emissions, mask, transitions, start, end):
    """Path of the highest score of each sequence.

    Parameters
    ----------
    emissions, mask, transitions, start, end : Tensor
        As in :func:`crf_log_partition`.

    Returns
    -------
    best : Viterbi
        `tags` and `scores`. Of equally good paths any one.
    """
    n_sequences, n_tokens, _ = emissions.shape
    tags = emissions.new_full((n_sequences, n_tokens), -1, dtype=torch.int64)
    if not n_tokens:
        return Viterbi(tags, emissions.new_zeros(n_sequences))
    best = start + emissions[:, 0]  # (b, c)
    pointers = []
    for i in range(1, n_tokens):
        step, pointer = (best[:, :, None] + transitions).max(dim=1)
        best = torch.where(mask[:, i, None], step + emissions[:, i], best)
        pointers.append(pointer)
    scores, tag = (best + end).max(dim=1)  # (b,)
    for i in range(n_tokens - 1, -1, -1):
        tags[:, i] = torch.where(mask[:, i], tag, -1)
        if i:  # from the padding, stay at the last token's tag
            before = pointers[i - 1].gather(1, tag[:, None])[:, 0]
            tag = torch.where(mask[:, i], before, tag)
    return Viterbi(tags, torch.where(mask[:, 0], scores, torch.zeros_like(scores)))
