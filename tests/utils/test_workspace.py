import platform
import subprocess
import sys
from pathlib import Path

import pytest

# Objects of more than 512 bytes come from the C library; those that are freed below one that is
# still in use stay with the process.
FREED = """
import re
from skxling.utils import release_memory

def megabytes():
    with open("/proc/self/status") as file:
        return int(re.search(r"RssAnon:\\s+(\\d+)", file.read())[1]) / 1024

start = megabytes()
objects = [bytes(600) for _ in range(100_000)]
pinned = bytes(600)
del objects
freed = megabytes()
release_memory()
print(freed - start, megabytes() - start, len(pinned))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone keeps what is freed")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_memory_below_what_is_in_use_is_given_back():
    command = [sys.executable, "-c", FREED]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    freed, released, _ = map(float, result.stdout.split())
    assert freed > 45  # of 60; otherwise there is nothing to release
    assert released < 15
