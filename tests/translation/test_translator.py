from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.callback import FitCallback
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score

from skxling.alignment import (
    CCAAligner,
    GeometricAligner,
    L1RefinedAligner,
    LinearAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    SelfLearningAligner,
)
from skxling.embedding import WordVectors
from skxling.metrics import bli_report, make_bli_scorer
from skxling.translation import WordTranslator

N, D = 100, 8
SOURCE = [f"s{i}" for i in range(N)]
TARGET = [f"t{i}" for i in range(N)]


@pytest.fixture(scope="module")
def spaces():
    """Word s{i} translates as t{i}: a rotation apart, with noise."""
    rng = np.random.default_rng(0)
    S = rng.normal(size=(N, D)) * np.linspace(3, 0.5, D)
    rotation = np.linalg.qr(rng.normal(size=(D, D)))[0]
    T = S @ rotation + 0.5 * rng.normal(size=(N, D))
    return WordVectors(SOURCE, S), WordVectors(TARGET, T)


@pytest.fixture(scope="module")
def translator(spaces):
    return WordTranslator(*spaces).fit(SOURCE[:40], TARGET[:40])


def dense_csls(S, T, n_neighbors=10):
    """CSLS of every pair, in float64."""
    S, T = (M.astype(float) / np.linalg.norm(M, axis=1, keepdims=True) for M in (S, T))
    cosines = S @ T.T
    r_T = np.sort(cosines, axis=1)[:, -n_neighbors:].mean(axis=1)
    r_S = np.sort(cosines, axis=0)[-n_neighbors:].mean(axis=0)
    return 2 * cosines - r_T[:, None] - r_S


def test_translates_unseen_words(translator):
    assert translator.score(SOURCE[40:], TARGET[40:]) > 0.8
    assert translator.n_pairs_ == 40


def test_neighbors_equal_dense_reference(translator):
    S, T = translator.source_vectors_.vectors, translator.target_vectors_.vectors
    csls = dense_csls(S, T)
    scores, words = translator.kneighbors(SOURCE, n_neighbors=4)
    order = np.argsort(-csls, axis=1)[:, :4]
    assert (words == np.array(TARGET)[order]).mean() > 0.99  # rounding may swap near ties
    np.testing.assert_allclose(scores, -np.sort(-csls, axis=1)[:, :4], atol=1e-5)


def test_cosine_retrieval(spaces):
    translator = WordTranslator(*spaces, retrieval="cosine").fit(SOURCE[:40], TARGET[:40])
    assert translator.source_statistics_ is translator.target_statistics_ is None
    S, T = translator.source_vectors_.vectors, translator.target_vectors_.vectors
    cosines = S @ T.T / np.outer(np.linalg.norm(S, axis=1), np.linalg.norm(T, axis=1))
    scores, words = translator.kneighbors(SOURCE, n_neighbors=1)
    assert words[:, 0].tolist() == [TARGET[i] for i in cosines.argmax(axis=1)]
    np.testing.assert_allclose(scores[:, 0], cosines.max(axis=1), atol=1e-5)


@pytest.mark.parametrize(
    "aligner",
    [
        LinearAligner(alpha=0.1),
        CCAAligner(n_components=6),
        MultistepAligner(n_components=6),
        GeometricAligner(alpha=1.0),
        ProcrustesAligner(normalize=("spectral",)),
        ProcrustesAligner(normalize=("all_but_the_top", "iterative")),
    ],
    ids=repr,
)
def test_every_aligner_translates(spaces, aligner):
    translator = WordTranslator(*spaces, aligner).fit(SOURCE[:60], TARGET[:60])
    assert translator.score(SOURCE[60:], TARGET[60:]) > 0.55
    width = translator.aligner_._n_features_out
    assert translator.source_vectors_.vectors.shape == (N, width)
    assert translator.target_vectors_.vectors.shape == (N, width)


