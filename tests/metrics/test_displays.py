import sys

import matplotlib
import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.decomposition import PCA, TruncatedSVD

from skxling.embedding import WordVectors
from skxling.metrics import (
    FrequencyBandDisplay,
    IsomorphismDisplay,
    NeighborhoodDisplay,
    bli_report,
    eigenvector_similarity,
)
from skxling.translation import WordTranslator

matplotlib.use("agg")
N = 120


@pytest.fixture(autouse=True)
def close_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def translator():
    """Translator whose later words have more noise."""
    rng = np.random.default_rng(0)
    S = rng.normal(size=(N, 10))
    T = S + np.linspace(0, 1.5, N)[:, None] * rng.normal(size=(N, 10))
    source = WordVectors([f"s{i}" for i in range(N)], S)
    target = WordVectors([f"t{i}" for i in range(N)], T)
    return WordTranslator(source, target, "passthrough").fit()


@pytest.fixture(scope="module")
def lexicon():
    # two translations of s0, which is one query; the order is not that of frequency
    X = ["s0", *(f"s{i}" for i in reversed(range(N))), "unknown", "s7"]
    y = ["lost", *(f"t{i}" for i in reversed(range(N))), "lost", "lost"]
    return X, y


# -- frequency bands -------------------------------------------------------------------------


def test_bands_have_the_queries_of_their_words(translator, lexicon):
    display = FrequencyBandDisplay.from_estimator(translator, *lexicon, n_bands=4)
    assert display.bands.tolist() == [[1, 30], [31, 60], [61, 90], [91, 120]]
    assert display.n_queries.tolist() == [30] * 4
    predicted = translator.predict([f"s{i}" for i in range(N)])
    hits = predicted == np.array([f"t{i}" for i in range(N)])
    np.testing.assert_allclose(display.precision, hits.reshape(4, 30).mean(axis=1))
    assert display.precision[0] > display.precision[-1]
    report = bli_report(translator, *lexicon, ks=(1,))
    assert display.precision.mean() == pytest.approx(report.p_at_k["skip"][1])


def test_bars_are_wilson_s_intervals(translator, lexicon):
    display = FrequencyBandDisplay.from_estimator(
        translator, *lexicon, n_bands=3, k=5, confidence_level=0.8
    )
    for precision, interval in zip(display.precision, display.intervals, strict=True):
        expected = binomtest(round(precision * 40), 40).proportion_ci(0.8, method="wilson")
        np.testing.assert_allclose(interval, expected)
        assert interval[0] < interval[1]


def test_predictions_give_what_the_estimator_gives(translator, lexicon):
    display = FrequencyBandDisplay.from_estimator(translator, *lexicon, k=3)
    words = [f"s{i}" for i in range(N)]
    by_hand = FrequencyBandDisplay.from_predictions(
        [f"t{i}" for i in range(N)],
        translator.kneighbors(words, n_neighbors=3)[1],
        frequency_ranks=np.arange(1, N + 1),
        k=3,
    )
    np.testing.assert_array_equal(by_hand.bands, display.bands)
    np.testing.assert_allclose(by_hand.precision, display.precision)


def test_edges_and_empty_bands():
    display = FrequencyBandDisplay.from_predictions(
        ["a", "b", "c"], ["a", "x", "c"], frequency_ranks=[3, 40, 0], edges=(10, 20)
    )
    assert display.bands.tolist() == [[1, 10], [11, 20], [21, 40]]
    np.testing.assert_array_equal(display.precision, [1, np.nan, 0])
    assert display.n_queries.tolist() == [1, 0, 1]


