import numpy as np
import pytest

from skxling.alignment import (
    L1RefinedAligner,
    MultistepAligner,
    ProcrustesAligner,
    SelfLearningAligner,
    WassersteinAligner,
)
from skxling.embedding import WordVectors
from skxling.translation import WordTranslator


@pytest.fixture(scope="module")
def spaces():
    """Turned spaces, in which the partners of some rows are far from where they should be."""
    rng = np.random.default_rng(0)
    source = rng.normal(size=(400, 8)) * np.linspace(2, 0.5, 8)
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    target = source @ rotation + 0.1 * rng.normal(size=source.shape)
    target[:60] = 2 * source[:60]  # entries that are wrong, all in the same way
    return source, target, rotation


def test_wrong_entries_do_less_harm(spaces):
    source, target, rotation = spaces
    base = ProcrustesAligner(normalize=()).fit(source[:200], target[:200])
    aligner = L1RefinedAligner(ProcrustesAligner(normalize=())).fit(source[:200], target[:200])
    found = aligner.aligner_.mapping_ @ aligner.rotation_
    assert np.linalg.norm(found - rotation) < 0.7 * np.linalg.norm(base.mapping_ - rotation)
    assert aligner.score(source[200:], target[200:]) > base.score(source[200:], target[200:])
    assert aligner.n_iter_ == len(aligner.loss_curve_) - 1 > 0
    assert (np.diff(aligner.loss_curve_) <= 0).all()
    assert aligner.loss_curve_[-1] < aligner.loss_curve_[0]


def test_the_way_back(spaces):
    source, target, _ = spaces
    aligner = L1RefinedAligner(MultistepAligner(normalize=())).fit(source, target)
    np.testing.assert_allclose(
        aligner.inverse_transform(aligner.transform(source)), source, atol=1e-8
    )
    np.testing.assert_array_equal(
        aligner.transform_target(target), aligner.aligner_.transform_target(target)
    )
    with pytest.raises(ValueError, match="X has 5 features, but L1RefinedAligner maps to 8"):
        aligner.inverse_transform(source[:, :5])


def test_pairs_of_an_aligner_that_finds_them(spaces):
    source, target, rotation = spaces
    whole = {"source_vectors": source, "target_vectors": target @ rotation.T}  # trained together
    aligner = L1RefinedAligner(SelfLearningAligner()).fit(**whole)
    rows, columns = SelfLearningAligner().fit(**whole).lexicon_.T
    np.testing.assert_array_equal(aligner.aligner_.lexicon_, np.column_stack([rows, columns]))
    assert aligner.transform(source).shape == source.shape
    words = [f"w{i}" for i in range(400)]
    translator = WordTranslator(
        WordVectors(words, source), WordVectors(words, target @ rotation.T), aligner
    ).fit()
    assert isinstance(translator.aligner_, L1RefinedAligner)
    assert translator.score(words[60:], words[60:]) > 0.9


def test_no_pairs(spaces):
    whole = {"source_vectors": spaces[0], "target_vectors": spaces[1]}
    with pytest.raises(
        ValueError, match=r"requires y to be passed.* or an `aligner` that finds its own"
    ):
        L1RefinedAligner().fit(**whole)
    short = {"n_steps": 1, "max_iter": 1, "min_agreement": None, "random_state": 0}
    with pytest.raises(ValueError, match=r"needs pairs\. Wrap the former in SelfLearningAligner"):
        L1RefinedAligner(WassersteinAligner(**short)).fit(**whole)
    for aligner in (L1RefinedAligner(), L1RefinedAligner(SelfLearningAligner())):
        with pytest.raises(ValueError, match="give both X and y"):
            aligner.fit(spaces[0], **whole)
        with pytest.raises(ValueError, match="L1RefinedAligner got y alone, without X"):
            aligner.fit(None, spaces[1], **whole)


def test_a_translator_without_a_lexicon_learns_by_itself(spaces):
    source, target, rotation = spaces
    words = [f"w{i}" for i in range(400)]
    translator = WordTranslator(
        WordVectors(words, source), WordVectors(words, target @ rotation.T), L1RefinedAligner()
    ).fit()
    assert isinstance(translator.aligner_, SelfLearningAligner)
    assert isinstance(translator.aligner_.aligner_, L1RefinedAligner)
    assert translator.score(words[60:], words[60:]) > 0.9


def test_vocabularies_of_two_precisions_without_pairs():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(60, 5)).astype(np.float32)
    aligner = L1RefinedAligner(SelfLearningAligner(init="identity", min_agreement=None))
    aligner.fit(source_vectors=source, target_vectors=source.astype(np.float64))
    assert aligner.transform(source).dtype == np.float32
