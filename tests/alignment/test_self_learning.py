import numpy as np
import pytest
from scipy.linalg import expm
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metadata_routing import MetadataRouter

from skxling.alignment import (
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    SelfLearningAligner,
)
from skxling.embedding import WordVectors
from skxling.translation import WordTranslator


def _spaces(turn, n_words=500, d=20, noise=0.1, seed=0):
    """A space and its turned image, in another order; gold[i] is the row of i's partner."""
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(n_words, d)) * np.linspace(2, 0.5, d)
    spin = rng.normal(size=(d, d))
    rotation = expm(turn * (spin - spin.T))
    gold = rng.permutation(n_words)
    target = np.empty_like(source)
    target[gold] = source @ rotation + noise * rng.normal(size=source.shape)
    return source, target, gold


def _n_right(aligner, gold):
    return (gold[aligner.lexicon_[:, 0]] == aligner.lexicon_[:, 1]).sum()


def test_near_spaces_are_aligned_from_the_identity():
    source, target, gold = _spaces(turn=0.16)
    aligner = SelfLearningAligner(init="identity", max_iter=1, min_agreement=None)
    first = _n_right(aligner.fit(source_vectors=source, target_vectors=target), gold)
    aligner = SelfLearningAligner(init="identity", min_agreement=None)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert first < 100
    assert _n_right(aligner, gold) > 490
    assert aligner.n_iter_ == len(aligner.similarity_curve_) <= 10


def test_a_small_seed_lexicon_grows_where_the_spaces_are_far_apart():
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    with pytest.warns(ConvergenceWarning, match="The map is probably useless"):
        alone = SelfLearningAligner(init="identity").fit(**spaces)
    assert _n_right(alone, gold) < 50
    seeded = SelfLearningAligner().fit(source[:15], target[gold[:15]], **spaces)
    assert _n_right(seeded, gold) > 490
    assert seeded.similarity_curve_[-1] > seeded.similarity_curve_[0]


def test_final_aligner_is_fitted_on_the_lexicon():
    source, target, _ = _spaces(turn=0.08)
    spaces = {"source_vectors": source, "target_vectors": target}
    learned = SelfLearningAligner().fit(**spaces)
    rows, columns = learned.lexicon_.T
    expected = ProcrustesAligner().fit(source[rows], target[columns], **spaces)
    np.testing.assert_array_equal(learned.aligner_.mapping_, expected.mapping_)
    for method, side in (
        ("transform", source),
        ("transform_target", target),
        ("inverse_transform", target),
        ("predict", source),
    ):
        np.testing.assert_array_equal(
            getattr(learned, method)(side), getattr(expected, method)(side)
        )


def test_stops_where_the_pairs_do_not_change():
    source, target, _ = _spaces(turn=0.13)
    aligner = SelfLearningAligner(init="identity", tol=None, max_iter=50)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert 1 < aligner.n_iter_ < 50
    # one more round finds the same pairs
    again = SelfLearningAligner(init="identity", max_iter=1).fit(
        source_vectors=aligner.transform(source), target_vectors=aligner.transform_target(target)
    )
    np.testing.assert_array_equal(again.lexicon_, aligner.lexicon_)


@pytest.mark.parametrize("n_iter_no_change", [1, 3])
def test_stops_where_the_similarity_does_not_rise(n_iter_no_change):
    source, target, _ = _spaces(turn=0.25, noise=0.6)  # too far apart: it rises slowly
    spaces = {"source_vectors": source, "target_vectors": target}
    params = {"init": "identity", "max_iter": 20, "min_agreement": None}
    curve = SelfLearningAligner(tol=None, **params).fit(**spaces).similarity_curve_
    assert len(curve) == 20
    aligner = SelfLearningAligner(tol=0.03, n_iter_no_change=n_iter_no_change, **params)
    n_iter = aligner.fit(**spaces).n_iter_
    np.testing.assert_array_equal(aligner.similarity_curve_, curve[:n_iter])
    rises = [
        curve[stop - n_iter_no_change : stop].max() - curve[: stop - n_iter_no_change].max()
        for stop in range(n_iter_no_change + 1, n_iter + 1)
    ]
    assert min(rises[:-1], default=1.0) >= 0.03 > rises[-1]


def test_only_the_frequent_words_are_paired():
    source, target, _ = _spaces(turn=0.08)
    aligner = SelfLearningAligner(n_frequent=100, min_agreement=None)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert aligner.lexicon_.max() < 100


