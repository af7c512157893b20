import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import normalize

from skxling import JointAlignCombiner, JointSkipGram
from skxling.embedding import EmbeddingEnsemble

ENGLISH = ["the house is old", "the old house", "a house in winter", "winter is old"] * 20
GERMAN = ["das haus ist alt", "das alte haus", "ein haus im winter", "der winter ist alt"] * 20


@pytest.fixture
def joint():
    return JointSkipGram(8, sample=0, epochs=1, bucket=500, device="cpu")


def cosines(vectors):
    unit = normalize(np.asarray(vectors, dtype=np.float64))
    return unit @ unit.T


def test_a_cosine_is_the_mean_of_cosines(joint):
    ensemble = EmbeddingEnsemble(joint, n_estimators=3, random_state=0).fit(ENGLISH, GERMAN)
    vectors = ensemble.word_vectors_.vectors
    assert vectors.shape == (ensemble.vocabulary_.n_words, 24)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    words = ensemble.vocabulary_.words  # balancing may leave each with its own order
    members = [cosines(model.word_vectors_[words]) for model in ensemble.estimators_]
    np.testing.assert_allclose(cosines(vectors), np.mean(members, axis=0), atol=1e-6)
    assert np.abs(members[0] - members[1]).max() > 0.01  # each has drawn its own numbers


def test_it_is_reproducible_and_leaves_its_estimator_alone(joint):
    ensemble = EmbeddingEnsemble(joint, random_state=7)
    vectors = [ensemble.fit(ENGLISH, GERMAN).word_vectors_.vectors for _ in range(2)]
    np.testing.assert_array_equal(*vectors)
    assert joint.random_state is None and not hasattr(joint, "word_vectors_")
    other = clone(ensemble).set_params(random_state=8).fit(ENGLISH, GERMAN)
    assert np.abs(other.word_vectors_.vectors - vectors[0]).max() > 1e-3


def test_words_that_one_of_them_lacks_are_left_out(joint):
    rare = [f"one old house and rare{i}" for i in range(40)]  # balancing draws some of them
    joint.set_params(min_count=1)
    ensemble = EmbeddingEnsemble(joint, random_state=0).fit(ENGLISH + 3 * rare, GERMAN)
    first, second = (model.vocabulary_.words for model in ensemble.estimators_)
    words = list(ensemble.word_vectors_.words)
    assert words == [word for word in first if word in set(second)] == ensemble.vocabulary_.words
    assert len(words) < len(first) and len(words) < len(second)
    rows = ensemble.estimators_[0].word_vectors_.index(words)
    counts = ensemble.estimators_[0].vocabulary_.counts[rows]
    np.testing.assert_array_equal(ensemble.word_vectors_.counts, counts)
    np.testing.assert_array_equal(ensemble.vocabulary_.counts, counts)
    for i, model in enumerate(ensemble.estimators_):
        part = ensemble.word_vectors_.vectors[:, 8 * i : 8 * i + 8]
        expected = normalize(model.word_vectors_[words]) / np.sqrt(2)
        np.testing.assert_allclose(part, expected, atol=1e-6)


def test_transform_gives_rows_of_words_and_composes_others(joint):
    ensemble = EmbeddingEnsemble(joint, random_state=0).fit(ENGLISH, GERMAN)
    known, unknown, nothing, text = ensemble.transform(["haus", "hausen", "?", "old house"])
    np.testing.assert_allclose(known, ensemble.word_vectors_["haus"], atol=1e-6)
    np.testing.assert_allclose([np.linalg.norm(unknown), np.linalg.norm(text)], 1, rtol=1e-6)
    assert not nothing.any()
    assert known.dtype == np.float32
    assert ensemble.transform([]).shape == (0, 16)
    assert len(ensemble.get_feature_names_out()) == 16


def test_it_serves_as_joint_model(joint):
    ensemble = EmbeddingEnsemble(joint.set_params(epochs=5), random_state=0)
    lexicon = ["house", "old", "is"], ["haus", "alt", "ist"]
    trained = JointAlignCombiner(ensemble).fit(*lexicon, corpora=(ENGLISH, GERMAN))
    frozen = JointAlignCombiner(FrozenEstimator(clone(ensemble).fit(ENGLISH, GERMAN)))
    frozen.fit(*lexicon)
    assert trained.source_vectors_.n_components == 16
    np.testing.assert_array_equal(*(c.source_vectors_.vectors for c in (trained, frozen)))
    assert trained.get_params()["joint__estimator__window"] == 5


