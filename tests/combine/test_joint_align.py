import os
import pickle
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import sklearn
from joblib import Memory
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

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
from skxling.combine import JointAlignCombiner
from skxling.datasets import make_bilingual_corpus
from skxling.embedding import JointSkipGram, WordVectors
from skxling.metrics import make_bli_scorer
from skxling.text import reallocate_vocabulary
from skxling.translation import WordTranslator

D = 12
N_OWN, N_SHARED = 120, 20
SOURCE = [f"s{i}" for i in range(N_OWN)]
TARGET = [f"t{i}" for i in range(N_OWN)]
SHARED = [f"x{i}" for i in range(N_SHARED)]


class ToyJoint(BaseEstimator):
    """Joint model with a planted space: s{i} and t{i} mean the same, a rotation and noise apart."""

    def __init__(self, noise=0.3, angle=1.0, log=None):
        self.noise = noise
        self.angle = angle
        self.log = log

    def fit(self, X, y):
        if self.log is not None:
            with Path(self.log).open("a") as file:
                file.write("fit\n")
        rng = np.random.default_rng(0)
        concepts = rng.normal(size=(10, D))[rng.integers(10, size=N_OWN)]
        concepts = concepts + rng.normal(size=(N_OWN, D))  # clusters
        planes = rng.normal(size=(D, D))
        turn = self.angle * (planes - planes.T) / D**0.5
        rotation = np.linalg.solve(np.eye(D) - turn, np.eye(D) + turn)  # Cayley's, near I
        noise = self.noise * rng.normal(size=(N_OWN, D))
        vectors = np.vstack([concepts, concepts @ rotation + noise, rng.normal(size=(N_SHARED, D))])
        counts = np.zeros((len(vectors), 2), dtype=int)
        counts[:N_OWN, 0] = counts[N_OWN : 2 * N_OWN, 1] = np.arange(10 + N_OWN, 10, -1)
        counts[2 * N_OWN :] = 20
        counts[0, 1] = 30  # s0 is source-only at 0.7 (p = 130 / 160) and shared at 0.9
        order = np.argsort(-counts.sum(axis=1), kind="stable")
        words = [(SOURCE + TARGET + SHARED)[i] for i in order]
        self.word_vectors_ = WordVectors(words, vectors[order], counts[order])
        return self

    def transform(self, X):
        """Unknown words are composed: of a known word and a suffix."""
        vectors = self.word_vectors_.vectors
        words = [text if isinstance(text, str) else text[0] for text in X]
        rows = self.word_vectors_.index([word.split("-")[0] for word in words], missing="ignore")
        return np.where(rows[:, None] >= 0, vectors[rows], 0).astype(np.float32)


@pytest.fixture(scope="module")
def joint():
    return FrozenEstimator(ToyJoint().fit(None, None))


@pytest.fixture(scope="module")
def combiner(joint):
    return JointAlignCombiner(joint).fit(SOURCE[:60], TARGET[:60])


# -- the three steps -----------------------------------------------------------------------------


def test_beats_the_joint_space_alone(combiner, joint):
    source, target = combiner.source_vectors_, combiner.target_vectors_
    joint_space = [
        joint.word_vectors_.subset(joint.word_vectors_.index(s.words)) for s in (source, target)
    ]
    joint_only = WordTranslator(*joint_space, "passthrough").fit()
    X, y = SOURCE[60:] + SHARED, TARGET[60:] + SHARED
    assert joint_only.score(X, y) < 0.6
    assert combiner.score(X, y) > 0.9


def test_each_side_has_its_own_and_the_shared_words(combiner, joint):
    assert set(combiner.source_vectors_.words) == set(SOURCE) | set(SHARED)
    assert set(combiner.target_vectors_.words) == set(TARGET) | set(SHARED) | {"s0"}
    for side in (combiner.source_vectors_, combiner.target_vectors_):
        totals = side.counts.sum(axis=1)
        assert (np.diff(totals) <= 0).all()
    expected = reallocate_vocabulary(joint.word_vectors_.counts, 0.9)
    np.testing.assert_array_equal(combiner.reallocation_.shared, expected.shared)


