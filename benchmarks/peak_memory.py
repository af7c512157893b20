"""How much memory a piece of work takes, worker processes included. Linux alone."""

import os
import re
import threading
from pathlib import Path


class PeakMemory:
    """Peak of the memory that belongs to no file, of a process and its descendants.

    It is looked at 20 times a second. Mapped pages of a corpus do not count: they belong to a file.
    Memory that several processes share counts once: each has its proportional share of a page
    (`Pss` of /proc/PID/smaps_rollup). A process without children has nothing to share, and for it
    the kernel's own counters do (`RssAnon` and `RssShmem` of /proc/PID/status), which are cheaper.

    Only what this process held at the beginning can be taken away. A child that starts later counts
    from its first byte, its imports included; one that ran at the beginning is in `before`.

    Attributes
    ----------
    before : float
        Megabytes (2**20 bytes) at the beginning; nan, as all the others then, where the kernel
        does not tell them.

    most : float
        Megabytes at the peak.

    megabytes : float
        The peak above the beginning.
    """

    def __enter__(self):
        # some kernels do not tell, and then nobody knows
        self.before = self.most = memory_of_tree(os.getpid()) or float("nan")
        self.done = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()
        return self

    def _watch(self):
        while not self.done.wait(0.05):
            self.most = max(self.most, memory_of_tree(os.getpid()))

    def __exit__(self, *exc_info):
        self.done.set()
        self.watcher.join()

    @property
    def megabytes(self):
        return self.most - self.before


def memory_of_tree(pid):
    """Megabytes of a process and its descendants; one that vanishes meanwhile has none."""
    processes = [pid]
    for process in processes:  # grows while it is gone through
        processes += children(process)
    if len(processes) == 1:
        return read_fields(pid, "status", ("RssAnon", "RssShmem"))
    fields = ("Pss_Anon", "Pss_Shmem")
    return sum(read_fields(process, "smaps_rollup", fields) for process in processes)


def children(pid):
    """Numbers of the processes that a process has started, by whichever of its threads."""
    found = []
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it is gone
        return found
    for thread in threads:
        try:
            found += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue
    return found


def read_fields(pid, file, names):
    """Sum of some lines of a file of /proc, in megabytes; 0 where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0.0
    sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE))
    return sum(int(sizes.get(name, 0)) for name in names) / 1024
