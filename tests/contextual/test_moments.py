import numpy as np
import pytest
from sklearn.base import clone

from skxling.alignment import (
    AllButTheTop,
    CCAAligner,
    LinearAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
)
from skxling.contextual._moments import MomentsFit, RowsFit, make_fit, normalize_rows

NORMALIZE = [
    (),
    ("unit",),
    ("center",),
    ("unit", "center"),
    ["center", "unit"],
    ("unit", "center", "unit"),
    ("center", "unit", "center"),
    ("unit", "center", "unit", "center", "unit"),
]
ALIGNERS = [
    ProcrustesAligner(),
    ProcrustesAligner(scale=True),
    LinearAligner(),
    LinearAligner(alpha=3.0),
    CCAAligner(n_components=4),
    CCAAligner(n_components=4, alpha=0.1),
    MultistepAligner(),
    MultistepAligner(n_components=3),
]


def pairs(d_target=6):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6)) @ np.diag(np.linspace(1, 3, 6)) + 1
    Y = X[:, :d_target] @ rng.normal(size=(d_target, d_target)) + 0.5 * rng.normal(
        size=(400, d_target)
    )
    return X, Y - 2


def stream(fit, X, Y, n_blocks):
    for i in range(fit.n_passes):
        for block in np.array_split(np.arange(len(X)), n_blocks):
            fit.add(X[block], Y[block])
        if i < fit.n_passes - 1:
            fit.end_pass()
    return fit.finish()


@pytest.mark.parametrize("aligner", ALIGNERS, ids=repr)
@pytest.mark.parametrize("normalize", NORMALIZE, ids=repr)
def test_streamed_equals_held(aligner, normalize):
    X, Y = pairs()
    aligner = clone(aligner).set_params(normalize=normalize, device="cpu")
    fit = make_fit(aligner)
    assert isinstance(fit, MomentsFit)
    streamed, held = stream(fit, X, Y, 7), clone(aligner).fit(X, Y)
    new = np.random.default_rng(1).normal(size=(50, 6)) + 1
    mapped = [a.transform(new) @ a.transform_target(new).T for a in (streamed, held)]
    np.testing.assert_allclose(*mapped, atol=1e-6 * np.abs(mapped[1]).max())
    assert streamed.get_params()["normalize"] == normalize
    np.testing.assert_allclose(streamed.predict(new), held.predict(new), atol=1e-5)


def test_spaces_of_two_sizes():
    X, Y = pairs(d_target=4)
    for aligner in (ProcrustesAligner(normalize=("unit", "center")), LinearAligner()):
        streamed, held = stream(make_fit(aligner), X, Y, 3), clone(aligner).fit(X, Y)
        np.testing.assert_allclose(streamed.mapping_, held.mapping_, atol=1e-8)
        np.testing.assert_allclose(streamed.predict(X), held.predict(X), atol=1e-8)


@pytest.mark.parametrize(
    ("normalize", "n_passes"), list(zip(NORMALIZE, [1, 1, 1, 1, 2, 2, 2, 3], strict=True))
)
def test_passes(normalize, n_passes):
    assert make_fit(ProcrustesAligner(normalize=normalize)).n_passes == n_passes


def test_memory_of_moments_does_not_grow():
    fit = make_fit(ProcrustesAligner(normalize=("unit", "center")))
    X, Y = pairs()
    sizes = []
    for _ in range(3):
        fit.add(X, Y)
        arrays = [value for value in vars(fit).values() if isinstance(value, np.ndarray)]
        sizes.append(sum(array.nbytes for array in arrays))
    assert sizes == [8 * (12 + 12 * 12)] * 3


@pytest.mark.parametrize(
    "aligner",
    [
        RCSLSAligner(max_iter=2),
        ProcrustesAligner(normalize=("spectral",)),
        ProcrustesAligner(normalize=("unit", AllButTheTop(n_components=1))),
        ProcrustesAligner(normalize=AllButTheTop(n_components=1)),
    ],
    ids=repr,
)
def test_others_keep_their_rows(aligner):
    X, Y = pairs()
    fit = make_fit(aligner)
    assert isinstance(fit, RowsFit)
    streamed, held = stream(fit, X, Y, 5), clone(aligner).fit(X, Y)
    np.testing.assert_allclose(streamed.transform(X), held.transform(X))


def test_a_subclass_is_not_trusted_with_moments():
    class Other(ProcrustesAligner):
        pass

    assert isinstance(make_fit(Other()), RowsFit)


def test_normalize_rows_leaves_zeros():
    rows = normalize_rows(np.array([[0.0, 0.0], [3.0, 4.0]]), ["unit"], [])
    np.testing.assert_allclose(rows, [[0, 0], [0.6, 0.8]])