@pytest.mark.parametrize(
    "aligner",
    [
        ProcrustesAligner(),
        RCSLSAligner(max_iter=2),
        LinearAligner(alpha=0.1),
        CCAAligner(alpha=0.1),
        MultistepAligner(n_components=0.5),
        GeometricAligner(alpha=1.0),
    ],
)
def test_shared_words_keep_one_vector_by_the_target_map(joint, aligner):
    combiner = JointAlignCombiner(joint, aligner).fit(SOURCE[:60], TARGET[:60])
    ours, theirs = combiner.source_vectors_[SHARED], combiner.target_vectors_[SHARED]
    np.testing.assert_array_equal(ours, theirs)
    by_hand = combiner.aligner_.transform_target(joint.transform(SHARED))
    np.testing.assert_allclose(theirs, by_hand, atol=1e-5)
    assert np.abs(ours - combiner.aligner_.transform(joint.transform(SHARED))).max() > 0.1


def test_aligner_is_fitted_on_what_is_not_shared(joint, combiner):
    words = joint.word_vectors_
    S, T = (
        words.subset([i for i, word in enumerate(words.words) if word in own])
        for own in (set(SOURCE[1:]), set(TARGET))
    )
    by_hand = ProcrustesAligner().fit(
        S[SOURCE[1:60]], T[TARGET[1:60]], source_vectors=S.vectors, target_vectors=T.vectors
    )
    np.testing.assert_allclose(combiner.aligner_.mapping_, by_hand.mapping_, atol=1e-6)
    np.testing.assert_allclose(
        combiner.source_vectors_[SOURCE[1:]], by_hand.transform(S[SOURCE[1:]]), atol=1e-5
    )


def test_vocabularies_reach_the_aligner_in_descending_frequency(joint):
    class Spy(ProcrustesAligner):
        def fit(self, X, y, *, source_vectors=None, target_vectors=None):
            self.spaces_ = source_vectors, target_vectors
            return super().fit(X, y, source_vectors=source_vectors, target_vectors=target_vectors)

    combiner = JointAlignCombiner(joint, Spy()).fit(SOURCE[:60], TARGET[:60])
    source, target = combiner.aligner_.spaces_
    np.testing.assert_array_equal(source.vectors, joint.transform(SOURCE[1:]))
    np.testing.assert_array_equal(target.vectors, joint.transform(TARGET))


@pytest.mark.parametrize(("threshold", "n_pairs"), [(0.9, 2), (0.7, 3)])
def test_entries_with_a_missing_or_shared_word_are_dropped(joint, threshold, n_pairs):
    X = ["s0", "s1", "s2", "x1", "s3", "moon", "s4", "t5"]
    y = ["t0", "t1", "t2", "t3", "x2", "t4", "mond", "s5"]
    combiner = JointAlignCombiner(joint, threshold=threshold).fit(X, y)
    assert combiner.n_pairs_ == n_pairs


def test_threshold_decides_what_is_shared(joint):
    combiner = JointAlignCombiner(joint, threshold=0.7).fit(SOURCE[:60], TARGET[:60])
    assert "s0" not in combiner.target_vectors_
    assert "s0" in combiner.source_vectors_


@pytest.mark.parametrize("aligner", [None, SelfLearningAligner(n_frequent=100)])
def test_without_a_lexicon(aligner):
    joint = FrozenEstimator(ToyJoint(angle=0.15).fit(None, None))
    combiner = JointAlignCombiner(joint, aligner).fit()
    assert isinstance(combiner.aligner_, SelfLearningAligner)
    assert not isinstance(combiner.aligner_.aligner, SelfLearningAligner)
    assert combiner.n_pairs_ == len(combiner.aligner_.lexicon_) > 60
    assert combiner.score(SOURCE, TARGET) > 0.9


@pytest.fixture(scope="module")
def generated():
    """Two generated languages, and their joint model."""
    data = make_bilingual_corpus(
        8_000, n_concepts=300, n_topics=15, n_names=40, n_train=300, n_test=300, random_state=0
    )
    joint = JointSkipGram(30, bucket=50_000, epochs=10, random_state=0)
    return data, FrozenEstimator(joint.fit(data.source_corpus, data.target_corpus))


@pytest.mark.parametrize(
    ("aligner", "learner"),
    [
        (None, "aligner_"),
        (SelfLearningAligner(), "aligner_"),
        (L1RefinedAligner(SelfLearningAligner()), "aligner_.aligner_"),
    ],
)
def test_without_a_lexicon_the_joint_space_is_the_start(generated, aligner, learner):
    data, joint = generated
    combiner = JointAlignCombiner(joint, aligner).fit()
    assert attrgetter(learner)(combiner).init_ == "identity"
    words = joint.word_vectors_
    alone = [
        words.subset(words.index(side.words))
        for side in (combiner.source_vectors_, combiner.target_vectors_)
    ]
    alone = WordTranslator(*alone, "passthrough").fit()
    lexicon = data.test_lexicon.source, data.test_lexicon.target
    assert combiner.score(*lexicon) >= alone.score(*lexicon) > 0.05


