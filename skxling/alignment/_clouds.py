"""Two clouds of vectors that nobody has paired, and linear maps between them."""

from copy import copy

import numpy as np
import torch

from skxling.alignment._linear_map import LinearMap
from skxling.functional import mutual_neighbors, rate_translations, translation_nearness
from skxling.utils import to_numpy, to_tensor


class Clouds:
    """Two clouds as they are, and normalised for the linear maps between them.

    Parameters
    ----------
    source, target : ndarray of shape (n_source, d_source) and (n_target, d_target)
        The two.

    normalize : tuple of str or transformer, or a transformer
        Steps done to either.

    device : str or torch.device
        Where the normalised ones are.

    Attributes
    ----------
    spaces : dict
        The clouds as they are, as keywords of an aligner's `fit`.

    source, target : Tensor of shape (n_source, d_source) and (n_target, d_target)
        The clouds normalised, in single precision.
    """

    def __init__(self, source, target, normalize, device):
        self.spaces = {"source_vectors": source, "target_vectors": target}
        self._linear = LinearMap(normalize, device)
        self.source, self.target = self._linear.normalize_clouds(source, target)

    def linear_map(self, mapping):
        """Give the aligner that maps by a matrix."""
        aligner = copy(self._linear)
        aligner.mapping_ = to_numpy(mapping)
        return aligner

    def identity(self):
        """Give the map that keeps as many components as both sides have."""
        return torch.eye(self.source.shape[1], self.target.shape[1], device=self.source.device)

    def random_rotation(self, generator):
        """Draw a map with orthonormal rows or columns, whichever are fewer."""
        long, short = sorted((self.source.shape[1], self.target.shape[1]), reverse=True)
        normal = torch.randn(long, short, generator=generator, device=generator.device)
        rotation = torch.linalg.qr(normal).Q.to(self.source.device)
        return rotation if self.source.shape[1] == long else rotation.T.contiguous()

    def rate(self, mapping, n_frequent):
        """Give the mean cosine of frequent words, mapped by a matrix, and their translations."""
        source, target = self.source[:n_frequent], self.target[:n_frequent]
        return rate_translations(source @ mapping, target).similarity.item()

    def rate_aligner(self, aligner, n_frequent):
        """Translate frequent words by an aligner, whose space may be another."""
        source, target = (space[:n_frequent] for space in self.spaces.values())
        sides = np.asarray(aligner.transform(source)), aligner.transform_target(target)
        return rate_translations(*(to_tensor(side, device=self.source.device) for side in sides))

    def rate_nearness(self, translations, n_frequent):
        """Give the share of translations that are nearer than words of their own language."""
        source, target = self.source[:n_frequent], self.target[:n_frequent]
        return translation_nearness(source, target, translations).item()

    def find_pairs(self, mapping, n_frequent):
        """Give both rows of words that a matrix makes each other's nearest."""
        pairs = mutual_neighbors(self.source[:n_frequent] @ mapping, self.target[:n_frequent])
        return [
            space[to_numpy(rows)] for space, rows in zip(self.spaces.values(), pairs, strict=True)
        ]
