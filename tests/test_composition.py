"""The Pipeline, cross_val_score and GridSearchCV lines that the library is made for."""

import numpy as np
import pytest
import sklearn
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

from skxling.alignment import ProcrustesAligner, RCSLSAligner
from skxling.combine import JointAlignCombiner
from skxling.embedding import JointSkipGram, WordVectors
from skxling.metrics import make_bli_scorer
from skxling.translation import WordTranslator

TOPICS, LETTERS = range(6), "abcd"
SOURCE = [f"en{topic}{letter}" for topic in TOPICS for letter in LETTERS]
TARGET = [f"de{topic}{letter}" for topic in TOPICS for letter in LETTERS]
N, D = 90, 6


@pytest.fixture(scope="module")
def spaces():
    rng = np.random.default_rng(0)
    S = rng.normal(size=(N, D)) * np.linspace(3, 1, D) + 1
    rotation = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return S.astype(np.float32), (S @ rotation + 0.1 * rng.normal(size=(N, D))).astype(np.float32)


@pytest.fixture(scope="module")
def joint():
    rng = np.random.default_rng(0)
    sides = []
    for words in (SOURCE, TARGET):
        topics = [[*words[4 * t : 4 * t + 4], f"name{t}"] for t in TOPICS]
        sides.append([" ".join(rng.choice(topics[i % 6], size=8)) for i in range(300)])
    joint = JointSkipGram(
        n_components=16, epochs=3, sample=0, bucket=500, max_n=4, random_state=0, device="cpu"
    )
    return joint.fit(*sides)


# -- vectors ---------------------------------------------------------------------------------------


def test_pipeline_and_cross_val_score(spaces):
    S, T = spaces
    X_src, X_tgt = S[:60], T[:60]
    pipe = Pipeline([("pca", PCA(5)), ("align", ProcrustesAligner())]).fit(X_src, X_tgt)
    assert pipe.transform(X_src).shape[0] == 60
    assert pipe.predict(X_src).shape == X_tgt.shape
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    scores = cross_val_score(pipe, X_src, X_tgt, scoring=scorer)
    assert scores.shape == (5,)
    assert scores.mean() > 0.4
    r2 = cross_val_score(pipe, X_src, X_tgt)
    assert r2.shape == (5,)
    assert (r2 < 1).all()


def test_vocabularies_through_a_pipeline_without_routing(spaces):
    S, T = spaces
    pipe = Pipeline([("keep", "passthrough"), ("align", ProcrustesAligner(normalize=("center",)))])
    pipe.fit(S[:60], T[:60], align__source_vectors=S, align__target_vectors=T)
    by_hand = ProcrustesAligner(normalize=("center",))
    by_hand.fit(S[:60], T[:60], source_vectors=S, target_vectors=T)
    np.testing.assert_allclose(pipe.transform(S), by_hand.transform(S), atol=1e-5)
    assert np.abs(by_hand.fit(S[:60], T[:60]).transform(S) - pipe.transform(S)).max() > 1e-2


def test_untransformed_vocabulary_after_a_step_that_changes_the_space(spaces):
    S, T = spaces
    pipe = Pipeline([("pca", PCA(5)), ("align", ProcrustesAligner())])
    with pytest.raises(ValueError, match=r"source_vectors.*6|6.*source_vectors"):
        pipe.fit(S[:60], T[:60], align__source_vectors=S)


@pytest.mark.parametrize("n_words", [60, N])
def test_vocabularies_through_a_pipeline_with_routing(spaces, n_words):
    S, T = spaces
    with sklearn.config_context(enable_metadata_routing=True):
        aligner = ProcrustesAligner(normalize=("center",))
        aligner.set_fit_request(source_vectors=True, target_vectors=True)
        pipe = Pipeline([("pca", PCA(5)), ("align", aligner)], transform_input=["source_vectors"])
        pipe.fit(S[:60], T[:60], source_vectors=S[:n_words], target_vectors=T[:n_words])
    projected = pipe["pca"].transform(S)
    by_hand = ProcrustesAligner(normalize=("center",)).fit(
        projected[:60], T[:60], source_vectors=projected[:n_words], target_vectors=T[:n_words]
    )
    np.testing.assert_allclose(pipe.transform(S), by_hand.transform(projected), atol=1e-4)


