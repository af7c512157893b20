"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

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
