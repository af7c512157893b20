import copy

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_map_only

from skxling.embedding import JointSkipGram
from skxling.embedding._checkpoint import Checkpoint
from skxling.embedding._subword_table import SubwordTable, WordTable
from skxling.embedding._token_stream import TokenStream
from skxling.embedding._training import TrainingState, train_epoch
from skxling.text import encode_corpora
from skxling.utils import to_numpy


def make_corpus(n_sentences=2000):
    """Sentences about one of two topics."""
    rng = np.random.default_rng(0)
    topics, words = rng.integers(2, size=n_sentences), rng.integers(10, size=(n_sentences, 8))
    return [[f"{'ab'[t]}x{i}" for i in row] for t, row in zip(topics, words, strict=True)]


@pytest.mark.parametrize("max_n", [0, 4])
def test_a_device_learns_what_the_cpu_learns(max_n, device):
    params = {"n_components": 12, "sample": 0, "epochs": 4, "learning_rate": 0.2, "max_n": max_n}
    margins, losses = [], []
    for place in ("cpu", device):
        model = JointSkipGram(device=place, random_state=0, **params).fit(make_corpus())
        vectors = model.transform([f"{t}x{i}" for t in "ab" for i in range(10)])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cosine = vectors @ vectors.T
        margins.append(cosine[:10, :10].mean() - cosine[:10, 10:].mean())
        losses.append(model.loss_curve_)
    assert min(margins) > 0.5
    np.testing.assert_allclose(*losses, rtol=0.1)  # other draws, the same training


def test_a_stopped_fit_goes_on(tmp_path, monkeypatch, device):
    params = {"n_components": 12, "sample": 0, "epochs": 2, "random_state": 0, "device": device}
    whole = JointSkipGram(**params).fit(make_corpus())
    saved = {"checkpoint_dir": tmp_path, "checkpoint_interval": 0}
    save, states = Checkpoint.save_if_due, []

    def save_and_stop(self, state):
        save(self, state)
        states.append(state.sentence)
        if len(states) == 70:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save_if_due", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        JointSkipGram(**params, **saved).fit(make_corpus())
    assert states[-1] > 0  # in the middle of an epoch
    resumed = JointSkipGram(**params, **saved).fit(make_corpus())
    np.testing.assert_allclose(resumed.loss_curve_, whole.loss_curve_, rtol=1e-3)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("has_ngrams", [False, True])
def test_a_read_is_learned_from_as_on_the_cpu(has_ngrams, device):
    """The same tokens and negatives, so that only rounding is left."""
    vocabulary, corpus = encode_corpora(make_corpus(200), min_count=1, rng=np.random.RandomState(0))
    generator = torch.Generator().manual_seed(0)
    words = WordTable(vocabulary.n_words, 12, generator=generator)
    if has_ngrams:
        options = {"min_n": 2, "max_n": 3, "bucket": 100, "generator": generator}
        words = SubwordTable(vocabulary.words, 12, **options)
    output = torch.randn(vocabulary.n_words, 12, generator=generator)
    stream = TokenStream(
        corpus,
        vocabulary.counts.sum(axis=1),
        sample=0,
        ns_exponent=0.75,
        negative=5,
        window=3,
        batch_size=256,
        chunk=256,
        n_shared=16,
        tokens_per_read=1000,
        prepare=words.prepare if has_ngrams else None,
        generator=generator,
    )
    reads = list(stream.reads())
    tables = []
    for place in ("cpu", device):
        moved = move_attributes(words, place)
        state = TrainingState(0, moved, output.clone().to(place), torch.Generator(place))
        there = tree_map_only(torch.Tensor, lambda part, place=place: part.clone().to(place), reads)
        for read, origin in zip(there, reads, strict=True):
            train_epoch(state, [read._replace(generator=origin.generator)], rate=lambda n: 0.5)
        tables.append([to_numpy(state.words.rows), to_numpy(state.output)])
    for of_cpu, of_device in zip(*tables, strict=True):
        np.testing.assert_allclose(of_device, of_cpu, rtol=1e-4, atol=1e-5)
    assert np.abs(tables[0][1] - output.numpy()).max() > 0.01


def move_attributes(table, device):
    """A copy of a table whose tensors are on a device."""
    table = copy.copy(table)
    vars(table).update(
        {
            name: tree_map_only(torch.Tensor, lambda part: part.clone().to(device), value)
            for name, value in vars(table).items()
        }
    )
    return table
