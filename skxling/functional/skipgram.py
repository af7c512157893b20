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


def skipgram_errors(scores, mask, weight):
    """Differentiate the skip-gram objective with negative sampling by its scores.

    For a token with input vector `h`, contexts with output vectors `o` and negatives `v`, the
    objective is the sum of `log sigmoid(h o)` over its contexts and of `log sigmoid(-h v)`, times
    the token's weight, over the negatives.

    Parameters
    ----------
    scores : SkipgramScores
        Inner products. Overwritten.

    mask : Tensor of shape (n_tokens / block, block, block + 2 * window)
        The pairs, of `context_mask`.

    weight : Tensor of shape (n_tokens,)
        Weight of each token's negatives. `n_shared` negatives that stand for `negative`
        independent draws per context weigh `n_contexts * negative / n_shared`.

    Returns
    -------
    errors : SkipgramScores
        Label minus probability, weighted: 0 where there is no pair.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and
       Phrases and their Compositionality", NIPS 2013, eq. 4.
    """
    # the label of a context is 1, and 1 - sigmoid(x) is sigmoid(-x)
    of_context = scores.context.neg_().sigmoid_().mul_(mask)
    of_negative = scores.negative.sigmoid_().mul_(-weight.view(len(scores.negative), -1, 1))
    return SkipgramScores(of_context, of_negative)


def centre_gradients(errors, context, negative, *, out=None):
    """Directions in which the input vectors of a chunk's tokens raise the objective.

    Parameters
    ----------
    errors : SkipgramScores
        As `skipgram_errors` returns them.

    context, negative : Tensor
        As in `skipgram_scores`.

    out : Tensor of shape (n_tokens, n_components), default=None
        Where to write them.

    Returns
    -------
    gradients : Tensor of shape (n_tokens, n_components)
    """
    n_blocks, block, _ = errors.context.shape
    n_groups, group, _ = errors.negative.shape
    if out is None:
        out = context.new_empty(n_blocks * block, context.shape[1])
    columns = _context_blocks(context, out, block)
    torch.bmm(errors.context, columns.transpose(1, 2), out=out.view(n_blocks, block, -1))
    out.view(n_groups, group, -1).baddbmm_(errors.negative, negative)
    return out


def output_gradients(errors, centre, *, out=None):
    """Directions in which output vectors raise the objective.

    Parameters
    ----------
    errors : SkipgramScores
        As `skipgram_errors` returns them.

    centre : Tensor of shape (n_tokens, n_components)
        As in `skipgram_scores`.

    out : Tensor of shape (n_outputs, n_components), default=None
        Where to write them.

    Returns
    -------
    gradients : Tensor of shape (n_outputs, n_components)
        Of `block + 2 * window` tokens for each block, then of `n_shared` negatives for each group.
    """
    n_blocks, block, width = errors.context.shape
    n_groups, group, n_shared = errors.negative.shape
    sizes = [n_blocks * width, n_groups * n_shared]
    if out is None:
        out = centre.new_empty(sum(sizes), centre.shape[1])
    to_context, to_negative = out.split(sizes)
    of_context, of_negative = (error.transpose(1, 2) for error in errors)
    torch.bmm(
        of_context, centre.view(n_blocks, block, -1), out=to_context.view(n_blocks, width, -1)
    )
    torch.bmm(
        of_negative, centre.view(n_groups, group, -1), out=to_negative.view(n_groups, n_shared, -1)
    )
    return out


def skipgram_loss(scores, mask, weight):
    """Mean loss of a chunk per pair of token and context.

    Parameters
    ----------
    scores, mask, weight
        As in `skipgram_errors`.

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
