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

# Programs of their own: what earlier tests of this process have left may vanish at any time.

# takes memory and lets it go; prints the peak above the beginning, the peak, and the beginning
TAKING = """
import time
from peak_memory import PeakMemory
with PeakMemory() as peak:
    block = bytearray(b"x") * (48 << 20)
    deadline = time.monotonic() + 30
    while peak.megabytes < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    del block
print(peak.megabytes, peak.most, peak.before)
"""

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

# starts a program, and prints the peak of both above the beginning
STARTING = """
import subprocess, sys, time
from peak_memory import PeakMemory
with PeakMemory() as peak:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", sys.argv[1]], **pipes) as child:
        assert child.stdout.readline() == "taken\\n"
        deadline = time.monotonic() + 30
        while peak.megabytes < 48 and time.monotonic() < deadline:
            time.sleep(0.01)
        child.communicate()
print(peak.megabytes)
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


def run(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True)
    return list(map(float, result.stdout.split()))


def test_peak_outlives_the_memory():
    above, most, before = run(TAKING)
    assert 40 < above < 80
    assert most == pytest.approx(before + above)


@pytest.mark.parametrize("code", [CHILD, GRANDPARENT])
def test_descendants_count(code):
    (megabytes,) = run(STARTING, code)
    assert 48 < megabytes < 90


def test_shared_memory_counts_once():
    alone, together = run(SHARING)
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