@pytest.mark.parametrize("retrieval", ["csls", "cosine"])
def test_pairs_are_one_to_one(retrieval):
    source, target, _ = _spaces(turn=0.5, noise=0.5)
    aligner = SelfLearningAligner(retrieval=retrieval, min_agreement=None).fit(
        source_vectors=source, target_vectors=target
    )
    assert aligner.lexicon_.shape[1] == 2
    for side in aligner.lexicon_.T:
        assert len(set(side)) == len(side)
    assert -1 <= aligner.similarity_curve_.min() <= aligner.similarity_curve_.max() <= 1


def test_aligner_is_cloned_and_reached_by_nested_parameters():
    source, target, _ = _spaces(turn=0.08)
    inner = RCSLSAligner(max_iter=1)
    aligner = SelfLearningAligner(inner, max_iter=2)
    aligner.set_params(aligner__learning_rate=3.0)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert not hasattr(inner, "mapping_")
    assert aligner.aligner_.learning_rate == 3.0


def test_without_keywords_the_pairs_are_the_spaces():
    source, target, gold = _spaces(turn=1.0)
    aligner = SelfLearningAligner().fit(source, target[gold])
    assert (aligner.lexicon_[:, 0] == aligner.lexicon_[:, 1]).mean() > 0.9


def test_spaces_of_two_sizes_need_pairs():
    source, target, gold = _spaces(turn=0.08)
    spaces = {"source_vectors": source, "target_vectors": target[:, :12]}
    with pytest.raises(ValueError, match=r"20 features and `target_vectors` 12\. Give pairs"):
        SelfLearningAligner(init="identity").fit(**spaces)
    aligner = SelfLearningAligner(max_iter=1).fit(source[:50], target[gold[:50], :12], **spaces)
    assert aligner.transform(source).shape == (500, 12)


def test_nothing_to_align():
    source, target, _ = _spaces(turn=0.08)
    with pytest.raises(ValueError, match="There is nothing to align: give pairs as X and y"):
        SelfLearningAligner().fit(source_vectors=source)
    with pytest.raises(ValueError, match="Got X alone"):
        SelfLearningAligner().fit(source, target_vectors=target)
    with pytest.raises(ValueError, match="Got y alone"):
        SelfLearningAligner().fit(None, target, source_vectors=source)


def test_feature_names_are_forgotten_without_pairs():
    pandas = pytest.importorskip("pandas")
    source, target, gold = _spaces(turn=0.08)
    frame = pandas.DataFrame(source, columns=[f"v{i}" for i in range(20)])
    aligner = SelfLearningAligner(max_iter=1).fit(frame, target[gold])
    assert list(aligner.feature_names_in_) == list(frame.columns)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert not hasattr(aligner, "feature_names_in_")
    assert aligner.n_features_in_ == 20


def test_a_callback_that_returns_true_stops(make_recorder):
    source, target, _ = _spaces(turn=0.16, noise=0.6)
    aligner = SelfLearningAligner(init="identity", tol=None, min_agreement=None)
    aligner.set_callbacks(make_recorder("round", stop_from=2))
    aligner.fit(source_vectors=source, target_vectors=target)
    assert aligner.n_iter_ == 2


def test_callbacks_reach_an_aligner_that_iterates(make_recorder):
    source, target, _ = _spaces(turn=0.16)
    recorder = make_recorder()
    inner = RCSLSAligner(max_iter=3)
    aligner = SelfLearningAligner(inner, init="identity", max_iter=2, tol=None, min_agreement=None)
    aligner.set_callbacks(recorder).fit(source_vectors=source, target_vectors=target)
    assert recorder.tasks.count(("RCSLSAligner", "iteration")) == 6
    assert not hasattr(aligner.aligner_, "_skl_callbacks")


def test_routing_names_the_vocabularies_as_its_own():
    aligner = SelfLearningAligner()
    routing = aligner.get_metadata_routing()
    assert isinstance(routing, MetadataRouter)
    assert routing.consumes("fit", {"source_vectors", "target_vectors"}) == set()


# -- where to start ------------------------------------------------------------------------------


