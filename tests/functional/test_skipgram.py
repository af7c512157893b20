import numpy as np
import pytest
import torch

from skxling.functional.skipgram import (
    centre_gradients,
    context_mask,
    output_gradients,
    skipgram_errors,
    skipgram_loss,
    skipgram_scores,
)

BLOCK, GROUP, WINDOW, N_SHARED, NEGATIVE, D = 4, 8, 2, 3, 5.0, 6
N_TOKENS = 2 * GROUP


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def chunk():
    """Word ids of a run of tokens and of its negatives, the tokens' reach, two tables."""
    rng = np.random.default_rng(0)
    tokens = torch.from_numpy(rng.integers(0, 7, N_TOKENS + 2 * WINDOW))
    left, right = torch.from_numpy(rng.integers(0, WINDOW + 1, (2, N_TOKENS)))
    place = torch.arange(N_TOKENS)  # contexts are tokens of the chunk
    left, right = left.minimum(place), right.minimum(N_TOKENS - 1 - place)
    negatives = torch.from_numpy(rng.integers(0, 7, (N_TOKENS // GROUP, N_SHARED)))
    H, V = (torch.from_numpy(rng.normal(size=(7, D))) for _ in range(2))
    return tokens, left, right, negatives, H, V


def inputs(chunk):
    """Arguments of the kernels."""
    tokens, left, right, negatives, H, V = chunk
    vectors = H[tokens], V[tokens], V[negatives]
    mask = context_mask(left, right, block=BLOCK, window=WINDOW).double()
    return vectors, mask, (left + right) * (NEGATIVE / N_SHARED)


def scores_of(vectors):
    return skipgram_scores(*vectors, block=BLOCK, window=WINDOW)


def by_word(table, tokens, negatives, of_context, of_negative):
    """Gradients of outputs, summed for each row of the table."""
    summed = torch.zeros_like(table).index_add_(0, tokens[WINDOW:-WINDOW], of_context)
    return summed.index_add_(0, negatives.flatten(), of_negative.flatten(0, 1))


def reference(chunk):
    """One pair at a time, in float64: gradients per word, and the loss."""
    tokens, left, right, negatives, H, V = (t.numpy() for t in chunk)
    g_centre, g_output, loss, n_pairs = np.zeros_like(H), np.zeros_like(V), 0.0, 0
    for i in range(len(left)):
        t = i + WINDOW
        contexts = [*range(t - left[i], t), *range(t + 1, t + right[i] + 1)]
        pairs = [(tokens[c], 1.0, 1.0) for c in contexts]
        weight = NEGATIVE / N_SHARED * len(contexts)
        pairs += [(v, 0.0, weight) for v in negatives[i // GROUP]]
        n_pairs += len(contexts)
        for v, label, w in pairs:
            score = H[tokens[t]] @ V[v]
            g_centre[tokens[t]] += w * (label - sigmoid(score)) * V[v]
            g_output[v] += w * (label - sigmoid(score)) * H[tokens[t]]
            loss -= w * np.log(sigmoid(score if label else -score))
    return g_centre, g_output, loss / n_pairs


def gradients_of(vectors, scores, mask, weight):
    """Gradients of centres and of outputs."""
    centre, context, negative = vectors
    errors = skipgram_errors(scores, mask, weight)
    return centre_gradients(errors, context, negative), output_gradients(errors, centre)


def test_gradients_and_loss_equal_one_pair_at_a_time(chunk):
    tokens, _, _, negatives, H, V = chunk
    vectors, mask, weight = inputs(chunk)
    scores = scores_of(vectors)
    loss = skipgram_loss(scores, mask, weight)
    of_centre, of_outputs = gradients_of(vectors, scores, mask, weight)
    g_centre = torch.zeros_like(H).index_add_(0, tokens[WINDOW:-WINDOW], of_centre)
    g_output = by_word(V, tokens, negatives, *of_outputs)
    expected = reference(chunk)
    np.testing.assert_allclose(g_centre, expected[0], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(g_output, expected[1], rtol=1e-5, atol=1e-9)
    assert loss.item() == pytest.approx(expected[2])


def test_gradients_are_those_of_autograd(chunk):
    tokens, _, _, negatives, _, V = chunk
    (centre, _, _), mask, weight = inputs(chunk)
    centre.requires_grad_(), V.requires_grad_()
    context, of_negatives = V[tokens], V[negatives]
    scores = scores_of((centre, context, of_negatives))
    (-skipgram_loss(scores, mask, weight) * mask.sum()).backward()
    with torch.no_grad():
        vectors = centre, context, of_negatives
        of_centre, of_outputs = gradients_of(vectors, scores_of(vectors), mask, weight)
    torch.testing.assert_close(of_centre, centre.grad[WINDOW:-WINDOW])
    assert centre.grad[:WINDOW].count_nonzero() == centre.grad[-WINDOW:].count_nonzero() == 0
    torch.testing.assert_close(by_word(V, tokens, negatives, *of_outputs), V.grad)


def test_gradients_leave_the_vectors_alone(chunk):
    vectors, mask, weight = inputs(chunk)
    before = [v.clone() for v in vectors]
    gradients_of(vectors, scores_of(vectors), mask, weight)
    assert all(torch.equal(a, b) for a, b in zip(before, vectors, strict=True))


def test_loss_of_zero_vectors(chunk):
    vectors, mask, weight = inputs(chunk)
    scores = scores_of([torch.zeros_like(v) for v in vectors])
    loss = skipgram_loss(scores, mask, weight)
    assert loss.item() == pytest.approx((1 + NEGATIVE) * np.log(2))


def test_context_mask_marks_each_pair_once(chunk):
    left, right = chunk[1:3]
    mask = context_mask(left, right, block=BLOCK, window=WINDOW)
    assert mask.shape == (N_TOKENS // BLOCK, BLOCK, 2 * WINDOW + 1)
    for i, row in enumerate(mask.view(N_TOKENS, -1)):
        reach = range(WINDOW - left[i], WINDOW + right[i] + 1)
        assert row.nonzero().flatten().tolist() == [j for j in reach if j != WINDOW]


def test_gradients_are_written_where_they_are_wanted(chunk):
    vectors, mask, weight = inputs(chunk)
    centre, context, negative = vectors
    errors = skipgram_errors(scores_of(vectors), mask, weight)
    of_centre, (of_context, of_negative) = (
        centre_gradients(errors, context, negative),
        output_gradients(errors, centre),
    )
    out = [torch.empty_like(of) for of in (of_centre, of_context, of_negative)]
    centre_gradients(errors, context, negative, out=out[0])
    output_gradients(errors, centre, out=out[1:])
    for expected, found in zip((of_centre, of_context, of_negative), out, strict=True):
        assert torch.equal(expected, found)
