import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skxling.alignment import (
    MultiAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    stack_lexicons,
)
from skxling.embedding import WordVectors
from skxling.metrics import make_bli_scorer
from skxling.translation import WordTranslator

LANGUAGES = ("en", "de", "fr")
METHODS = ("procrustes", "hub")


def _spaces(seed=0, n=120, d=6, noise=0.0, sizes=(6, 6, 6)):
    """Turned and noisy images of one skewed cloud, each off the origin, row by row."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, d)) * np.linspace(2, 0.5, d)
    spaces = {}
    for language, size in zip(LANGUAGES, sizes, strict=True):
        rotation = np.linalg.qr(rng.normal(size=(size, size)))[0][:d]
        spaces[language] = base @ rotation + noise * rng.normal(size=(n, size)) + 0.3
    return spaces


def _known(spaces, n=60):
    """The first rows, of which every language lacks a third."""
    known = {language: V[:n].copy() for language, V in spaces.items()}
    for i, V in enumerate(known.values()):
        V[i::3] = np.nan
    return known


def _unit(V):
    return V / np.linalg.norm(V, axis=1, keepdims=True)


def _cosine(shared, a, b):
    """Mean cosine of rows of two languages."""
    return (_unit(shared[a]) * _unit(shared[b])).sum(1).mean()


@pytest.mark.parametrize("sizes", [(6, 6, 6), (6, 8, 7)])
@pytest.mark.parametrize("method", METHODS)
def test_planted_rotations_are_recovered(method, sizes):
    spaces = _spaces(sizes=sizes)
    multi = MultiAligner(method, normalize=("center",), pivot="de")
    # statistics of the whole vocabularies: means of two thirds of the rows are others in each
    shared = multi.fit(_known(spaces), vectors=spaces).transform(spaces)
    for language in LANGUAGES:
        np.testing.assert_allclose(shared[language], shared["de"], atol=1e-8)
    np.testing.assert_allclose(shared["de"], spaces["de"] - spaces["de"].mean(0))
    back = multi.inverse_transform(shared)
    for language in LANGUAGES:
        np.testing.assert_allclose(back[language], spaces[language], atol=1e-8)
    assert multi.pivot_ == "de"
    assert set(multi.aligners_) == {"en", "fr"}
    if method == "procrustes":
        assert multi.loss_curve_[-1] < 1e-12
        assert multi.n_iter_ == len(multi.loss_curve_) - 1 >= 1


def test_all_languages_together_are_more_consistent_than_a_hub():
    # directly, from two languages onto each other, against by way of the pivot
    gains = []
    for seed in range(3):
        spaces = _spaces(seed, n=400, noise=0.6)
        spaces["en"] += 0.6 * np.random.default_rng(seed).normal(size=spaces["en"].shape)
        known = {language: V[:30] for language, V in spaces.items()}
        held_out = {language: V[30:] for language, V in spaces.items()}
        cosines = [
            _cosine(MultiAligner(method, pivot="en").fit(known).transform(held_out), "de", "fr")
            for method in METHODS
        ]
        gains.append(cosines[0] - cosines[1])
    assert min(gains) > 0
    assert np.mean(gains) > 0.02


def test_hub_is_the_aligner_of_each_pair():
    spaces = _spaces(noise=0.3)
    known = _known(spaces)
    multi = MultiAligner("hub", pivot="de").fit(known)
    both = ~np.isnan(known["fr"]).any(1) & ~np.isnan(known["de"]).any(1)
    normalized = {
        language: multi.normalizers_[language].transform(V) for language, V in spaces.items()
    }
    pair = ProcrustesAligner(normalize=())
    pair.fit(*(normalized[language][:60][both] for language in ("fr", "de")))
    shared = multi.transform(spaces)
    np.testing.assert_allclose(shared["fr"], pair.transform(normalized["fr"]))
    np.testing.assert_array_equal(shared["de"], normalized["de"])
    assert multi.n_iter_ == len(multi.loss_curve_) == 0


@pytest.mark.parametrize("aligner", [MultistepAligner(), RCSLSAligner(max_iter=3)])
def test_hub_with_any_aligner(aligner):
    spaces = _spaces(noise=0.05, sizes=(7, 6, 8))
    multi = MultiAligner("hub", aligner=aligner).fit(_known(spaces), vectors=spaces)
    shared = multi.transform(spaces)
    assert multi.pivot_ == "en"
    assert isinstance(multi.aligners_["de"], type(aligner))
    assert {V.shape for V in shared.values()} == {(120, 7)}
    assert _cosine(shared, "de", "fr") > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_missing_rows_and_languages_in_transform(method):
    spaces = _spaces()
    multi = MultiAligner(method).fit(spaces)
    known = _known(spaces)
    whole, part = multi.transform(spaces), multi.transform({"fr": known["fr"]})
    assert list(part) == ["fr"]
    is_missing = np.isnan(known["fr"]).any(1)
    assert np.isnan(part["fr"][is_missing]).all()
    np.testing.assert_allclose(part["fr"][~is_missing], whole["fr"][:60][~is_missing])
    nothing = multi.transform({"fr": known["fr"][is_missing]})["fr"]
    assert nothing.shape == (is_missing.sum(), 6)
    assert np.isnan(nothing).all()


def test_missing_rows_are_as_wide_as_others():
    rng = np.random.default_rng(0)
    multi = MultiAligner().fit({"a": rng.normal(size=(30, 5)), "b": rng.normal(size=(30, 4))})
    assert multi.transform({"b": np.full((3, 4), np.nan)})["b"].shape == (3, 5)


@pytest.mark.parametrize("method", METHODS)
def test_aligner_of_two_languages(method):
    spaces = {language: V.astype(np.float32) for language, V in _spaces(noise=0.02).items()}
    multi = MultiAligner(method, pivot="en").fit(_known(spaces), vectors=spaces)
    aligner = multi.get_aligner("de", "fr")
    shared = multi.transform(spaces)
    np.testing.assert_array_equal(aligner.transform(spaces["de"]), shared["de"])
    np.testing.assert_array_equal(aligner.transform_target(spaces["fr"]), shared["fr"])
    predicted = aligner.predict(spaces["de"])
    cosines = (_unit(predicted) * _unit(spaces["fr"])).sum(1)
    assert predicted.dtype == np.float32
    assert cosines.mean() > 0.9
    scorer = make_bli_scorer(candidates=spaces["fr"], source_vectors=spaces["de"])
    assert scorer(aligner, spaces["de"], spaces["fr"]) > 0.9
    sides = [
        WordVectors([f"{language}{i}" for i in range(120)], spaces[language])
        for language in ("de", "fr")
    ]
    translator = WordTranslator(*sides, aligner).fit()
    assert translator.score(sides[0].words, sides[1].words) > 0.9
    with pytest.raises(ValueError, match="'es' is none of the languages"):
        multi.get_aligner("de", "es")


def test_lexicons_that_cover_some_languages():
    spaces = _spaces(noise=0.01)
    vectors = {
        language: WordVectors([f"{language}{i}" for i in range(120)], V.astype(np.float32))
        for language, V in spaces.items()
    }

    def words(language, numbers):
        return [f"{language}{i}" for i in numbers]

    lexicons = {
        ("en", "de"): (words("en", range(40)), words("de", range(40))),
        ("de", "fr"): (words("de", range(30, 50)), [*words("fr", range(30, 49)), "unknown"]),
        LANGUAGES: (
            [None, "unknown", *words("en", (50, 51))],
            [*words("de", (60, 61, 50)), None],
            [*words("fr", (60,)), "unknown", *words("fr", (50, 51))],
        ),
    }
    X = stack_lexicons(vectors, lexicons)
    assert [V.shape for V in X.values()] == [(40 + 19 + 3, 6)] * 3
    known = {language: ~np.isnan(V).any(1) for language, V in X.items()}
    assert known["en"].tolist() == [True] * 40 + [False] * 20 + [True, True]
    assert known["de"].tolist() == [True] * 61 + [False]
    assert known["fr"].tolist() == [False] * 40 + [True] * 22
    np.testing.assert_array_equal(X["de"][40:60], vectors["de"].vectors[[*range(30, 49), 60]])
    multi = MultiAligner(normalize=("center",)).fit(X, vectors=vectors)
    shared = multi.transform(vectors)
    assert min(_cosine(shared, "en", "fr"), _cosine(shared, "de", "fr")) > 0.99


def test_errors_of_stack_lexicons():
    vectors = {
        language: WordVectors(["a", "b"], np.eye(2, dtype=np.float32)) for language in ("en", "de")
    }
    for lexicons, message in [
        ({("en", "es"): (["a"], ["a"])}, "names 'es', none of the languages"),
        ({("en", "de"): (["a"], ["a", "b"])}, "have \\[1, 2\\] words"),
        ({("en", "de"): (["a"],)}, "a tuple of languages as its key"),
        ({"en": (["a"], ["a"])}, "a tuple of languages as its key"),
        ({("en", "de"): (["a"], ["c"])}, "None of the 1 entries"),
    ]:
        with pytest.raises(ValueError, match=message):
            stack_lexicons(vectors, lexicons)
    with pytest.raises(ValueError, match="'de'\\]` names no words"):
        stack_lexicons(vectors | {"de": np.eye(2)}, {("en", "de"): (["a"], ["a"])})


def test_errors_of_fit():
    spaces = _spaces(sizes=(6, 8, 6))
    en, de, fr = spaces.values()
    nothing = np.full_like(en, np.nan)
    in_part = en.copy()
    in_part[3, 2] = np.nan
    only_late, only_early = fr.copy(), en.copy()
    only_late[:60], only_early[60:] = np.nan, np.nan
    for X, params, message in [
        ({"en": en}, {}, "X has 1 language"),
        ({"en": en, "de": de[:9]}, {}, "numbers of rows are .*120.*9"),
        ({"en": in_part, "de": de}, {}, r"Row 3 of `X\['en'\]` is nan in part"),
        ({"en": nothing, "de": de}, {}, "No row links the languages"),
        ({"en": only_early, "fr": only_late}, {}, r"No row links the languages \['fr'\]"),
        (
            {"en": only_early, "de": de, "fr": only_late},
            {"method": "hub", "pivot": "fr"},
            "No row has both the pivot 'fr' and 'en'",
        ),
        (spaces, {"pivot": "es"}, "`pivot` is 'es', none of the languages"),
        (spaces, {"pivot": "en"}, "`pivot` 'en' has 6 features and 'de' has 8"),
        (spaces, {"normalize": ("units",)}, "units"),
    ]:
        with pytest.raises(ValueError, match=message):
            MultiAligner(**params).fit(X)
    with pytest.raises(TypeError, match=r"`X` must be a dict of matrices.* Got list"):
        MultiAligner().fit([en, fr])
    for vectors in (en, []):
        with pytest.raises(TypeError, match="`vectors` must be a dict of matrices"):
            MultiAligner().fit(spaces, vectors=vectors)
    with pytest.raises(ValueError, match="`vectors` has 'es', none of"):
        MultiAligner().fit(spaces, vectors={"es": en})
    with pytest.raises(ValueError, match=r"`vectors\['de'\]` has 6 features, but 8"):
        MultiAligner().fit(spaces, vectors={"de": en})


@pytest.mark.parametrize("method", METHODS)
def test_steps_that_change_the_number_of_features(method):
    spaces = _spaces(noise=0.05, sizes=(6, 8, 7))
    multi = MultiAligner(method, normalize=("center", PCA(6)), pivot="en").fit(spaces)
    shared = multi.transform(spaces)
    assert multi.n_components_ == 6
    assert {V.shape for V in shared.values()} == {(120, 6)}
    assert _cosine(shared, "de", "fr") > 0.9
    back = multi.inverse_transform(shared)
    assert all(np.abs(back[language] - V).max() < 0.5 for language, V in spaces.items())


def test_contract_of_an_estimator():
    spaces = _spaces(noise=0.1)
    multi = MultiAligner(pivot="fr")
    with pytest.raises(NotFittedError):
        multi.transform(spaces)
    with pytest.raises(NotFittedError):
        multi.get_aligner("en", "de")
    copies = {language: V.copy() for language, V in spaces.items()}
    known = _known(spaces)
    first = clone(multi).fit(known, vectors=spaces).transform(spaces)
    again = multi.fit(spaces).fit(known, vectors=spaces).transform(spaces)
    pickled = pickle.loads(pickle.dumps(multi)).transform(spaces)
    for language, V in spaces.items():
        np.testing.assert_array_equal(V, copies[language])
        np.testing.assert_array_equal(first[language], again[language])
        np.testing.assert_array_equal(first[language], pickled[language])
    assert clone(multi).get_params() == multi.get_params()
    with pytest.raises(ValueError, match=r"`X\['en'\]` has 5 features, but 6 are expected"):
        multi.transform({"en": spaces["en"][:, :5]})
    assert multi.set_params(method="hub").fit(spaces).pivot_ == "fr"


def test_an_aligner_of_two_languages_stays_as_it_is():
    rng = np.random.default_rng(0)
    X = {language: rng.normal(size=(30, 5)) for language in ("en", "de", "fr")}
    multi = MultiAligner().fit(X)
    aligner = multi.get_aligner("de", "fr")
    before = aligner.transform(X["de"])
    multi.fit({language: rows[::-1] ** 2 for language, rows in X.items() if language != "fr"})
    np.testing.assert_array_equal(aligner.transform(X["de"]), before)


def test_whole_vocabularies_are_no_rows():
    vectors = WordVectors(["a", "b", "c"], np.eye(3))
    with pytest.raises(ValueError, match=r"`X\['en'\]` is WordVectors, a whole vocabulary"):
        MultiAligner().fit({"en": vectors, "de": vectors})


def test_a_failed_fit_changes_nothing():
    rng = np.random.default_rng(0)
    X = {language: rng.normal(size=(30, 5)) for language in ("en", "de")}
    multi = MultiAligner().fit(X)
    before = multi.transform(X)
    with pytest.raises(ValueError, match="`pivot`"):
        multi.set_params(pivot="es").fit({name: rows + 1 for name, rows in X.items()})
    for language, rows in multi.transform(X).items():
        np.testing.assert_array_equal(rows, before[language])