def _word_vectors(source, target, gold, shared):
    """Vocabularies in which the words of some rows, and "1999", are spelled alike."""
    names = {i: f"name{i}" for i in shared} | {shared[0]: "1999"}
    source_words = [names.get(i, f"s{i}") for i in range(len(source))]
    target_words = [""] * len(target)
    for i, j in enumerate(gold):
        target_words[j] = names.get(i, f"t{j}")
    return {
        "source_vectors": WordVectors(source_words, source),
        "target_vectors": WordVectors(target_words, target),
    }


def test_equal_words_are_a_start():
    source, target, gold = _spaces(turn=1.0)
    spaces = _word_vectors(source, target, gold, range(100, 130))
    aligner = SelfLearningAligner(init="identical").fit(**spaces)
    assert _n_right(aligner, gold) > 490
    # the first round is that of the same pairs, given
    X, Y = (spaces[f"{side}_vectors"].vectors for side in ("source", "target"))
    given = SelfLearningAligner(max_iter=1).fit(X[100:130], Y[gold[100:130]], **spaces)
    first = SelfLearningAligner(max_iter=1, init="identical").fit(**spaces)
    np.testing.assert_array_equal(first.lexicon_, given.lexicon_)


def test_numerals_are_words_of_digits():
    source, target, gold = _spaces(turn=1.0)
    spaces = _word_vectors(source, target, gold, range(100, 130))
    X, Y = (spaces[f"{side}_vectors"].vectors for side in ("source", "target"))
    numerals = SelfLearningAligner(max_iter=1, init="numerals", min_agreement=None)
    numerals.fit(**spaces)
    given = SelfLearningAligner(max_iter=1).fit(X[100:101], Y[gold[100:101]], **spaces)
    np.testing.assert_array_equal(numerals.lexicon_, given.lexicon_)


@pytest.mark.parametrize("init", ["identical", "numerals"])
def test_equal_words_need_words(init):
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    aligner = SelfLearningAligner(init=init)
    with pytest.raises(ValueError, match=r"`source_vectors` names none: it is of type ndarray"):
        aligner.fit(**spaces)
    words = _word_vectors(source, target, gold, range(5))
    with pytest.raises(ValueError, match=r"`target_vectors` names none.*give their vectors as X"):
        aligner.fit(**words | {"target_vectors": target})
    other = WordVectors([f"t{j}" for j in range(500)], target)
    with pytest.raises(ValueError, match=r"no word that is in both .*\(of 500 and 500 words\)"):
        aligner.fit(**words | {"target_vectors": other})


def test_words_come_through_the_translator():
    source, target, gold = _spaces(turn=1.0)
    spaces = _word_vectors(source, target, gold, range(100, 130))
    translator = WordTranslator(**spaces, aligner=SelfLearningAligner(init="identical")).fit()
    words = [f"s{i}" for i in range(100)]
    assert translator.score(words, [f"t{j}" for j in gold[:100]]) > 0.95
    assert translator.n_pairs_ == len(translator.aligner_.lexicon_)


def test_an_aligner_is_a_start():
    source, target, gold = _spaces(turn=1.0)
    spaces = _word_vectors(source, target, gold, range(100, 130))
    first = SelfLearningAligner(init="identical", n_frequent=200)  # words reach it too
    aligner = SelfLearningAligner(init=first, max_iter=1).fit(**spaces)
    assert _n_right(aligner, gold) > 490
    assert not hasattr(first, "aligner_")
    once_more = SelfLearningAligner(max_iter=1).fit(
        source_vectors=first.fit(**spaces).transform(source),
        target_vectors=first.transform_target(target),
    )
    assert (aligner.lexicon_ == once_more.lexicon_).all()


def test_pairs_are_a_start_before_init():
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    pairs = source[:15], target[gold[:15]]
    expected = SelfLearningAligner().fit(*pairs, **spaces)
    other = SelfLearningAligner(init="identical").fit(*pairs, **spaces)
    np.testing.assert_array_equal(other.lexicon_, expected.lexicon_)


