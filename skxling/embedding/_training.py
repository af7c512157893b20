"""The training loop of skip-gram."""

from dataclasses import dataclass, field

import torch

from skxling.embedding._subword_table import WordTable
from skxling.functional.segments import scale_rows_, segment_sum
from skxling.functional.skipgram import (
    SkipgramGradients,
    SkipgramScores,
    skipgram_gradients,
    skipgram_loss,
    skipgram_scores,
)
from skxling.utils import Workspace

MAX_STEP = 1.0  # longest step of a vector per chunk
MAX_PUSH = 1.0  # longest step of an n-gram's row per read


@dataclass
class TrainingState:
    """A training between two reads of the corpus.

    Attributes
    ----------
    seed : int
        What everything random is drawn from.

    words : WordTable
        Input vectors.

    output : Tensor of shape (n_words, n_components)
        Output vectors.

    generator : torch.Generator
        Draws the reads.

    generator_state : Tensor
        Its state after the last read that is done: it may be ahead.

    sentence : int
        Sentences of the present epoch that are done.

    losses : list of Tensor
        Losses of the present epoch, one of each read.

    loss_curve : list of float
        Mean loss of each epoch that is done.
    """

    seed: int
    words: WordTable
    output: torch.Tensor
    generator: torch.Generator
    generator_state: torch.Tensor | None = None
    sentence: int = 0
    losses: list = field(default_factory=list)
    loss_curve: list = field(default_factory=list)


def train_epoch(state, reads, *, rate, after_read=()):
    """Learn from one pass over the corpus, or from what is left of it.

    Parameters
    ----------
    state : TrainingState
        The training. Changed in place.

    reads : iterable of Read
        The corpus.

    rate : callable
        Learning rate after so many tokens.

    after_read : iterable of callable, default=()
        Called with the state after each read.

    Returns
    -------
    loss : float
        Mean of the losses of all reads' first chunks, NaN where there was none.
    """
    words, output, space = state.words, state.output, Workspace(state.output.device)
    for read in reads:
        vectors = words.lend(read.words)  # (n_distinct, d)
        for i, chunk in enumerate(read.chunks):
            learning_rate = rate(chunk.n_read)
            scores_out, gradients_out = _results(space, chunk, output.shape[1])
            rows = (
                space.gather("centre", vectors, chunk.centres),  # (n, d)
                space.gather("context", output, chunk.contexts),  # (n + 2 * window, d)
                space.gather("negative", output, chunk.negatives),  # (n_groups, n_shared, d)
            )
            pairs = chunk.mask, chunk.weight
            scores = skipgram_scores(*rows, block=chunk.mask.shape[1], out=scores_out)
            if i == 0:
                state.losses.append(skipgram_loss(scores, *pairs))
            gradients = skipgram_gradients(*rows, scores, *pairs, out=gradients_out)
            _step(vectors, gradients.centre, chunk.inputs, learning_rate)
            _step(output, gradients.output, chunk.outputs, learning_rate)
        words.take_back(read.words, vectors, max_norm=MAX_PUSH)
        state.sentence, state.generator_state = read.last, read.generator
        for call in after_read:
            call(state)
    loss = float(torch.stack(state.losses).mean()) if state.losses else float("nan")
    state.sentence, state.losses = 0, []
    return loss


def _results(space, chunk, n_components):
    """Memory for the scores and the gradients of a chunk."""
    n_tokens, (n_groups, n_shared) = len(chunk.centres), chunk.negatives.shape
    n_blocks, _, width = chunk.mask.shape
    scores = SkipgramScores(
        space.empty("context scores", *chunk.mask.shape),
        space.empty("negative scores", n_groups, n_tokens // n_groups, n_shared),
    )
    n_outputs = n_blocks * width + n_groups * n_shared
    gradients = SkipgramGradients(
        space.empty("centre gradients", n_tokens, n_components),
        space.empty("output gradients", n_outputs, n_components),
    )
    return scores, gradients


def _step(table, gradients, segments, learning_rate):
    """Step each row of a table once, by the sum of its gradients, no further than MAX_STEP."""
    steps = segment_sum(gradients, segments.members, segments.offsets)
    table.index_add_(0, segments.index, scale_rows_(steps, learning_rate, max_norm=MAX_STEP))
