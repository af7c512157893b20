"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

collect_ignore = ["support"]  # to be imported once, by the tests that want it

# Tests are small: threads gain nothing, and where other programs want the cores as well they
# spin and make the suite many times slower. Set before numpy and torch are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def data_dir():
    """Folder of the real data, named by the environment variable SKXLING_DATA."""
    folder = os.environ.get("SKXLING_DATA")
    if folder is None:
        pytest.skip("SKXLING_DATA names no folder of real data")
    if not Path(folder).is_dir():
        pytest.skip(f"SKXLING_DATA={folder!r} is no folder")
    return Path(folder)


@pytest.fixture(params=["simulated", "cuda"])
def device(request):
    """A device other than the CPU."""
    import torch

    if request.param == "cuda":
        if not torch.cuda.is_available():
            pytest.skip("torch sees no CUDA device")
        yield torch.device("cuda", 0)
    else:
        reason = "this torch cannot simulate a device"
        simulated = pytest.importorskip("simulated_device", reason=reason, exc_type=ImportError)
        with simulated.simulate() as device:
            yield device
            assert simulated.n_operations() > 0, "nothing was computed on the device"


class Recorder:
    """Callback that notes the tasks it sees, those of sub-estimators too, and may end a fit.

    Parameters
    ----------
    task_name : str, default=None
        Name of the tasks to look at.

    stop_from : int, default=None
        End the fit where so many tasks of this name are done, and at each one after that.

    look : callable, default=None
        Called with the fitted estimator at the end of each task of this name.

    Attributes
    ----------
    tasks : list of (str, str)
        Names of estimator and task of every task, in the order in which they end.

    looks : list
        What `look` has given.

    n_torn_down : int
        How often it was told that all is over.
    """

    max_propagation_depth = None

    def __init__(self, task_name=None, *, stop_from=None, look=None):
        self.task_name, self.stop_from, self.look = task_name, stop_from, look
        self.tasks, self.looks, self.n_torn_down = [], [], 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.n_torn_down += 1

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.tasks.append((context.estimator_name, context.task_name))
        if self.task_name is None or context.task_name != self.task_name:
            return False
        if self.look is not None:
            self.looks.append(self.look(fitted_estimator))
        n_done = [task_name for _, task_name in self.tasks].count(self.task_name)
        return self.stop_from is not None and n_done >= self.stop_from


@pytest.fixture(scope="session")
def make_recorder():
    """Class of a callback that notes tasks, looks at estimators, and ends fits."""
    return Recorder