def test_word_vectors_are_never_sliced_by_a_search(spaces):
    S, T = spaces
    source = WordVectors([f"s{i}" for i in range(60)], S[:60])
    target = WordVectors([f"t{i}" for i in range(60)], T[:60])
    search = GridSearchCV(
        RCSLSAligner(max_iter=2),
        {"learning_rate": [0.1, 1.0]},
        scoring=make_bli_scorer(candidates=target, source_vectors=source),
        cv=2,
    )
    search.fit(S[:60], T[:60], source_vectors=source, target_vectors=target)
    assert search.best_score_ > 0.5


def test_regressors_of_scikit_learn_are_judged_too(spaces):
    S, T = spaces
    scorer = make_bli_scorer(candidates=T, source_vectors=S)
    assert cross_val_score(Ridge(), S[:60], T[:60], scoring=scorer).min() > 0.5


# -- texts -----------------------------------------------------------------------------------------


def test_frozen_joint_in_a_pipeline(joint):
    source_words, target_words = SOURCE, TARGET
    pipe = make_pipeline(FrozenEstimator(joint), ProcrustesAligner())
    pipe.fit(source_words, joint.transform(target_words))
    assert pipe.transform(["en0a"]).shape == (1, 16)
    scorer = make_bli_scorer(candidates=joint.transform(target_words), source_vectors=source_words)
    scores = cross_val_score(pipe, source_words, joint.transform(target_words), scoring=scorer)
    assert np.isfinite(scores).all()
    assert pipe[0].estimator is joint


def test_zero_shot_classification_of_documents(joint):
    topics = list(TOPICS) * 4
    english = [f"en{t}a en{t}b name{t}" for t in topics]
    german = [f"de{t}c de{t}d name{t}" for t in topics]
    classifier = make_pipeline(FrozenEstimator(joint), LogisticRegression(C=100))
    classifier.fit(english, topics)
    assert classifier.score(german, topics) > 1 / len(TOPICS)


# -- words -----------------------------------------------------------------------------------------


def test_workers_map_vectors_instead_of_copying_them():
    vectors = np.random.default_rng(0).normal(size=(2000, 150)).astype(np.float32)  # 1.2 MB
    words = [f"w{i}" for i in range(2000)]
    space = WordVectors(words, vectors)

    def share_of_mapped(estimator, X, y):
        mapped = 0
        for array in (estimator.source_vectors.vectors, estimator.target_vectors.vectors):
            while isinstance(array.base, np.ndarray):
                array = array.base
            mapped += isinstance(array, np.memmap) and not array.flags.writeable
        return mapped / 2

    scores = cross_val_score(
        WordTranslator(space, space, retrieval="cosine"),
        words[:50],
        words[:50],
        scoring=share_of_mapped,
        cv=2,
        n_jobs=2,
    )
    assert scores.tolist() == [1, 1]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_search_over_two_grids(joint, n_jobs):
    combiner = JointAlignCombiner(FrozenEstimator(joint))
    grids = [
        {"threshold": [0.7, 0.9], "aligner": [ProcrustesAligner()]},
        {"threshold": [0.9], "aligner": [RCSLSAligner()], "aligner__learning_rate": [0.1, 1.0]},
    ]
    search = GridSearchCV(combiner, grids, cv=GroupKFold(), n_jobs=n_jobs)
    search.fit(SOURCE, TARGET, groups=SOURCE)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.joint_.estimator is joint
    assert search.best_estimator_.predict(["en0a"]).shape == (1,)


def test_joint_model_is_tuned_through_the_combiner(joint, tmp_path):
    corpora = [["a b c d"] * 20 + ["e f g h"] * 20, ["aa bb cc dd"] * 20 + ["ee ff gg hh"] * 20]
    combiner = JointAlignCombiner(
        JointSkipGram(n_components=4, epochs=1, sample=0, max_n=0, random_state=0, device="cpu"),
        memory=str(tmp_path),
    )
    search = GridSearchCV(combiner, {"joint__window": [1, 2], "threshold": [0.7, 0.9]}, cv=2)
    search.fit(list("abcdefgh"), [2 * c for c in "abcdefgh"], corpora=corpora)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
