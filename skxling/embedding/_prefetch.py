"""Draw the next read while the present one is learned from."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import torch


def prefetched(reads, device):
    """Go through an iterator one step ahead, on a CUDA device by a stream of its own.

    To draw a read, the host has to wait for the device a few times. Another thread and another
    stream do that beside the training. On the CPU nothing is gained: there both would share the
    same cores.

    Parameters
    ----------
    reads : iterator of nested tuples and lists of tensors
        What is drawn.

    device : torch.device
        Where the tensors live.

    Returns
    -------
    reads : iterator
        The same reads, in order.
    """
    return _ahead(reads, torch.cuda.Stream(device)) if device.type == "cuda" else reads


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
                drawn.wait()  # the training's stream waits, the host does not
                for tensor in _tensors(read):
                    tensor.record_stream(torch.cuda.current_stream(stream.device))
            yield read


def _tensors(value):
    """All CUDA tensors in nested tuples and lists."""
    if isinstance(value, torch.Tensor):
        if value.is_cuda:
            yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