def test_shared_space_is_the_aligners(spaces, translator):
    aligner = translator.aligner_
    np.testing.assert_allclose(
        translator.transform(["s3"]), aligner.transform(spaces[0].vectors[[3]]), atol=1e-5
    )
    np.testing.assert_allclose(
        translator.transform_target(["t3"]),
        aligner.transform_target(spaces[1].vectors[[3]]),
        atol=1e-5,
    )
    assert translator.source_vectors_.words == spaces[0].words


def test_unknown_words_have_no_translation(translator):
    assert not translator.transform(["moon"]).any()
    scores, words = translator.kneighbors(["moon", "s50"], n_neighbors=2)
    assert np.isnan(scores[0]).all()
    assert words[0].tolist() == [None, None]
    assert words[1, 0] == translator.predict(["s50"])[0]
    assert translator.predict(["moon"]).tolist() == [None]
    assert translator.predict([]).shape == (0,)


def test_score_counts_uncovered_words_wrong(translator):
    right = [i for i in range(40, N) if translator.predict([SOURCE[i]])[0] == TARGET[i]][:3]
    X = [SOURCE[i] for i in right] + ["moon"]
    y = [TARGET[i] for i in right] + ["mond"]
    assert translator.score(X, y) == 3 / 4
    # a source word counts once and any gold counts; a gold outside the vocabulary does not hurt
    assert translator.score([X[0], *X], ["mond", *y]) == 3 / 4
    assert make_bli_scorer(oov="skip")(translator, X, y) == 1
    assert make_bli_scorer(oov="copy")(translator, X, [*y[:3], "moon"]) == 1
    assert bli_report(translator, X, y).coverage == 3 / 4


def test_neighbors_are_clipped(translator):
    scores, words = translator.kneighbors(["s1"], n_neighbors=N + 5)
    assert words.shape == scores.shape == (1, N)
    assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("as_input", [list, tuple, np.array, pd.Series, lambda X: np.array(X, "O")])
def test_kinds_of_word_lists(spaces, translator, as_input):
    other = WordTranslator(*spaces).fit(as_input(SOURCE[:40]), as_input(TARGET[:40]))
    np.testing.assert_array_equal(other.transform(as_input(SOURCE)), translator.transform(SOURCE))
    assert other.predict(as_input(SOURCE)).tolist() == translator.predict(SOURCE).tolist()
    assert type(other.predict(as_input(SOURCE))[0]) is str


def test_entries_outside_the_vocabularies_are_dropped(spaces, translator):
    X, y = [*SOURCE[:40], "moon", "s41"], [*TARGET[:40], "t40", "mond"]
    other = WordTranslator(*spaces).fit(X, y)
    assert other.n_pairs_ == 40
    np.testing.assert_array_equal(other.transform(SOURCE), translator.transform(SOURCE))


def test_fit_params_are_cut_to_the_pairs_used(spaces):
    X, y = ["moon", *SOURCE[:40]], ["mond", *TARGET[:40]]
    weight = np.arange(41.0)
    translator = WordTranslator(*spaces).fit(X, y, sample_weight=weight)
    S, T = (side.vectors for side in spaces)
    aligner = ProcrustesAligner().fit(
        S[:40], T[:40], source_vectors=S, target_vectors=T, sample_weight=weight[1:]
    )
    np.testing.assert_allclose(translator.aligner_.mapping_, aligner.mapping_, atol=1e-6)
    unweighted = WordTranslator(*spaces).fit(X, y)
    assert np.abs(translator.aligner_.mapping_ - unweighted.aligner_.mapping_).max() > 1e-4


