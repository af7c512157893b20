"""A round of self-learning, and whether another one follows."""

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from skxling.functional import induce_pairs, unit_rows
from skxling.utils import resolve_device, to_numpy, to_tensor, warn_user


def find_pairs(learner, aligner, source, target, keep_probability=1.0, generator=None):
    """Pair the frequent words that are near each other under an aligner.

    Parameters
    ----------
    learner : SelfLearningAligner
        Its parameters say which words, and which of them make a pair.

    aligner : BaseAligner or None
        The aligner of the last round; None takes the spaces as they are.

    source, target : ndarray of shape (n_words, n_features)
        The two spaces.

    keep_probability : float, default=1.0
        With which the similarity of two words is seen.

    generator : torch.Generator, default=None
        Draws what is seen.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2), int64
        Rows of either space.

    similarity : float
        Sum of the pairs' cosines, over the number of words that could have been paired.
    """
    source, target = source[: learner.n_frequent], target[: learner.n_frequent]
    n_pairable = min(len(source), len(target))
    if aligner is not None:
        source = np.asarray(aligner.transform(source))
        target = aligner.transform_target(target)
    device = resolve_device(learner.device)
    source, target = (unit_rows(to_tensor(side, device=device)) for side in (source, target))
    rows, columns = induce_pairs(
        source,
        target,
        induction=learner.induction,
        retrieval=learner.retrieval,
        n_neighbors=learner.n_neighbors,
        temperature=learner.temperature,
        keep_probability=keep_probability,
        generator=generator,
    )
    similarity = (source[rows] * target[columns]).sum().item()
    n_words = n_pairable if learner.induction == "mutual" else len(rows)
    return to_numpy(torch.stack([rows, columns], dim=1)), similarity / n_words


class Progress:
    """How similar the pairs of each round are, and what follows from that for the next round.

    Parameters
    ----------
    aligner : SelfLearningAligner
        Whose parameters say when similarities have stalled, and what to do then.

    Attributes
    ----------
    similarities : list of float
        Of each round so far.

    keep : float
        Keep probability of the next round.

    last_keep : float
        That of the last round.
    """

    def __init__(self, aligner):
        self.similarities, self.keep = [], aligner.keep_probability
        self.last_keep = self.keep
        self._n_before = 0  # rounds with another keep probability than the present one
        self._aligner = aligner

    def add(self, similarity):
        """Note the similarity of a round."""
        self.similarities.append(similarity)
        self.last_keep = self.keep

    def is_over(self):
        """Whether to stop; otherwise let the keep probability grow where it is time to."""
        if not self._has_stalled():
            return False
        if self.keep == 1:
            return self._aligner.tol is not None
        self.keep = min(1.0, self.keep * self._aligner.keep_growth)
        self._n_before = len(self.similarities)
        return False

    def warn_unless_over(self):
        """Warn where rounds are at an end, but not all similarities have been seen."""
        if self.last_keep < 1:
            warn_user(
                f"After max_iter={self._aligner.max_iter} rounds the keep probability is still "
                f"{self.last_keep:.3g}, so that the pairs are random in part. Raise `max_iter`, "
                "`keep_growth` or `tol`, or lower `n_iter_no_change`.",
                ConvergenceWarning,
            )

    def _has_stalled(self):
        recent, n_last = self.similarities[self._n_before :], self._aligner.n_iter_no_change
        if self._aligner.tol is None or len(recent) <= n_last:
            return self._aligner.tol is None and len(recent) >= n_last
        return max(recent[-n_last:]) - max(recent[:-n_last]) < self._aligner.tol
