import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from skxling.embedding._subword_table import SubwordTable, WordTable
from skxling.embedding._token_stream import TokenStream
from skxling.embedding._training import TrainingState, _learn, train_epoch
from skxling.text import EncodedCorpus
from skxling.utils import Workspace


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


def reference_step(inputs, outputs, chunk, rate):
    """Tables after one chunk, pair by pair."""
    window, group = chunk.mask.shape[2] // 2, len(chunk.weight) // len(chunk.negatives)
    mask = chunk.mask.flatten(0, 1).numpy()
    tokens = chunk.contexts[window:-window].numpy()
    to_input, to_output = np.zeros_like(inputs), np.zeros_like(outputs)

    def learn(word, other, label, weight):
        error = weight * (label - 1 / (1 + np.exp(-inputs[word] @ outputs[other])))
        to_input[word] += error * outputs[other]
        to_output[other] += error * inputs[word]

    for t, column in zip(*mask.nonzero(), strict=True):
        learn(tokens[t], tokens[t + column - window], 1, 1)
    for t, word in enumerate(tokens):
        for other in chunk.negatives[t // group].tolist():
            learn(word, other, 0, float(chunk.weight[t]))
    stepped = []
    for table, step in ((inputs, to_input), (outputs, to_output)):
        lengths = rate * np.linalg.norm(step, axis=1, keepdims=True)
        stepped.append(table + rate * step / np.maximum(lengths, 1))  # no longer than 1
    return stepped


@pytest.mark.parametrize("rate", [1e-3, 10.0])  # no step is too long, or some are
def test_a_chunk_steps_by_the_sums_of_its_gradients(training, rate):
    state, stream = training
    read = next(stream.reads())
    (chunk,) = read.chunks
    assert len(chunk.inputs.index) < len(chunk.weight)  # words occur again, and as negatives
    state.output.copy_(torch.randn(12, 4, generator=state.generator))
    inputs, outputs = (table.double().numpy() for table in (state.words.rows, state.output))
    expected = reference_step(inputs, outputs, chunk, rate)
    train_epoch(state, [read], rate=lambda n_read: rate)
    np.testing.assert_allclose(state.words.rows, expected[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(state.output, expected[1], rtol=1e-4, atol=1e-6)


class NothingForTheHost(TorchDispatchMode):
    """Refuse operations whose result, or its shape, the host would have to wait for on a GPU."""

    WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "repeat_inter")

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().removeprefix("aten::")
        is_mask = name.startswith("index") and any(
            getattr(part, "dtype", None) == torch.bool for part in tree_leaves(args[1:])
        )
        if is_mask or name.startswith(self.WAITS):
            raise AssertionError(f"the host waits for {name}")
        return function(*args, **(kwargs or {}))


def _refuse(name):
    def refuse(tensor, *args, **kwargs):
        raise AssertionError(f"the host waits for {name}")

    return refuse


@pytest.mark.parametrize("has_ngrams", [False, True])
def test_the_loop_never_waits_for_the_device(training, has_ngrams, monkeypatch):
    state, stream = training
    if has_ngrams:
        names = [f"word{i}" for i in range(12)]
        options = {"min_n": 3, "max_n": 4, "bucket": 50, "generator": state.generator}
        state.words = SubwordTable(names, 4, **options)
        stream.prepare = state.words.prepare
    reads = list(stream.reads())
    before = state.output.clone()
    for name in ("tolist", "numpy", "cpu", "item"):
        monkeypatch.setattr(torch.Tensor, name, _refuse(name))
    with NothingForTheHost():
        for read in reads:
            _learn(state, read, lambda n_read: 0.05, Workspace(state.output.device))
    with pytest.raises(AssertionError, match="waits for tolist"):
        state.output.tolist()
    monkeypatch.undo()
    assert (state.output != before).any()
    with pytest.raises(AssertionError, match="waits for _local_scalar_dense"), NothingForTheHost():
        float(state.loss_sum)


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
