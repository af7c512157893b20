import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from skxling import JointSkipGram
from skxling.embedding._distributed import _own_device

PROGRAM = """
    import os, sys
    from types import SimpleNamespace
    import numpy as np
    import torch
    torch.set_num_threads(1)
    from skxling import JointSkipGram
    from skxling.embedding import _distributed

    _distributed.READS_PER_AVERAGE = 4
    rng = np.random.default_rng(0)
    topics, words = rng.integers(0, 2, 1500), rng.integers(0, 10, (1500, 8))
    X = [[f"{'ab'[t]}{i}" for i in row] for t, row in zip(topics, words)]
    model = JointSkipGram(
        12, sample=0, epochs=12, min_n=3, max_n=4, random_state=0, device="cpu", distributed=True
    ).fit(X)
    vectors = model.transform([f"{t}{i}" for t in "ab" for i in range(10)])

    rank, rows = int(os.environ["RANK"]), torch.ones(4, 2)
    state = SimpleNamespace(words=SimpleNamespace(rows=rows), output=torch.zeros(1, 2))
    world = _distributed.World(True, rows.device)
    shared = _distributed.SharedTables(world, state)
    rows[rank] += 1
    rows[2] += rank + 1
    shared.average()
    results = {
        "vectors": vectors,
        "loss": model.loss_curve_,
        "rows": rows,
        "means": [world.mean(rank + 1.0), world.mean(3.0 if rank else float("nan"))],
        "any": [world.any(rank == 1), world.any(False)],
    }
    np.savez(f"{sys.argv[1]}/{rank}.npz", **results)
"""


def test_two_processes_learn_one_space(tmp_path):
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    result = subprocess.run(
        [*command, tmp_path / "program.py", tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    first, second = (np.load(tmp_path / f"{rank}.npz") for rank in range(2))
    assert first["vectors"].tobytes() == second["vectors"].tobytes()
    assert first["loss"].tolist() == second["loss"].tolist()
    # rows that one process has changed, the other, both, and none
    np.testing.assert_allclose(first["rows"][:, 0], [1.5, 1.5, 2.5, 1])
    for of_one in (first, second):
        assert of_one["means"].tolist() == [1.5, 3.0]
        assert of_one["any"].tolist() == [True, False]
    vectors = first["vectors"] / np.linalg.norm(first["vectors"], axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    within = (cosine[:10, :10].sum() + cosine[10:, 10:].sum() - 20) / 180
    assert within - cosine[:10, 10:].mean() > 0.5


def test_without_other_processes_the_way_out_is_told(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(RuntimeError, match="Start the program by torchrun"):
        JointSkipGram(4, distributed=True, device="cpu").fit(["a b"] * 20)


def test_checkpoints_of_several_processes_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`checkpoint_dir` is of no use with distributed=True"):
        JointSkipGram(4, distributed=True, checkpoint_dir=tmp_path).fit(["a b"] * 20)


def test_each_process_of_a_machine_has_its_own_cuda_device(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.set_device", lambda rank: None)
    for rank in range(2):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        assert _own_device(torch.device("cuda")) == torch.device("cuda", rank)
    assert _own_device(torch.device("cuda", 0)) == torch.device("cuda", 0)
    assert _own_device(torch.device("cpu")) == torch.device("cpu")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match="more processes on this machine than the 2 CUDA"):
        _own_device(torch.device("cuda"))
