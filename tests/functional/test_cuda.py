"""On CUDA every function gives what it gives on the CPU, to rounding."""

import pytest
import torch

from skxling import functional as F

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


def _rows(n_rows, n_components, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_components, generator=generator, dtype=torch.float64)


def _product(maps):
    return maps.mapping @ maps.target_mapping.T


X, Y = _rows(300, 8, seed=0), _rows(2000, 8, seed=1)
W = _rows(8, 8, seed=2)
CALLS = {
    "nearest_neighbors": lambda X, Y, W: F.nearest_neighbors(X, Y, 10),
    "neighborhood_means": lambda X, Y, W: F.neighborhood_means(Y, X, 10),
    "csls_neighbors": lambda X, Y, W: F.csls_neighbors(
        X, Y, 5, candidate_means=F.neighborhood_means(Y, X, 10), memory_budget=2**20
    ),
    "mutual_neighbors": lambda X, Y, W: F.mutual_neighbors(X, Y),
    "mutual_neighborhood_means": lambda X, Y, W: F.mutual_neighborhood_means(X, Y, 10),
    "inverted_softmax_neighbors": lambda X, Y, W: F.inverted_softmax_neighbors(
        X, Y, 5, log_normalizers=F.inverted_softmax_normalizers(Y, X, 0.1), temperature=0.1
    ),
    "margin_neighbors": lambda X, Y, W: F.margin_neighbors(
        X,
        Y,
        5,
        query_means=F.neighborhood_means(X, Y, 4),
        candidate_means=F.neighborhood_means(Y, X, 4),
        memory_budget=2**20,
    ),
    "retrieve": lambda X, Y, W: F.retrieve(X, Y, 5, F.retrieval_statistics(X, Y)),
    "fit_normalization": lambda X, Y, W: F.fit_normalization(X, ("unit", "center", "unit")),
    "orthogonal_procrustes": lambda X, Y, W: F.orthogonal_procrustes(X, Y[:300], scale=True),
    "gram_product": lambda X, Y, W: F.gram_product(X, Y[:300]),
    "spectral_clipping": lambda X, Y, W: F.spectral_clipping(X, 0.9),
    "least_squares": lambda X, Y, W: F.least_squares(X, Y[:300], alpha=1.0),
    # singular vectors have arbitrary signs: what does not depend on them
    "multistep_mapping": lambda X, Y, W: _product(F.multistep_mapping(X, Y[:300])),
    "geometric_mapping": lambda X, Y, W: _product(
        F.geometric_mapping(X, Y, torch.arange(300, device=X.device).repeat(2, 1).T, alpha=1)
    ),
    "project_spectral": lambda X, Y, W: F.project_spectral(W),
    "laplacian_spectrum": lambda X, Y, W: F.laplacian_spectrum(X, 5),
    "spanning_tree_lengths": lambda X, Y, W: F.spanning_tree_lengths(Y),
    "bottleneck_distance": lambda X, Y, W: F.bottleneck_distance(X[:, 0].abs(), Y[:, 0].abs()),
    "cosine_correlation": lambda X, Y, W: F.cosine_correlation(X, X @ W + Y[:300]),
    "count_occurrences": lambda X, Y, W: F.count_occurrences(X, Y, 5),
    "skewness": lambda X, Y, W: F.skewness(X[:, 0]),
    "rcsls_loss": lambda X, Y, W: F.rcsls_loss(W, X[:50], Y[:50], X, Y),
}


@pytest.mark.parametrize("name", CALLS)
def test_cuda_equals_cpu(name):
    on_cpu = CALLS[name](X, Y, W)
    on_cuda = CALLS[name](X.cuda(), Y.cuda(), W.cuda())
    on_cpu, on_cuda = ([r] if isinstance(r, torch.Tensor) else r for r in (on_cpu, on_cuda))
    for expected, found in zip(on_cpu, on_cuda, strict=True):
        assert found.is_cuda
        torch.testing.assert_close(found.cpu(), expected)
