import pytest
import torch

from skxling.embedding import JointSkipGram, _joint_skipgram
from skxling.embedding._defaults import default_pace


@pytest.mark.parametrize("max_n", [0, 4])
def test_a_fit_takes_the_pace_of_its_device(max_n, monkeypatch):
    seen = []

    class WatchedStream(_joint_skipgram.TokenStream):
        def __init__(self, *args, chunk, n_shared, tokens_per_read, **kwargs):
            seen.append((chunk, n_shared, tokens_per_read))
            sizes = {"chunk": chunk, "n_shared": n_shared, "tokens_per_read": tokens_per_read}
            super().__init__(*args, **sizes, **kwargs)

    monkeypatch.setattr(_joint_skipgram, "TokenStream", WatchedStream)
    model = JointSkipGram(4, sample=0, epochs=1, max_n=max_n, bucket=100, device="cpu")
    model.fit(["a house in winter"] * 10)
    assert seen == [default_pace(torch.device("cpu"), has_ngrams=max_n > 0)]


def test_a_gpu_has_larger_chunks_than_a_cpu():
    for has_ngrams in (False, True):
        cpu, gpu = (
            default_pace(torch.device(kind), has_ngrams=has_ngrams) for kind in ("cpu", "cuda")
        )
        assert gpu.chunk >= 4 * cpu.chunk
        assert gpu.n_shared == cpu.n_shared
        assert gpu.tokens_per_read >= cpu.tokens_per_read
