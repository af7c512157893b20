"""One training in several processes: shards of the corpus, tables averaged now and then."""

import atexit
import math
import os

import torch
import torch.distributed as dist

READS_PER_AVERAGE = 16  # of each process


class World:
    """The processes that train together.

    Parameters
    ----------
    is_distributed : bool
        Whether there may be more than this process: those of the process group of
        torch.distributed, which is made of torchrun's environment variables where there is none.

    device : torch.device
        Where the tables are. "cuda" without an index is, under torchrun, the device of the
        process's number on its machine.

    Attributes
    ----------
    device : torch.device
        Where the tables are.

    rank, size : int
        Number of this process, and of all processes.
    """

    def __init__(self, is_distributed, device):
        self.device, self.rank, self.size = device, 0, 1
        if is_distributed:
            self.device = device = _own_device(device)
            _join_group(device)
            self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def mean(self, value):
        """Mean of a number over the processes that have one: NaN where none has."""
        pair = [0.0, 0.0] if math.isnan(value) else [value, 1.0]
        sums = torch.tensor(pair, dtype=torch.float64, device=self.device)
        if self.size > 1:
            dist.all_reduce(sums)
        return float(sums[0] / sums[1])

    def any(self, flag):
        """Whether it is so in any of the processes."""
        return self.mean(float(bool(flag))) > 0

    def first(self, value):
        """Integer of the first process."""
        values = torch.tensor(value, device=self.device)
        if self.size > 1:
            dist.broadcast(values, src=0)
        return int(values)


class SharedTables:
    """Tables that each process trains on its shard, and that are averaged every so often.

    The mean over `n` processes holds an `n`-th of what each has learned. So each is to learn at `n`
    times the rate: then the mean moves as one process would that reads all shards, but that each
    hears of the others' steps later.

    Parameters
    ----------
    world : World
        The processes.

    state : TrainingState
        The same tables in all processes. Changed in place.
    """

    def __init__(self, world, state):
        self.world, self._n_reads = world, 0
        self._tables = [state.words.rows, state.output] if world.size > 1 else []

    def average_if_due(self, state):
        """Count a read, and average where it is time; all processes call this equally often."""
        self._n_reads += 1
        if self._n_reads % READS_PER_AVERAGE == 0:
            self.average()

    def average(self):
        """Make the tables of all processes equal."""
        for table in self._tables:
            dist.all_reduce(table)
            table.div_(self.world.size)


def _own_device(device):
    """Give each process of a machine its CUDA device: no two can share one."""
    if device.type != "cuda" or device.index is not None or "LOCAL_RANK" not in os.environ:
        return device
    rank, n_devices = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if rank >= n_devices:
        raise ValueError(
            f"`distributed=True` has more processes on this machine than the {n_devices} CUDA "
            "device(s) that torch sees. Start fewer (--nproc-per-node), or set device='cpu'."
        )
    torch.cuda.set_device(rank)
    return torch.device("cuda", rank)


def _join_group(device):
    if not dist.is_available():
        raise RuntimeError("`distributed=True` needs torch.distributed, which this torch lacks.")
    if dist.is_initialized():
        return
    if "RANK" not in os.environ:
        raise RuntimeError(
            "`distributed=True` needs a group of processes. Start the program by torchrun, or call "
            "torch.distributed.init_process_group before."
        )
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    # a process that ends while the group's threads run is aborted now and then
    atexit.register(_leave_group)


def _leave_group():
    if dist.is_initialized():
        dist.destroy_process_group()
