"""Draw the next read while the present one is learned from."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import torch


def side_stream(device):
    """Make a stream to draw reads on; None for a device that has none."""
    return torch.cuda.Stream(device) if device.type == "cuda" else None


def prefetched(reads, stream):
    """Go through an iterator one step ahead, on a CUDA device by a stream of its own.

    To draw a read, the host has to wait for the device a few times. Another thread and another
    stream do that beside the training. On the CPU nothing is gained: there both would share the
    same cores.

    Parameters
    ----------
    reads : iterator of nested tuples and lists of tensors
        What is drawn.

    stream : torch.cuda.Stream or None
        Where they are drawn, the same one in every epoch: memory is kept for each stream. None
        is for the CPU.

    Returns
    -------
    reads : iterator
        The same reads, in order.
    """
    return reads if stream is None else _ahead(reads, stream)


def _ahead(reads, stream):
    """One step ahead in another thread; `stream` None is for the CPU."""

    def draw():
        with torch.cuda.stream(stream) if stream else nullcontext():
            read = next(reads, None)
            return read, stream.record_event() if stream else None

    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(draw)
        while True:
            read, drawn = coming.result()
            if read is None:
                return
            coming = thread.submit(draw)
            if stream:
                training = torch.cuda.current_stream(stream.device)
                drawn.wait(training)  # the training's stream waits, the host does not
                for tensor in _tensors(read):
                    tensor.record_stream(training)
            yield read


def _tensors(value):
    """All CUDA tensors in nested tuples and lists."""
    if isinstance(value, torch.Tensor):
        if value.is_cuda:
            yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
