import numpy as np
import pytest
import torch

from skxling.embedding._subword_table import WordTable
from skxling.embedding._token_stream import TokenStream
from skxling.embedding._training import TrainingState, train_epoch
from skxling.text import EncodedCorpus


@pytest.fixture
def training():
    """A training of twelve words and the reads of their corpus."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 12, 3_000).astype(np.int32)
    generator = torch.Generator().manual_seed(0)
    stream = TokenStream(
        EncodedCorpus(ids, np.arange(0, 3_001, 10)),
        np.bincount(ids),
        sample=0,
        ns_exponent=0.75,
        negative=5,
        window=2,
        batch_size="auto",
        chunk=2048,
        n_shared=8,
        tokens_per_read=700,
        prepare=None,
        generator=generator,
    )
    words = WordTable(12, 4, generator=generator)
    return TrainingState(0, words, torch.zeros(12, 4), generator), stream


def test_the_loss_of_an_epoch_is_the_mean_of_its_reads(training):
    state, stream = training
    sums = [0.0]
    loss = train_epoch(
        state,
        stream.reads(),
        rate=lambda n_read: 0.05,
        after_read=[lambda state: sums.append(float(state.loss_sum))],
    )
    losses = np.diff(sums)
    assert len(losses) > 3
    assert losses[0] == pytest.approx(6 * np.log(2))  # output vectors of zeros
    assert loss == pytest.approx(losses.mean())
    assert (state.n_losses, float(state.loss_sum), state.sentence) == (0, 0.0, 0)


def test_reads_without_a_pair_do_not_count(training):
    state, stream = training
    pairs = 600  # tokens of the first sentences; after them each is alone
    starts = np.concatenate([np.arange(0, pairs, 10), np.arange(pairs, 3_001)])
    stream.corpus = EncodedCorpus(stream.corpus.ids, starts)
    loss = train_epoch(state, stream.reads(), rate=lambda n_read: 0.0)
    assert loss == pytest.approx(6 * np.log(2))


def test_a_training_allocates_nothing_that_outlives_a_read(training):
    state, stream = training
    kept = [state.loss_sum, state.generator_state, state.output, state.words.rows]
    places = {tensor.data_ptr() for tensor in kept}
    reads = list(stream.reads())
    for _ in range(2):
        train_epoch(state, reads, rate=lambda n_read: 0.05)
    kept = [state.loss_sum, state.generator_state, state.output, state.words.rows]
    assert {tensor.data_ptr() for tensor in kept} == places
    assert torch.equal(state.generator_state, reads[-1].generator)


def test_an_epoch_without_tokens_has_no_loss(training):
    state, stream = training
    stream.keep *= 0
    assert np.isnan(train_epoch(state, stream.reads(), rate=lambda n_read: 0.05))