# -- words ---------------------------------------------------------------------------------------


def test_known_words_are_looked_up(combiner):
    np.testing.assert_array_equal(combiner.transform(["s5"]), combiner.source_vectors_[["s5"]])
    np.testing.assert_array_equal(
        combiner.transform_target(["t5"]), combiner.target_vectors_[["t5"]]
    )


def test_unknown_words_are_composed_and_mapped(combiner):
    np.testing.assert_allclose(
        combiner.transform(["s5-ness"]), combiner.transform(["s5"]), atol=1e-5
    )
    np.testing.assert_allclose(
        combiner.transform_target(["t5-heit"]), combiner.transform_target(["t5"]), atol=1e-5
    )
    assert combiner.predict(["s5-ness"]) == combiner.predict(["s5"])
    scores, words = combiner.kneighbors(["moon", "s5-ness"], n_neighbors=3)
    assert np.isnan(scores[0]).all()
    assert words[0].tolist() == [None] * 3
    assert words[1].tolist() == combiner.kneighbors(["s5"], n_neighbors=3)[1][0].tolist()


def test_words_nobody_knows_are_zero_even_where_the_map_centres(joint):
    aligner = ProcrustesAligner(normalize=("unit", "center"))
    combiner = JointAlignCombiner(joint, aligner).fit(SOURCE[:60], TARGET[:60])
    assert not combiner.transform(["moon"]).any()
    assert combiner.predict(["moon"]).tolist() == [None]


def test_score_counts_uncovered_words_wrong_even_composed(combiner):
    X = [word for word in SOURCE[60:] if combiner.predict([word])[0] == "t" + word[1:]][:3]
    y = ["t" + word[1:] for word in X]
    assert combiner.score(X, y) == 1
    assert combiner.score([*X, f"{X[0]}-ness"], [*y, y[0]]) == 3 / 4
    assert combiner.score([*X, "moon"], [*y, "mond"]) == 3 / 4


def test_induced_lexicon(combiner):
    lexicon = combiner.induce_lexicon()
    pairs = dict(zip(lexicon.source, lexicon.target, strict=True))
    assert np.mean([pairs.get(f"s{i}") == f"t{i}" for i in range(N_OWN)]) > 0.8
    assert np.mean([pairs.get(word) == word for word in SHARED]) > 0.8
    assert len(combiner.induce_lexicon(mutual=False).source) == N_OWN + N_SHARED


# -- training ------------------------------------------------------------------------------------


def test_unfrozen_joint_is_trained_on_corpora(combiner):
    joint = ToyJoint()
    other = JointAlignCombiner(joint).fit(SOURCE[:60], TARGET[:60], corpora=(["a"], ["b"]))
    assert not hasattr(joint, "word_vectors_")
    np.testing.assert_array_equal(other.source_vectors_.vectors, combiner.source_vectors_.vectors)


@pytest.mark.parametrize("as_memory", [str, lambda path: Memory(path, verbose=0)])
def test_memory_caches_the_training(tmp_path, as_memory):
    log = tmp_path / "log"
    corpora = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in corpora:
        path.write_text("a b\n")
    memory = as_memory(tmp_path / "cache")
    combiner = JointAlignCombiner(ToyJoint(log=str(log)), memory=memory)

    def n_fits(threshold):
        fitted = clone(combiner).set_params(threshold=threshold)
        fitted.fit(SOURCE[:60], TARGET[:60], corpora=(str(corpora[0]), [corpora[1]]))
        return log.read_text().count("fit")

    assert (n_fits(0.9), n_fits(0.8)) == (1, 1)
    corpora[1].write_text("another text\n")
    os.utime(corpora[1], ns=(1, 1))
    assert n_fits(0.9) == 2
    corpora[0].write_text("longer by far\n")
    assert n_fits(0.9) == 3


def test_search_trains_once_per_setting_of_the_joint_model(tmp_path):
    log = tmp_path / "log"
    combiner = JointAlignCombiner(ToyJoint(log=str(log)), memory=str(tmp_path / "cache"))
    grid = {"joint__noise": [0.3, 3.0], "threshold": [0.7, 0.9]}
    search = GridSearchCV(combiner, grid, cv=GroupKFold(2))
    search.fit(SOURCE[:60], TARGET[:60], groups=SOURCE[:60], corpora=(["a"], ["b"]))
    assert log.read_text().count("fit") == 2
    assert search.best_params_["joint__noise"] == 0.3


# -- scikit-learn's tools ------------------------------------------------------------------------


