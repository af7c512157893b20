"""From scikit-learn's `random_state` to a torch generator."""

import numpy as np
import torch
from sklearn.utils import check_random_state


def check_generator(random_state, device="cpu"):
    """Turn `random_state` into a seeded torch generator.

    Parameters
    ----------
    random_state : None, int or RandomState instance
        As everywhere in scikit-learn: None draws the seed from numpy's global state, an int is
        reproducible, a RandomState is advanced by one draw.

    device : torch.device or str, default="cpu"
        Device of the generator. Numbers differ between kinds of devices.

    Returns
    -------
    generator : torch.Generator
        A new generator.

    Raises
    ------
    ValueError
        If `random_state` is none of the above.

    Examples
    --------
    >>> import torch
    >>> from skxling.utils import check_generator
    >>> torch.equal(
    ...     torch.rand(3, generator=check_generator(0)), torch.rand(3, generator=check_generator(0))
    ... )
    True
    """
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return torch.Generator(device=device).manual_seed(int(seed))
