from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skxling.alignment import (
    CCAAligner,
    GeometricAligner,
    L1RefinedAligner,
    LinearAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    RetrofittedAligner,
    SelfLearningAligner,
    WassersteinAligner,
)
from skxling.embedding import WordVectors

ONE_SIDED = [ProcrustesAligner(), LinearAligner(), RCSLSAligner(max_iter=3)]
TWO_SIDED = [CCAAligner(), MultistepAligner(), GeometricAligner()]
ALIGNERS = [*ONE_SIDED, *TWO_SIDED, SelfLearningAligner(max_iter=2)]
by_name = pytest.mark.parametrize("aligner", ALIGNERS, ids=lambda a: type(a).__name__)


def _spaces(n_source=80, n_target=90, d_source=6, d_target=6, seed=0):
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(n_source, d_source)) + 1.0
    mapping = rng.normal(size=(d_source, d_target))
    target = np.vstack([source @ mapping, rng.normal(size=(n_target - n_source, d_target))]) - 2.0
    return source, target


@by_name
@pytest.mark.parametrize(("d_source", "d_target"), [(6, 6), (7, 4), (4, 7)])
def test_shapes_of_rectangular_maps(aligner, d_source, d_target):
    source, target = _spaces(d_source=d_source, d_target=d_target)
    fitted = clone(aligner).fit(
        source[:50], target[:50], source_vectors=source, target_vectors=target
    )
    # the shared space is the target's, or as large as the smaller of the two
    n_components = min(d_source, d_target) if aligner in TWO_SIDED else d_target
    assert fitted.transform(source).shape == (80, n_components)
    assert fitted.transform_target(target).shape == (90, n_components)
    assert fitted.inverse_transform(fitted.transform(source)).shape == source.shape
    assert fitted.predict(source).shape == (80, d_target)
    assert len(fitted.get_feature_names_out()) == n_components


@by_name
def test_one_dimensional_y_gives_one_dimensional_predictions(aligner):
    source, target = _spaces(d_target=1)
    fitted = clone(aligner).fit(source[:50], target[:50, 0])
    assert fitted.predict(source).shape == (80,)
    assert fitted.transform(source).shape == (80, 1)
    assert fitted.transform_target(target).shape == (90, 1)


@by_name
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_preserved(aligner, dtype):
    source, target = (side.astype(dtype) for side in _spaces())
    fitted = clone(aligner).fit(source[:50], target[:50])
    for rows in (
        fitted.transform(source),
        fitted.transform_target(target),
        fitted.inverse_transform(source),
        fitted.predict(source),
    ):
        assert rows.dtype == dtype
    other = np.float32 if dtype == np.float64 else np.float64
    assert fitted.transform(source.astype(other)).dtype == other


@pytest.mark.parametrize(
    "aligner",
    [
        ProcrustesAligner(normalize=("center",)),
        LinearAligner(normalize=("center",)),
        RCSLSAligner(normalize=("center",), max_iter=1),
        SelfLearningAligner(ProcrustesAligner(normalize=("center",)), max_iter=1),
    ],
    ids=lambda a: type(a).__name__,
)
def test_predict_goes_to_the_targets_own_space(aligner):
    # a mean far from zero on the target side: transform leaves it out, predict has it
    source, target = _spaces()
    target = target + 100.0
    fitted = aligner.fit(source[:50], target[:50])
    shift = (target - fitted.transform_target(target))[0]
    assert shift.min() > 90
    np.testing.assert_allclose(fitted.predict(source), fitted.transform(source) + shift)


@pytest.mark.parametrize("aligner", TWO_SIDED, ids=lambda a: type(a).__name__)
def test_predict_undoes_the_target_map(aligner):
    source, target = _spaces()
    fitted = clone(aligner).set_params(normalize=("center",)).fit(source[:50], target[:50])
    shared = fitted.transform(source)
    np.testing.assert_allclose(fitted.transform_target(fitted.predict(source)), shared, atol=1e-8)
    np.testing.assert_allclose(fitted.inverse_transform(shared), source, atol=1e-8)
    assert np.abs(fitted.predict(source) - shared).max() > 0.1


