"""The aligners inside scikit-learn: pipelines, cross-validation, grids, metadata routing."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import config_context, get_config
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer

from skxling.alignment import (
    AllButTheTop,
    CCAAligner,
    GeometricAligner,
    L1RefinedAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    RetrofittedAligner,
    SelfLearningAligner,
)

N_PAIRS = 60


@pytest.fixture(scope="module")
def spaces():
    """Two spaces of rank 5, the target a turned source; the first N_PAIRS rows are pairs."""
    rng = np.random.default_rng(0)
    source = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 12))
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    target = np.vstack([source @ rotation, rng.normal(size=(30, 12))])
    return source, target


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


def test_pipeline_with_pca(spaces):
    source, target = spaces
    X, y = source[:N_PAIRS], target[:N_PAIRS]
    pipe = Pipeline([("pca", PCA(5)), ("align", ProcrustesAligner(normalize=("center",)))])
    pipe.fit(X, y)
    np.testing.assert_allclose(pipe.predict(source), target[:200], atol=1e-8)
    np.testing.assert_allclose(pipe.inverse_transform(pipe.transform(X)), X, atol=1e-8)
    np.testing.assert_allclose(pipe.fit_transform(X, y), pipe.transform(X), atol=1e-8)
    assert pipe.get_feature_names_out()[0] == "procrustesaligner0"


def test_cross_val_score_of_a_pipeline(spaces):
    source, target = spaces
    pipe = make_pipeline(PCA(5), ProcrustesAligner(normalize=("center",)))
    scores = cross_val_score(pipe, source[:N_PAIRS], target[:N_PAIRS], cv=3)
    assert scores.min() > 0.9
    poor = make_pipeline(PCA(2), ProcrustesAligner(normalize=("center",)))
    assert cross_val_score(poor, source[:N_PAIRS], target[:N_PAIRS], cv=3).max() < 0.9


def test_grid_search_reaches_every_number(spaces):
    source, target = spaces
    pipe = Pipeline([("pca", PCA(5)), ("align", RCSLSAligner(max_iter=2))])
    grid = [
        {"align": [ProcrustesAligner()], "align__normalize": [("unit",), ("center",)]},
        {"align__learning_rate": [1.0], "align__n_neighbors": [2], "align__n_negatives": [20]},
        {"align__constraint": [None], "align__batch_size": [16], "pca__n_components": [3]},
        {"align": [SelfLearningAligner()], "align__aligner": [ProcrustesAligner()]},
        {"align": [MultistepAligner()], "align__reweight": [None], "align__whiten": [False]},
        {"align": [CCAAligner()], "align__n_components": [2, 0.5], "align__alpha": [0.1]},
        {"align": [ProcrustesAligner()], "align__normalize": [(AllButTheTop(), "unit")]},
    ]
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise")
    search.fit(source[:N_PAIRS], target[:N_PAIRS])
    assert search.best_params_["align__normalize"] == ("center",)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_whole_vocabularies_with_routing_off(spaces):
    source, target = spaces
    fit_params = {"align__source_vectors": source, "align__target_vectors": target}
    pipe = Pipeline([("passed", "passthrough"), ("align", ProcrustesAligner())])
    pipe.fit(source[:N_PAIRS], target[:N_PAIRS], **fit_params)
    alone = ProcrustesAligner().fit(
        source[:N_PAIRS], target[:N_PAIRS], source_vectors=source, target_vectors=target
    )
    np.testing.assert_array_equal(pipe[-1].mapping_, alone.mapping_)


def test_with_routing_off_the_vocabulary_skips_the_earlier_steps(spaces):
    source, target = spaces
    pipe = Pipeline([("norm", Normalizer()), ("align", ProcrustesAligner(normalize=("center",)))])
    pipe.fit(source[:N_PAIRS], target[:N_PAIRS], align__source_vectors=source)
    np.testing.assert_allclose(pipe[-1].source_means_[0], source.mean(0))
    pipe = Pipeline([("pca", PCA(5)), ("align", ProcrustesAligner())])
    with pytest.raises(ValueError, match=r"has 12 features, but X has 5.*transform_input") as error:
        pipe.fit(source[:N_PAIRS], target[:N_PAIRS], align__source_vectors=source)
    assert "`source_vectors`" in str(error.value)


@pytest.mark.parametrize(
    "aligner",
    [
        ProcrustesAligner(),
        RCSLSAligner(max_iter=2),
        MultistepAligner(),
        SelfLearningAligner(max_iter=2),
        SelfLearningAligner(RCSLSAligner(max_iter=1), max_iter=1),
    ],
)
def test_with_routing_on_the_vocabulary_goes_through_the_steps(spaces, aligner, routing):
    source, target = spaces
    X, y = source[:N_PAIRS], target[:N_PAIRS]
    aligner.set_fit_request(source_vectors=True, target_vectors=True)
    pipe = Pipeline([("pca", PCA(5)), ("align", aligner)], transform_input=["source_vectors"])
    pipe.fit(X, y, source_vectors=source, target_vectors=target)
    pca = PCA(5).fit(X)
    alone = aligner.fit(
        pca.transform(X), y, source_vectors=pca.transform(source), target_vectors=target
    )
    np.testing.assert_allclose(pipe.predict(X), alone.predict(pca.transform(X)), atol=1e-8)


def test_routed_vocabularies_reach_every_fold(spaces, routing):
    source, target = spaces
    aligner = ProcrustesAligner(normalize=("center",))
    aligner.set_fit_request(source_vectors=True, target_vectors=True)
    results = cross_validate(
        aligner,
        source[:N_PAIRS],
        target[:N_PAIRS],
        cv=KFold(3),
        params={"source_vectors": source, "target_vectors": target},
        return_estimator=True,
    )
    for fitted in results["estimator"]:
        np.testing.assert_allclose(fitted.source_means_[0], source.mean(0))
        np.testing.assert_allclose(fitted.target_means_[0], target.mean(0))


@pytest.mark.parametrize("n_rows", [N_PAIRS, 200])
def test_a_container_as_long_as_the_pairs_is_not_sliced(spaces, routing, n_rows):
    source, target = spaces
    container = SimpleNamespace(vectors=source[-n_rows:])  # no __len__, no shape: as WordVectors
    aligner = ProcrustesAligner(normalize=("center",)).set_fit_request(source_vectors=True)
    results = cross_validate(
        aligner,
        source[:N_PAIRS],
        target[:N_PAIRS],
        cv=2,
        params={"source_vectors": container},
        return_estimator=True,
    )
    for fitted in results["estimator"]:
        np.testing.assert_allclose(fitted.source_means_[0], source[-n_rows:].mean(0))


def test_weights_are_routed(spaces, routing):
    source, target = spaces
    weight = np.linspace(0, 1, N_PAIRS)
    pipe = make_pipeline(PCA(5), ProcrustesAligner().set_fit_request(sample_weight=True))
    pipe.fit(source[:N_PAIRS], target[:N_PAIRS], sample_weight=weight)
    X = pipe[0].transform(source[:N_PAIRS])
    alone = ProcrustesAligner().fit(X, target[:N_PAIRS], sample_weight=weight)
    np.testing.assert_allclose(pipe[-1].mapping_, alone.mapping_)


@pytest.mark.parametrize(
    "aligner",
    [ProcrustesAligner(), MultistepAligner(), L1RefinedAligner(), RetrofittedAligner()],
    ids=lambda aligner: type(aligner).__name__,
)
def test_set_output(spaces, aligner):
    pandas = pytest.importorskip("pandas")
    source, target = spaces
    aligner.set_output(transform="pandas")
    mapped = aligner.fit(source[:N_PAIRS], target[:N_PAIRS]).transform(source)
    assert isinstance(mapped, pandas.DataFrame)
    assert list(mapped.columns) == list(aligner.get_feature_names_out())
    assert isinstance(aligner.predict(source), np.ndarray)


def test_routing_is_off_unless_the_user_says_so():
    assert get_config()["enable_metadata_routing"] is False


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_words_are_known_after_a_step_that_rounds(dtype):
    # PCA's fit_transform and its transform differ in the last digits, and so do equal rows
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, 150, 40)).astype(dtype)
    rows, columns = np.r_[np.arange(150), np.arange(100)], np.r_[np.arange(150), np.arange(1, 101)]
    pipe = make_pipeline(PCA(30), RetrofittedAligner()).fit(source[rows], target[columns])
    assert len(pipe[-1].source_rows_) == 150
    reduced = pipe[0].transform(source)
    moved = np.abs(pipe.transform(source) - pipe[-1].aligner_.transform(reduced)).max(axis=1)
    assert (moved > 1e-3).all()
    geometric = make_pipeline(PCA(30), GeometricAligner(alpha=10.0))
    geometric.fit(source[rows], target[columns])
    alone = GeometricAligner(alpha=10.0).fit(geometric[0].transform(source)[rows], target[columns])
    maps = [a.mapping_ @ a.target_mapping_.T for a in (geometric[-1], alone)]
    assert np.linalg.norm(maps[0] - maps[1]) < 1e-2 * np.linalg.norm(maps[1])
