import numpy as np
import pytest

from skxling.embedding import JointSkipGram
from skxling.embedding._checkpoint import Checkpoint


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
