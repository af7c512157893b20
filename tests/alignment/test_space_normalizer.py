import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from skxling.alignment import (
    AllButTheTop,
    IterativeNormalizer,
    MultistepAligner,
    ProcrustesAligner,
    SpaceNormalizer,
    SpectralNormalizer,
)
from skxling.functional import fit_normalization
from skxling.utils import to_tensor

NAMES = ("unit", "center", "iterative", "spectral", "all_but_the_top")


@pytest.fixture
def space():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 7)) * np.linspace(3, 0.5, 7) + 1


@pytest.mark.parametrize("steps", [(), ("unit",), ["center"], ("unit", "center", "unit")])
def test_chain_equals_the_function(space, steps):
    expected, means = fit_normalization(to_tensor(space), steps)
    normalizer = SpaceNormalizer(steps)
    np.testing.assert_array_equal(normalizer.fit_transform(space), expected)
    assert len(normalizer.means_) == len(means)
    for found, mean in zip(normalizer.means_, means, strict=True):
        np.testing.assert_array_equal(found, mean)


@pytest.mark.parametrize(
    ("named", "transformers"),
    [
        (("unit", "center"), (Normalizer(), StandardScaler(with_std=False))),
        (("center",), make_pipeline(StandardScaler(with_std=False))),
        (("iterative",), IterativeNormalizer()),
        (("spectral", "unit"), (SpectralNormalizer(), Normalizer())),
        (("all_but_the_top",), SpaceNormalizer(("all_but_the_top",))),
        (("unit", "center"), (SpaceNormalizer(("unit",)), SpaceNormalizer(("center",)))),
    ],
)
def test_names_and_transformers_are_alike(space, named, transformers):
    first, second = SpaceNormalizer(named).fit(space), SpaceNormalizer(transformers).fit(space)
    np.testing.assert_allclose(first.transform(space), second.transform(space), atol=1e-12)
    rows = np.random.default_rng(1).normal(size=(5, 7))
    np.testing.assert_allclose(first.transform(rows), second.transform(rows), atol=1e-12)
    np.testing.assert_allclose(
        first.inverse_transform(rows), second.inverse_transform(rows), atol=1e-12
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_new_rows_get_the_treatment_of_the_fit(space, name, dtype):
    space = space.astype(dtype)
    before = space.copy()
    normalizer = SpaceNormalizer(("unit", name, "center")).fit(space)
    normalized = normalizer.transform(space)
    assert normalized.dtype == dtype
    np.testing.assert_allclose(normalizer.transform(space[3:7]), normalized[3:7], atol=1e-6)
    np.testing.assert_allclose(normalized.mean(0), 0, atol=1e-6)
    np.testing.assert_array_equal(space, before)


@pytest.mark.parametrize("steps", [(), ("center",), (PCA(7), "center"), StandardScaler()])
def test_undo_is_exact_where_nothing_is_lost(space, steps):
    normalizer = SpaceNormalizer(steps).fit(space)
    np.testing.assert_allclose(
        normalizer.inverse_transform(normalizer.transform(space)), space, atol=1e-12
    )


def test_undo_without_a_way_back():
    space = np.random.default_rng(0).normal(size=(20, 4)) * [1, 1, 1, 0]
    narrow = SpaceNormalizer(("center", PCA(2))).fit(space)
    assert narrow.transform(space).shape == (20, 2)
    assert narrow.inverse_transform(narrow.transform(space)).shape == (20, 4)
    assert narrow.get_feature_names_out().tolist() == ["spacenormalizer0", "spacenormalizer1"]
    with pytest.raises(ValueError, match=r"gives rows of 2 features. Pass rows as `transform`"):
        narrow.inverse_transform(space)

    class OneWay(VarianceThreshold):
        @property
        def inverse_transform(self):
            raise AttributeError("none")

    one_way = SpaceNormalizer(("center", OneWay())).fit(space)
    with pytest.raises(ValueError, match=r"from 4 features to 3, and \[OneWay\(\)\] have no"):
        one_way.inverse_transform(one_way.transform(space))


def test_steps_are_cloned_unless_frozen(space):
    pca = PCA(3)
    SpaceNormalizer((pca,)).fit(space)
    assert not hasattr(pca, "components_")
    frozen = FrozenEstimator(PCA(3).fit(space))
    normalizer = SpaceNormalizer((frozen,)).fit(space[:10])
    np.testing.assert_array_equal(normalizer.transform(space), frozen.transform(space))
    twin = clone(SpaceNormalizer((pca,)))
    assert twin.steps[0] is not pca
    assert twin.steps[0].n_components == 3


def test_transformers_cannot_write_to_the_vectors_of_the_caller(space):
    before = space.copy()
    in_place = StandardScaler(copy=False)
    expected = SpaceNormalizer((StandardScaler(),)).fit_transform(space)
    np.testing.assert_array_equal(SpaceNormalizer((in_place,)).fit_transform(space), expected)
    np.testing.assert_array_equal(space, before)


@pytest.mark.parametrize("aligner", [ProcrustesAligner(), MultistepAligner()])
def test_aligners_normalize_either_side_by_its_own_space(aligner):
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(80, 6)) + 1, 2 * rng.normal(size=(90, 5)) - 3
    steps = ("spectral", AllButTheTop(n_components=2), "unit")
    aligner = clone(aligner).set_params(normalize=steps)
    aligner.fit(source[:50], target[:50], source_vectors=source, target_vectors=target)
    for side, normalizer in (
        (source, aligner.source_normalizer_),
        (target, aligner.target_normalizer_),
    ):
        expected = SpaceNormalizer(steps).fit(side).transform(side)
        np.testing.assert_allclose(normalizer.transform(side), expected, atol=1e-12)
    np.testing.assert_allclose(
        aligner.transform(source),
        aligner.source_normalizer_.transform(source) @ aligner.mapping_,
        atol=1e-12,
    )