def test_edges_beyond_the_last_word_make_empty_bands():
    display = FrequencyBandDisplay.from_predictions(
        ["a", "b"], ["a", "x"], frequency_ranks=[3, 40], edges=(10, 40, 1_000)
    )
    assert display.bands.tolist() == [[1, 10], [11, 40], [41, 1_000], [1_001, 1_001]]
    assert display.n_queries.tolist() == [1, 1, 0, 0]
    np.testing.assert_array_equal(display.precision, [1, 0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("oov", "n_queries", "precision"), [("wrong", 3, 1 / 3), ("copy", 3, 2 / 3), ("skip", 1, 1)]
)
def test_conventions_for_missing_translations(oov, n_queries, precision):
    source = WordVectors(["house", "radio", "moon"], np.eye(3))
    target = WordVectors(["haus"], [[1, 0, 0]])
    translator = WordTranslator(source, target, "passthrough", retrieval="cosine").fit()
    X, y = ["house", "radio", "moon", "tea"], ["haus", "radio", "mond", "tee"]
    display = FrequencyBandDisplay.from_estimator(translator, X, y, oov=oov, n_bands=1)
    assert display.n_queries.tolist() == [n_queries]
    assert display.precision == pytest.approx([precision])


def test_band_plot(translator, lexicon):
    edges = (30, 60)
    display = FrequencyBandDisplay.from_estimator(translator, *lexicon, edges=edges, shift=-0.1)
    ax = display.ax_
    assert ax is display.figure_.axes[0]
    line = display.errorbar_.lines[0]
    np.testing.assert_allclose(line.get_xdata(), np.arange(3) - 0.1)
    np.testing.assert_allclose(line.get_ydata(), display.precision)
    assert [t.get_text() for t in ax.get_xticklabels()] == [
        "1\N{EN DASH}30\n30 queries",
        "31\N{EN DASH}60\n30 queries",
        "61\N{EN DASH}120\n60 queries",
    ]
    other = FrequencyBandDisplay.from_estimator(
        translator, *lexicon, edges=edges, k=5, ax=ax, name="five", errorbar_kwargs={"color": "k"}
    )
    assert other.ax_ is ax
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["WordTranslator", "five"]
    assert other.errorbar_.lines[0].get_color() == "k"
    assert ax.get_ylim()[1] > max(display.intervals.max(), other.intervals.max())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"frequency_ranks": [1]}, "must be 2 integers"),
        ({"frequency_ranks": [1, -1]}, "must be 2 integers"),
        ({"frequency_ranks": [0.5, 1]}, "must be 2 integers"),
        ({"frequency_ranks": [0, 0]}, "No query has a frequency rank"),
        ({"frequency_ranks": [1, 2], "edges": [5, 5]}, "`edges` must be ascending"),
        ({"frequency_ranks": [1, 2], "k": 2}, "`k` is 2, but"),
        ({"frequency_ranks": [1, 2], "n_bands": 0}, "'n_bands' parameter"),
    ],
)
def test_band_errors_name_the_way_out(params, message):
    with pytest.raises(ValueError, match=message):
        FrequencyBandDisplay.from_predictions(["a", "b"], ["a", "x"], **params)


def test_bands_need_an_estimator_of_words(lexicon):
    with pytest.raises(TypeError, match="use from_predictions"):
        FrequencyBandDisplay.from_estimator(PCA(), *lexicon)


# -- spectra ---------------------------------------------------------------------------------


def test_isomorphism_display_shows_the_measure(translator):
    S, T = translator.source_vectors_, translator.target_vectors_
    display = IsomorphismDisplay.from_vectors(S, T, n_neighbors=4, energy=0.8)
    assert display.distance == eigenvector_similarity(S, T, n_neighbors=4, energy=0.8)
    for line, spectrum in zip(
        display.lines_, (display.source_spectrum, display.target_spectrum), strict=True
    ):
        np.testing.assert_array_equal(line.get_ydata(), spectrum)
    assert f"{display.n_compared} compared" in display.ax_.texts[0].get_text()
    assert f"{display.distance:.3g}" in display.ax_.get_title()


def test_isomorphism_display_of_an_estimator(translator):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    display = IsomorphismDisplay.from_estimator(
        translator, names=("English", "German"), ax=ax, line_kwargs={"lw": 3}
    )
    assert display.ax_ is ax
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["difference", "English", "German"]
    assert {line.get_linewidth() for line in display.lines_} == {3}
    assert display.plot(names=("a", "b")).ax_ is not ax


# -- neighbourhoods --------------------------------------------------------------------------


def _nearest(query, vectors, n):
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.argsort(-(vectors @ query), kind="stable")[:n]


def test_neighbors_are_those_of_either_language(translator):
    S, T = translator.source_vectors_, translator.target_vectors_
    display = NeighborhoodDisplay.from_estimator(translator, ["s3", "s3"], ["t9"], n_neighbors=4)
    words = list(zip(display.is_target.tolist(), display.words, strict=True))
    assert words[:2] == [(False, "s3"), (True, "t9")]
    assert display.is_chosen.tolist() == [True, True] + [False] * (len(words) - 2)
    assert len(set(words)) == len(words)
    edges = [[words[i] for i in edge] for edge in display.edges]
    found = {start: {end for begin, end in edges if begin == start} for start in words[:2]}
    for (is_target, word), neighbors in found.items():
        query = (T if is_target else S)[word]
        # on its own side the word itself comes first
        near_S, near_T = _nearest(query, S.vectors, 5), _nearest(query, T.vectors, 5)
        near_S, near_T = (near_S[:4], near_T[1:]) if is_target else (near_S[1:], near_T[:4])
        expected = {(False, S.words[i]) for i in near_S} | {(True, T.words[i]) for i in near_T}
        assert neighbors == expected


