import numpy as np
import pytest

from skxling.alignment import GeometricAligner, ProcrustesAligner, RetrofittedAligner
from skxling.embedding import WordVectors
from skxling.translation import WordTranslator


@pytest.fixture(scope="module")
def spaces():
    """Spaces that are turned and warped, so that no rotation brings pairs together."""
    rng = np.random.default_rng(0)
    source = rng.normal(size=(300, 8))
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    target = np.tanh(source) @ rotation + 0.5 * rng.normal(size=source.shape)
    return source, target


def _distances(aligner, source, target):
    return np.linalg.norm(aligner.transform(source) - aligner.transform_target(target), axis=1)


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_words_of_the_lexicon_move_and_no_others(spaces, alpha):
    source, target = spaces
    base = ProcrustesAligner().fit(source[:100], target[:100])
    aligner = RetrofittedAligner(alpha=alpha).fit(source[:100], target[:100])
    before, after = (_distances(a, source, target) for a in (base, aligner))
    np.testing.assert_allclose(after[:100], before[:100] * alpha / (alpha + 2), rtol=1e-3)
    np.testing.assert_array_equal(after[100:], before[100:])


@pytest.mark.parametrize("fitted", [np.float32, np.float64])
@pytest.mark.parametrize("asked", [np.float32, np.float64])
def test_a_word_is_known_in_either_precision(spaces, fitted, asked):
    source, target = (side.astype(np.float32) for side in spaces)
    aligner = RetrofittedAligner().fit(source[:50].astype(fitted), target[:50].astype(fitted))
    mapped = aligner.transform(source[:60].astype(asked))
    assert mapped.dtype == asked
    moved = np.abs(mapped - aligner.aligner_.transform(source[:60].astype(asked))).max(1)
    assert (moved[:50] > 1e-3).all()
    assert (moved[50:] == 0).all()


def test_a_word_with_several_translations_is_one_word(spaces):
    source, target = spaces
    rows, columns = np.r_[np.arange(40), 0, 0, 7], np.r_[np.arange(40), 1, 2, 7]
    aligner = RetrofittedAligner().fit(source[rows], target[columns])
    assert len(aligner.source_rows_) == len(aligner.target_rows_) == 40
    base = GeometricAligner()  # for which a pair counts once too
    spaces = {"source_vectors": source, "target_vectors": target}
    twice = RetrofittedAligner(base).fit(source[rows], target[columns], **spaces)
    once = RetrofittedAligner(base).fit(source[rows[:-1]], target[columns[:-1]], **spaces)
    np.testing.assert_allclose(once.source_offsets_, twice.source_offsets_, atol=1e-6)
    near = np.linalg.norm(
        aligner.transform(source[:1]) - aligner.transform_target(target[:3]), axis=1
    )
    far = np.linalg.norm(
        aligner.aligner_.transform(source[:1]) - aligner.aligner_.transform_target(target[:3]),
        axis=1,
    )
    assert near.mean() < 0.5 * far.mean()


def test_fitted_rows_are_not_the_callers(spaces):
    source, target = (side[:20].copy() for side in spaces)
    aligner = RetrofittedAligner().fit(source, target)
    expected = aligner.transform(spaces[0][:20])
    source[:] = 0
    np.testing.assert_array_equal(aligner.transform(spaces[0][:20]), expected)


def test_translator_knows_the_words_of_its_lexicon(spaces):
    source, target = spaces
    S, T = [f"s{i}" for i in range(300)], [f"t{i}" for i in range(300)]
    sides = WordVectors(S, source), WordVectors(T, target)
    scores = [
        WordTranslator(*sides, aligner).fit(S[:150], T[:150]).score(S[:150], T[:150])
        for aligner in (ProcrustesAligner(), RetrofittedAligner())
    ]
    assert scores[1] > max(0.95, scores[0] + 0.2)
