"""Tokens become rows of their vectors, whoever gives them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skxling.alignment import ProcrustesAligner
from skxling.combine import JointAlignCombiner
from skxling.embedding import JointSkipGram, WordVectors
from skxling.tagging import CRFTagger, TokenVectorizer
from skxling.translation import WordTranslator

ENGLISH = WordVectors(["house", "old", "anna"], [[3.0, 0, 0], [0, 4, 0], [0, 0, 1]])
GERMAN = WordVectors(["haus", "alt", "anna"], [[0, 2.0, 0], [0, 0, 2], [2, 0, 0]])


@pytest.fixture(scope="module")
def combiner():
    rng = np.random.default_rng(0)
    corpora = [
        [" ".join(rng.choice([f"{side}{t}{c}" for c in "abc"] + ["anna"], 6)) for t in range(6)] * 9
        for side in ("en", "de")
    ]
    joint = JointSkipGram(n_components=6, epochs=1, sample=0, bucket=500, random_state=0)
    words = [[f"{side}{t}{c}" for t in range(6) for c in "abc"] for side in ("en", "de")]
    return JointAlignCombiner(FrozenEstimator(joint.fit(*corpora))).fit(*words)


def test_rows_are_those_of_the_words():
    vectorizer = TokenVectorizer(ENGLISH, shapes=False, normalize=False)
    first, empty, second = vectorizer.transform([["Old", "house"], [], ["OLD", "oldest"]])
    assert first.tolist() == [[0, 4, 0], [3, 0, 0]]
    assert empty.shape == (0, 3)
    assert second.tolist() == [[0, 4, 0], [0, 0, 0]]
    assert first.dtype == np.float32


def test_strings_are_cut_at_blanks():
    vectorizer = TokenVectorizer(ENGLISH)
    np.testing.assert_array_equal(
        vectorizer.transform(["old  house"])[0], vectorizer.transform([["old", "house"]])[0]
    )
    with pytest.raises(TypeError, match="wrap it in a list"):
        vectorizer.transform("old house")


def test_normalized_rows_have_components_of_size_one():
    (rows,) = TokenVectorizer(ENGLISH, shapes=False).transform([["house", "old", "?"]])
    np.testing.assert_allclose(np.sqrt(np.mean(rows**2, axis=1)), [1, 1, 0], atol=1e-6)


def test_lowercase():
    vectors = WordVectors(["Bush", "bush"], [[1.0, 0], [0, 1]])
    options = {"shapes": False, "normalize": False}
    cased = TokenVectorizer(vectors, lowercase=False, **options)
    assert cased.transform([["Bush", "bush", "BUSH"]])[0].tolist() == [[1, 0], [0, 1], [0, 0]]
    lowered = TokenVectorizer(vectors, **options)
    assert lowered.transform([["Bush", "bush", "BUSH"]])[0].tolist() == [[0, 1]] * 3


def test_shapes():
    tokens = ["Anna", "NATO", "1984", "B2B", "...", "old", "A"]
    (rows,) = TokenVectorizer(ENGLISH).transform([tokens])
    assert rows[:, 3:].astype(int).tolist() == [
        # capital, capitals, number, digit, no letter nor digit, no vector, first
        [1, 0, 0, 0, 0, 0, 1],
        [1, 1, 0, 0, 0, 1, 0],
        [0, 0, 1, 1, 0, 1, 0],
        [1, 1, 0, 1, 0, 1, 0],
        [0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 1, 0],
    ]
    again = TokenVectorizer(ENGLISH).transform([["old"], ["house", "old"]])
    assert again[0][0, -1] == 1  # the first of one sentence is not first in another
    assert again[1][:, -1].tolist() == [1, 0]


def test_sides():
    vectorizer = TokenVectorizer(ENGLISH, GERMAN, shapes=False, normalize=False)
    assert vectorizer.transform([["anna"]])[0].tolist() == [[0, 0, 1]]
    assert vectorizer.transform_target([["anna"]])[0].tolist() == [[2, 0, 0]]
    vectorizer.set_params(side="target")
    assert vectorizer.transform([["anna"]])[0].tolist() == [[2, 0, 0]]


def test_a_translator_gives_both_sides():
    translator = WordTranslator(ENGLISH, GERMAN).fit(["house", "old"], ["haus", "alt"])
    vectorizer = TokenVectorizer(translator, shapes=False, normalize=False)
    sentences = [["anna", "house", "?"]]
    (rows,) = vectorizer.transform(sentences)
    np.testing.assert_array_equal(rows, translator.transform(sentences[0]))
    (rows,) = vectorizer.transform_target(sentences)
    np.testing.assert_array_equal(rows, translator.transform_target(sentences[0]))


def test_a_combiner_gives_unknown_words_by_their_ngrams(combiner):
    vectorizer = TokenVectorizer(combiner, normalize=False)
    (rows,) = vectorizer.transform([["En0a", "en0abab", "?"]])
    np.testing.assert_allclose(rows[:, :6], combiner.transform(["en0a", "en0abab", "?"]), atol=1e-6)
    assert rows[:, -2].tolist() == [0, 0, 1]  # only the last has no vector
    (rows,) = vectorizer.transform_target([["de0abab"]])
    np.testing.assert_allclose(rows[:, :6], combiner.transform_target(["de0abab"]), atol=1e-6)


def test_a_joint_model_is_one_space(combiner):
    vectorizer = TokenVectorizer(combiner.joint_)
    for here, there in zip(
        vectorizer.transform([["en0a", "de0a"]]),
        vectorizer.transform_target([["en0a", "de0a"]]),
        strict=True,
    ):
        np.testing.assert_array_equal(here, there)


def test_pipelines_from_words_to_vectors(combiner):
    joint = FrozenEstimator(combiner.joint_)
    aligner = ProcrustesAligner().fit(
        joint.transform(["en0a", "en1a"]), joint.transform(["de0a", "de1a"])
    )
    source = make_pipeline(joint, FrozenEstimator(aligner))
    target = make_pipeline(joint, FunctionTransformer(aligner.transform_target)).fit(["de0a"])
    vectorizer = TokenVectorizer(source, target, shapes=False, normalize=False)
    (rows,) = vectorizer.transform([["en0a"]])
    np.testing.assert_allclose(rows, aligner.transform(joint.transform(["en0a"])))
    (rows,) = vectorizer.transform_target([["de0a"]])
    np.testing.assert_allclose(rows, aligner.transform_target(joint.transform(["de0a"])))


def test_no_token_at_all(combiner):
    for source in (ENGLISH, combiner, FrozenEstimator(combiner.joint_)):
        vectorizer = TokenVectorizer(source)
        assert vectorizer.transform([]) == []
        (rows,) = vectorizer.transform([[]])
        assert rows.shape == (0, vectorizer.transform([["a"]])[0].shape[1])


def test_cloned_parts_need_freezing(combiner):
    copied = clone(TokenVectorizer(combiner))
    with pytest.raises(NotFittedError, match="FrozenEstimator so that it stays fitted"):
        copied.transform([["en0a"]])
    kept = clone(TokenVectorizer(FrozenEstimator(combiner)))
    for method in ("transform", "transform_target"):
        expected = getattr(TokenVectorizer(combiner), method)([["en0a"]])[0]
        np.testing.assert_array_equal(getattr(kept, method)([["en0a"]])[0], expected)
    assert clone(TokenVectorizer(ENGLISH)).source is ENGLISH


def test_bad_side_is_refused():
    with pytest.raises(ValueError, match="'side' parameter of TokenVectorizer"):
        TokenVectorizer(ENGLISH, side="left").transform([["a"]])


def test_trained_on_one_language_run_on_the_other():
    """The whole way in a pipeline: English tags, German sentences."""
    names, others = ["anna", "smith"], ["house", "old", "sings"]
    words = [*names, *others]
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, 8))
    turned = vectors @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    german = ["anne", "schmidt", "haus", "alt", "singt"]
    translator = WordTranslator(
        WordVectors(words, vectors), WordVectors(german, turned), ProcrustesAligner(normalize=())
    ).fit(words, german)
    sentences = [list(rng.choice(words, size=rng.integers(1, 7))) for _ in range(60)]
    y = [["B-PER" if token in names else "O" for token in tokens] for tokens in sentences]
    pipeline = make_pipeline(
        TokenVectorizer(translator),
        CRFTagger(0, learning_rate=0.05, max_iter=15, early_stopping=False, random_state=0),
    ).fit(sentences, y)
    translated = [[german[words.index(token)] for token in tokens] for tokens in sentences]
    pipeline.set_params(tokenvectorizer__side="target")
    assert pipeline.score(translated, y) > 0.95
    assert pipeline.predict([["Anne", "singt"]]) == [["B-PER", "O"]]
