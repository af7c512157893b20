import numpy as np
import pytest
import torch

from skxling.functional.skipgram import (
    SkipgramScores,
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
    negatives = torch.from_numpy(rng.integers(0, 7, (N_TOKENS // GROUP, N_SHARED)))
    H, V = (torch.from_numpy(rng.normal(size=(7, D))) for _ in range(2))
    return tokens, left, right, negatives, H, V


def inputs(chunk):
    """Arguments of the kernels."""
    tokens, left, right, negatives, H, V = chunk
    vectors = H[tokens[WINDOW:-WINDOW]], V[tokens], V[negatives]
    mask = context_mask(left, right, block=BLOCK, window=WINDOW).double()
    return vectors, mask, (left + right) * (NEGATIVE / N_SHARED)


def output_ids(tokens, negatives):
    """The word of each row of the gradients of outputs."""
    of_blocks = tokens.unfold(0, BLOCK + 2 * WINDOW, BLOCK)
    return torch.cat([of_blocks.flatten(), negatives.flatten()])


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
    scores = skipgram_scores(*vectors, block=BLOCK)
    loss = skipgram_loss(scores, mask, weight)
    of_centre, of_output = gradients_of(vectors, scores, mask, weight)
    g_centre = torch.zeros_like(H).index_add_(0, tokens[WINDOW:-WINDOW], of_centre)
    g_output = torch.zeros_like(V).index_add_(0, output_ids(tokens, negatives), of_output)
    expected = reference(chunk)
    np.testing.assert_allclose(g_centre, expected[0], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(g_output, expected[1], rtol=1e-5, atol=1e-9)
    assert loss.item() == pytest.approx(expected[2])


def test_gradients_are_those_of_autograd(chunk):
    tokens, _, _, negatives, _, V = chunk
    (centre, _, _), mask, weight = inputs(chunk)
    centre.requires_grad_(), V.requires_grad_()
    context, of_negatives = V[tokens], V[negatives]
    scores = skipgram_scores(centre, context, of_negatives, block=BLOCK)
    (-skipgram_loss(scores, mask, weight) * mask.sum()).backward()
    with torch.no_grad():
        scores = skipgram_scores(centre, context, of_negatives, block=BLOCK)
        of_centre, of_output = gradients_of((centre, context, of_negatives), scores, mask, weight)
    torch.testing.assert_close(of_centre, centre.grad)
    g_output = torch.zeros_like(V).index_add_(0, output_ids(tokens, negatives), of_output)
    torch.testing.assert_close(g_output, V.grad)


def test_gradients_leave_the_vectors_alone(chunk):
    vectors, mask, weight = inputs(chunk)
    before = [v.clone() for v in vectors]
    gradients_of(vectors, skipgram_scores(*vectors, block=BLOCK), mask, weight)
    assert all(torch.equal(a, b) for a, b in zip(before, vectors, strict=True))


def test_loss_of_zero_vectors(chunk):
    vectors, mask, weight = inputs(chunk)
    scores = skipgram_scores(*(torch.zeros_like(v) for v in vectors), block=BLOCK)
    loss = skipgram_loss(scores, mask, weight)
    assert loss.item() == pytest.approx((1 + NEGATIVE) * np.log(2))


def test_context_mask_marks_each_pair_once(chunk):
    left, right = chunk[1:3]
    mask = context_mask(left, right, block=BLOCK, window=WINDOW)
    assert mask.shape == (N_TOKENS // BLOCK, BLOCK, BLOCK + 2 * WINDOW)
    for i, row in enumerate(mask.view(N_TOKENS, -1)):
        place = i % BLOCK + WINDOW
        reach = range(place - left[i], place + right[i] + 1)
        assert row.nonzero().flatten().tolist() == [j for j in reach if j != place]


def test_results_are_written_where_they_are_wanted(chunk):
    vectors, mask, weight = inputs(chunk)
    expected = skipgram_scores(*vectors, block=BLOCK)
    scores = SkipgramScores(*(torch.empty_like(part) for part in expected))
    assert skipgram_scores(*vectors, block=BLOCK, out=scores)[0] is scores.context
    of_centre, of_output = gradients_of(vectors, expected, mask, weight)
    centre, context, negative = vectors
    errors = skipgram_errors(scores, mask, weight)
    out = torch.empty_like(of_centre), torch.empty_like(of_output)
    centre_gradients(errors, context, negative, out=out[0])
    output_gradients(errors, centre, out=out[1])
    assert torch.equal(out[0], of_centre) and torch.equal(out[1], of_output)
