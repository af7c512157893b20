"""Skip-gram with negative sampling over blocks of neighbouring tokens."""

from typing import NamedTuple

import torch
from torch.nn.functional import softplus


class SkipgramGradients(NamedTuple):
    """Directions in which a chunk's vectors raise the objective.

    Attributes
    ----------
    centre : Tensor of shape (n_blocks, block, n_components)
        For the input vectors of the tokens.

    output : Tensor of shape (n_blocks, n_columns, n_components)
        For the output vectors of contexts and negatives.
    """

    centre: torch.Tensor
    output: torch.Tensor


def context_blocks(tokens, block, window):
    """View a padded run of tokens as overlapping blocks, without a copy.

    Parameters
    ----------
    tokens : Tensor of shape (n_tokens + 2 * window,)
        A run of tokens with `window` neighbours at both ends, contiguous; `n_tokens` is a
        multiple of `block`.

    block, window : int
        Tokens of a block, and neighbours on each side.

    Returns
    -------
    view : Tensor of shape (n_blocks, block + 2 * window)
        Row `i` holds the tokens of block `i` and its neighbours on both sides.
    """
    return tokens.unfold(0, block + 2 * window, block)


def pair_weights(left, right, *, block, window, n_shared, negative):
    """Weight of each pair of a token with a context or a shared negative.

    A pair of two neighbours weighs 1 where the one is within the other's window, else 0. The
    `n_shared` negatives of a block stand for `negative` independent draws per context, so each
    weighs `negative / n_shared` for each context that the token has.

    Parameters
    ----------
    left, right : Tensor of shape (n_tokens,), dtype int64
        How many tokens before and after each token are its contexts, 0 to `window`.

    block, window : int
        Tokens of a block, and neighbours on each side.

    n_shared : int
        Negatives that the tokens of a block share.

    negative : float
        Negatives per context that the objective asks for.

    Returns
    -------
    weights : Tensor of shape (n_blocks, block, block + 2 * window + n_shared)
        The first `block + 2 * window` columns are the block and its neighbours, as
        `context_blocks` has them, the others the negatives.
    """
    left, right = left.view(-1, block, 1), right.view(-1, block, 1)
    columns = torch.arange(block + 2 * window, device=left.device)
    distance = columns - window - torch.arange(block, device=left.device)[:, None]
    weights = torch.empty(len(left), block, len(columns) + n_shared, device=left.device)
    weights[..., : len(columns)] = (distance >= -left) & (distance <= right) & (distance != 0)
    weights[..., len(columns) :] = (left + right) * (negative / n_shared)
    return weights


def skipgram_scores(centre, output):
    """Inner products of each block's tokens with its contexts and negatives.

    Parameters
    ----------
    centre : Tensor of shape (n_blocks, block, n_components)
        Input vectors of the tokens.

    output : Tensor of shape (n_blocks, n_columns, n_components)
        Output vectors of the block's contexts and negatives.

    Returns
    -------
    scores : Tensor of shape (n_blocks, block, n_columns)
    """
    return torch.bmm(centre, output.transpose(1, 2))


def skipgram_gradients(centre, output, scores, weights, n_contexts):
    """Gradients of the skip-gram objective with negative sampling.

    For a token with input vector `h`, contexts with output vectors `o` and negatives `v`, the
    objective is the sum of `log sigmoid(h o)` and `log sigmoid(-h v)`, each by its weight.

    Parameters
    ----------
    centre, output : Tensor
        As in `skipgram_scores`.

    scores : Tensor of shape (n_blocks, block, n_columns)
        Inner products of `centre` and `output`. Overwritten.

    weights : Tensor of shape (n_blocks, block, n_columns)
        Weight of each pair.

    n_contexts : int
        The first `n_contexts` columns are contexts, the others negatives.

    Returns
    -------
    gradients : SkipgramGradients

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and
       Phrases and their Compositionality", NIPS 2013, eq. 4.
    """
    residual = scores.sigmoid_().neg_()
    residual[..., :n_contexts] += 1.0  # label - sigmoid(score)
    residual *= weights
    return SkipgramGradients(
        centre=torch.bmm(residual, output),
        output=torch.bmm(residual.transpose(1, 2), centre),
    )


def skipgram_loss(scores, weights, n_contexts):
    """Mean loss of a chunk per pair of token and context.

    Parameters
    ----------
    scores, weights : Tensor of shape (n_blocks, block, n_columns)
        Inner products, and weight of each pair.

    n_contexts : int
        The first `n_contexts` columns are contexts, the others negatives.

    Returns
    -------
    loss : Tensor, scalar
        `-log sigmoid(h o)` and the negatives' `-log sigmoid(-h v)`, summed over a pair and
        averaged over the pairs: `(1 + negative) * log(2)` for vectors of zeros.
    """
    contexts, negatives = scores[..., :n_contexts], scores[..., n_contexts:]
    is_context, weight = weights[..., :n_contexts], weights[..., n_contexts:]
    loss = (softplus(-contexts) * is_context).sum() + (softplus(negatives) * weight).sum()
    return loss / is_context.sum().clamp_min(1)
