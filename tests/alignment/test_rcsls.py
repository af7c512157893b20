from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.callback import ScoringMonitor

from skxling.alignment import ProcrustesAligner, RCSLSAligner
from skxling.functional import rcsls_loss


@pytest.fixture(scope="module")
def noisy():
    """Two turned spaces that share 8 of 12 directions; the other 4, the strongest, mean nothing."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 8))
    sides = []
    for _ in range(2):
        private = 2 * rng.normal(size=(400, 4))
        side = np.hstack([shared + 0.1 * rng.normal(size=shared.shape), private])
        sides.append(side @ np.linalg.qr(rng.normal(size=(12, 12)))[0])
    return sides


def _loss(aligner, X, Y, source, target):
    X, source = (aligner.transform(side) for side in (X, source))
    sides = (aligner.transform_target(side) for side in (Y, target))
    eye = torch.eye(X.shape[1], dtype=torch.float64)
    Y, target = (torch.as_tensor(side) for side in sides)
    return rcsls_loss(eye, torch.as_tensor(X), Y, torch.as_tensor(source), target).loss.item()


def _fit(aligner, noisy, n_pairs=100):
    source, target = noisy
    return aligner.fit(
        source[:n_pairs], target[:n_pairs], source_vectors=source, target_vectors=target
    )


def test_loss_curve_is_that_of_the_map_and_never_rises(noisy):
    aligner = _fit(RCSLSAligner(), noisy)
    assert aligner.n_iter_ == len(aligner.loss_curve_) == 10
    assert (np.diff(aligner.loss_curve_) <= 0).all()
    source, target = noisy
    loss = _loss(aligner, source[:100], target[:100], source, target)
    assert aligner.loss_curve_[-1] == pytest.approx(loss)
    start = _loss(_fit(ProcrustesAligner(), noisy), source[:100], target[:100], source, target)
    assert loss < start - 0.3


def test_no_iteration_is_procrustes(noisy):
    aligner = _fit(RCSLSAligner(max_iter=0), noisy)
    start = _fit(ProcrustesAligner(normalize=("unit",)), noisy)
    np.testing.assert_array_equal(aligner.mapping_, start.mapping_)
    assert aligner.n_iter_ == 0


def test_one_step_is_the_gradient_step(noisy):
    source, target = noisy
    aligner = _fit(RCSLSAligner(constraint=None, max_iter=1, learning_rate=0.5), noisy)
    source, target = (s / np.linalg.norm(s, axis=1)[:, None] for s in (source, target))
    X, Y = source[:100], target[:100]
    U, _, Vt = np.linalg.svd(X.T @ Y)
    W = U @ Vt
    near_y = np.argsort(-X @ W @ target.T, axis=1)[:, :10]
    near_x = np.argsort(-Y @ W.T @ source.T, axis=1)[:, :10]
    gradient = X.T @ (target[near_y].mean(1) - 2 * Y) + source[near_x].mean(1).T @ Y
    np.testing.assert_allclose(aligner.mapping_, W - 0.5 * gradient / 100, atol=1e-12)


@pytest.mark.parametrize("batch_size", [None, 32])
def test_constraint_bounds_the_singular_values(noisy, batch_size):
    params = {"batch_size": batch_size, "random_state": 0}
    bounded = _fit(RCSLSAligner(constraint="spectral", **params), noisy)
    assert np.linalg.norm(bounded.mapping_, 2) <= 1 + 1e-12
    free = _fit(RCSLSAligner(**params), noisy)
    assert np.linalg.norm(free.mapping_, 2) > 1.5


def test_huge_steps_are_halved_until_they_help(noisy):
    aligner = _fit(RCSLSAligner(learning_rate=1e4, max_iter=40), noisy)
    assert (np.diff(aligner.loss_curve_) <= 0).all()
    assert aligner.loss_curve_[0] == aligner.loss_curve_[1]  # steps taken back
    assert aligner.loss_curve_[-1] < aligner.loss_curve_[0] - 0.1


def test_negatives_come_from_the_head_of_the_vocabularies(noisy):
    source, target = noisy
    few = RCSLSAligner(n_negatives=60).fit(
        source[:100], target[:100], source_vectors=source, target_vectors=target
    )
    cut = RCSLSAligner().fit(
        source[:100], target[:100], source_vectors=source[:60], target_vectors=target[:60]
    )
    np.testing.assert_allclose(few.mapping_, cut.mapping_, atol=1e-12)
    whole = _fit(RCSLSAligner(), noisy)
    assert np.abs(few.mapping_ - whole.mapping_).max() > 1e-3


def test_batches_follow_random_state(noisy):
    first, again, other = (
        _fit(RCSLSAligner(batch_size=16, random_state=seed), noisy) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.mapping_, again.mapping_)
    assert np.abs(first.mapping_ - other.mapping_).max() > 1e-6
    source, target = noisy
    start = _loss(_fit(ProcrustesAligner(), noisy), source[:100], target[:100], source, target)
    assert _loss(first, source[:100], target[:100], source, target) < start


def test_a_batch_of_all_pairs_takes_the_full_step(noisy):
    batch = _fit(RCSLSAligner(batch_size=100, learning_rate=0.5, max_iter=1), noisy)
    full = _fit(RCSLSAligner(learning_rate=0.5, max_iter=1), noisy)
    np.testing.assert_allclose(batch.mapping_, full.mapping_, atol=1e-12)


def test_the_loss_of_a_pass_is_the_mean_over_its_pairs(noisy):
    """Of 100 pairs the last batch of 32 has four, and the map hardly moves."""
    source, target = noisy
    aligner = _fit(RCSLSAligner(batch_size=32, learning_rate=1e-12, max_iter=1), noisy)
    loss = _loss(aligner, source[:100], target[:100], source, target)
    assert aligner.loss_curve_[0] == pytest.approx(loss, rel=1e-6)


def test_steps_of_batches_stay_as_long_as_the_loss_falls(noisy):
    params = {"learning_rate": 0.1, "max_iter": 3}
    batch, full = (_fit(RCSLSAligner(batch_size=n, **params), noisy) for n in (100, None))
    assert (np.diff(batch.loss_curve_) < 0).all()
    np.testing.assert_allclose(batch.mapping_, full.mapping_, atol=1e-12)


def test_huge_steps_of_batches_are_halved_until_they_help(noisy):
    params = {"batch_size": 100, "learning_rate": 1e4, "constraint": None}
    aligner = _fit(RCSLSAligner(**params, max_iter=40), noisy)
    assert aligner.loss_curve_[1] > aligner.loss_curve_[0]
    steps = [_fit(RCSLSAligner(**params, max_iter=n), noisy).mapping_ for n in (1, 2, 3)]
    first, second = (np.linalg.norm(b - a) for a, b in pairwise(steps))
    assert second < 0.8 * first


def test_retrieval_is_better_than_with_procrustes(noisy):
    source, target = noisy

    def p_at_1(aligner):
        mapped, candidates = aligner.transform(source), aligner.transform_target(target)
        mapped /= np.linalg.norm(mapped, axis=1)[:, None]
        nearest = (mapped @ candidates.T).argmax(1)
        return (nearest == np.arange(400))[200:].mean()  # pairs that were not trained on

    learned = p_at_1(_fit(RCSLSAligner(max_iter=20), noisy, n_pairs=200))
    assert learned > p_at_1(_fit(ProcrustesAligner(), noisy, n_pairs=200)) + 0.2


@pytest.mark.parametrize("batch_size", [None, 32])
def test_a_callback_that_returns_true_stops(noisy, batch_size, make_recorder):
    callback = make_recorder("iteration", stop_from=3, look=lambda fitted: fitted.predict(noisy[0]))
    aligner = RCSLSAligner(batch_size=batch_size, random_state=0).set_callbacks(callback)
    _fit(aligner, noisy)
    assert len(callback.looks) == aligner.n_iter_ == len(aligner.loss_curve_) == 3
    assert np.isfinite(callback.looks).all()


def test_scoring_monitor_sees_every_iteration(noisy):
    monitor = ScoringMonitor(scoring="r2")
    aligner = _fit(RCSLSAligner(max_iter=4).set_callbacks(monitor), noisy)
    scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "iteration"]
    assert len(scores) == 4
    source, target = noisy
    assert scores[-1] == pytest.approx(aligner.score(source[:100], target[:100]))