def _clusters(seed, n_words=400, d=20, noise=0.05, d_target=None):
    """Turned spaces in which words have near and far neighbours, as they have in languages."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(40, d))
    spread = rng.gamma(2, 0.25, size=(n_words, 1))
    source = topics[rng.integers(40, size=n_words)] + spread * rng.normal(size=(n_words, d))
    source *= np.linspace(1.5, 0.5, d)
    gold = rng.permutation(n_words)
    rotation = np.linalg.qr(rng.normal(size=(d_target or d, d)))[0].T
    target = np.empty((n_words, d_target or d))
    target[gold] = source @ rotation + noise * rng.normal(size=target.shape)
    return source, target, gold


def _succeeds(seed, **params):
    source, target, gold = _clusters(seed)
    aligner = SelfLearningAligner(**params, random_state=seed)
    return _n_right(aligner.fit(source_vectors=source, target_vectors=target), gold) > 360


def test_distributions_are_a_start_where_nothing_is_known():
    succeeds = [_succeeds(seed, init="distributions", min_agreement=None) for seed in range(10)]
    assert sum(succeeds) >= 9
    assert not any(_succeeds(seed, init="identity", min_agreement=None) for seed in range(3))


def test_spaces_of_two_sizes_are_aligned_from_their_distributions():
    source, target, gold = _clusters(0, d_target=26)
    aligner = SelfLearningAligner(init="distributions")
    aligner.fit(source_vectors=source, target_vectors=target)
    assert _n_right(aligner, gold) > 360
    assert aligner.transform(source).shape == target.shape


# -- seeing a share of the similarities ----------------------------------------------------------


STOCHASTIC = {"keep_probability": 0.1, "n_iter_no_change": 4, "max_iter": 100}


def _ends_well(seed, **params):
    """Self-learning from 100 pairs of which 90 are wrong."""
    source, target, gold = _spaces(turn=1.0, n_words=200, d=10, noise=0.3, seed=seed)
    wrong = gold.copy()
    wrong[10:100] = np.random.default_rng(seed).permutation(gold[10:100])
    aligner = SelfLearningAligner(**params, random_state=seed)
    aligner.fit(source[:100], target[wrong[:100]], source_vectors=source, target_vectors=target)
    return _n_right(aligner, gold) > 0.6 * len(aligner.lexicon_)


def test_seeing_a_share_helps_a_poor_start():
    alone = sum(_ends_well(seed, max_iter=100) for seed in range(10))
    helped = sum(_ends_well(seed, **STOCHASTIC, induction="both") for seed in range(10))
    assert alone <= 2
    assert helped >= 4


def test_the_curve_ends_with_everything_seen():
    source, target, gold = _spaces(turn=1.0, n_words=250)
    spaces = {"source_vectors": source, "target_vectors": target}
    aligner = SelfLearningAligner(**STOCHASTIC, random_state=0)
    aligner.fit(source[:15], target[gold[:15]], **spaces)
    assert _n_right(aligner, gold) > 240
    assert aligner.similarity_curve_[-1] > aligner.similarity_curve_[0] + 0.2
    assert 4 * 4 < aligner.n_iter_ < 100  # 0.1, 0.2, 0.4, 0.8, 1


def test_without_tol_the_probability_grows_by_schedule():
    source, target, gold = _spaces(turn=1.0, noise=0.3)
    spaces = {"source_vectors": source, "target_vectors": target}
    params = {**STOCHASTIC, "tol": None, "keep_probability": 0.5, "random_state": 0}
    aligner = SelfLearningAligner(**params).fit(source[:15], target[gold[:15]], **spaces)
    assert 4 < aligner.n_iter_ < 100  # then until pairs are equal
    # a probability that is to grow after the last round of all is reported
    with pytest.warns(ConvergenceWarning, match=r"After max_iter=3 rounds .* still 0\.5"):
        SelfLearningAligner(**params | {"max_iter": 3}).fit(
            source[:15], target[gold[:15]], **spaces
        )


def test_random_state():
    source, target, gold = _spaces(turn=1.0, noise=0.6)
    spaces = {"source_vectors": source, "target_vectors": target}
    params = {"keep_probability": 0.5, "n_iter_no_change": 2, "max_iter": 3, "tol": None}
    curves = [
        SelfLearningAligner(**params, random_state=seed)
        .fit(source[:15], target[gold[:15]], **spaces)
        .similarity_curve_
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(curves[0], curves[1])
    assert not np.array_equal(curves[0], curves[2])


# -- what is fitted on which pairs ---------------------------------------------------------------


def test_seed_is_kept():
    """PROC-B: one round, whose pairs join those of the seed."""
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    X, Y = source[:15], target[gold[:15]]
    aligner = SelfLearningAligner(max_iter=1, retrieval="cosine", keep_seed=True)
    aligner.fit(X, Y, **spaces)
    rows, columns = aligner.lexicon_.T
    expected = ProcrustesAligner().fit(
        np.vstack([X, source[rows]]), np.vstack([Y, target[columns]]), **spaces
    )
    np.testing.assert_array_equal(aligner.aligner_.mapping_, expected.mapping_)


def test_pairs_of_alike_distributions_are_no_seed():
    source, target, _ = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    params = {"init": "distributions", "max_iter": 2, "min_agreement": None}
    kept, found = (
        SelfLearningAligner(keep_seed=keep_seed, **params).fit(**spaces)
        for keep_seed in (True, False)
    )
    np.testing.assert_array_equal(kept.aligner_.mapping_, found.aligner_.mapping_)


@pytest.mark.parametrize("induction", ["both", "source", "target"])
def test_directions(induction):
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target[:400]}
    kept = np.flatnonzero(gold < 400)[:15]
    aligner = SelfLearningAligner(induction=induction)
    aligner.fit(source[kept], target[gold[kept]], **spaces)
    assert len(aligner.lexicon_) == {"both": 900, "source": 500, "target": 400}[induction]
    assert _n_right(aligner, gold) > {"both": 750, "source": 380, "target": 380}[induction]
    assert 0.5 < aligner.similarity_curve_[-1] <= 1


def test_final_aligner_is_fitted_in_the_end():
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    pairs = source[:15], target[gold[:15]]
    plain = SelfLearningAligner().fit(*pairs, **spaces)
    final = SelfLearningAligner(final_aligner=MultistepAligner()).fit(*pairs, **spaces)
    np.testing.assert_array_equal(final.lexicon_, plain.lexicon_)
    rows, columns = plain.lexicon_.T
    expected = MultistepAligner().fit(source[rows], target[columns], **spaces)
    np.testing.assert_array_equal(final.transform(source), expected.transform(source))
    np.testing.assert_array_equal(final.transform_target(target), expected.transform_target(target))


# -- the best start, and none --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turn", "noise", "expected"), [(0.08, 0.6, "identity"), (1.0, 0.6, "identical")]
)
def test_auto_takes_the_start_that_leads_farthest(turn, noise, expected):
    source, target, gold = _spaces(turn=turn, noise=noise)
    spaces = _word_vectors(source, target, gold, range(100, 130))
    n_right = {}
    for init in ("identity", "identical", "distributions"):
        aligner = SelfLearningAligner(init=init, min_agreement=None).fit(**spaces)
        n_right[init] = _n_right(aligner, gold)
    aligner = SelfLearningAligner(min_agreement=None).fit(**spaces)
    assert aligner.init_ == expected
    assert n_right[expected] > max(n_right.values()) - 5
    by_name = SelfLearningAligner(init=aligner.init_, min_agreement=None).fit(**spaces)
    np.testing.assert_array_equal(aligner.lexicon_, by_name.lexicon_)


def test_spaces_of_two_sizes_leave_auto_no_identity():
    source, target, gold = _clusters(0, d_target=26)
    aligner = SelfLearningAligner().fit(source_vectors=source, target_vectors=target)
    assert aligner.init_ == "distributions"
    assert _n_right(aligner, gold) > 360


def test_without_pairs_all_seeds_succeed_on_spaces_of_one_shape():
    for seed in range(5):
        source, target, gold = _clusters(seed, n_words=250)
        aligner = SelfLearningAligner().fit(source_vectors=source, target_vectors=target)
        assert _n_right(aligner, gold) > 225
        assert aligner.converged_
        assert aligner.agreement_ > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_unrelated_spaces_are_warned_of(seed):
    source, other = _clusters(seed)[0], _clusters(seed + 100)[0]
    spaces = {"source_vectors": source, "target_vectors": other}
    with pytest.warns(ConvergenceWarning, match=r"other, \d+\.\d% are the same, and \d+"):
        aligner = SelfLearningAligner().fit(**spaces)
    assert aligner.converged_ is False
    assert 0 <= aligner.agreement_ < 0.5
    silent = SelfLearningAligner(min_agreement=None).fit(**spaces)
    assert silent.converged_ is None
    assert np.isnan(silent.agreement_)
    np.testing.assert_array_equal(silent.lexicon_, aligner.lexicon_)


def _chance(seed, n_words, d):
    rng = np.random.default_rng(seed)
    source, target = rng.normal(size=(2, n_words, d))
    aligner = SelfLearningAligner(max_iter=1)
    return aligner.fit(source_vectors=source, target_vectors=target)


@pytest.mark.parametrize(("n_words", "d"), [(20, 5), (30, 10), (50, 10)])
@pytest.mark.filterwarnings("ignore:The map is probably useless")
def test_chance_is_not_believed_in_small_clouds(n_words, d):
    aligners = [_chance(seed, n_words, d) for seed in range(8)]
    assert max(aligner.agreement_ for aligner in aligners) >= 0.05  # a share alone is no reason
    assert not any(aligner.converged_ for aligner in aligners)


@pytest.mark.parametrize("n_words", [10, 20, 50])
def test_small_clouds_that_belong_together_are_believed(n_words):
    for seed in range(5):
        source = np.random.default_rng(seed).normal(size=(n_words, 10))
        target = source + 0.1 * np.random.default_rng(seed + 100).normal(size=source.shape)
        aligner = SelfLearningAligner().fit(source_vectors=source, target_vectors=target)
        assert aligner.converged_


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_words_that_are_all_alike_are_not_believed(value):
    source = np.full((60, 50), value)
    with pytest.warns(ConvergenceWarning, match="may be the same by chance"):
        aligner = SelfLearningAligner().fit(source_vectors=source, target_vectors=3 * source)
    assert aligner.agreement_ == 1
    assert aligner.converged_ is False


@pytest.mark.filterwarnings("ignore:The map is probably useless")  # of length 1 they are all alike
@pytest.mark.parametrize("init", ["auto", "identity", "distributions", SelfLearningAligner()])
def test_spaces_of_one_component(init):
    source = np.random.default_rng(0).gamma(2, size=(100, 1))
    aligner = SelfLearningAligner(init=init)
    aligner.set_params(aligner=ProcrustesAligner(normalize=()))
    aligner.fit(source_vectors=source, target_vectors=source)
    assert aligner.transform(source).shape == (100, 1)
    assert 0 <= aligner.agreement_ <= 1


def test_pairs_are_believed():
    source, _, _ = _clusters(0)
    other = np.random.default_rng(0).normal(size=source.shape)
    aligner = SelfLearningAligner(max_iter=2).fit(source, other)
    assert aligner.init_ is None
    assert aligner.converged_ is None


def test_agreement_is_that_of_two_halves_of_the_start():
    source, target, gold = _spaces(turn=1.0, noise=0.8)
    spaces = _word_vectors(source, target, gold, range(100, 140))
    aligner = SelfLearningAligner(init="identical").fit(**spaces)
    found = []
    for half in (slice(100, 140, 2), slice(101, 140, 2)):
        learner = SelfLearningAligner(n_frequent=5000, tol=None)
        pairs = learner.fit(source[half], target[gold[half]], **spaces).lexicon_
        found.append({tuple(pair) for pair in pairs.tolist()})
    n_common = len(found[0] & found[1])
    assert aligner.agreement_ == pytest.approx(2 * n_common / sum(map(len, found)), abs=0.03)
    # whatever is fitted, and for how long, the judgement is the same
    other = SelfLearningAligner(MultistepAligner(), init="identical", max_iter=2).fit(**spaces)
    assert other.agreement_ == aligner.agreement_ > 0.3
    assert other.converged_
    with pytest.warns(ConvergenceWarning, match=r"and 100\.0% are asked for"):
        other.set_params(min_agreement=1.0).fit(**spaces)


def test_a_probability_that_grows_after_the_last_round_was_smaller_in_it():
    source, target, gold = _spaces(turn=1.0, noise=0.3)
    spaces = {"source_vectors": source, "target_vectors": target}
    aligner = SelfLearningAligner(
        keep_probability=0.5, tol=None, n_iter_no_change=3, max_iter=3, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match=r"After max_iter=3 rounds .* still 0\.5") as caught:
        aligner.fit(source[:15], target[gold[:15]], **spaces)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("inner", [ProcrustesAligner(), RCSLSAligner(max_iter=1)])
def test_a_callback_ends_the_rounds_of_any_aligner(inner, make_recorder):
    source, target, gold = _spaces(turn=1.0, noise=0.6)
    aligner = SelfLearningAligner(inner, tol=None, max_iter=5)
    aligner.set_callbacks(make_recorder("round", stop_from=2))
    aligner.fit(source[:15], target[gold[:15]], source_vectors=source, target_vectors=target)
    assert aligner.n_iter_ == 2
