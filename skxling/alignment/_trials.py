"""Whether the spaces determine what is found: what two trials have in common."""

from functools import cached_property
from typing import NamedTuple

import torch
from scipy.stats import binomtest
from sklearn.exceptions import ConvergenceWarning

from skxling.functional import fit_normalization, refine_pairs
from skxling.utils import to_tensor, warn_user

N_WORDS, N_ROUNDS = 5000, 10
CHANCE = 1e-3  # p-value below which agreement is no chance


class Agreement(NamedTuple):
    """How far two trials agree.

    Attributes
    ----------
    share : float
        Of their pairs, those that are common, from 0 to 1.

    p_value : float
        Of as many by chance.
    """

    share: float
    p_value: float

    def is_enough(self, least):
        """Whether the share is as large as this, and no chance."""
        return bool(self.share >= least and self.p_value < CHANCE)

    def warn(self, least, pairs, way_out):
        """Warn that it is not enough: of which pairs, and what may help."""
        asked = f"{least:.1%} are asked for"
        if self.share >= least:
            asked = f"{asked}; but of so few pairs as many may be the same by chance"
        warn_user(
            f"The map is probably useless: of the pairs that {pairs}, {self.share:.1%} are the "
            f"same, and {asked}. {way_out}; spaces of different shapes need pairs.",
            ConvergenceWarning,
        )


class Trials:
    """Rounds of a rotation and mutual neighbours among the frequent words of two spaces.

    They are of one kind whatever is fitted in the end, so that starts can be compared: ten rounds
    at most, among 5,000 words of either side, or all if these are fewer.

    Parameters
    ----------
    source, target : ndarray of shape (n_words, n_features)
        The two spaces.

    device : torch.device
        Where to compute.
    """

    def __init__(self, source, target, device):
        self._spaces, self._device, self._known = (source, target), device, {}

    def agreement(self, one, other):
        """Find out how many pairs trials from two starts have in common, and by chance.

        Two ways to match n words one to one that know nothing of each other have one pair in common
        on average, whatever n is: each pair of one is in the other with probability 1 / n. So few
        words may agree in a large share by chance, and one word, or words that are all alike, must.

        Parameters
        ----------
        one, other : ndarray of shape (n_pairs, 2), int64
            The starts, rows of either space.

        Returns
        -------
        agreement : Agreement
        """
        key = one.tobytes(), other.tobytes()
        if key not in self._known:
            one, other = self._try(one), self._try(other)
            n_common, n_pairs = int(torch.isin(one, other).sum()), min(len(one), len(other))
            chance = binomtest(n_common, n_pairs, p=1 / n_pairs, alternative="greater")
            share = 2 * n_common / (len(one) + len(other))
            self._known[key] = Agreement(share, float(chance.pvalue))
        return self._known[key]

    def _try(self, pairs):
        """Go on from some pairs, and give a number for each pair in the end."""
        start = to_tensor(pairs.copy(), device=self._device).T
        rows, columns = refine_pairs(*self._sides, *start, n_frequent=N_WORDS, max_iter=N_ROUNDS)
        return rows * N_WORDS + columns

    @cached_property
    def _sides(self):
        """Both spaces normalised, as :class:`ProcrustesAligner` has them."""
        return [
            fit_normalization(to_tensor(space, device=self._device), ("unit", "center", "unit"))[0]
            for space in self._spaces
        ]
