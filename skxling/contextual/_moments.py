"""Fitting aligners on more pairs than fit into memory: by their second moments."""

import numpy as np
from sklearn.base import clone

from skxling.alignment import CCAAligner, LinearAligner, MultistepAligner, ProcrustesAligner
from skxling.alignment._space_normalizer import SpaceNormalizer, as_steps

# Their maps depend on the pairs through X'X, X'Y and Y'Y alone.
BY_MOMENTS = (ProcrustesAligner, LinearAligner, CCAAligner, MultistepAligner)


def normalize_rows(rows, steps, means):
    """Do the steps "unit" and "center", with means that are known."""
    means = iter(means)
    for step in steps:
        if step == "center":
            rows = rows - next(means)
        else:
            norms = np.linalg.norm(rows, axis=1, keepdims=True)
            rows = rows / np.where(norms == 0, 1, norms)
    return rows


class MomentsFit:
    """Fit an aligner on a stream of pairs without keeping any.

    The steps of `normalize` need means of the stream: one pass for each "center" that another
    step follows, and one more for the moments, which give the mean of a last "center" too. From
    the moments as many rows are made as both sides have features together; their moments are
    those of the stream, and so the aligner's map is the one of the stream.

    Parameters
    ----------
    aligner : aligner
        One that `can_fit` accepts; cloned.
    """

    def __init__(self, aligner):
        self.aligner = clone(aligner)
        self.steps = as_steps(aligner.normalize, "normalize")
        centers = [i for i, step in enumerate(self.steps) if step == "center"]
        self._inner = [i for i in centers if i < len(self.steps) - 1]
        self._means = []  # of both sides, one for each "center" that is known
        self._start_pass()

    @staticmethod
    def can_fit(aligner):
        """Tell whether an aligner's map depends on the moments of the normalised pairs alone."""
        is_known = type(aligner) in BY_MOMENTS and isinstance(aligner.normalize, (tuple, list))
        return is_known and all(
            isinstance(step, str) and step in ("unit", "center") for step in aligner.normalize
        )

    @property
    def n_passes(self):
        """Number of times that the whole stream is to be added."""
        return len(self._inner) + 1

    def _start_pass(self):
        self._n_rows, self._sums, self._products = 0, None, None

    def add(self, X, Y):
        """Take in the pairs of a block.

        Parameters
        ----------
        X, Y : ndarray of shape (n_pairs, d_source), (n_pairs, d_target)
        """
        i = len(self._means)
        is_last = i == len(self._inner)
        steps = self._steps_before() if is_last else self.steps[: self._inner[i]]
        sides = [
            normalize_rows(side.astype(np.float64), steps, [means[s] for means in self._means])
            for s, side in enumerate((X, Y))
        ]
        rows = np.hstack(sides)  # (n, d_source + d_target)
        if self._sums is None:
            self._d_source = X.shape[1]
            self._sums = np.zeros(rows.shape[1])
            self._products = np.zeros((rows.shape[1], rows.shape[1])) if is_last else None
        self._n_rows += len(rows)
        self._sums += rows.sum(axis=0)
        if is_last:
            self._products += rows.T @ rows

    def end_pass(self):
        """Note the mean of a pass that was not the last."""
        self._means.append(self._split(self._sums / self._n_rows))
        self._start_pass()

    def finish(self):
        """Fit the aligner.

        Returns
        -------
        aligner : aligner
            Fitted, as on all the pairs.
        """
        products = self._products
        if self.steps and self.steps[-1] == "center":
            mean = self._sums / self._n_rows
            products = products - self._n_rows * np.outer(mean, mean)
            self._means.append(self._split(mean))
        values, vectors = np.linalg.eigh(products)
        rows = np.sqrt(values.clip(min=0))[:, None] * vectors.T
        X, Y = self._split(rows, axis=1)
        normalize = self.aligner.normalize
        self.aligner.set_params(normalize=()).fit(X, Y)
        self.aligner.set_params(normalize=normalize)
        for s, (name, side) in enumerate((("source", X), ("target", Y))):
            normalizer = self._make_normalizer(side, [means[s] for means in self._means])
            setattr(self.aligner, f"{name}_normalizer_", normalizer)
        return self.aligner

    def _steps_before(self):
        """List the steps before the moments are taken: all, but for a "center" at the end."""
        return self.steps[:-1] if self.steps and self.steps[-1] == "center" else self.steps

    def _split(self, array, axis=0):
        return np.split(array, [self._d_source], axis=axis)

    def _make_normalizer(self, rows, means):
        """Give the fitted steps of a side."""
        normalizer = SpaceNormalizer(tuple(self.steps), device=self.aligner.device).fit(rows)
        means = iter(means)
        for name, step in zip(self.steps, normalizer.steps_, strict=True):
            if name == "center":
                step.means_ = next(means)[None]
        return normalizer


class RowsFit:
    """Fit an aligner on a stream of pairs by keeping them.

    Parameters
    ----------
    aligner : aligner
        Any; cloned.
    """

    n_passes = 1

    def __init__(self, aligner):
        self.aligner = clone(aligner)
        self._blocks = []

    def add(self, X, Y):
        """Keep the pairs of a block."""
        self._blocks.append((X, Y))

    def finish(self):
        """Fit the aligner."""
        X, Y = (np.concatenate(side) for side in zip(*self._blocks, strict=True))
        self._blocks.clear()
        return self.aligner.fit(X, Y)


def make_fit(aligner):
    """Choose how an aligner is fitted on a stream: by moments where these suffice."""
    return MomentsFit(aligner) if MomentsFit.can_fit(aligner) else RowsFit(aligner)


def fit_layers(aligner, gen_blocks):
    """Fit an aligner for each layer on a stream of pairs, in as many passes as it needs.

    Parameters
    ----------
    aligner : aligner
        Cloned for each layer.

    gen_blocks : callable
        Starts a pass: gives an iterator over the source and target rows of blocks of pairs, each
        an array of shape (n_layers, n_pairs, d).

    Returns
    -------
    aligners : list of aligner
        Fitted, one for each layer; none where there are no pairs.

    n_pairs : int
        Number of pairs that they were fitted on.
    """
    fits, n_passes = [], make_fit(aligner).n_passes
    for i in range(n_passes):
        n_pairs = 0
        for source, target in gen_blocks():
            fits = fits or [make_fit(aligner) for _ in source]
            for fit, rows, columns in zip(fits, source, target, strict=True):
                fit.add(rows, columns)
            n_pairs += source.shape[1]
        if i < n_passes - 1:
            for fit in fits:
                fit.end_pass()
    return [fit.finish() for fit in fits], n_pairs
