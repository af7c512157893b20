"""Mathematics in torch: tensors in, tensors out, inputs never written to."""

from skxling.functional.neighbors import (
    Neighbors,
    csls_neighbors,
    largest_products,
    mutual_neighbors,
    nearest_neighbors,
    neighborhood_means,
)
from skxling.functional.normalization import (
    apply_normalization,
    fit_normalization,
    row_mean,
    undo_normalization,
    unit_rows,
)
from skxling.functional.procrustes import Procrustes, orthogonal_procrustes, project_spectral
from skxling.functional.rcsls import RCSLS, rcsls_loss

__all__ = [
    "RCSLS",
    "Neighbors",
    "Procrustes",
    "apply_normalization",
    "csls_neighbors",
    "fit_normalization",
    "largest_products",
    "mutual_neighbors",
    "nearest_neighbors",
    "neighborhood_means",
    "orthogonal_procrustes",
    "project_spectral",
    "rcsls_loss",
    "row_mean",
    "undo_normalization",
    "unit_rows",
]
