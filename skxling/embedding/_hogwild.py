"""One training by several processes that write to the same tables, none waiting for another."""

import copy
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed

from skxling.embedding._training import TrainingState, train_epoch
from skxling.text import EncodedCorpus

MEMORY_FOLDER = "/dev/shm"  # what lies here is in memory


class Hogwild:
    """Workers that train the tables of one training at the same time.

    The tables are files that all of them map. Nothing is locked: a step may be lost where two
    workers change a row at the same instant, which is rare, since a step changes few rows of many
    [1]_. Which worker is ahead is another matter each time, and so is the result.

    As a context manager it gives `train_epoch`. At its end the tables are the state's own again,
    and the files are gone.

    Parameters
    ----------
    n_jobs : int
        Number of workers. They share the threads of this process between them.

    state : TrainingState
        The training, on the CPU. Its tables move to the files.

    stream : TokenStream
        The corpus. Of so many reads in a row, each worker draws one.

    References
    ----------
    .. [1] Recht, Re, Wright, Niu, "Hogwild!: A Lock-Free Approach to Parallelizing Stochastic
       Gradient Descent", NIPS 2011.
    """

    def __init__(self, n_jobs, state, stream):
        self.n_jobs, self.state, self.stream = n_jobs, state, stream

    def __enter__(self):
        with ExitStack() as stack:
            state, stream = self.state, copy.copy(self.stream)
            n_bytes = state.words.rows.nbytes + state.output.nbytes
            folders = [
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="skxling-", dir=dir_)))
                for dir_ in (_memory_folder(n_bytes), None)
            ]
            self.tables = [
                _to_file(state.words.rows.numpy(), folders[0] / "words"),
                _to_file(state.output.numpy(), folders[0] / "output"),
            ]
            state.words.rows, state.output = map(torch.from_numpy, self.tables)
            # the corpus may be larger than memory, and what it is mapped from has no name
            stream.corpus = EncodedCorpus(
                _to_file(stream.corpus.ids, folders[1] / "ids"),
                _to_file(stream.corpus.offsets, folders[1] / "offsets"),
            )
            if stream.prepare is not None:
                # words are lent for a read: together the workers hold back what one would
                n_tokens = stream.tokens_per_read // self.n_jobs
                stream.tokens_per_read = max(n_tokens, stream.tokens_per_chunk)
            self.stream = stream
            self.parallel = stack.enter_context(Parallel(self.n_jobs))
            self._stack = stack.pop_all()
        return self.train_epoch

    def __exit__(self, *exc_info):
        state = self.state
        state.words.rows, state.output = state.words.rows.clone(), state.output.clone()
        self._stack.close()

    def train_epoch(self, rate):
        """Learn from one pass over the corpus.

        Parameters
        ----------
        rate : callable
            Learning rate after so many tokens.

        Returns
        -------
        loss : float
            Mean of the workers' losses.
        """
        words, n_threads = copy.copy(self.state.words), torch.get_num_threads()
        words.rows = None  # a worker maps its own
        if self.stream.prepare is not None:
            self.stream.prepare = words.prepare  # which needs no rows
        setting = self.tables, rate, max(n_threads // self.n_jobs, 1)
        losses = self.parallel(
            delayed(_train_share)(copy.copy(words), self._share(i), *setting)
            for i in range(self.n_jobs)
        )
        torch.set_num_threads(n_threads)  # the workers were threads, if joblib was told so
        return float(np.nanmean(losses)) if not np.isnan(losses).all() else float("nan")

    def _share(self, i):
        """One worker's share of the corpus, which draws otherwise in each epoch."""
        share, number = copy.copy(self.stream), len(self.state.loss_curve) * self.n_jobs + i
        share.shard = i, self.n_jobs
        share.generator = torch.Generator().manual_seed(self.state.seed + 1 + number)
        return share


def _train_share(words, stream, tables, rate, n_threads):
    """Learn from one worker's share of the corpus."""
    torch.set_num_threads(n_threads)
    words.rows, output = map(torch.from_numpy, tables)
    generator = stream.generator
    state = TrainingState(generator.initial_seed(), words, output, generator)
    return train_epoch(state, stream.reads(), rate=rate)


def _to_file(array, path):
    """Copy an array to a file, and map it."""
    array.tofile(path)  # where the disk is full this says so; writing to a map would end Python
    return np.memmap(path, array.dtype, mode="r+", shape=array.shape)


def _memory_folder(n_bytes):
    """Where files are memory, if there is room; None for where files usually are."""
    try:
        roomy = shutil.disk_usage(MEMORY_FOLDER).free > 2 * n_bytes
    except OSError:
        roomy = False
    return MEMORY_FOLDER if roomy else None
