"""Helpers that every folder shares: devices, blocks, files, randomness, vectors, warnings."""

from skxling.utils._blocks import gen_blocks
from skxling.utils._device import own_memory, resolve_device, to_numpy, to_tensor
from skxling.utils._files import remove_leftovers, replacing
from skxling.utils._random import check_generator
from skxling.utils._vectors import as_vectors, as_words
from skxling.utils._warnings import warn_user
from skxling.utils._workspace import Workspace, empty, release_memory

__all__ = [
    "Workspace",
    "as_vectors",
    "as_words",
    "check_generator",
    "empty",
    "gen_blocks",
    "own_memory",
    "release_memory",
    "remove_leftovers",
    "replacing",
    "resolve_device",
    "to_numpy",
    "to_tensor",
    "warn_user",
]
