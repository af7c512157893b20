import numpy as np
import pytest
import torch
from sklearn.utils import check_random_state

from skxling.utils import check_generator


def _draw(random_state):
    return torch.rand(4, generator=check_generator(random_state)).tolist()


def test_int_is_reproducible_and_equals_its_random_state():
    assert _draw(3) == _draw(3) == _draw(np.random.RandomState(3))
    assert _draw(3) != _draw(4)


def test_random_state_advances():
    random_state = np.random.RandomState(0)
    assert _draw(random_state) != _draw(random_state)


def test_none_follows_numpys_global_state():
    numpys = check_random_state(None)
    state = numpys.get_state()
    try:
        numpys.seed(5)
        first, second = _draw(None), _draw(None)
        assert first != second
        assert first == _draw(5)
    finally:
        numpys.set_state(state)


def test_torchs_global_state_is_untouched():
    before = torch.get_rng_state()
    check_generator(0)
    assert torch.equal(before, torch.get_rng_state())


def test_bad_random_state():
    with pytest.raises(ValueError, match="cannot be used to seed"):
        check_generator("seed")
