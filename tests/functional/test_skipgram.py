import numpy as np
import pytest
import torch

from skxling.functional.skipgram import (
    context_blocks,
    pair_weights,
    skipgram_gradients,
    skipgram_loss,
    skipgram_scores,
)

BLOCK, WINDOW, N_SHARED, NEGATIVE, D = 4, 2, 3, 5.0, 6


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def chunk():
    rng = np.random.default_rng(0)
    n_tokens = 3 * BLOCK
    tokens = torch.from_numpy(rng.integers(0, 7, n_tokens + 2 * WINDOW))
    left = torch.from_numpy(np.minimum(rng.integers(0, WINDOW + 1, n_tokens), np.arange(n_tokens)))
    right = torch.from_numpy(
        np.minimum(rng.integers(0, WINDOW + 1, n_tokens), np.arange(n_tokens)[::-1])
    )
    negatives = torch.from_numpy(rng.integers(0, 7, (3, N_SHARED)))
    H, V = (torch.from_numpy(rng.normal(size=(7, D))) for _ in range(2))
    return tokens, left, right, negatives, H, V


def blocks(chunk):
    tokens, left, right, negatives, H, V = chunk
    outputs = torch.cat([context_blocks(tokens, BLOCK, WINDOW), negatives], dim=1)
    weights = pair_weights(
        left, right, block=BLOCK, window=WINDOW, n_shared=N_SHARED, negative=NEGATIVE
    )
    centre = H[tokens[WINDOW:-WINDOW]].view(-1, BLOCK, D)
    return centre, V[outputs], weights.double(), outputs


def reference(chunk):
    """One pair at a time, in float64: gradients per word, and the loss."""
    tokens, left, right, negatives, H, V = (t.numpy() for t in chunk)
    g_centre, g_output, loss, n_pairs = np.zeros_like(H), np.zeros_like(V), 0.0, 0
    for i in range(len(left)):
        t = i + WINDOW
        contexts = [*range(t - left[i], t), *range(t + 1, t + right[i] + 1)]
        pairs = [(tokens[c], 1.0, 1.0) for c in contexts]
        weight = NEGATIVE / N_SHARED * len(contexts)
        pairs += [(v, 0.0, weight) for v in negatives[i // BLOCK]]
        n_pairs += len(contexts)
        for v, label, w in pairs:
            score = H[tokens[t]] @ V[v]
            g_centre[tokens[t]] += w * (label - sigmoid(score)) * V[v]
            g_output[v] += w * (label - sigmoid(score)) * H[tokens[t]]
            loss -= w * np.log(sigmoid(score if label else -score))
    return g_centre, g_output, loss / n_pairs


def test_gradients_and_loss_equal_one_pair_at_a_time(chunk):
    tokens, *_, H, V = chunk
    centre, output, weights, outputs = blocks(chunk)
    n_contexts = BLOCK + 2 * WINDOW
    scores = skipgram_scores(centre, output)
    loss = skipgram_loss(scores, weights, n_contexts)
    gradients = skipgram_gradients(centre, output, scores, weights, n_contexts)
    g_centre = torch.zeros_like(H).index_add_(
        0, tokens[WINDOW:-WINDOW], gradients.centre.flatten(0, 1)
    )
    g_output = torch.zeros_like(V).index_add_(0, outputs.flatten(), gradients.output.flatten(0, 1))
    expected = reference(chunk)
    np.testing.assert_allclose(g_centre, expected[0], rtol=1e-5)
    np.testing.assert_allclose(g_output, expected[1], rtol=1e-5)
    assert loss.item() == pytest.approx(expected[2])


def test_gradients_are_those_of_autograd(chunk):
    centre, output, weights, _ = blocks(chunk)
    centre.requires_grad_(), output.requires_grad_()
    scores = skipgram_scores(centre, output)
    n_contexts = BLOCK + 2 * WINDOW
    n_pairs = weights[..., :n_contexts].sum()
    (-skipgram_loss(scores, weights, n_contexts) * n_pairs).backward()
    gradients = skipgram_gradients(
        centre.detach(), output.detach(), scores.detach().clone(), weights, n_contexts
    )
    torch.testing.assert_close(gradients.centre, centre.grad)
    torch.testing.assert_close(gradients.output, output.grad)


def test_loss_of_zero_vectors(chunk):
    *_, weights, _ = blocks(chunk)
    loss = skipgram_loss(torch.zeros_like(weights), weights, BLOCK + 2 * WINDOW)
    assert loss.item() == pytest.approx((1 + NEGATIVE) * np.log(2))


def test_shared_negatives_weigh_as_much_as_drawn_ones(chunk):
    left, right = chunk[1:3]
    *_, weights, _ = blocks(chunk)
    n_contexts = BLOCK + 2 * WINDOW
    assert weights[..., :n_contexts].sum() == (left + right).sum()
    np.testing.assert_allclose(
        weights[..., n_contexts:].sum(-1).flatten(), NEGATIVE * (left + right)
    )


def test_context_blocks_copies_nothing():
    tokens = torch.arange(12 + 2 * WINDOW)
    view = context_blocks(tokens, BLOCK, WINDOW)
    assert view.shape == (3, BLOCK + 2 * WINDOW)
    assert view.data_ptr() == tokens.data_ptr()
    assert view[1].tolist() == list(range(4, 12))
