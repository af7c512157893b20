"""Skip-gram with negative sampling over blocks of neighbouring tokens.

A chunk is a run of n tokens. Its tokens are centres and contexts at once: a block of b
neighbouring tokens has its contexts among itself and the w tokens on each side, so one small
matrix product gives all their scores, of which a band is used. A group of tokens shares m
negatives, and one more product gives those scores.
"""

from typing import NamedTuple

import torch
from torch.nn.functional import softplus


class SkipgramScores(NamedTuple):
    """Inner products of tokens with contexts and with negatives.

    Attributes
    ----------
    context : Tensor of shape (n_tokens / block, block, block + 2 * window)
        Each token of a block with the block and its neighbours.

    negative : Tensor of shape (n_groups, n_tokens / n_groups, n_shared)
        Each token of a group with the group's negatives.
    """

    context: torch.Tensor
    negative: torch.Tensor


class SkipgramGradients(NamedTuple):
    """Directions in which a chunk's vectors raise the objective.

    Attributes
    ----------
    centre : Tensor of shape (n_tokens, n_components)
        For the input vectors of the tokens.

    output : Tensor of shape (n_outputs, n_components)
        For output vectors: `block + 2 * window` for each block, then `n_shared` for each group
        of tokens with the same negatives.
    """

    centre: torch.Tensor
    output: torch.Tensor


def context_mask(left, right, *, block, window):
    """Mark the pairs of a token and a context.

    Parameters
    ----------
    left, right : Tensor of shape (n_tokens,), dtype int64
        How many tokens before and after each token are its contexts, 0 to `window`.

    block, window : int
        Tokens of a block, and neighbours on each side.

    Returns
    -------
    mask : Tensor of shape (n_tokens / block, block, block + 2 * window), dtype float32
        1 for a pair, else 0.
    """
    # 16 bits hold every distance and move four times as fast as 64
    left, right = (reach.short().view(-1, block, 1) for reach in (left, right))
    columns = torch.arange(block + 2 * window, device=left.device)
    distance = (columns - window - torch.arange(block, device=left.device)[:, None]).short()
    return ((distance >= -left) & (distance <= right) & (distance != 0)).float()


def skipgram_scores(centre, context, negative, *, block, out=None):
    """Inner products of a chunk's tokens with their contexts and negatives.

    Parameters
    ----------
    centre : Tensor of shape (n_tokens, n_components)
        Input vectors of the tokens.

    context : Tensor of shape (n_tokens + 2 * window, n_components)
        Output vectors of the tokens and of `window` neighbours at both ends.

    negative : Tensor of shape (n_groups, n_shared, n_components)
        Output vectors of the negatives of each group of `n_tokens / n_groups` tokens.

    block : int
        Tokens of a block.

    out : SkipgramScores, default=None
        Where to write them.

    Returns
    -------
    scores : SkipgramScores
    """
    n_components = centre.shape[1]
    in_blocks = centre.view(-1, block, n_components)
    in_groups = centre.view(len(negative), -1, n_components)
    to_context, to_negative = out or (None, None)
    return SkipgramScores(
        torch.bmm(in_blocks, _context_blocks(context, centre, block), out=to_context),
        torch.bmm(in_groups, negative.transpose(1, 2), out=to_negative),
    )


def skipgram_gradients(centre, context, negative, scores, mask, weight, *, out=None):
    """Gradients of the skip-gram objective with negative sampling.

    For a token with input vector `h`, contexts with output vectors `o` and negatives `v`, the
    objective is the sum of `log sigmoid(h o)` over its contexts and of `log sigmoid(-h v)`, times
    the token's weight, over the negatives.

    Parameters
    ----------
    centre, context, negative : Tensor
        As in `skipgram_scores`.

    scores : SkipgramScores
        Inner products of these. Overwritten.

    mask : Tensor of shape (n_tokens / block, block, block + 2 * window)
        The pairs, of `context_mask`.

    weight : Tensor of shape (n_tokens,)
        Weight of each token's negatives. `n_shared` negatives that stand for `negative`
        independent draws per context weigh `n_contexts * negative / n_shared`.

    out : SkipgramGradients, default=None
        Where to write them.

    Returns
    -------
    gradients : SkipgramGradients

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and
       Phrases and their Compositionality", NIPS 2013, eq. 4.
    """
    n_blocks, block, width = mask.shape
    n_groups, n_shared, n_components = negative.shape
    if out is None:
        n_outputs = n_blocks * width + n_groups * n_shared
        out = SkipgramGradients(torch.empty_like(centre), centre.new_empty(n_outputs, n_components))
    # label - sigmoid(score), weighted: for a context the label is 1, and 1 - sigmoid(x) is
    # sigmoid(-x)
    of_context = scores.context.neg_().sigmoid_().mul_(mask)
    of_negative = scores.negative.sigmoid_().mul_(-weight.view(n_groups, -1, 1))

    in_blocks = centre.view(n_blocks, block, n_components)
    in_groups = centre.view(n_groups, -1, n_components)
    context = _context_blocks(context, centre, block).transpose(1, 2)
    torch.bmm(of_context, context, out=out.centre.view(in_blocks.shape))
    out.centre.view(in_groups.shape).baddbmm_(of_negative, negative)
    to_context, to_negative = out.output.split([n_blocks * width, n_groups * n_shared])
    torch.bmm(of_context.transpose(1, 2), in_blocks, out=to_context.view(context.shape))
    torch.bmm(of_negative.transpose(1, 2), in_groups, out=to_negative.view(negative.shape))
    return out


def skipgram_loss(scores, mask, weight):
    """Mean loss of a chunk per pair of token and context.

    Parameters
    ----------
    scores, mask, weight
        As in `skipgram_gradients`.

    Returns
    -------
    loss : Tensor, scalar
        `-log sigmoid(h o)` and the negatives' `-log sigmoid(-h v)`, summed over a pair and
        averaged over the pairs: `(1 + negative) * log(2)` for vectors of zeros.
    """
    of_negatives = softplus(scores.negative).sum(dim=-1).flatten() * weight
    loss = (softplus(-scores.context) * mask).sum() + of_negatives.sum()
    return loss / mask.sum().clamp_min(1)


def _context_blocks(context, centre, block):
    """View of each block's contexts as columns, (n_blocks, n_components, block + 2 * window)."""
    n_neighbours = len(context) - len(centre)
    return context.unfold(0, block + n_neighbours, block)
