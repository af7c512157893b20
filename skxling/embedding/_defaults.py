"""What skip-gram takes where it is not told: how much at a time, and at which learning rate."""

from typing import NamedTuple

import numpy as np


class Pace(NamedTuple):
    """How much is learned from at a time.

    Attributes
    ----------
    chunk : int
        Tokens that step at once.

    n_shared : int
        Negatives that 64 neighbouring tokens share. The fewer, the longer and rarer the step of
        each; where a word's step moves all its relatives too, that costs quality.

    tokens_per_read : int
        Tokens of the corpus that are drawn at once, and after which what words have learned is
        handed to their n-grams. The latter costs about as much as learning from 60,000 tokens; the
        less often, the later n-grams learn.
    """

    chunk: int
    n_shared: int
    tokens_per_read: int


# Without n-grams small chunks cost no time on the CPU, and save memory. On a GPU a chunk takes as
# long as the host needs to start its operations, some 40, whatever its size, and a read likewise:
# there are to be few of them.
_PACES = {
    ("cpu", "words"): Pace(chunk=1024, n_shared=32, tokens_per_read=2**15),
    ("cpu", "n-grams"): Pace(chunk=2048, n_shared=64, tokens_per_read=2**17),
    ("gpu", "words"): Pace(chunk=8192, n_shared=32, tokens_per_read=2**18),
    ("gpu", "n-grams"): Pace(chunk=8192, n_shared=64, tokens_per_read=2**17),
}

# The more often a word comes by, the shorter its steps have to be: rates to start with times the
# mean occurrences of a word in all epochs, and the bounds of what was measured. A step of an n-gram
# is shared by many words.
_RATE_TIMES_OCCURRENCES = {"words": 21.0, "n-grams": 54.0}
_RATE_BOUNDS = {"words": (0.0125, 0.05), "n-grams": (0.05, 0.1)}


def default_pace(device, *, has_ngrams):
    """How much is learned from at a time.

    Parameters
    ----------
    device : torch.device
        Where.

    has_ngrams : bool
        Whether words are composed of n-grams.

    Returns
    -------
    pace : Pace
    """
    return _PACES["cpu" if device.type == "cpu" else "gpu", _kind(has_ngrams)]


def default_rate(occurrences, *, has_ngrams):
    """Learning rate to start with.

    Parameters
    ----------
    occurrences : float
        How often a word occurs on average, in all epochs.

    has_ngrams : bool
        Whether words are composed of n-grams.

    Returns
    -------
    rate : float
    """
    kind = _kind(has_ngrams)
    return float(np.clip(_RATE_TIMES_OCCURRENCES[kind] / occurrences, *_RATE_BOUNDS[kind]))


def _kind(has_ngrams):
    return "n-grams" if has_ngrams else "words"
