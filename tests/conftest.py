"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir():
    """Folder of the real data, named by the environment variable SKXLING_DATA."""
    folder = os.environ.get("SKXLING_DATA")
    if folder is None:
        pytest.skip("SKXLING_DATA names no folder of real data")
    if not Path(folder).is_dir():
        pytest.skip(f"SKXLING_DATA={folder!r} is no folder")
    return Path(folder)
