from types import SimpleNamespace

import joblib
import numpy as np
import pytest
import torch

from skxling import JointSkipGram
from skxling.embedding import _hogwild
from skxling.embedding._subword_table import WordTable
from skxling.embedding._training import TrainingState
from skxling.text import EncodedCorpus, _array_writer

SETTINGS = {"sample": 0, "epochs": 12, "min_n": 3, "max_n": 4, "random_state": 0, "device": "cpu"}


@pytest.fixture
def corpus():
    rng = np.random.default_rng(0)
    topics, words = rng.integers(0, 2, 1500), rng.integers(0, 10, (1500, 8))
    return [[f"{'ab'[t]}{i}" for i in row] for t, row in zip(topics, words, strict=True)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the tables lie while they are trained."""
    monkeypatch.setattr(_hogwild, "MEMORY_FOLDER", str(tmp_path))
    return tmp_path


def separation(model):
    """How much closer words of one topic are to each other than to the other's."""
    vectors = model.transform([f"{topic}{i}" for topic in "ab" for i in range(10)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    within = (cosine[:10, :10].sum() + cosine[10:, 10:].sum() - 20) / 180
    return within - cosine[:10, 10:].mean()


@pytest.mark.parametrize("max_n", [0, 4])
def test_two_workers_learn_one_space(corpus, folder, monkeypatch, max_n):
    monkeypatch.setattr(_array_writer, "MAX_BYTES_IN_MEMORY", 0)  # the corpus is on disk
    n_threads = torch.get_num_threads()
    one = JointSkipGram(12, **{**SETTINGS, "max_n": max_n}).fit(corpus)
    two = JointSkipGram(12, n_jobs=2, **{**SETTINGS, "max_n": max_n}).fit(corpus)
    assert separation(two) > 0.5
    # half the corpus for each would end where one is after half the epochs
    assert two.loss_curve_[-1] < one.loss_curve_[len(one.loss_curve_) // 2]
    assert list(folder.iterdir()) == []
    assert torch.get_num_threads() == n_threads


def test_workers_that_are_threads_leave_the_threads_of_others_alone(corpus):
    n_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with joblib.parallel_config("threading"):
            JointSkipGram(4, n_jobs=2, **SETTINGS).fit(corpus[:200])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(n_threads)


def small_training():
    """A state of three words, and a stream whose reads hold a chunk and a little more."""
    generator = torch.Generator().manual_seed(0)
    words = WordTable(3, 2, generator=generator)
    corpus = EncodedCorpus(np.zeros(5, dtype=np.int32), np.array([0, 5]))
    stream = SimpleNamespace(corpus=corpus, tokens_per_read=10, tokens_per_chunk=3, prepare=len)
    return TrainingState(0, words, torch.zeros(3, 2), generator), stream


@pytest.mark.parametrize(("n_jobs", "n_tokens"), [(2, 5), (5, 3)])
def test_workers_share_a_read_but_no_chunk(folder, n_jobs, n_tokens):
    workers = _hogwild.Hogwild(n_jobs, *small_training())
    with workers:
        assert workers.stream.tokens_per_read == n_tokens


def test_the_tables_outlive_the_files(folder):
    state, stream = small_training()
    before = state.words.rows.clone()
    with pytest.raises(KeyboardInterrupt), _hogwild.Hogwild(2, state, stream):
        assert sorted(path.name for path in folder.glob("*/*")) == ["output", "words"]
        state.output += 1
        raise KeyboardInterrupt
    assert list(folder.iterdir()) == []
    assert torch.equal(state.words.rows, before)
    assert torch.equal(state.output, torch.ones(3, 2))
    assert stream.tokens_per_read == 10


def test_each_worker_has_a_share_of_its_own_and_draws_it_otherwise_each_epoch():
    state = TrainingState(7, None, torch.zeros(3, 2), torch.Generator())
    stream = SimpleNamespace()
    workers = _hogwild.Hogwild(3, state, stream)
    shares = [workers._share(i) for i in range(3)]
    state.loss_curve.append(1.0)
    shares += [workers._share(i) for i in range(3)]
    assert [share.shard for share in shares] == 2 * [(0, 3), (1, 3), (2, 3)]
    assert len({share.generator.initial_seed() for share in shares}) == 6
    assert vars(stream) == {}


def test_without_a_folder_in_memory_the_usual_one_serves(monkeypatch):
    monkeypatch.setattr(_hogwild, "MEMORY_FOLDER", "/there/is/none")
    assert _hogwild._memory_folder(1) is None
    monkeypatch.setattr(_hogwild, "MEMORY_FOLDER", "/")
    assert _hogwild._memory_folder(1) == "/"
    assert _hogwild._memory_folder(2**60) is None


def test_one_job_is_no_job(corpus):
    one, none = (JointSkipGram(4, n_jobs=n, **SETTINGS).fit(corpus[:200]) for n in (1, None))
    assert one.word_vectors_.vectors.tobytes() == none.word_vectors_.vectors.tobytes()


def test_workers_are_saved_after_an_epoch(corpus, tmp_path, monkeypatch):
    model = JointSkipGram(4, n_jobs=2, checkpoint_dir=tmp_path, checkpoint_interval=0, **SETTINGS)
    train, losses = _hogwild.Hogwild.train_epoch, []

    def stop_in_the_third_epoch(self, rate):
        if len(self.state.loss_curve) == 2:
            losses.extend(self.state.loss_curve)
            raise KeyboardInterrupt
        return train(self, rate)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(_hogwild.Hogwild, "train_epoch", stop_in_the_third_epoch)
        model.fit(corpus[:200])
    model.fit(corpus[:200])
    assert model.loss_curve_[:2] == losses
    assert model.n_iter_ == SETTINGS["epochs"]


def test_jobs_of_a_process_of_several_are_refused():
    with pytest.raises(ValueError, match=r"`n_jobs` is for one process.*Got n_jobs=2"):
        JointSkipGram(4, distributed=True, n_jobs=2, device="cpu").fit(["a b"] * 20)
