import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skxling.alignment import AllButTheTop, SelfLearningAligner, WassersteinAligner
from skxling.embedding import WordVectors
from skxling.translation import WordTranslator

SMALL = {
    "init": "distributions",
    "batch_size": 100,
    "n_steps": 10,
    "max_iter": 2,
    "min_agreement": None,  # judged where a test asks for it
}


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
        init="distributions",
        batch_size=1,
        n_steps=1,
        max_iter=1,
        learning_rate=1e-9,
        min_agreement=None,
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


JUDGED = {**SMALL, "min_agreement": 0.05}


def test_a_map_that_both_halves_lead_to_is_believed():
    source, target, gold = _clouds(0, n_words=600)
    aligner = WassersteinAligner(**JUDGED, random_state=0)
    assert _p_at_1(aligner, source, target, gold) > 0.95
    assert aligner.converged_ is True
    assert aligner.agreement_ > 0.5
    silent = WassersteinAligner(**SMALL, random_state=0)
    assert _p_at_1(silent, source, target, gold) > 0.95
    np.testing.assert_array_equal(silent.mapping_, aligner.mapping_)  # the judge changes nothing
    assert silent.converged_ is None
    assert np.isnan(silent.agreement_)


@pytest.mark.parametrize("init", ["distributions", "relaxation"])
@pytest.mark.parametrize("seed", range(5))
def test_unrelated_clouds_are_reported(seed, init):
    (source, _, _), (_, target, _) = _clouds(seed, n_words=600), _clouds(seed + 100, n_words=600)
    aligner = WassersteinAligner(**{**JUDGED, "init": init}, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"useless: .* are the same, and 5.0% are asked"):
        aligner.fit(source_vectors=source, target_vectors=target)
    assert aligner.converged_ is False
    assert 0 <= aligner.agreement_ < 0.05


@pytest.mark.parametrize("n_words", [1, 2, 3])
def test_what_may_be_chance_is_not_believed(n_words):
    source = np.random.default_rng(0).normal(size=(n_words, 4))
    aligner = WassersteinAligner(**JUDGED, random_state=0)
    with pytest.warns(ConvergenceWarning, match="probably useless"):
        aligner.fit(source_vectors=source, target_vectors=source)
    assert aligner.converged_ is False
    assert 0 <= aligner.agreement_ <= 1


def test_a_random_state_is_advanced_as_far_without_the_judge():
    source, target, _ = _clouds(0, n_words=600)
    after = []
    for params in (SMALL, JUDGED):
        random_state = np.random.RandomState(0)
        aligner = WassersteinAligner(**params, random_state=random_state)
        aligner.fit(source_vectors=source, target_vectors=target)
        after.append((aligner.mapping_, random_state.randint(1000)))
    np.testing.assert_array_equal(after[0][0], after[1][0])
    assert after[0][1] == after[1][1]


@pytest.mark.filterwarnings("ignore:The map is probably useless")
@pytest.mark.parametrize("d_target", [12, 16])
def test_pairs_alone_and_frames_are_judged(d_target):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    source, target, _ = _clouds(0, d_target=d_target)
    params = {**JUDGED, "normalize": ("unit", AllButTheTop())}
    frame = pd.DataFrame(source, columns=[f"x{i}" for i in range(12)])
    for X in (source, frame):
        aligner = WassersteinAligner(**params, random_state=0).fit(X, target)
        assert 0 <= aligner.agreement_ <= 1
        assert aligner.converged_ is (aligner.agreement_ >= 0.05)


def test_as_many_passes_are_judged_as_were_done(make_recorder):
    source, target, _ = _clouds(0, n_words=600)
    spaces = {"source_vectors": source, "target_vectors": target}
    stopped = WassersteinAligner(**JUDGED, random_state=0)
    stopped.set_callbacks(make_recorder("pass", stop_from=1)).fit(**spaces)
    short = WassersteinAligner(**{**JUDGED, "max_iter": 1}, random_state=0).fit(**spaces)
    np.testing.assert_array_equal(stopped.mapping_, short.mapping_)
    assert stopped.agreement_ == short.agreement_


def test_self_learning_believes_what_its_start_says_of_itself():
    source, target, _ = _clouds(0, n_words=600)
    spaces = {"source_vectors": source, "target_vectors": target}
    start = WassersteinAligner(**JUDGED, random_state=0)
    aligner = SelfLearningAligner(init=start, max_iter=2).fit(**spaces)
    assert aligner.converged_ is True
    assert aligner.agreement_ == start.fit(**spaces).agreement_
    other = _clouds(100, n_words=600)[1]
    with pytest.warns(ConvergenceWarning) as caught:
        aligner.fit(source_vectors=source, target_vectors=other)
    assert len(caught) == 1  # its start's
    assert aligner.converged_ is False


def test_a_start_that_says_nothing_of_itself_is_not_judged():
    source, target, _ = _clouds(0)
    aligner = SelfLearningAligner(init=WassersteinAligner(**SMALL, random_state=0), max_iter=2)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert aligner.converged_ is None
    assert np.isnan(aligner.agreement_)


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


def test_a_judge_that_has_too_few_words_names_the_way_out():
    source, target, _ = _clouds(0, n_words=60, d=40)
    params = {**SMALL, "normalize": ("unit", PCA(35))}
    with pytest.raises(ValueError, match=r"30 and 30 of them, which failed: .* min_agreement=None"):
        WassersteinAligner(**{**params, "min_agreement": 0.05}).fit(source, target)
    WassersteinAligner(**params).fit(source, target)