def test_routing_reaches_the_aligner(spaces):
    weight = np.arange(40.0)
    expected = WordTranslator(*spaces).fit(SOURCE[:40], TARGET[:40], sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        aligner = ProcrustesAligner().set_fit_request(sample_weight=True)
        search = GridSearchCV(WordTranslator(*spaces, aligner), {"n_neighbors": [5]}, cv=2)
        search.fit(SOURCE[:40], TARGET[:40], sample_weight=weight)
    np.testing.assert_allclose(
        search.best_estimator_.aligner_.mapping_, expected.aligner_.mapping_, atol=1e-6
    )


# -- without a map, without a lexicon ---------------------------------------------------------


def test_passthrough_takes_the_spaces_as_they_are(spaces):
    source, _ = spaces
    target = source.subset(slice(None)).with_vectors(source.vectors * 2)
    translator = WordTranslator(source, target, "passthrough").fit()
    assert translator.source_vectors_ is source
    assert translator.aligner_ is None
    assert translator.predict(SOURCE).tolist() == SOURCE
    assert translator.fit(["s1", "moon"], ["s1", "s2"]).n_pairs_ == 1
    narrow = WordVectors(["a"], [[1.0]])
    with pytest.raises(ValueError, match="8 components of `source_vectors` and 1 of"):
        WordTranslator(source, narrow, "passthrough").fit()


@pytest.mark.parametrize("aligner", [None, RCSLSAligner(max_iter=1), SelfLearningAligner()])
def test_without_a_lexicon_the_aligner_learns_by_itself(aligner):
    rng = np.random.default_rng(1)
    S = rng.normal(size=(N, D))
    T = S + 0.2 * rng.normal(size=(N, D))  # near the identity, where self-learning starts
    translator = WordTranslator(WordVectors(SOURCE, S), WordVectors(TARGET, T), aligner).fit()
    assert isinstance(translator.aligner_, SelfLearningAligner)
    assert not isinstance(translator.aligner_.aligner, SelfLearningAligner)
    assert translator.n_pairs_ == len(translator.aligner_.lexicon_) > N / 2
    assert translator.score(SOURCE, TARGET) > 0.8


# -- lexicon induction -------------------------------------------------------------------------


@pytest.mark.parametrize("retrieval", ["csls", "cosine"])
def test_induced_lexicon_is_mutual(spaces, retrieval):
    translator = WordTranslator(*spaces, retrieval=retrieval).fit(SOURCE[:40], TARGET[:40])
    S, T = translator.source_vectors_.vectors, translator.target_vectors_.vectors
    scores = dense_csls(S, T)
    if retrieval == "cosine":
        scores = S @ T.T / np.outer(np.linalg.norm(S, axis=1), np.linalg.norm(T, axis=1))
    forward, backward = scores.argmax(axis=1), scores.argmax(axis=0)
    mutual = np.flatnonzero(backward[forward] == np.arange(N))
    assert 0 < len(mutual) < N
    lexicon = translator.induce_lexicon()
    assert lexicon.source.tolist() == [SOURCE[i] for i in mutual]
    assert lexicon.target.tolist() == [TARGET[i] for i in forward[mutual]]
    np.testing.assert_allclose(lexicon.score, scores[mutual, forward[mutual]], atol=1e-5)

    one_way = translator.induce_lexicon(mutual=False)
    assert one_way.source.tolist() == SOURCE
    assert one_way.target.tolist() == translator.predict(SOURCE).tolist()
    np.testing.assert_allclose(one_way.score, scores.max(axis=1), atol=1e-5)


def test_induced_lexicon_can_be_fitted_on(spaces, translator):
    lexicon = translator.induce_lexicon()
    again = WordTranslator(*spaces).fit(lexicon.source, lexicon.target)
    assert again.n_pairs_ == len(lexicon.source)


# -- scikit-learn's tools ----------------------------------------------------------------------


def test_cross_validation_by_words(spaces):
    X, y = np.repeat(SOURCE[:40], 2), np.repeat(TARGET[:40], 2)
    scores = cross_val_score(
        WordTranslator(*spaces), X, y, groups=X, cv=GroupKFold(4), scoring=make_bli_scorer(k=5)
    )
    assert scores.shape == (4,)
    assert scores.min() > 0.7
    by_hand = [
        make_bli_scorer(k=5)(WordTranslator(*spaces).fit(X[train], y[train]), X[test], y[test])
        for train, test in GroupKFold(4).split(X, y, groups=X)
    ]
    assert scores.tolist() == by_hand


def test_grid_search_in_workers_with_a_vocabulary_as_long_as_the_lexicon(spaces):
    grids = [
        {"aligner": [ProcrustesAligner()], "retrieval": ["csls", "cosine"]},
        {"aligner": [RCSLSAligner(max_iter=2)], "aligner__learning_rate": [0.1, 1.0]},
    ]
    search = GridSearchCV(WordTranslator(*spaces), grids, cv=GroupKFold(2), n_jobs=2)
    search.fit(SOURCE, TARGET, groups=SOURCE)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_score_ > 0.7
    assert search.best_estimator_.source_vectors is spaces[0]
    assert search.predict(["s1"]).tolist() == ["t1"]


def test_clone_does_not_copy_vectors(spaces):
    translator = clone(WordTranslator(*spaces))
    assert translator.source_vectors is spaces[0]


def test_frozen_aligner_is_kept(spaces):
    S, T = (side.vectors for side in spaces)
    aligner = ProcrustesAligner().fit(S[:40], T[:40])
    translator = WordTranslator(*spaces, FrozenEstimator(aligner)).fit(SOURCE[:2], TARGET[:2])
    np.testing.assert_array_equal(translator.aligner_.mapping_, aligner.mapping_)
    assert translator.score(SOURCE[40:], TARGET[40:]) > 0.8


def test_keyed_vectors_are_taken(translator, spaces):
    from gensim.models import KeyedVectors

    sides = []
    for side in spaces:
        keyed_vectors = KeyedVectors(D)
        keyed_vectors.add_vectors(list(side.words), side.vectors)
        sides.append(keyed_vectors)
    other = WordTranslator(*sides).fit(SOURCE[:40], TARGET[:40])
    assert other.predict(SOURCE).tolist() == translator.predict(SOURCE).tolist()


def test_callbacks_reach_the_aligner(spaces, make_recorder):
    recorder = make_recorder()
    assert isinstance(recorder, FitCallback)
    translator = WordTranslator(*spaces, RCSLSAligner(max_iter=2)).set_callbacks(recorder)
    translator.fit(SOURCE[:40], TARGET[:40])
    assert "RCSLSAligner" in [name for name, _ in recorder.tasks]
    assert recorder.tasks[-1] == ("WordTranslator", "fit")
    assert recorder.n_torn_down == 1
    assert not hasattr(translator.aligner_, "_skl_callbacks")


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "y", "error", "message"),
    [
        ("house", "haus", TypeError, r"`X` is the single string 'house'. Pass a list"),
        (["s1"], None, ValueError, "Got only `X`"),
        (None, ["t1"], ValueError, "Got only `y`"),
        (["s1"], ["t1", "t2"], ValueError, "`X` has 1 words and `y` has 2"),
        ([], [], ValueError, "empty"),
        (["s1", np.nan], ["t1", "t2"], TypeError, r"`X\[1\]` is nan"),
        ([["s1"]], [["t1"]], TypeError, r"`X\[0\]` is \['s1'\]"),
        (np.array([["s1"]]), ["t1"], ValueError, r"one-dimensional.*\(1, 1\)"),
        ({"s1"}, ["t1"], TypeError, "in an order. Got set"),
        (
            ["moon", "s1"],
            ["t1", "mond"],
            ValueError,
            "None of the 2 entries.*'moon'.*'mond'.*need. L",
        ),
        (["t1", "t2"], ["s1", "s2"], ValueError, r"They are in each other's.*columns=\(1, 0\)\)"),
    ],
)
def test_bad_lexicons(spaces, X, y, error, message):
    with pytest.raises(error, match=message):
        WordTranslator(*spaces).fit(X, y)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ("en.vec", r"Got the str 'en\.vec'\. Read a file by read_word_vectors\(path\)"),
        (Path("en.vec"), r"Got the \w+Path 'en\.vec'\. Read a file by read_word_vectors"),
        (np.eye(3), r"Got ndarray\. Pass WordVectors\(words, vectors\)"),
        (None, r"Got NoneType\. Pass WordVectors"),
    ],
)
def test_vocabularies_are_named_that_are_none(spaces, vectors, message):
    with pytest.raises(TypeError, match=f"`source_vectors` must be WordVectors.*{message}"):
        WordTranslator(vectors, spaces[1]).fit(SOURCE[:40], TARGET[:40])
    with pytest.raises(TypeError, match=f"`target_vectors` must be WordVectors.*{message}"):
        WordTranslator(spaces[0], vectors).fit(SOURCE[:40], TARGET[:40])