GRIDS = [
    {"threshold": [0.7, 0.9], "aligner": [ProcrustesAligner()]},
    {
        "threshold": [0.9],
        "aligner": [RCSLSAligner(max_iter=2)],
        "aligner__learning_rate": [0.1, 1.0],
    },
]


def test_grid_search_over_two_grids(joint):
    X, y = SOURCE[:60], TARGET[:60]
    search = GridSearchCV(JointAlignCombiner(joint), GRIDS, cv=GroupKFold(2))
    search.fit(X, y, groups=X)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_score_ > 0.7
    assert search.best_estimator_.joint is joint
    assert search.best_estimator_.joint_ is joint
    assert search.predict(["s90"]).tolist() == ["t90"]


def test_lexicon_as_long_as_the_vocabulary(joint):
    """scikit-learn slices whatever has n_samples rows; the frozen vectors must not be."""
    n_words = joint.word_vectors_.n_words
    X = [SOURCE[i % N_OWN] for i in range(n_words)]
    y = [TARGET[i % N_OWN] for i in range(n_words)]
    scores = cross_val_score(JointAlignCombiner(joint), X, y, groups=X, cv=GroupKFold(3))
    assert scores.min() > 0.8


def test_k_of_the_scorer(joint):
    X, y = SOURCE[:60], TARGET[:60]
    at_1, at_5 = (
        cross_val_score(
            JointAlignCombiner(joint),
            X,
            y,
            cv=[(range(10), range(10, 60))],
            scoring=make_bli_scorer(k=k),
        )
        for k in (1, 5)
    )
    assert (at_5 >= at_1).all()
    assert at_5.sum() > at_1.sum()


def test_frozen_joint_and_aligner_in_a_pipeline(joint):
    """The line of a user who wants no reallocation: words in, vectors out."""
    X, Y = SOURCE[:60], joint.transform(TARGET[:60])
    pipe = make_pipeline(joint, ProcrustesAligner())
    scorer = make_bli_scorer(candidates=joint.transform(TARGET), source_vectors=SOURCE)
    scores = cross_val_score(pipe, X, Y, scoring=scorer, cv=3)
    assert scores.mean() > 0.8
    aligner = ProcrustesAligner().fit(joint.transform(X), Y)
    np.testing.assert_allclose(
        pipe.fit(X, Y).transform(["s90"]), aligner.transform(joint.transform(["s90"])), atol=1e-6
    )


def test_routing(joint):
    weight = np.arange(60.0)
    expected = JointAlignCombiner(joint).fit(SOURCE[:60], TARGET[:60], sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        aligner = ProcrustesAligner().set_fit_request(sample_weight=True)
        combiner = JointAlignCombiner(ToyJoint(), aligner).set_fit_request(corpora=True)
        search = GridSearchCV(combiner, {"threshold": [0.9]}, cv=2)
        search.fit(SOURCE[:60], TARGET[:60], sample_weight=weight, corpora=(["a"], ["b"]))
    mapping = search.best_estimator_.aligner_.mapping_
    np.testing.assert_allclose(mapping, expected.aligner_.mapping_, atol=1e-6)


def test_pickle(combiner):
    again = pickle.loads(pickle.dumps(combiner))
    assert again.predict(SOURCE).tolist() == combiner.predict(SOURCE).tolist()
    assert again.predict(["s5-ness"]) == combiner.predict(["s5-ness"])


def test_callbacks_reach_both_parts(corpora, make_recorder):
    recorder = make_recorder()
    combiner = JointAlignCombiner(make_joint(), RCSLSAligner(max_iter=2)).set_callbacks(recorder)
    combiner.fit(*LEXICON, corpora=corpora)
    names = [name for name, _ in recorder.tasks]
    assert names.index("JointSkipGram") < names.index("RCSLSAligner")
    assert recorder.tasks[-1] == ("JointAlignCombiner", "fit")
    # parts that do not iterate are fitted without a warning
    JointAlignCombiner(ToyJoint()).set_callbacks(make_recorder()).fit(
        SOURCE[:60], TARGET[:60], corpora=([], [])
    )


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("joint", "corpora", "message"),
    [
        (FrozenEstimator(ToyJoint().fit(None, None)), (["a"], ["b"]), "`joint` is frozen"),
        (FrozenEstimator(ToyJoint()), None, "a frozen ToyJoint that was never fitted"),
        (ToyJoint().fit(None, None), None, "wrap it in FrozenEstimator"),
        (ToyJoint(), None, r"`corpora` is None. Pass fit\(..., corpora="),
        (None, None, "`corpora` is None"),
        (ToyJoint(), "en.txt", r"must be a pair.*Got str"),
        (ToyJoint(), (["a"],), r"must be a pair.*Got tuple of length 1"),
    ],
)
def test_joint_and_corpora_must_go_together(joint, corpora, message):
    with pytest.raises(ValueError, match=message):
        JointAlignCombiner(joint).fit(SOURCE[:60], TARGET[:60], corpora=corpora)


