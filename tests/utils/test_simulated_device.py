"""What the simulated device refuses, so that other tests can rely on it."""

import numpy as np
import pytest
import torch

from skxling.utils import to_numpy

simulated_device = pytest.importorskip(
    "simulated_device", reason="this torch cannot simulate a device", exc_type=ImportError
)


@pytest.fixture
def simulated():
    with simulated_device.simulate() as device:
        yield device


def test_it_counts_what_is_computed_on_it(simulated):
    rows = torch.ones(3).to(simulated)
    torch.ones(3).sum()
    assert simulated_device.n_operations() == 0
    rows.sum()
    assert simulated_device.n_operations() == 1


def test_it_computes_what_the_cpu_computes(simulated):
    rows = torch.arange(6.0, device=simulated).view(2, 3)
    rows[0].mul_(2)  # a view, in place
    assert (rows @ rows.T).device == simulated
    assert rows.tolist() == [[0, 2, 4], [3, 4, 5]]
    np.testing.assert_array_equal(to_numpy(rows.sum(1)), [6, 12])
    assert int(rows[:, 2].argmax()) == 1
    rows[torch.tensor([1])] = torch.tensor(7.0)  # indices and scalars may be of the CPU
    assert rows.sum() == 27


@pytest.mark.parametrize(
    "mix",
    [
        lambda here, there: here + there,
        lambda here, there: here @ there,
        lambda here, there: here.index_select(0, there.long()),
        lambda here, there: torch.mul(here, here, out=there),
        lambda here, there: here.index_put((torch.tensor([0]),), there[:1]),
        lambda here, there: there[here.long()],
    ],
)
def test_it_refuses_tensors_of_two_devices(mix, simulated):
    with pytest.raises(RuntimeError, match=r"tensors of two devices, .*,\) of cpu"):
        mix(torch.ones(2, device=simulated), torch.ones(2)[:2])


def test_it_refuses_generators_of_another_device(simulated):
    ours, other = torch.Generator(simulated), torch.Generator()
    assert (ours.device, other.device.type) == (simulated, "cpu")
    assert torch.rand(3, device=simulated, generator=ours.manual_seed(0)).device == simulated
    assert torch.rand(3, generator=other).device.type == "cpu"
    for generator, device in ((ours, "cpu"), (other, simulated)):
        with pytest.raises(RuntimeError, match="the generator is of another device"):
            torch.ones(3, device=device).bernoulli_(0.5, generator=generator)


@pytest.mark.parametrize("see", [np.asarray, lambda tensor: tensor.numpy()])
def test_numpy_does_not_see_it(see, simulated):
    with pytest.raises(TypeError, match="numpy sees no tensor of this device"):
        see(torch.ones(2, device=simulated))