@pytest.mark.parametrize("method", ["predict", "transform", "transform_target", "kneighbors"])
def test_bare_string_is_an_error(translator, method):
    with pytest.raises(TypeError, match=r"single string 'house'. Pass a list of words"):
        getattr(translator, method)("house")


@pytest.mark.parametrize("n_neighbors", [0, 1.5])
def test_bad_number_of_neighbors(translator, n_neighbors):
    with pytest.raises(ValueError, match="`n_neighbors` must be an integer"):
        translator.kneighbors(["s1"], n_neighbors=n_neighbors)


@pytest.mark.parametrize(
    "params", [{"aligner": "procrustes"}, {"retrieval": "knn"}, {"n_neighbors": 0}]
)
def test_bad_parameters(spaces, params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        WordTranslator(*spaces).set_params(**params).fit(SOURCE[:40], TARGET[:40])


def test_bad_device(spaces):
    with pytest.raises(ValueError, match="`device`"):
        WordTranslator(*spaces, device="toaster").fit(SOURCE[:40], TARGET[:40])


def test_word_level_scorer_refuses_vocabularies(translator, spaces):
    scorer = make_bli_scorer(candidates=spaces[1], source_vectors=spaces[0])
    with pytest.raises(ValueError, match="has its own vocabularies"):
        scorer(translator, ["s1"], ["t1"])


def test_frozen_aligner_needs_no_lexicon(spaces):
    frozen = FrozenEstimator(ProcrustesAligner().fit(*(side.vectors[:40] for side in spaces)))
    translator = WordTranslator(*spaces, frozen).fit()
    expected = WordTranslator(*spaces, frozen).fit(SOURCE[:40], TARGET[:40])
    assert translator.predict(SOURCE).tolist() == expected.predict(SOURCE).tolist()
    assert translator.n_pairs_ == 0


def test_pairs_of_self_learning_within_another_aligner(spaces):
    learner = SelfLearningAligner(init="identity", min_agreement=None, random_state=0)
    translator = WordTranslator(*spaces, L1RefinedAligner(learner)).fit()
    assert translator.n_pairs_ == len(translator.aligner_.aligner_.lexicon_) > 0


def test_passthrough_takes_no_keywords(spaces):
    with pytest.raises(TypeError, match="sample_wieght"):
        WordTranslator(*spaces, "passthrough").fit(SOURCE, TARGET, sample_wieght=np.ones(N))


@pytest.mark.parametrize("mutual", [True, False])
def test_words_without_a_vector_are_in_no_pair(mutual):
    source = WordVectors(["a", "zero"], [[1.0, 0.0], [0.0, 0.0]])
    target = WordVectors(["b", "c"], [[1.0, 0.0], [0.0, 1.0]])
    translator = WordTranslator(source, target, "passthrough", n_neighbors=1).fit()
    lexicon = translator.induce_lexicon(mutual=mutual)
    assert (lexicon.source.tolist(), lexicon.target.tolist()) == (["a"], ["b"])
    assert lexicon.score.shape == (1,)


def test_a_failed_fit_changes_nothing(spaces, translator):
    class Failing(ProcrustesAligner):
        def transform_target(self, Y):
            raise RuntimeError("no")

    fresh, fitted = (WordTranslator(*spaces, aligner) for aligner in (Failing(), None))
    with pytest.raises(RuntimeError, match="no"):
        fresh.fit(SOURCE[:40], TARGET[:40])
    assert not [name for name in vars(fresh) if name.endswith("_")]
    fitted.fit(SOURCE[:40], TARGET[:40]).set_params(aligner=Failing())
    with pytest.raises(RuntimeError, match="no"):
        fitted.fit(SOURCE[:20], TARGET[:20])
    assert fitted.n_pairs_ == 40
    assert fitted.predict(SOURCE).tolist() == translator.predict(SOURCE).tolist()
