import pytest
import torch

from skxling.embedding import JointSkipGram, _joint_skipgram
from skxling.embedding._defaults import default_pace


def watch_fit(monkeypatch, max_n, device):
    """Fit, and give what the fit has as its pace."""
    seen = []

    class WatchedStream(_joint_skipgram.TokenStream):
        def __init__(self, *args, chunk, n_shared, tokens_per_read, **kwargs):
            seen.append((chunk, n_shared, tokens_per_read))
            sizes = {"chunk": chunk, "n_shared": n_shared, "tokens_per_read": tokens_per_read}
            super().__init__(*args, **sizes, **kwargs)

    monkeypatch.setattr(_joint_skipgram, "TokenStream", WatchedStream)
    model = JointSkipGram(4, sample=0, epochs=1, max_n=max_n, bucket=100, device=device)
    model.fit(["a house in winter"] * 10)
    return seen


@pytest.mark.parametrize(("max_n", "chunk"), [(0, 1024), (4, 2048)])
def test_a_fit_takes_the_pace_of_the_cpu(max_n, chunk, monkeypatch):
    pace = default_pace(torch.device("cpu"), has_ngrams=max_n > 0)
    assert watch_fit(monkeypatch, max_n, "cpu") == [pace]
    assert pace.chunk == chunk


@pytest.mark.parametrize("max_n", [0, 4])
def test_a_fit_takes_the_pace_of_a_gpu(max_n, monkeypatch, device):
    pace = default_pace(torch.device("cuda"), has_ngrams=max_n > 0)
    assert watch_fit(monkeypatch, max_n, device) == [pace]
    assert pace.chunk == 8192