def test_no_usable_entry(joint):
    with pytest.raises(ValueError, match=r"None of the 2 entries.*Lower `threshold`"):
        JointAlignCombiner(joint).fit(["x1", "moon"], ["x1", "mond"])


def test_joint_model_of_one_language():
    model = ToyJoint().fit(None, None)
    words = model.word_vectors_
    model.word_vectors_ = WordVectors(words.words, words.vectors, words.counts.sum(axis=1))
    with pytest.raises(ValueError, match=r"two languages. Got counts of shape \(260,\)"):
        JointAlignCombiner(FrozenEstimator(model)).fit(SOURCE[:60], TARGET[:60])


def test_nothing_is_left_of_one_side():
    model = ToyJoint().fit(None, None)
    words = model.word_vectors_
    model.word_vectors_ = WordVectors(words.words, words.vectors, np.full((words.n_words, 2), 9))
    with pytest.raises(ValueError, match="leaves no source-only word among 260"):
        JointAlignCombiner(FrozenEstimator(model)).fit()


@pytest.mark.parametrize("params", [{"threshold": 0.5}, {"joint": "en.txt"}, {"aligner": "pca"}])
def test_bad_parameters(joint, params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        JointAlignCombiner(joint).set_params(**params).fit(SOURCE[:60], TARGET[:60])


def test_bare_string_is_an_error(combiner):
    with pytest.raises(TypeError, match=r"single string 'house'. Pass a list"):
        combiner.predict("house")


# -- with the real joint model -------------------------------------------------------------------


LEXICON = tuple([f"{side}{t}{i}" for t in range(4) for i in "abcd"] for side in ("en", "de"))


def make_joint():
    return JointSkipGram(
        n_components=8, epochs=1, sample=0, bucket=500, max_n=4, random_state=0, device="cpu"
    )


@pytest.fixture(scope="module")
def corpora():
    """Sentences about things, in two languages that share a few words."""
    rng = np.random.default_rng(0)
    topics = [[f"{side}{t}{i}" for i in "abcd"] for t in range(4) for side in ("en", "de")]
    sides = []
    for side in (0, 1):
        words = [[*topics[2 * t + side], f"name{t}"] for t in range(4)]
        sides.append([" ".join(rng.choice(words[t % 4], size=6)) for t in range(400)])
    return sides


def test_trains_a_real_joint_model_in_workers(corpora):
    joint = make_joint().fit(*corpora)
    X, y = LEXICON
    search = GridSearchCV(
        JointAlignCombiner(FrozenEstimator(joint)), GRIDS, cv=GroupKFold(2), n_jobs=2
    )
    search.fit(X, y, groups=X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = search.best_estimator_
    assert best.n_pairs_ == len(X)
    assert {f"name{t}" for t in range(4)} <= set(best.source_vectors_.words)
    assert best.transform(["en0abc"]).any()  # composed of n-grams

    trained = JointAlignCombiner(joint).fit(X, y, corpora=corpora)
    unfrozen = JointAlignCombiner(FrozenEstimator(joint)).fit(X, y)
    np.testing.assert_array_equal(trained.target_vectors_.vectors, unfrozen.target_vectors_.vectors)


def test_a_word_with_a_blank_in_it_is_one_word(joint):
    combiner = JointAlignCombiner(joint).fit(SOURCE[:60], TARGET[:60])
    asked = []

    class Listening(ToyJoint):
        def transform(self, X):
            asked.extend(X)
            return super().transform(X)

    combiner.joint_ = Listening().fit(None, None)
    combiner.transform(["s1-x y"])
    assert asked == [["s1-x y"]]


def test_a_failed_fit_changes_nothing(joint):
    fresh = JointAlignCombiner(joint)
    with pytest.raises(ValueError, match="None of the 1 entries"):
        fresh.fit(["nowhere"], ["nirgends"])
    with pytest.raises(NotFittedError):
        fresh.predict(["s90"])
    fitted = JointAlignCombiner(joint).fit(SOURCE[:60], TARGET[:60]).set_params(threshold=0.7)
    before = fitted.reallocation_
    with pytest.raises(ValueError, match="None of the 1 entries"):
        fitted.fit(["nowhere"], ["nirgends"])
    assert fitted.reallocation_ is before
