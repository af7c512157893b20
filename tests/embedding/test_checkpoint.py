import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from skxling import JointSkipGram
from skxling.embedding._checkpoint import Checkpoint, fingerprint

CORPUS = [f"w{i % 7} v{i % 5} u{i % 3} w{i % 4}" for i in range(400)]
SETTINGS = {"n_components": 6, "sample": 0, "epochs": 3, "random_state": 0, "device": "cpu"}


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


PROGRAM = """
    import os, signal, sys
    import numpy as np
    import torch
    from skxling import JointSkipGram
    from skxling.embedding._checkpoint import Checkpoint

    torch.set_num_threads(1)
    folder, result, n_saves = sys.argv[1], sys.argv[2], int(sys.argv[3])
    save, saved = Checkpoint.save_if_due, []

    def save_and_die(self, state):
        save(self, state)
        saved.append(state.sentence)
        if len(saved) == n_saves:
            os.kill(os.getpid(), signal.SIGKILL)

    Checkpoint.save_if_due = save_and_die
    X = [f"w{i % 7} v{i % 5} u{i % 3} w{i % 4}" for i in range(400)]
    model = JointSkipGram(
        6, sample=0, epochs=3, random_state=0, device="cpu", checkpoint_dir=folder,
        checkpoint_interval=0,
    )
    model.fit(X, [word.replace("w", "x") for word in X])
    print(len(saved))
    np.savez(result, vectors=model.word_vectors_.vectors, loss=model.loss_curve_)
"""


def test_a_killed_fit_goes_on_to_the_same_bytes(tmp_path):
    folder = tmp_path / "checkpoints"
    whole = run(PROGRAM, tmp_path / "unused", tmp_path / "whole.npz", 0)
    n_reads = int(whole.stdout)
    killed_at = n_reads // 2 + 3  # in the middle of an epoch
    killed = run(PROGRAM, folder, tmp_path / "killed.npz", killed_at)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(folder.glob("*.safetensors"))) == 1
    resumed = run(PROGRAM, folder, tmp_path / "resumed.npz", 0)
    assert int(resumed.stdout) == n_reads - killed_at, resumed.stderr
    assert list(folder.iterdir()) == []
    whole, resumed = (np.load(tmp_path / f"{name}.npz") for name in ("whole", "resumed"))
    assert whole["vectors"].tobytes() == resumed["vectors"].tobytes()
    assert whole["loss"].tolist() == resumed["loss"].tolist()


class StopInTheMiddle(Exception):
    pass


def interrupted(model, monkeypatch, is_enough=lambda saved: len(saved) == 20):
    """Fit until enough is saved."""
    save, saved = Checkpoint.save_if_due, []

    def save_and_stop(self, state):
        save(self, state)
        saved.append(state.sentence)
        if is_enough(saved):
            raise StopInTheMiddle

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save_if_due", save_and_stop)
        with pytest.raises(StopInTheMiddle):
            model.fit(CORPUS)


def test_a_fit_without_random_state_goes_on_by_its_own_seed(tmp_path, monkeypatch):
    settings = {**SETTINGS, "random_state": None, "checkpoint_dir": tmp_path}
    model = JointSkipGram(**settings, checkpoint_interval=0)
    interrupted(model, monkeypatch)
    (path,) = tmp_path.iterdir()
    seed = Checkpoint(tmp_path, path.stem.removeprefix("skipgram-"), 0).seed()
    model.fit(CORPUS)
    whole = JointSkipGram(**{**SETTINGS, "random_state": FixedSeed(seed)}).fit(CORPUS)
    assert model.word_vectors_.vectors.tobytes() == whole.word_vectors_.vectors.tobytes()


def test_a_fit_goes_on_after_an_epoch(tmp_path, monkeypatch):
    model = JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=0)
    interrupted(model, monkeypatch, lambda saved: saved[-1] == 0)
    whole = JointSkipGram(**SETTINGS).fit(CORPUS)
    assert model.fit(CORPUS).loss_curve_ == whole.loss_curve_
    assert model.word_vectors_.vectors.tobytes() == whole.word_vectors_.vectors.tobytes()