def test_weights_of_pairs_reach_the_statistics():
    rng = np.random.default_rng(0)
    X, y, counts = rng.normal(size=(30, 5)), rng.normal(size=(30, 5)), np.arange(30) % 3
    aligner = ProcrustesAligner(normalize=("iterative", "spectral", "all_but_the_top"))
    weighted = aligner.fit(X, y, sample_weight=counts).mapping_
    repeated = aligner.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts, axis=0)).mapping_
    np.testing.assert_allclose(weighted, repeated, atol=1e-10)


def test_a_step_may_change_the_number_of_features():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3)) @ rng.normal(size=(3, 8))
    y = X @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    for aligner in (ProcrustesAligner(), MultistepAligner(n_components=3)):
        aligner.set_params(normalize=("center", PCA(3))).fit(X, y)
        assert aligner.transform(X).shape == aligner.transform_target(y).shape == (100, 3)
        np.testing.assert_allclose(aligner.predict(X), y, atol=1e-8)


def test_grids_reach_the_steps_and_their_parameters():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = X @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    grid = [
        {"normalize": [("center",), ("unit", "iterative"), (AllButTheTop(n_components=2),)]},
        {"normalize": [AllButTheTop()], "normalize__n_components": [0, 1]},
    ]
    search = GridSearchCV(ProcrustesAligner(), grid, cv=2, error_score="raise").fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == pytest.approx(scores[3]) == pytest.approx(1, abs=0.05)
    assert scores[4] < scores[3] - 0.1
    assert scores[2] < scores[4] - 0.1


@pytest.mark.parametrize("steps", [("units",), (3,), ("unit", None)])
def test_unknown_steps(space, steps):
    with pytest.raises(ValueError, match=r"`steps` has the unknown steps \[.*or a transformer"):
        SpaceNormalizer(steps).fit(space)
    with pytest.raises(ValueError, match=r"`normalize` has the unknown steps"):
        ProcrustesAligner(normalize=steps).fit(space, space)


@pytest.mark.parametrize("step", [(), ("unit",)])
def test_what_comes_out_is_the_callers(space, step):
    before = space.copy()
    normalizer = SpaceNormalizer(step).fit(space)
    aligner = ProcrustesAligner(normalize=step).fit(space, space)
    for function in (normalizer.transform, normalizer.inverse_transform, aligner.transform_target):
        function(space)[:] = 7
    np.testing.assert_array_equal(space, before)


def test_names_before_the_fit():
    with pytest.raises(NotFittedError):
        SpaceNormalizer().get_feature_names_out()


def test_means_of_steps_within_steps():
    X = np.random.default_rng(0).normal(size=(20, 3)) + 1
    flat = SpaceNormalizer(("unit", "center")).fit(X)
    nested = SpaceNormalizer((SpaceNormalizer(("unit", "center")),)).fit(X)
    np.testing.assert_array_equal(nested.means_, flat.means_)
