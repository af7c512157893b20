"""The training loop of skip-gram."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from skxling.embedding._subword_table import WordTable
from skxling.functional.segments import scale_rows_, sum_repeated
from skxling.functional.skipgram import (
    centre_gradients,
    output_gradients,
    skipgram_errors,
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

    loss_sum : Tensor, scalar
        Sum of the losses of the present epoch, one of each read.

    n_losses : Tensor, scalar
        How many of these reads had a pair to lose on.

    loss_curve : list of float
        Mean loss of each epoch that is done.
    """

    seed: int
    words: WordTable
    output: torch.Tensor
    generator: torch.Generator
    generator_state: torch.Tensor = field(init=False)
    sentence: int = 0
    loss_sum: torch.Tensor = field(init=False)
    n_losses: torch.Tensor = field(init=False)
    loss_curve: list = field(default_factory=list)

    def __post_init__(self):
        # all stay where they are: a small tensor kept of each read, between the large ones that
        # come and go, would let the heap grow with the corpus
        self.generator_state = self.generator.get_state()
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=self.output.device)
        self.n_losses = torch.zeros_like(self.loss_sum)


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
        Mean of the losses of all reads' first chunks, NaN where none had a pair.
    """
    space = Workspace(state.output.device)
    for read in reads:
        _learn(state, read, rate, space)
        state.sentence = read.last
        state.generator_state.copy_(read.generator)
        for call in after_read:
            call(state)
        del read  # its memory is for the next one
    loss = float(state.loss_sum / state.n_losses)
    state.sentence = 0
    state.loss_sum.zero_()
    state.n_losses.zero_()
    return loss


def _learn(state, read, rate, space):
    """Learn from a read, chunk by chunk."""
    words, output = state.words, state.output
    vectors = words.lend(read.loan, space)  # (n_distinct, d)
    for i, chunk in enumerate(read.chunks):
        block, window = chunk.mask.shape[1], chunk.mask.shape[2] // 2
        learning_rate, pairs = rate(chunk.n_read), (chunk.mask, chunk.weight)
        memory = _carve(space, chunk, vectors.shape[1])
        centre = torch.index_select(vectors, 0, chunk.centres, out=memory.centre)
        context = torch.index_select(output, 0, chunk.contexts, out=memory.context)
        negative = torch.index_select(output, 0, chunk.negatives.flatten(), out=memory.negative)
        negative = negative.view(*chunk.negatives.shape, -1)  # (n_groups, n_shared, d)
        scores = skipgram_scores(centre, context, negative, block=block, window=window)
        if i == 0:
            state.loss_sum += skipgram_loss(scores, *pairs)
            state.n_losses += chunk.mask.any()
        errors = skipgram_errors(scores, *pairs)
        gradients = centre_gradients(errors, context, negative, out=memory.to_centre)
        # each gradient is written over its vector, which has had its use
        output_gradients(errors, centre, out=(context[window:-window], negative))
        _step(vectors, gradients, chunk.inputs, learning_rate, memory.centre)
        _step(output, memory.outputs, chunk.outputs, learning_rate, memory.inputs)
    words.take_back(read.loan, vectors, max_norm=MAX_PUSH)


class _Memory(NamedTuple):
    """Where the rows of a chunk are written.

    What is done with serves for the sums that a table steps by: `centre` holds those of the inputs,
    and `inputs` those of the outputs, since a group has no more negatives than tokens.
    """

    inputs: torch.Tensor  # the next two
    centre: torch.Tensor  # (window + n_tokens + window, d)
    to_centre: torch.Tensor  # (n_tokens, d)
    outputs: torch.Tensor  # the next two
    context: torch.Tensor  # (window + n_tokens + window, d)
    negative: torch.Tensor  # (n_groups * n_shared, d)


def _carve(space, chunk, n_components):
    """Memory for a chunk, in one piece."""
    sizes = [
        (len(chunk.centres), len(chunk.weight)),
        (len(chunk.contexts), chunk.negatives.numel()),
    ]
    n_rows = [sum(pair) for pair in sizes]
    inputs, outputs = space.empty("rows", sum(n_rows), n_components).split(n_rows)
    return _Memory(inputs, *inputs.split(sizes[0]), outputs, *outputs.split(sizes[1]))


def _step(table, gradients, rows, learning_rate, memory):
    """Step each row of a table once, by the sum of its gradients, no further than MAX_STEP.

    The steps are written to `memory`, whose rows are as many at least.
    """
    steps = sum_repeated(gradients, rows, out=memory[: len(rows.index)])
    table.index_add_(0, rows.index, scale_rows_(steps, learning_rate, max_norm=MAX_STEP))