class FixedSeed(np.random.RandomState):
    """A random state whose first draw is known."""

    def __init__(self, seed):
        super().__init__(0)
        self.seed = seed

    def randint(self, *args, **kwargs):
        return self.seed


def test_clones_with_other_parameters_or_corpora_have_their_own_file(tmp_path, monkeypatch):
    for settings in ({}, {"window": 3}, {"random_state": 1}, {"n_jobs": 1}):
        model = JointSkipGram(
            **{**SETTINGS, **settings}, checkpoint_dir=tmp_path, checkpoint_interval=0
        )
        interrupted(model, monkeypatch, lambda saved: len(saved) == 2)
    assert len(list(tmp_path.iterdir())) == 3  # one job is no job
    params = {"window": 5}
    names = {fingerprint(params, [CORPUS, y]) for y in (None, CORPUS, CORPUS[:-1])}
    assert len(names) == 3


def test_a_corpus_is_known_by_its_content(tmp_path):
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("one two")
    second.write_text("one two")
    assert fingerprint({}, [first, None]) == fingerprint({}, [second, None])
    second.write_text("one three")
    assert fingerprint({}, [first, None]) != fingerprint({}, [second, None])
    assert fingerprint({}, [[first, second], None]) != fingerprint({}, [first, second])


def test_the_interval_decides_when_to_save(tmp_path, monkeypatch):
    times = iter(range(10_000))
    monkeypatch.setattr("skxling.embedding._checkpoint.time.monotonic", lambda: next(times))
    saved = []
    monkeypatch.setattr(
        "safetensors.torch.save_file",
        lambda tensors, path, metadata: saved.append(tensors) or path.touch(),
    )
    JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=1e6).fit(CORPUS)
    assert saved == []
    JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=40).fit(CORPUS)
    assert 0 < len(saved) < 10


def test_a_damaged_checkpoint_is_named(tmp_path, monkeypatch):
    model = JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=0)
    interrupted(model, monkeypatch)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"is no checkpoint of JointSkipGram: .*Delete it"):
        model.fit(CORPUS)


def test_checkpoints_do_not_change_the_fit(tmp_path):
    with_file = JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=0)
    plain = JointSkipGram(**SETTINGS)
    vectors = [model.fit(CORPUS).word_vectors_.vectors.tobytes() for model in (with_file, plain)]
    assert vectors[0] == vectors[1]


def test_a_fit_that_is_killed_again_between_two_epochs(tmp_path, monkeypatch):
    model = JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=0)
    whole = JointSkipGram(**SETTINGS).fit(CORPUS)
    ends = []
    interrupted(model, monkeypatch, lambda saved: ends.append(saved[-1]) or saved[-1] == 400)
    interrupted(model, monkeypatch, lambda saved: saved[-1] == 0)  # nothing was left to read
    assert (
        model.fit(CORPUS).word_vectors_.vectors.tobytes() == whole.word_vectors_.vectors.tobytes()
    )


def test_files_of_two_corpora_are_told_apart(tmp_path):
    a, b, c = (tmp_path / name for name in "abc")
    for path in (a, b, c):
        path.write_text(path.name)
    assert fingerprint({}, [[a, b], [c]]) != fingerprint({}, [[a], [b, c]])


def test_a_training_of_another_seed_is_left_alone(tmp_path, monkeypatch):
    model = JointSkipGram(**SETTINGS, checkpoint_dir=tmp_path, checkpoint_interval=0)
    interrupted(model, monkeypatch)
    monkeypatch.setattr(Checkpoint, "seed", lambda self: 123)  # as if it was saved after this
    whole = JointSkipGram(**{**SETTINGS, "random_state": FixedSeed(123)}).fit(CORPUS)
    assert (
        model.fit(CORPUS).word_vectors_.vectors.tobytes() == whole.word_vectors_.vectors.tobytes()
    )


def test_what_a_kill_left_half_written_is_deleted(tmp_path):
    old, new = (tmp_path / f".skipgram-x.safetensors.{name}" for name in ("old", "new"))
    other = tmp_path / ".skipgram-y.safetensors.old"
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (0, 0))
    Checkpoint(tmp_path, "x", 0)
    assert set(tmp_path.iterdir()) == {new, other}