def test_one_corpus_and_one_estimator_do(joint):
    ensemble = EmbeddingEnsemble(joint, n_estimators=1, random_state=0).fit(ENGLISH)
    (model,) = ensemble.estimators_
    expected = normalize(model.word_vectors_.vectors)
    np.testing.assert_allclose(ensemble.word_vectors_.vectors, expected, atol=1e-6)
    assert ensemble.vocabulary_.counts.shape[1] == 1


def test_callbacks_reach_the_estimators(joint, make_recorder):
    recorder = make_recorder()
    ensemble = EmbeddingEnsemble(joint, random_state=0).set_callbacks(recorder)
    ensemble.fit(ENGLISH, GERMAN)
    tasks = [name for name, _ in recorder.tasks]
    assert tasks.count("JointSkipGram") == 4  # an epoch and a fit of either
    assert recorder.tasks[-1] == ("EmbeddingEnsemble", "fit")


def test_a_killed_fit_goes_on_with_the_embedding_that_it_was_at(joint, tmp_path, make_recorder):
    joint.set_params(epochs=2)
    whole = EmbeddingEnsemble(joint, random_state=0).fit(ENGLISH, GERMAN)
    joint.set_params(checkpoint_dir=tmp_path, checkpoint_interval=0)
    epochs = []

    def kill(fitted):
        epochs.append(fitted)
        if len(epochs) == 3:  # the first of the second embedding
            raise KeyboardInterrupt

    killed = EmbeddingEnsemble(joint, random_state=0)
    killed.set_callbacks(make_recorder("epoch", look=kill))
    with pytest.raises(KeyboardInterrupt):
        killed.fit(ENGLISH, GERMAN)
    assert len(list(tmp_path.iterdir())) == 1
    recorder = make_recorder()
    again = EmbeddingEnsemble(joint, random_state=0).set_callbacks(recorder).fit(ENGLISH, GERMAN)
    assert recorder.tasks.count(("JointSkipGram", "epoch")) == 3
    np.testing.assert_array_equal(again.word_vectors_.vectors, whole.word_vectors_.vectors)
    assert not list(tmp_path.iterdir())


def test_a_callback_that_returns_true_ends_it(joint, make_recorder):
    recorder = make_recorder("estimator", stop_from=2)
    ensemble = EmbeddingEnsemble(joint, n_estimators=4, random_state=0).set_callbacks(recorder)
    ensemble.fit(ENGLISH, GERMAN)
    assert len(ensemble.estimators_) == 2
    assert ensemble.word_vectors_.n_components == 16


def test_its_estimator_must_be_one(joint):
    with pytest.raises(ValueError, match="The 'estimator' parameter of EmbeddingEnsemble must be"):
        EmbeddingEnsemble("skipgram").fit(ENGLISH)
    with pytest.raises(ValueError, match="The 'n_estimators' parameter"):
        EmbeddingEnsemble(n_estimators=0).fit(ENGLISH)
    with pytest.raises(ValueError, match=r"has no parameter `random_state`\. Got FrozenEstimator"):
        EmbeddingEnsemble(FrozenEstimator(joint.fit(ENGLISH))).fit(ENGLISH)


def test_without_common_words_there_is_an_error(joint):
    rare = [f"only{i} only{i}" for i in range(300)]  # balancing draws one of them
    joint.set_params(min_count=2)
    with pytest.raises(ValueError, match="have no word in common: `balance` left each with other"):
        EmbeddingEnsemble(joint, n_estimators=4, random_state=0).fit(rare, ["so kurz"])


def test_a_fit_that_fails_changes_nothing(joint, tmp_path):
    ensemble = EmbeddingEnsemble(joint, random_state=0)
    with pytest.raises(FileNotFoundError):
        ensemble.fit(tmp_path / "missing.txt")
    with pytest.raises(NotFittedError):
        ensemble.transform(["house"])
    vectors = ensemble.fit(ENGLISH, GERMAN).transform(["house"])
    with pytest.raises(FileNotFoundError):
        ensemble.fit(tmp_path / "missing.txt")
    np.testing.assert_array_equal(ensemble.transform(["house"]), vectors)


def test_a_class_is_no_estimator():
    with pytest.raises(TypeError, match="class"):
        EmbeddingEnsemble(JointSkipGram).fit([["a", "b"]] * 20)