def test_points_are_the_projection(translator):
    S, T = translator.source_vectors_, translator.target_vectors_
    for transformer in (None, TruncatedSVD(2, random_state=0)):
        display = NeighborhoodDisplay.from_vectors(S, T, ["s3"], transformer=transformer)
        rows = np.array(
            [
                (T if is_target else S)[word]
                for word, is_target in zip(display.words, display.is_target, strict=True)
            ]
        )
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        expected = (transformer or PCA(2)).fit_transform(rows)
        np.testing.assert_allclose(np.abs(display.points), np.abs(expected), atol=1e-4)


def test_transformer_is_cloned(translator):
    pca = PCA(2)
    NeighborhoodDisplay.from_estimator(translator, ["s3"], transformer=pca)
    assert not hasattr(pca, "components_")


def test_same_spelling_on_both_sides_is_two_points():
    sides = [WordVectors(["winter", "x"], np.eye(2) + shift) for shift in (0, 0.1)]
    display = NeighborhoodDisplay.from_vectors(*sides, ["winter"], ["winter"], n_neighbors=1)
    assert sorted(zip(display.words, display.is_target.tolist(), strict=True)) == [
        ("winter", False),
        ("winter", True),
        ("x", False),
        ("x", True),
    ]


def test_labels_do_not_cover_each_other(translator):
    display = NeighborhoodDisplay.from_estimator(translator, ["s1", "s5"], ["t9"])
    display.figure_.draw_without_rendering()
    boxes = [label.get_window_extent() for label in display.labels_]
    assert [label.get_text() for label in display.labels_] == display.words
    assert len(boxes) > 20
    n_overlaps = sum(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    at_points = display.ax_.transData.transform(display.points)
    n_naive = sum(
        a.translated(*p - a.min).overlaps(b.translated(*q - b.min))
        for i, (a, p) in enumerate(zip(boxes, at_points, strict=True))
        for b, q in list(zip(boxes, at_points, strict=True))[:i]
    )
    assert n_overlaps == 0 < n_naive
    frame = display.ax_.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_sides_are_told_apart(translator):
    display = NeighborhoodDisplay.from_estimator(translator, ["s1"], names=("English", "German"))
    assert [s.get_offsets().shape[0] for s in display.scatter_] == [6, 5]
    colors = {tuple(s.get_facecolor()[0]) for s in display.scatter_}
    assert len(colors) == 2
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == ["English", "German"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: NeighborhoodDisplay.from_estimator(t), ValueError, "No word is chosen"),
        (lambda t: NeighborhoodDisplay.from_estimator(t, ["moon"]), KeyError, "moon"),
        (lambda t: NeighborhoodDisplay.from_estimator(t, "s1"), TypeError, "single string"),
        (
            lambda t: NeighborhoodDisplay.from_estimator(t, ["s1"], transformer=PCA(3)),
            ValueError,
            "n_components=2",
        ),
        (
            lambda t: NeighborhoodDisplay.from_estimator(t, ["s1"], n_neighbors=0),
            ValueError,
            "'n_neighbors' parameter",
        ),
    ],
)
def test_neighborhood_errors_name_the_way_out(translator, call, error, message):
    with pytest.raises(error, match=message):
        call(translator)


# -- matplotlib ------------------------------------------------------------------------------


def test_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skxling\[plots\]'"):
        FrequencyBandDisplay.from_predictions(["a", "b"], ["a", "x"], frequency_ranks=[1, 2])


def test_labels_on_axes_of_a_part_of_a_figure():
    import matplotlib.pyplot as plt

    part = plt.figure().subfigures(1, 2)[0]
    space = WordVectors(["a", "b", "c"], np.eye(3))
    translator = WordTranslator(space, space, "passthrough", retrieval="cosine").fit()
    display = NeighborhoodDisplay.from_estimator(translator, ["a", "b"], ax=part.subplots())
    assert display.figure_ is part
