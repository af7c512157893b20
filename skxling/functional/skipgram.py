"""Skip-gram with negative sampling over blocks of neighbouring tokens.

A chunk is a run of n tokens, each a centre and a context at once. The pairs of a token and one of
its w neighbours on each side are a band, n by 2 w + 1. A block of b neighbouring tokens has its
contexts among itself and the w tokens on each side, so one small matrix product gives all scores of
a block, and the band is cut out of them; the band turned over tells which tokens a context has. A
group of tokens shares m negatives, and one more product gives those scores.
"""

from typing import NamedTuple

import torch
from torch.nn.functional import pad, softplus


class SkipgramScores(NamedTuple):
    """Inner products of tokens with contexts and with negatives.

    Attributes
    ----------
    context : Tensor of shape (n_tokens / block, block, 2 * window + 1)
        Each token of a block with its neighbours from `window` before to `window` after it.

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
    mask : Tensor of shape (n_tokens / block, block, 2 * window + 1), dtype bool
        True for a pair; False in the middle, where a token meets itself.
    """
    # 16 bits hold every distance and move four times as fast as 64
    left, right = (reach.short().view(-1, block, 1) for reach in (left, right))
    distance = torch.arange(-window, window + 1, dtype=torch.int16, device=left.device)
    return (distance >= -left) & (distance <= right) & (distance != 0)


def skipgram_scores(centre, context, negative, *, block, window):
    """Inner products of a chunk's tokens with their contexts and negatives.

    Parameters
    ----------
    centre, context : Tensor of shape (window + n_tokens + window, n_components)
        Input and output vectors of the tokens. The first and the last `window` rows may hold
        anything finite.

    negative : Tensor of shape (n_groups, n_shared, n_components)
        Output vectors of the negatives of each group of `n_tokens / n_groups` tokens.

    block, window : int
        Tokens of a block, and neighbours on each side.

    Returns
    -------
    scores : SkipgramScores
    """
    tokens = centre[window:-window]
    n_components = tokens.shape[1]
    in_blocks = tokens.view(-1, block, n_components)
    in_groups = tokens.view(len(negative), -1, n_components)
    of_blocks = torch.bmm(in_blocks, _neighbourhoods(context, block, window))
    return SkipgramScores(
        _band(of_blocks).contiguous(), torch.bmm(in_groups, negative.transpose(1, 2))
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

    mask : Tensor of shape (n_tokens / block, block, 2 * window + 1)
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
    out = _times_band(errors.context, context, out)
    out.view(len(negative), -1, out.shape[1]).baddbmm_(errors.negative, negative)
    return out


def output_gradients(errors, centre, *, out=(None, None)):
    """Directions in which output vectors raise the objective.

    Parameters
    ----------
    errors : SkipgramScores
        As `skipgram_errors` returns them.

    centre : Tensor
        As in `skipgram_scores`.

    out : pair of Tensor, default=(None, None)
        Where to write them.

    Returns
    -------
    of_context : Tensor of shape (n_tokens, n_components)
        Of the tokens as contexts.

    of_negative : Tensor of shape (n_groups, n_shared, n_components)
        Of the negatives.
    """
    window = errors.context.shape[2] // 2
    of_context = _times_band(_turned(errors.context), centre, out[0])
    in_groups = centre[window:-window].view(len(errors.negative), -1, centre.shape[1])
    return of_context, torch.bmm(errors.negative.transpose(1, 2), in_groups, out=out[1])


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


def _neighbourhoods(rows, block, window):
    """View of each block's rows and neighbours as columns, (n_blocks, d, block + 2 * window)."""
    return rows.unfold(0, block + 2 * window, block)


def _band(of_blocks):
    """View of each block's entries (i, i + k) as (i, k), (n_blocks, block, 2 * window + 1)."""
    n_blocks, block, width = of_blocks.shape
    return of_blocks.as_strided((n_blocks, block, width - block + 1), (block * width, width + 1, 1))


def _turned(band):
    """Bring what a token has for a context to the row of that context."""
    width = band.shape[2]
    rows = pad(band.view(-1, width), (0, 0, width // 2, width // 2))
    # row t, column k of the result is row t + k, column width - 1 - k of these
    strides = (band.shape[1] * width, width, width - 1)
    return rows.as_strided(band.shape, strides, width - 1)


def _times_band(band, rows, out):
    """Sum the neighbours' rows of each token, weighted by its row of the band."""
    n_blocks, block, width = band.shape
    blocks = band.new_zeros(n_blocks, block, block + width - 1)
    _band(blocks).copy_(band)
    columns = _neighbourhoods(rows, block, width // 2)
    out = rows.new_empty(n_blocks * block, rows.shape[1]) if out is None else out
    torch.bmm(blocks, columns.transpose(1, 2), out=out.view(n_blocks, block, -1))
    return out
