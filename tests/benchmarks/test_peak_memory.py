"""The tool that benchmarks measure memory with: a wrong one would make every table wrong."""

import importlib.util
import mmap
import subprocess
import sys
import time
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="this system has no /proc/PID/smaps_rollup"
)

# takes memory, says so, and waits to be told to end
CHILD = """
import sys
block = bytearray(b"x") * (48 << 20)
print("taken", flush=True)
sys.stdin.read()
"""

# a child that has that child
GRANDPARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {CHILD!r}])
"""

# shares 48 megabytes with a child, both having touched them, and prints what they have together
SHARING = """
import mmap, os, sys
from peak_memory import memory_of_tree
start = memory_of_tree(os.getpid())
block = mmap.mmap(-1, 48 << 20)  # anonymous and shared
block[:] = bytes([1]) * len(block)
alone = memory_of_tree(os.getpid())
told, tell = os.pipe()
wait, end = os.pipe()
if os.fork() == 0:
    os.close(end)
    sum(block[:: mmap.PAGESIZE])
    os.write(tell, b"!")
    os.read(wait, 1)
    os._exit(0)
os.close(wait)
os.read(told, 1)
together = memory_of_tree(os.getpid())
os.close(end)
os.wait()
print(alone - start, together - start)
"""


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("peak_memory", FOLDER / "peak_memory.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def no_idle_workers():
    """End joblib's workers of earlier tests: one that ends by itself takes its memory away."""
    get_reusable_executor().shutdown(wait=True)


def _wait_for(peak, megabytes):
    """Wait until so much has been seen, but not for ever."""
    deadline = time.monotonic() + 30
    while peak.megabytes < megabytes and time.monotonic() < deadline:
        time.sleep(0.01)


def test_peak_outlives_the_memory(module):
    with module.PeakMemory() as peak:
        block = bytearray(b"x") * (48 << 20)
        _wait_for(peak, 40)
        del block
    assert 40 < peak.megabytes < 80
    assert peak.most == peak.before + peak.megabytes


@pytest.mark.parametrize("code", [CHILD, GRANDPARENT])
def test_descendants_count(module, code):
    with module.PeakMemory() as peak:
        command = [sys.executable, "-c", code]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout.readline() == "taken\n"
            _wait_for(peak, 48)
            child.communicate()
    assert 48 < peak.megabytes < 90


def test_shared_memory_counts_once():
    command = [sys.executable, "-c", SHARING]
    result = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True)
    alone, together = map(float, result.stdout.split())
    assert alone == pytest.approx(48, abs=4)
    assert together == pytest.approx(48, abs=8)


def test_mapped_files_do_not_count(module, tmp_path):
    path = tmp_path / "corpus"
    path.write_bytes(bytes(48 << 20))
    with (
        module.PeakMemory() as peak,
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as block,
    ):
        assert sum(block[i] for i in range(0, len(block), mmap.PAGESIZE)) == 0
        time.sleep(0.2)
    assert peak.megabytes < 20


def test_a_vanished_process_has_nothing(module):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert module.children(child.pid) == []
    assert module.memory_of_tree(child.pid) == 0
    assert module.read_fields(child.pid, "smaps_rollup", ("Pss_Anon",)) == 0
