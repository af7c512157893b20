import numpy as np
import pytest

from skxling.alignment import SelfLearningAligner, WassersteinAligner
from skxling.embedding import WordVectors
from skxling.translation import WordTranslator

SMALL = {"init": "distributions", "batch_size": 100, "n_steps": 10, "max_iter": 2}


def _clouds(seed, n_words=240, d=12, noise=0.05, d_target=None):
    """A space of topics and a turned one; gold[i] is the row of i's partner."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(30, d))
    spread = rng.gamma(2, 0.25, size=(n_words, 1))
    source = topics[rng.integers(30, size=n_words)] + spread * rng.normal(size=(n_words, d))
    source *= np.linspace(1.5, 0.5, d)
    rotation = np.linalg.qr(rng.normal(size=(d_target or d, d)))[0].T
    gold = rng.permutation(n_words)
    target = np.empty((n_words, d_target or d))
    target[gold] = source @ rotation + noise * rng.normal(size=target.shape)
    return source, target, gold


def _p_at_1(aligner, source, target, gold):
    aligner.fit(source_vectors=source, target_vectors=target)
    X, Y = aligner.transform(source), aligner.transform_target(target)
    return ((X @ (Y / np.linalg.norm(Y, axis=1)[:, None]).T).argmax(1) == gold).mean()


@pytest.mark.parametrize(("init", "n_least"), [("relaxation", 7), ("distributions", 9)])
def test_two_clouds_are_aligned(init, n_least):
    params = {**SMALL, "init": init}
    aligners = [WassersteinAligner(**params, random_state=seed) for seed in range(10)]
    found = [_p_at_1(aligner, *_clouds(seed)) for seed, aligner in enumerate(aligners)]
    assert sum(p > 0.95 for p in found) >= n_least


def test_assignment_matches_one_to_one():
    aligner = WassersteinAligner(matching="assignment", **SMALL, random_state=0)
    assert _p_at_1(aligner, *_clouds(0)) > 0.95


def test_passes_are_better_than_their_start():
    clouds = _clouds(1, noise=0.4)
    start = WassersteinAligner(
        init="distributions", batch_size=1, n_steps=1, max_iter=1, learning_rate=1e-9
    )
    assert _p_at_1(WassersteinAligner(**SMALL, random_state=0), *clouds) > _p_at_1(start, *clouds)


@pytest.mark.parametrize("d_target", [16, 12])
def test_map_is_orthogonal(d_target):
    source, target, gold = _clouds(2, d_target=d_target)
    aligner = WassersteinAligner(**SMALL, random_state=0)
    assert _p_at_1(aligner, source, target, gold) > 0.95
    assert aligner.mapping_.shape == (12, d_target)
    np.testing.assert_allclose(aligner.mapping_ @ aligner.mapping_.T, np.eye(12), atol=1e-10)
    assert aligner.n_iter_ == len(aligner.score_curve_) == 2
    assert -1 <= aligner.score_curve_.min() <= aligner.score_curve_.max() <= 1


def test_pairs_are_not_looked_at():
    source, target, _ = _clouds(3, n_words=80)
    spaces = {"source_vectors": source, "target_vectors": target}
    aligner = WassersteinAligner(**SMALL, random_state=0)
    expected = aligner.fit(**spaces).mapping_
    for arguments in ((source, target), (source[:9], target[:9])):
        other = WassersteinAligner(**SMALL, random_state=0)
        keywords = {} if len(arguments[0]) == 80 else spaces
        np.testing.assert_allclose(other.fit(*arguments, **keywords).mapping_, expected, atol=1e-8)


def test_random_state():
    source, target, _ = _clouds(4)
    mappings = [
        WassersteinAligner(**SMALL, random_state=seed)
        .fit(source_vectors=source, target_vectors=target)
        .mapping_
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(mappings[0], mappings[1])
    assert not np.array_equal(mappings[0], mappings[2])


def test_self_learning_goes_on_from_it():
    source, target, gold = _clouds(5, noise=0.3)
    start = WassersteinAligner(**SMALL, random_state=0)
    aligner = SelfLearningAligner(init=start)
    aligner.set_params(init__n_steps=9)
    begun = WassersteinAligner(**SMALL | {"learning_rate": 1e-9}, random_state=0)
    assert _p_at_1(aligner, source, target, gold) > _p_at_1(begun, source, target, gold) + 0.02
    assert aligner.get_params()["init__max_iter"] == 2


def test_translator_without_a_lexicon():
    source, target, gold = _clouds(6)
    words = [f"s{i}" for i in range(240)], [f"t{i}" for i in range(240)]
    translator = WordTranslator(
        WordVectors(words[0], source),
        WordVectors(words[1], target),
        WassersteinAligner(**SMALL, random_state=0),
    ).fit()
    assert isinstance(translator.aligner_, WassersteinAligner)
    assert translator.score(words[0], [f"t{j}" for j in gold]) > 0.95
    assert translator.n_pairs_ == 0


def test_nothing_to_align():
    with pytest.raises(ValueError, match="There is nothing to align"):
        WassersteinAligner().fit(source_vectors=np.eye(3))
    with pytest.raises(ValueError, match=r"give both, or neither .* Got X alone"):
        WassersteinAligner().fit(np.eye(3), source_vectors=np.eye(3), target_vectors=np.eye(3))
