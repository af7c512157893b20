import threading

import pytest
import torch

from skxling.embedding._prefetch import _ahead, prefetched, side_stream


def count_to(n, drawn=None):
    for i in range(n):
        if drawn is not None:
            drawn.append(threading.get_ident())
        yield (torch.tensor(i), [torch.tensor(2 * i)])


def test_reads_come_in_order_from_another_thread():
    drawn = []
    reads = list(_ahead(count_to(5, drawn), None))
    assert [(int(a), int(b[0])) for a, b in reads] == [(i, 2 * i) for i in range(5)]
    assert set(drawn).isdisjoint({threading.get_ident()})


def test_an_error_in_drawing_reaches_the_loop():
    def reads():
        yield torch.tensor(0)
        raise ValueError("broken corpus")

    ahead = _ahead(reads(), None)
    assert next(ahead) == 0
    with pytest.raises(ValueError, match="broken corpus"):
        next(ahead)


def test_on_the_cpu_reads_are_not_drawn_ahead():
    drawn = []
    reads = prefetched(count_to(3, drawn), side_stream(torch.device("cpu")))
    next(reads)
    assert drawn == [threading.get_ident()]


@pytest.mark.parametrize("device", ["cuda"], indirect=True)
def test_reads_of_a_cuda_device_are_whole(device):
    def reads():
        for i in range(50):
            torch.cuda._sleep(1_000_000)  # what is drawn comes late,
            yield [torch.full((100_000,), i, device=device)]

    sums = []
    for (values,) in prefetched(reads(), side_stream(device)):
        torch.cuda._sleep(2_000_000)  # and is read later, when nobody holds it any more
        sums.append(values.sum())
        del values
    assert [int(total) for total in sums] == [100_000 * i for i in range(50)]
