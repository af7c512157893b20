"""Sums and maxima over paths equal those over the list of all paths."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skxling.functional import crf_log_partition, crf_marginals, crf_path_score, crf_viterbi


def problem(lengths, n_tags, *, seed=0, scale=2.0, forbidden=0.0):
    """Random scores in float64, a share of the transitions, starts and ends forbidden."""
    rng = np.random.default_rng(seed)
    n_tokens = max(lengths, default=0)
    emissions = rng.normal(scale=scale, size=(len(lengths), n_tokens, n_tags))
    chain = [rng.normal(scale=scale, size=shape) for shape in ((n_tags, n_tags), n_tags, n_tags)]
    for scores in chain:
        scores[rng.random(scores.shape) < forbidden] = -np.inf
    mask = np.arange(n_tokens) < np.array(lengths, dtype=int)[:, None]
    return emissions, mask, *chain


def paths_and_scores(emissions, transitions, start, end):
    """All paths of one sequence without padding, and their scores: the reference."""
    n_tokens, n_tags = emissions.shape
    paths = list(itertools.product(range(n_tags), repeat=n_tokens))
    scores = []
    for path in paths:
        score = 0.0
        if path:
            score = start[path[0]] + end[path[-1]]
            score += sum(emissions[i, tag] for i, tag in enumerate(path))
            score += sum(transitions[a, b] for a, b in itertools.pairwise(path))
        scores.append(score)
    return np.array(paths, dtype=int).reshape(len(paths), n_tokens), np.array(scores)


def tensors(arrays):
    return [torch.as_tensor(array) for array in arrays]


SMALL = st.tuples(
    st.lists(st.integers(0, 4), min_size=1, max_size=3),  # lengths
    st.integers(1, 3),  # tags
    st.integers(0, 10_000),  # seed
    st.sampled_from([0.1, 2.0, 40.0]),  # scale
    st.sampled_from([0.0, 0.3, 0.8]),  # forbidden
)


@given(case=SMALL)
@settings(max_examples=40, deadline=None)
def test_everything_equals_brute_force(case):
    lengths, n_tags, seed, scale, forbidden = case
    arrays = problem(lengths, n_tags, seed=seed, scale=scale, forbidden=forbidden)
    args = tensors(arrays)
    log_partition = crf_log_partition(*args).numpy()
    marginals = crf_marginals(*args).numpy()
    best = crf_viterbi(*args)
    tags, best_scores = best.tags.numpy(), best.scores.numpy()
    emissions, _, *chain = arrays
    for i, length in enumerate(lengths):
        paths, scores = paths_and_scores(emissions[i, :length], *chain)
        assert log_partition[i] == pytest.approx(np.logaddexp.reduce(scores), abs=1e-9)
        assert best_scores[i] == pytest.approx(scores.max(), abs=1e-9)
        assert (tags[i, length:] == -1).all()
        assert (marginals[i, length:] == 0).all()
        if scores.max() == -np.inf:
            assert (marginals[i] == 0).all()
            continue
        found = np.flatnonzero((paths == tags[i, :length]).all(1))
        assert scores[found] == pytest.approx(scores.max(), abs=1e-9)
        weights = np.exp(scores - np.logaddexp.reduce(scores))
        for token in range(length):
            expected = np.bincount(paths[:, token], weights=weights, minlength=n_tags)
            np.testing.assert_allclose(marginals[i, token], expected, atol=1e-9)


@given(case=SMALL)
@settings(max_examples=20, deadline=None)
def test_path_score_equals_brute_force(case):
    lengths, n_tags, seed, scale, forbidden = case
    arrays = problem(lengths, n_tags, seed=seed, scale=scale, forbidden=forbidden)
    emissions, mask, *chain = arrays
    rng = np.random.default_rng(seed)
    tags = np.where(mask, rng.integers(n_tags, size=mask.shape), -1)
    found = crf_path_score(*tensors([emissions, tags, mask, *chain])).numpy()
    for i, length in enumerate(lengths):
        paths, scores = paths_and_scores(emissions[i, :length], *chain)
        row = int(np.flatnonzero((paths == tags[i, :length]).all(1))[0])
        assert found[i] == pytest.approx(scores[row], abs=1e-9)


def test_gradients_equal_numerical_ones():
    emissions, mask, *chain = tensors(problem([3, 1, 0, 4], 3))
    inputs = [tensor.requires_grad_() for tensor in (emissions, *chain)]
    weights = torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64)

    def weighted(emissions, *chain):
        return crf_log_partition(emissions, mask, *chain) * weights

    assert torch.autograd.gradcheck(weighted, inputs)


def test_gradient_is_the_marginals_and_no_nan_where_tags_are_forbidden():
    emissions, mask, transitions, start, end = tensors(problem([4, 2], 3))
    start[1] = transitions[:, 1] = -torch.inf  # there is no way to tag 1
    for tensor in (emissions, transitions, start, end):
        tensor.requires_grad_()
    crf_log_partition(emissions, mask, transitions, start, end).sum().backward()
    marginals = crf_marginals(emissions.detach(), mask, transitions, start, end)
    torch.testing.assert_close(emissions.grad, marginals.detach())
    for tensor in (emissions, transitions, start, end):
        assert tensor.grad.isfinite().all()
    assert (emissions.grad[:, :, 1] == 0).all()


@pytest.mark.parametrize("function", [crf_log_partition, crf_marginals, crf_viterbi])
def test_padding_and_neighbours_do_not_matter(function):
    emissions, mask, *chain = tensors(problem([5, 2, 1], 4))
    together = function(emissions, mask, *chain)
    garbled = function(torch.where(mask[:, :, None], emissions, 1e6), mask, *chain)
    alone = function(emissions[1:2, :2], mask[1:2, :2], *chain)
    as_tuple = (lambda r: r) if isinstance(together, tuple) else (lambda r: (r,))
    for whole, other, part in zip(*map(as_tuple, (together, garbled, alone)), strict=True):
        torch.testing.assert_close(whole, other)
        torch.testing.assert_close(whole[1:2] if whole.ndim == 1 else whole[1:2, :2], part)


def test_padding_has_no_gradient():
    emissions, mask, *chain = tensors(problem([5, 2, 0, 1], 4))
    garbled = torch.where(mask[:, :, None], emissions, 1e3)
    gradients = []
    for matrix in (emissions, garbled):
        parts = [tensor.clone().requires_grad_() for tensor in (matrix, *chain)]
        crf_log_partition(parts[0], mask, *parts[1:]).sum().backward()
        gradients.append([part.grad for part in parts])
    for clean, other in zip(*gradients, strict=True):
        assert clean.isfinite().all()
        torch.testing.assert_close(other, clean)


def test_no_token_at_all():
    emissions, mask, *chain = tensors(problem([0, 0], 3))
    assert crf_log_partition(emissions, mask, *chain).tolist() == [0, 0]
    assert crf_marginals(emissions, mask, *chain).shape == (2, 0, 3)
    best = crf_viterbi(emissions, mask, *chain)
    assert best.tags.shape == (2, 0)
    assert best.scores.tolist() == [0, 0]
    tags = torch.zeros(2, 0, dtype=torch.int64)
    assert crf_path_score(emissions, tags, mask, *chain).tolist() == [0, 0]


def test_large_scores_do_not_overflow():
    args = tensors(problem([6], 3, scale=1e4))
    args = [a if a.dtype == torch.bool else a.float() for a in args]
    assert crf_log_partition(*args).isfinite().all()
    torch.testing.assert_close(crf_marginals(*args).sum(2), torch.ones(1, 6))


def test_inputs_are_not_written_to():
    args = tensors(problem([3, 2], 3))
    before = [tensor.clone() for tensor in args]
    for function in (crf_log_partition, crf_marginals, crf_viterbi):
        function(*args)
    for tensor, copy in zip(args, before, strict=True):
        assert torch.equal(tensor, copy)