def test_predict_equals_transform_where_the_target_side_is_untouched():
    source, target = _spaces()
    fitted = ProcrustesAligner(normalize=()).fit(source[:50], target[:50])
    np.testing.assert_allclose(fitted.predict(source), fitted.transform(source))
    np.testing.assert_array_equal(fitted.transform_target(target), target)


@pytest.mark.parametrize("aligner", ALIGNERS[:-1], ids=lambda a: type(a).__name__)
def test_means_are_those_of_the_whole_spaces_where_given(aligner):
    source, target = _spaces()
    aligner = clone(aligner).set_params(normalize=("center",))
    pairs = aligner.fit(source[:50], target[:50])
    np.testing.assert_allclose(pairs.source_means_[0], source[:50].mean(0))
    np.testing.assert_allclose(pairs.target_means_[0], target[:50].mean(0))
    whole = aligner.fit(source[:50], target[:50], source_vectors=source, target_vectors=target)
    np.testing.assert_allclose(whole.source_means_[0], source.mean(0))
    np.testing.assert_allclose(whole.target_means_[0], target.mean(0))
    half = aligner.fit(source[:50], target[:50], target_vectors=target)
    np.testing.assert_allclose(half.source_means_[0], source[:50].mean(0))
    np.testing.assert_allclose(half.target_means_[0], target.mean(0))


@by_name
def test_containers_of_word_vectors_are_vocabularies(aligner):
    source, target = _spaces()
    bare = clone(aligner).fit(source[:9], target[:9], source_vectors=source, target_vectors=target)
    held = clone(aligner).fit(
        source[:9],
        target[:9],
        source_vectors=SimpleNamespace(vectors=source),
        target_vectors=SimpleNamespace(vectors=target),
    )
    np.testing.assert_array_equal(bare.transform(source), held.transform(source))


@by_name
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("source_vectors", r"`source_vectors` has 5 features, but X has 6"),
        ("target_vectors", r"`target_vectors` has 5 features, but y has 6"),
    ],
)
def test_vocabulary_of_another_space_names_the_way_out(aligner, name, message):
    source, target = _spaces()
    with pytest.raises(ValueError, match=message) as caught:
        clone(aligner).fit(source[:50], target[:50], **{name: source[:, :5]})
    # steps of a pipeline are those of the source
    is_of_source = name == "source_vectors"
    assert (f"Pipeline(transform_input=['{name}'])" in str(caught.value)) == is_of_source


@by_name
def test_vocabulary_with_nan_is_named(aligner):
    source, target = _spaces()
    broken = source.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"Input source_vectors contains NaN"):
        clone(aligner).fit(source[:50], target[:50], source_vectors=broken)


@by_name
def test_words_are_for_the_translator(aligner):
    rows, words = np.eye(3), ["cat", "dog", "sun"]
    for X, y, name in ((words, rows, "X"), (rows, words, "y"), (np.array(words), rows, "X")):
        with pytest.raises(ValueError, match=f"`{name}` must be .* the word 'cat'.*WordTranslator"):
            clone(aligner).fit(X, y)
    with pytest.raises(ValueError, match=r"`X` must be .* the word 'en\.vec'"):
        clone(aligner).fit("en.vec", "de.vec")


@by_name
@pytest.mark.parametrize("nothing", [np.array(1.0), np.array([]), []], ids=["scalar", "0", "list"])
def test_what_is_no_matrix_is_told(aligner, nothing):
    with pytest.raises(ValueError, match="Expected 2D array, got"):
        clone(aligner).fit(nothing, np.eye(3))


@by_name
def test_a_vocabulary_is_no_list_of_pairs(aligner):
    vocabulary = WordVectors(["cat", "dog", "sun"], np.eye(3))
    with pytest.raises(ValueError, match=r"`y` must be .* Got WordVectors.* as `source_vectors`"):
        clone(aligner).fit(np.eye(3), vocabulary)


