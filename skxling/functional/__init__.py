"""Mathematics in torch: tensors in, tensors out, inputs never written to."""

from skxling.functional.adversarial import (
    Adversaries,
    Discriminator,
    adversarial_step,
    discriminate,
    orthogonality_step,
    random_discriminator,
)
from skxling.functional.crf import (
    Viterbi,
    crf_log_partition,
    crf_marginals,
    crf_path_score,
    crf_viterbi,
)
from skxling.functional.generalized_procrustes import (
    GeneralizedProcrustes,
    generalized_procrustes,
)
from skxling.functional.geometric import geometric_mapping
from skxling.functional.hubness import count_occurrences, skewness
from skxling.functional.induction import (
    induce_pairs,
    refine_pairs,
    similarity_distributions,
)
from skxling.functional.isomorphism import (
    bottleneck_distance,
    cosine_correlation,
    laplacian_spectrum,
    spanning_tree_lengths,
)
from skxling.functional.l1 import L1Rotation, l1_rotation
from skxling.functional.least_squares import least_squares
from skxling.functional.multistep import TwoSided, canonical_correlation, multistep_mapping
from skxling.functional.neighbors import (
    NeighborhoodMeans,
    largest_products,
    mutual_neighborhood_means,
    nearest_neighbors,
    neighborhood_means,
)
from skxling.functional.normalization import (
    apply_normalization,
    fit_normalization,
    row_mean,
    spectral_clipping,
    top_directions,
    undo_normalization,
    unit_rows,
)
from skxling.functional.procrustes import Procrustes, orthogonal_procrustes, project_spectral
from skxling.functional.rating import Translations, rate_translations, translation_nearness
from skxling.functional.rcsls import RCSLS, rcsls_loss
from skxling.functional.retrieval import (
    RETRIEVALS,
    RetrievalStatistics,
    mutual_neighbors,
    pair_scores,
    query_statistics,
    retrieval_statistics,
    retrieve,
)
from skxling.functional.retrofit import retrofit_pairs
from skxling.functional.similarity import (
    csls_neighbors,
    inverted_softmax_neighbors,
    inverted_softmax_normalizers,
    margin_neighbors,
)
from skxling.functional.top_k import Neighbors
from skxling.functional.transport import matching_step, relaxed_matching, sinkhorn
from skxling.functional.whitening import Spectrum, gram_product, gram_spectrum

__all__ = [
    "RCSLS",
    "RETRIEVALS",
    "Adversaries",
    "Discriminator",
    "GeneralizedProcrustes",
    "L1Rotation",
    "NeighborhoodMeans",
    "Neighbors",
    "Procrustes",
    "RetrievalStatistics",
    "Spectrum",
    "Translations",
    "TwoSided",
    "Viterbi",
    "adversarial_step",
    "apply_normalization",
    "bottleneck_distance",
    "canonical_correlation",
    "cosine_correlation",
    "count_occurrences",
    "crf_log_partition",
    "crf_marginals",
    "crf_path_score",
    "crf_viterbi",
    "csls_neighbors",
    "discriminate",
    "fit_normalization",
    "generalized_procrustes",
    "geometric_mapping",
    "gram_product",
    "gram_spectrum",
    "induce_pairs",
    "inverted_softmax_neighbors",
    "inverted_softmax_normalizers",
    "l1_rotation",
    "laplacian_spectrum",
    "largest_products",
    "least_squares",
    "margin_neighbors",
    "matching_step",
    "multistep_mapping",
    "mutual_neighborhood_means",
    "mutual_neighbors",
    "nearest_neighbors",
    "neighborhood_means",
    "orthogonal_procrustes",
    "orthogonality_step",
    "pair_scores",
    "project_spectral",
    "query_statistics",
    "random_discriminator",
    "rate_translations",
    "rcsls_loss",
    "refine_pairs",
    "relaxed_matching",
    "retrieval_statistics",
    "retrieve",
    "retrofit_pairs",
    "row_mean",
    "similarity_distributions",
    "sinkhorn",
    "skewness",
    "spanning_tree_lengths",
    "spectral_clipping",
    "top_directions",
    "translation_nearness",
    "undo_normalization",
    "unit_rows",
]
