"""On another device every function gives what it gives on the CPU, to rounding."""

import inspect

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from skxling import functional as F


def _rows(n_rows, n_components, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_components, generator=generator, dtype=torch.float64)


def _product(maps):
    return maps.mapping @ maps.target_mapping.T


def _pairs(X):
    return torch.arange(50, device=X.device), torch.arange(50, device=X.device).flip(0)


def _chain(X, W):
    """Scores of 30 sequences of ten tokens, some of them shorter."""
    lengths = 1 + torch.arange(30, device=X.device)[:, None] % 10
    mask = torch.arange(10, device=X.device) < lengths
    return X.view(30, 10, 8), mask, W, W[0], W[1]


def _discriminator(X):
    """One that knows nothing yet, and is the same everywhere."""
    layers = F.random_discriminator(8, 16, generator=torch.Generator().manual_seed(0))
    return type(layers)(*(layer.to(X) for layer in layers))


X, Y = _rows(300, 8, seed=0), _rows(2000, 8, seed=1)
W = _rows(8, 8, seed=2)
CALLS = {
    "nearest_neighbors": lambda X, Y, W: F.nearest_neighbors(X, Y, 10),
    "nearest_neighbors, all of them equal": lambda X, Y, W: F.nearest_neighbors(
        X.float(), Y[:5].float().repeat(100, 1), 3, memory_budget=2**16
    ),
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
    "l1_rotation": lambda X, Y, W: F.l1_rotation(X, Y[:300], max_iter=5),
    "generalized_procrustes": lambda X, Y, W: F.generalized_procrustes([X, Y[:300], X @ W]).losses,
    "canonical_correlation": lambda X, Y, W: _product(F.canonical_correlation(X, Y[:300])),
    "largest_products": lambda X, Y, W: F.largest_products(X, Y, 5, penalty=Y[:, 0]),
    "query_statistics": lambda X, Y, W: F.query_statistics(X, Y, retrieval="margin"),
    "rate_translations": lambda X, Y, W: F.rate_translations(X, Y),
    "induce_pairs": lambda X, Y, W: F.induce_pairs(X, Y, induction="both")[:2],
    "refine_pairs": lambda X, Y, W: F.refine_pairs(X, X @ W, *_pairs(X), max_iter=2),
    "retrofit_pairs": lambda X, Y, W: F.retrofit_pairs(X, Y, torch.stack(_pairs(X), 1)),
    "similarity_distributions": lambda X, Y, W: F.similarity_distributions(X),
    "sinkhorn": lambda X, Y, W: F.sinkhorn(X @ X.T),
    "matching_step": lambda X, Y, W: F.matching_step(W, X, Y[:300]),
    "relaxed_matching": lambda X, Y, W: F.relaxed_matching(X, X @ W, max_iter=2),
    "orthogonality_step": lambda X, Y, W: F.orthogonality_step(W / 10),
    "adversarial_step": lambda X, Y, W: F.adversarial_step(
        W, _discriminator(X), X, Y, learning_rate=0.1
    ),
    "discriminate": lambda X, Y, W: F.discriminate(_discriminator(X), X),
    "crf_path_score": lambda X, Y, W: F.crf_path_score(
        _chain(X, W)[0], torch.arange(300, device=X.device).view(30, 10) % 8, *_chain(X, W)[1:]
    ),
    "pair_scores": lambda X, Y, W: F.pair_scores(
        (X @ X.T)[:, :5], F.retrieval_statistics(X, X), retrieval="cosine"
    ),
    "translation_nearness": lambda X, Y, W: F.translation_nearness(
        X, X @ W, torch.arange(300, device=X.device)
    ),
    "top_directions": lambda X, Y, W: F.top_directions(X, 2).abs(),
    "gram_spectrum": lambda X, Y, W: F.gram_spectrum(X).values,
    "row_mean": lambda X, Y, W: F.row_mean(X, sample_weight=Y[:300, 0].abs()),
    "unit_rows": lambda X, Y, W: F.unit_rows(X),
    "apply_normalization": lambda X, Y, W: F.apply_normalization(
        Y, ("unit", "center"), F.fit_normalization(X, ("unit", "center"))[1]
    ),
    "undo_normalization": lambda X, Y, W: F.undo_normalization(
        Y, ("center",), F.fit_normalization(X, ("center",))[1]
    ),
    "crf_log_partition": lambda X, Y, W: F.crf_log_partition(*_chain(X, W)),
    "crf_marginals": lambda X, Y, W: F.crf_marginals(*_chain(X, W)),
    "crf_viterbi": lambda X, Y, W: F.crf_viterbi(*_chain(X, W)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_device_equals_the_cpu(name, device):
    on_cpu = CALLS[name](X, Y, W)
    on_device = CALLS[name](*(side.to(device) for side in (X, Y, W)))
    found = [leaf for leaf in tree_leaves(on_device) if isinstance(leaf, torch.Tensor)]
    assert found
    assert {leaf.device for leaf in found} == {device}
    on_device = tree_map_only(torch.Tensor, torch.Tensor.cpu, on_device)
    torch.testing.assert_close(tree_leaves(on_device), tree_leaves(on_cpu))


def test_every_function_is_among_them():
    functions = {name for name in F.__all__ if inspect.isfunction(getattr(F, name))}
    within = {"retrieval_statistics", "inverted_softmax_normalizers"}  # calls of others
    drawn = {"random_discriminator"}  # by a generator, whose numbers differ between devices
    assert functions - within - drawn <= {name.split(",")[0] for name in CALLS}
