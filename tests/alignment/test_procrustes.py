import numpy as np
import pytest
from sklearn.utils.extmath import randomized_svd

from skxling.alignment import ProcrustesAligner


def _rotation(d, rng):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


@pytest.fixture
def planted():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(300, 10))
    rotation = _rotation(10, rng)
    return source, rotation, source @ rotation


@pytest.mark.parametrize("normalize", [(), ("unit",), ["unit"]])
def test_planted_rotation_is_recovered(planted, normalize):
    source, rotation, target = planted
    aligner = ProcrustesAligner(normalize=normalize).fit(source[:40], target[:40])
    np.testing.assert_allclose(aligner.mapping_, rotation, atol=1e-12)
    assert aligner.scale_ == 1.0


def test_planted_rotation_is_recovered_under_shifts_and_lengths(planted):
    source, rotation, target = planted
    lengths = np.linspace(1, 5, 300)[:, None]
    spaces = {"source_vectors": source * lengths, "target_vectors": target / lengths}
    aligner = ProcrustesAligner().fit(source[:40] * lengths[:40], target[:40], **spaces)
    np.testing.assert_allclose(aligner.mapping_, rotation, atol=1e-12)
    shifted = ProcrustesAligner(normalize=("center",)).fit(source + 3, target - 8)
    np.testing.assert_allclose(shifted.mapping_, rotation, atol=1e-12)
    np.testing.assert_allclose(shifted.predict(source + 3), target - 8)


def test_equals_reference_on_noise():
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 6)), rng.normal(size=(50, 6))
    weight = rng.uniform(size=50)
    aligner = ProcrustesAligner(normalize=("unit", "center")).fit(X, Y, sample_weight=weight)
    X, Y = (side / np.linalg.norm(side, axis=1)[:, None] for side in (X, Y))
    X, Y = (side - np.average(side, axis=0, weights=weight) for side in (X, Y))
    U, _, Vt = randomized_svd(X.T @ (weight[:, None] * Y), 6, random_state=0)
    np.testing.assert_allclose(aligner.mapping_, U @ Vt, atol=1e-10)


@pytest.mark.parametrize(("d_source", "d_target"), [(6, 6), (4, 7)])
@pytest.mark.parametrize("normalize", [(), ("center",)])
@pytest.mark.parametrize("scale", [False, True])
def test_inverse_transform_undoes_transform(d_source, d_target, normalize, scale):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(50, d_source)) + 1, 3 * rng.normal(size=(50, d_target))
    aligner = ProcrustesAligner(normalize=normalize, scale=scale).fit(X, Y)
    np.testing.assert_allclose(aligner.inverse_transform(aligner.transform(X)), X, atol=1e-10)


def test_scale_is_learned_and_part_of_the_map(planted):
    source, rotation, target = planted
    aligner = ProcrustesAligner(normalize=(), scale=True).fit(source, 2.5 * target)
    assert aligner.scale_ == pytest.approx(2.5)
    np.testing.assert_allclose(aligner.mapping_, 2.5 * rotation, atol=1e-12)
    assert aligner.score(source, 2.5 * target) == pytest.approx(1.0)


def test_weights_of_zero_leave_wrong_pairs_out(planted):
    source, rotation, target = planted
    wrong = np.concatenate([-target[:200], target[200:]])
    aligner = ProcrustesAligner().fit(source, wrong, sample_weight=np.arange(300) >= 200)
    kept = ProcrustesAligner().fit(source[200:], target[200:])
    np.testing.assert_allclose(aligner.mapping_, kept.mapping_, atol=1e-12)
    np.testing.assert_allclose(
        ProcrustesAligner(normalize=()).fit(source, wrong).mapping_, -rotation
    )


def test_negative_weights_are_refused(planted):
    source, _, target = planted
    with pytest.raises(ValueError, match="Negative values"):
        ProcrustesAligner().fit(source, target, sample_weight=np.r_[-1, np.ones(299)])
