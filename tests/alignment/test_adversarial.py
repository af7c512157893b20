import time

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator

from skxling.alignment import (
    AdversarialAligner,
    ProcrustesAligner,
    SelfLearningAligner,
    _adversarial_training,
)
from skxling.alignment._adversarial_training import Restart, find_best
from skxling.alignment._clouds import Clouds
from skxling.combine import JointAlignCombiner
from skxling.embedding import JointSkipGram, WordVectors
from skxling.functional import adversarial_step
from skxling.translation import WordTranslator

# two restarts of five find the map: one of twelve does on any machine, whatever it rounds
QUICK = {"n_hidden": 64, "batch_size": 32, "n_steps": 500, "max_iter": 4, "n_init": 12}
TINY = {"n_hidden": 8, "batch_size": 8, "n_steps": 5, "max_iter": 3, "min_confirmed": None}


def _spaces(seed, n_words=500, d=10, noise=0.02, rotation=None):
    """A cloud of clusters, and its turned image in another order; gold[i] is i's partner's row."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(15, d)) * np.linspace(1.5, 0.5, d)
    clusters = rng.choice(15, size=n_words, p=rng.dirichlet(np.full(15, 2.0)))
    source = centers[clusters] + 0.3 * rng.normal(size=(n_words, d))
    gold = rng.permutation(n_words)
    if rotation is None:
        rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]
    target = np.empty((n_words, d))
    target[gold] = source @ rotation + noise * rng.normal(size=(n_words, d))
    return source, target, gold


def _near_spaces(noise=0.02):
    """Such clouds, of which the second is turned so little that refinement from there is enough."""
    A = 0.12 * np.random.default_rng(1).normal(size=(10, 10))
    return _spaces(0, noise=noise, rotation=expm(A - A.T))


def _unrelated_spaces(seed, n_words=400, d=30):
    """Two clouds that have nothing in common."""
    rng = np.random.default_rng(seed)
    source = rng.gamma(1, size=(n_words, d))
    target = rng.gamma(1, size=(n_words, d)) * rng.normal(size=(n_words, d))
    return source, target, np.zeros(n_words)


def _fit(aligner, spaces):
    return aligner.fit(source_vectors=spaces[0], target_vectors=spaces[1])


def _p_at_1(aligner, spaces):
    """Share of source words whose nearest target word by cosine is their partner."""
    source, target, gold = spaces
    sides = aligner.transform(source), aligner.transform_target(target)
    source, target = (M / np.linalg.norm(M, axis=1)[:, None] for M in sides)
    return ((source @ target.T).argmax(1) == gold).mean()


def test_a_planted_rotation_is_found_without_pairs():
    spaces = _spaces(0)
    aligner = _fit(AdversarialAligner(**QUICK, random_state=0), spaces)
    assert aligner.converged_
    assert aligner.nearness_ > 0.9  # one right restart is enough
    assert _p_at_1(aligner, spaces) > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_unrelated_spaces_are_reported(seed):
    spaces = _unrelated_spaces(seed)
    params = {**QUICK, "n_steps": 20, "n_init": 3}
    aligner = AdversarialAligner(**params, random_state=seed)
    with pytest.warns(ConvergenceWarning, match="probably useless: .* best of 3 restarts"):
        _fit(aligner, spaces)
    assert not aligner.converged_
    assert max(aligner.agreement_, aligner.nearness_) < 0.5
    assert aligner.n_restarts_ == 3


def test_two_restarts_that_agree_are_believed(monkeypatch):
    # translations are farther apart than neighbours, and all restarts begin close to the map
    spaces = _near_spaces(noise=0.3)
    monkeypatch.setattr(Clouds, "random_rotation", lambda self, generator: self.identity())
    params = {**TINY, "min_confirmed": 0.5, "random_state": 0}
    aligner = AdversarialAligner(**params, n_init=1)
    with pytest.warns(ConvergenceWarning, match="best of 1 restarts, .* and 0% are those"):
        _fit(aligner, spaces)
    assert np.isnan(aligner.agreement_)
    assert not aligner.converged_
    again = _fit(AdversarialAligner(**params, n_init=9), spaces)
    assert again.converged_
    assert again.agreement_ >= 0.5 > again.nearness_
    assert again.n_restarts_ == 2


def test_nobody_judges_without_min_confirmed():
    spaces = _unrelated_spaces(0)
    aligner = _fit(AdversarialAligner(**TINY, n_init=2, random_state=0), spaces)  # no warning
    assert aligner.n_restarts_ == 2
    assert aligner.converged_ is None
    assert 0 <= aligner.agreement_ <= 1
    assert 0 <= aligner.nearness_ <= 1


def test_best_restart_and_who_agrees():
    translations = np.array([[0, 1, 2, 3], [0, 1, 2, 9], [8, 8, 8, 8]])
    restarts = [
        Restart(None, rows, similarity, 0.0, [])
        for rows, similarity in zip(translations, (0.3, 0.5, 0.4), strict=True)
    ]
    best, agreement = find_best(restarts)
    assert best is restarts[1]
    assert agreement.share == 0.75
    assert agreement.p_value == pytest.approx(1 - 0.75**4 - 0.75**3 - 6 * 0.25**2 * 0.75**2)
    assert np.isnan(find_best(restarts[:1])[1].share)


@pytest.mark.parametrize("n_words", [1, 3, 60])
def test_agreement_by_chance_is_not_believed(n_words):
    spaces = np.ones((n_words, 5)), 3 * np.ones((n_words, 5))  # all words have one translation
    with pytest.warns(ConvergenceWarning, match="The map is probably useless"):
        aligner = _fit(AdversarialAligner(**{**TINY, "min_confirmed": 0.5, "n_init": 2}), spaces)
    assert aligner.agreement_ == 1
    assert not aligner.converged_


def _defect(mapping):
    """How far the singular values of a map are from 1."""
    return (torch.linalg.svdvals(mapping.double()) - 1).abs().max().item()


def test_trained_map_stays_near_orthogonal(monkeypatch):
    # a step of size b takes a defect e to one of e (1 - 2 b + 3 b e) at most, and a move of the
    # map before it, of spectral norm m, adds no more than m to the defect
    spaces, steps = _spaces(0), []

    def watched(mapping, *args, orthogonality, **kwargs):
        moved = adversarial_step(mapping, *args, orthogonality=0, **kwargs).mapping
        stepped = adversarial_step(mapping, *args, orthogonality=orthogonality, **kwargs)
        move = torch.linalg.svdvals((moved - mapping).double()).max().item()
        steps.append((_defect(mapping) + move, _defect(stepped.mapping)))
        return stepped

    monkeypatch.setattr(_adversarial_training, "adversarial_step", watched)
    params = {**QUICK, "n_steps": 300, "max_iter": 1, "n_init": 1, "min_confirmed": None}
    last = {}
    for orthogonality in (0.3, 0):
        aligner = AdversarialAligner(None, **params, orthogonality=orthogonality, random_state=0)
        _fit(aligner, spaces)
        before, after = np.array(steps[-300:]).T
        bound = before * (1 - 2 * orthogonality + 3 * orthogonality * before)
        assert (after <= bound + 1e-5).all()
        last[orthogonality] = after[-1]
    assert last[0] > 2 * last[0.3] > 0


def test_the_best_pass_and_the_best_restart_are_kept():
    spaces = _spaces(0)
    once, again, more = (
        _fit(AdversarialAligner(None, **TINY | params, random_state=0), spaces)
        for params in ({"n_init": 1}, {"n_init": 1, "max_iter": 1}, {"n_init": 4})
    )
    assert len(once.similarity_curve_) == once.n_iter_ == 3
    assert once.similarity_curve_[0] == again.similarity_curve_[0]
    # the start, a pass among others, may be the best
    assert once.similarity_ >= once.similarity_curve_.max() - 1e-6
    assert more.similarity_ >= once.similarity_


def test_refinement_makes_the_map_precise():
    spaces = _near_spaces()
    params = {**TINY, "n_init": 1, "random_state": 0}
    rough = _fit(AdversarialAligner(None, **params), spaces)
    fine = _fit(AdversarialAligner(**params), spaces)
    own = _fit(AdversarialAligner(ProcrustesAligner(), **params), spaces)
    assert _p_at_1(fine, spaces) > max(0.9, _p_at_1(rough, spaces) + 0.1)
    assert fine.similarity_ > rough.similarity_
    assert isinstance(fine.aligner_, SelfLearningAligner)
    assert isinstance(own.aligner_, ProcrustesAligner)
    np.testing.assert_array_equal(fine.similarity_curve_, rough.similarity_curve_)


def test_random_state():
    spaces = _spaces(0)
    first, again, other = (
        _fit(AdversarialAligner(**TINY, n_init=2, random_state=seed), spaces) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.similarity_curve_, again.similarity_curve_)
    np.testing.assert_array_equal(first.transform(spaces[0]), again.transform(spaces[0]))
    assert not np.array_equal(first.similarity_curve_, other.similarity_curve_)


def test_rows_of_pairs_are_two_samples():
    source, target, gold = _spaces(0)
    as_rows = AdversarialAligner(**TINY, n_init=2, random_state=0).fit(source, target)
    as_spaces = _fit(AdversarialAligner(**TINY, n_init=2, random_state=0), (source, target))
    np.testing.assert_array_equal(as_rows.predict(source), as_spaces.predict(source))
    # beside vocabularies pairs are not looked at
    paired = AdversarialAligner(**TINY, n_init=2, random_state=0).fit(
        source[:9], target[gold[:9]], source_vectors=source, target_vectors=target
    )
    np.testing.assert_array_equal(paired.predict(source), as_spaces.predict(source))


@pytest.mark.parametrize(("d", "d_target"), [(8, 6), (6, 8)])
def test_spaces_of_two_sizes(d, d_target):
    rng = np.random.default_rng(0)
    spaces = rng.gamma(1, size=(200, d)), rng.gamma(1, size=(150, d_target))
    aligner = _fit(AdversarialAligner(None, **TINY, n_init=2, random_state=0), spaces)
    assert aligner.transform(spaces[0]).shape == (200, d_target)
    assert aligner.inverse_transform(spaces[1]).shape == (150, d)


def test_nothing_to_align():
    source, _, _ = _spaces(0)
    with pytest.raises(ValueError, match="There is nothing to align"):
        AdversarialAligner().fit(source_vectors=source)
    with pytest.raises(ValueError, match=r"give both, or neither .* Got y alone"):
        AdversarialAligner().fit(None, source, source_vectors=source, target_vectors=source)


def test_time_is_limited():
    spaces = _spaces(0)
    params = {**TINY, "n_steps": 20, "max_iter": 1000, "n_init": 1000}
    begin = time.monotonic()
    aligner = _fit(AdversarialAligner(**params, max_seconds=0.3, random_state=0), spaces)
    assert time.monotonic() - begin < 20
    assert 1 <= aligner.n_iter_ < 1000
    assert 1 <= aligner.n_restarts_ < 1000
    aligner = _fit(AdversarialAligner(**params, max_seconds=1e-9, random_state=0), spaces)
    assert aligner.n_iter_ == aligner.n_restarts_ == 1


@pytest.mark.parametrize(
    ("task_name", "n_iter", "n_restarts"), [("iteration", 1, 2), ("restart", 3, 1), (None, 3, 2)]
)
def test_a_callback_that_returns_true_stops(task_name, n_iter, n_restarts, make_recorder):
    callback = make_recorder(
        task_name, stop_from=1, look=lambda fitted: fitted.transform(np.ones((2, 10)))
    )
    aligner = AdversarialAligner(**TINY, n_init=2, random_state=0).set_callbacks(callback)
    _fit(aligner, _spaces(0))
    assert (aligner.n_iter_, aligner.n_restarts_) == (n_iter, n_restarts)
    assert callback.tasks.count(("AdversarialAligner", "iteration")) == n_iter * n_restarts
    assert callback.tasks.count(("AdversarialAligner", "restart")) == n_restarts
    assert callback.tasks.count(("SelfLearningAligner", "fit")) == n_restarts
    assert len(callback.looks) == callback.tasks.count(("AdversarialAligner", task_name))
    assert np.isfinite(callback.looks).all()


def test_words_are_translated_without_a_lexicon():
    source, target, gold = _near_spaces()
    sides = [
        WordVectors([f"{side}{i}" for i in range(500)], vectors.astype(np.float32))
        for side, vectors in (("s", source), ("t", target))
    ]
    params = {**TINY, "min_confirmed": 0.5, "random_state": 0}
    translator = WordTranslator(*sides, AdversarialAligner(**params)).fit()
    assert translator.aligner_.converged_
    words, gold_words = [f"s{i}" for i in range(500)], [f"t{j}" for j in gold]
    assert translator.score(words, gold_words) > 0.9


def test_joint_vectors_are_aligned_without_a_lexicon():
    X = ["the cat sees the dog", "the dog sees the sun"] * 50
    y = ["die katze sieht den hund", "der hund sieht die sonne"] * 50
    joint = JointSkipGram(n_components=8, sample=0, bucket=1000, random_state=0).fit(X, y)
    aligner = AdversarialAligner(**TINY, n_init=2, random_state=0)
    combiner = JointAlignCombiner(FrozenEstimator(joint), aligner).fit()
    assert isinstance(combiner.aligner_, AdversarialAligner)
    assert set(combiner.predict(["cat", "dog"])) <= set(combiner.target_vectors_.words)


def test_training_that_diverges_ends_its_restart():
    spaces = _spaces(0)
    params = {**TINY, "learning_rate": 1e9, "n_init": 2, "orthogonality": 0.5}
    aligner = _fit(AdversarialAligner(None, **params, random_state=0), spaces)
    assert aligner.similarity_curve_[-1] == -np.inf
    assert np.isfinite(aligner.transform(spaces[0])).all()