@pytest.mark.parametrize("aligner", ALIGNERS[:-1], ids=lambda a: type(a).__name__)
def test_unknown_step_is_named(aligner):
    source, target = _spaces()
    aligner = clone(aligner).set_params(normalize=("unit", "centre"))
    with pytest.raises(ValueError, match=r"unknown steps \['centre'\]. Each must be one of"):
        aligner.fit(source[:50], target[:50])


def test_shared_space_of_another_width_than_the_target():
    source, target = _spaces()
    fitted = MultistepAligner(n_components=3).fit(source[:50], target[:50])
    assert fitted.inverse_transform(fitted.transform(source)).shape == source.shape
    with pytest.raises(ValueError, match=r"targets with 6 features, maps to 3. Pass vectors of"):
        fitted.inverse_transform(target)
    with pytest.raises(ValueError, match="Y has 3 features, but MultistepAligner was fitted on"):
        fitted.transform_target(fitted.transform(source))


@by_name
def test_rows_of_another_width_than_the_shared_space(aligner):
    source, target = _spaces()
    fitted = clone(aligner).fit(source[:50], target[:50])
    with pytest.raises(ValueError, match="fitted on targets with 6 features"):
        fitted.transform_target(target[:, :4])
    with pytest.raises(ValueError, match="fitted on targets with 6 features"):
        fitted.inverse_transform(target[:, :4])


@by_name
def test_inputs_are_read_only_memory_maps(aligner, tmp_path):
    for name, side in zip(("source", "target"), _spaces(), strict=True):
        np.save(tmp_path / f"{name}.npy", side)
    source = np.load(tmp_path / "source.npy", mmap_mode="r")
    target = np.load(tmp_path / "target.npy", mmap_mode="r")
    fitted = clone(aligner).fit(
        source[:50], target[:50], source_vectors=source, target_vectors=target
    )
    assert np.isfinite(fitted.transform(source)).all()


@by_name
def test_refit_is_idempotent(aligner):
    source, target = _spaces()
    fitted = clone(aligner)
    first = fitted.fit(source[:50], target[:50]).transform(source)
    fitted.fit(source[:50, :3], target[:50, :3])
    np.testing.assert_array_equal(fitted.fit(source[:50], target[:50]).transform(source), first)


@by_name
def test_missing_device_is_named(aligner, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    source, target = _spaces()
    with pytest.raises(ValueError, match="`device` is 'cuda', but torch sees 0"):
        clone(aligner).set_params(device="cuda").fit(source[:50], target[:50])


REFITTED = [
    *ALIGNERS,
    L1RefinedAligner(),
    RetrofittedAligner(),
    WassersteinAligner(n_steps=2, min_agreement=None, random_state=0),
]


@pytest.mark.parametrize("aligner", REFITTED, ids=lambda a: type(a).__name__)
def test_a_failed_fit_changes_nothing(aligner):
    source, target = _spaces()
    pairs = source[:50], target[:50]
    spaces = {"source_vectors": source, "target_vectors": target}
    wrong = {"source_vectors": source[:, :2], "target_vectors": target}
    aligner = clone(aligner)
    with pytest.raises(ValueError, match="has 2 features"):
        aligner.fit(*pairs, **wrong)
    with pytest.raises(NotFittedError):
        aligner.transform(source)
    before = aligner.fit(*pairs, **spaces).transform(source)
    with pytest.raises(ValueError, match="has 2 features"):
        aligner.fit(pairs[0][::-1] ** 2, pairs[1], **wrong)
    np.testing.assert_array_equal(aligner.transform(source), before)


def test_an_interrupted_fit_changes_nothing(make_recorder):
    class Interrupt(make_recorder):
        def on_fit_task_end(self, *args, **kwargs):
            raise KeyboardInterrupt

    source, target = _spaces()
    aligner = RCSLSAligner(max_iter=3).fit(source[:50], target[:50])
    before = aligner.transform(source)
    aligner.set_callbacks(Interrupt("iteration"))
    with pytest.raises(KeyboardInterrupt):
        aligner.fit(source[10:60] ** 2, target[:50])
    np.testing.assert_array_equal(aligner.transform(source), before)
