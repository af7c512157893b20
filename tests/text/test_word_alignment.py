import pickle
from collections import defaultdict

import joblib
import numpy as np
import pytest
from scipy.special import digamma
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from skxling.text import WordAligner, _array_writer, _sentence_pairs, symmetrize_links

ENGLISH = ["the house", "the old house", "a house", "an old book", "the book", "", "the old man"]
GERMAN = ["das haus", "das alte haus", "ein haus", "ein altes buch", "das buch", "ja", ""]


def make_parallel(n_pairs, seed=0, n_words=60):
    """Sentences, translations with some neighbours swapped and some words added, true links."""
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, n_words + 1)
    source, target, links = [], [], []
    for _ in range(n_pairs):
        ids = rng.choice(n_words, size=rng.integers(3, 12), p=frequency / frequency.sum())
        order = np.arange(len(ids))
        for i in range(0, len(ids) - 1, 2):
            if rng.random() < 0.4:
                order[i], order[i + 1] = order[i + 1], order[i]
        words, of_pair = [], []
        for i in order:
            if rng.random() < 0.1:
                words.append("nichts")  # a word without a source
            of_pair.append((int(i), len(words)))
            words.append(f"de{ids[i]}")
        source.append([f"en{i}" for i in ids])
        target.append(words)
        links.append(of_pair)
    return source, target, links


def f1(found, expected):
    found, expected = (
        {(i, int(s), int(t)) for i, of_pair in enumerate(links) for s, t in of_pair}
        for links in (found, expected)
    )
    return 2 * len(found & expected) / (len(found) + len(expected))


def as_lists(links):
    return [of_pair.tolist() for of_pair in links]


def assert_same(found, expected):
    assert as_lists(found) == as_lists(expected)
    assert sum(map(len, found)) > 0


# -- reference: one direction, dictionaries and loops ---------------------------------------------


def reference_prior(i, m, n, tension, null):
    if tension is None:
        return np.full(n, 1 / (n + (null > 0))), null and 1 / (n + 1)
    h = np.array([-abs(i * n - j * m) / (m * n) for j in range(1, n + 1)])
    weights = np.exp(tension * h)
    return (1 - null) * weights / weights.sum(), null


def reference_fit(given, predicted, *, max_iter, alpha, tension, null, optimize):
    """Dyer et al. (2013), word by word; None is the null word."""
    met = defaultdict(set)
    for g, p in zip(given, predicted, strict=True):
        for e in [None, *g]:
            met[e].update(p)
    p_start = 1 / len(met[None])
    table = {e: dict.fromkeys(words, p_start) for e, words in met.items()}
    losses, n_tokens = [], sum(map(len, predicted))
    for iteration in range(max_iter):
        counts = {e: dict.fromkeys(words, 0.0) for e, words in met.items()}
        likelihood = observed = 0.0
        links = []
        for g, p in zip(given, predicted, strict=True):
            best = []
            for i, f in enumerate(p, start=1):
                prior, p_null = reference_prior(i, len(p), len(g), tension, null)
                joint = np.array([table[None][f] * p_null] + [table[e][f] for e in g])
                joint[1:] *= prior
                likelihood += np.log(joint.sum())
                posterior = joint / joint.sum()
                for e, q in zip([None, *g], posterior, strict=True):
                    counts[e][f] += q
                for j, q in enumerate(posterior[1:], start=1):
                    observed -= q * abs(i / len(p) - j / len(g)) / n_tokens
                if joint.argmax() > 0:
                    best.append((int(joint.argmax()) - 1, i - 1))
            links.append(best)
        losses.append(-likelihood / n_tokens)
        if iteration + 1 == max_iter:
            return table, tension, losses, links
        if optimize and iteration > 0:
            for _ in range(8):
                expected = 0.0
                for g, p in zip(given, predicted, strict=True):
                    for i in range(1, len(p) + 1):
                        prior, _ = reference_prior(i, len(p), len(g), tension, 0)
                        h = [-abs(i / len(p) - j / len(g)) for j in range(1, len(g) + 1)]
                        expected += (prior * h).sum() / n_tokens
                tension = min(max(tension + 20 * (observed - expected), 0.1), 14)
        for e, row in counts.items():
            total = sum(c + alpha for c in row.values())
            for f, c in row.items():
                if alpha > 0:
                    table[e][f] = np.exp(digamma(c + alpha) - digamma(total))
                else:
                    table[e][f] = c / total if total else 0.0


SETTINGS = [
    {},
    {"alpha": 0.0},
    {"alpha": 0.5, "max_iter": 3, "null_probability": 0.2, "diagonal_tension": 1.5},
    {"optimize_tension": False, "null_probability": 0.0},
    {"favor_diagonal": False},
    {"favor_diagonal": False, "null_probability": 0.0, "alpha": 0.0},
    {"max_iter": 1},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_equals_the_reference(settings):
    source, target, _ = make_parallel(25, n_words=12)
    aligner = WordAligner(**settings).fit(source, target)
    params = aligner.get_params()
    vocabularies = aligner.source_vocabulary_, aligner.target_vocabulary_
    directions = {}
    for i, (given, predicted) in enumerate([(source, target), (target, source)]):
        table, tension, losses, links = reference_fit(
            given,
            predicted,
            max_iter=params["max_iter"],
            alpha=params["alpha"],
            tension=params["diagonal_tension"] if params["favor_diagonal"] else None,
            null=params["null_probability"],
            optimize=params["favor_diagonal"] and params["optimize_tension"],
        )
        directions[i] = links
        assert aligner.tension_[i] == pytest.approx(tension or 0.0)
        np.testing.assert_allclose(aligner.loss_curve_[:, i], losses)
        probabilities = aligner.translation_probabilities_[i].toarray()
        given_ids, predicted_ids = vocabularies[i], vocabularies[1 - i]
        expected = np.zeros_like(probabilities)
        for e, row in table.items():
            at = predicted_ids.encode(list(row))
            if e is None:
                null = aligner.null_probabilities_[i]
                np.testing.assert_allclose(null[at], list(row.values()), rtol=1e-9, atol=1e-200)
            else:
                expected[given_ids.encode([e])[0], at] = list(row.values())
        np.testing.assert_allclose(probabilities, expected, rtol=1e-9)
    reverse = [[link[::-1] for link in of_pair] for of_pair in directions[1]]
    for method, expected in [
        ("forward", symmetrize_links(directions[0], directions[0], "union")),
        ("reverse", symmetrize_links(reverse, reverse, "union")),
        ("intersection", symmetrize_links(directions[0], reverse, "intersection")),
        ("grow-diag", symmetrize_links(directions[0], reverse, "grow-diag")),
    ]:
        assert_same(aligner.set_params(symmetrization=method).transform(source, target), expected)


# -- what it finds --------------------------------------------------------------------------------


def test_finds_planted_links():
    source, target, links = make_parallel(500)
    aligner = WordAligner()
    assert f1(aligner.fit_transform(source, target), links) > 0.93
    held_out = make_parallel(100, seed=1)
    assert f1(aligner.transform(*held_out[:2]), held_out[2]) > 0.93
    # what was learned counts, not the diagonal alone
    assert f1(WordAligner(max_iter=1).fit_transform(source, target), links) < 0.7
    probability = aligner.translation_probabilities_[0]
    best = np.asarray(probability.argmax(axis=1)).ravel()
    translations = [aligner.target_vocabulary_.words[i] for i in best]
    expected = [word.replace("en", "de") for word in aligner.source_vocabulary_.words]
    assert np.mean(np.array(translations) == expected) > 0.95


def test_a_prior_keeps_rare_words_from_collecting_links():
    source, target, _ = make_parallel(300)
    source[0], target[0] = [*source[0], "rare"], [*target[0], "selten"]
    n_links = []
    for alpha in (0.0, 0.01):
        aligner = WordAligner(alpha=alpha, symmetrization="forward").fit(source, target)
        (links,) = aligner.transform(source[:1], target[:1])
        n_links.append((links[:, 0] == len(source[0]) - 1).sum())
    assert n_links[1] == 1
    assert n_links[0] >= n_links[1]


@pytest.mark.parametrize("favor_diagonal", [True, False])
def test_likelihood_rises(favor_diagonal):
    """EM without a prior can only gain; so may the steps of the tension."""
    source, target, _ = make_parallel(200)
    aligner = WordAligner(alpha=0.0, max_iter=12, favor_diagonal=favor_diagonal)
    for optimize in (False, True):
        aligner.set_params(optimize_tension=optimize).fit(source, target)
        assert (np.diff(aligner.loss_curve_, axis=0) < 0).all()
        assert aligner.loss_curve_.shape == (12, 2)


@pytest.mark.parametrize("tension", [1.0, 4.0, 9.0])
def test_words_that_say_nothing_leave_the_tension_alone(tension):
    """The observed and the expected feature are of the same positions: they cancel."""
    sizes = [(2, 5), (7, 7), (4, 3), (6, 11), (1, 4)]
    X, y = [["a"] * n for n, _ in sizes], [["b"] * n for _, n in sizes]
    aligner = WordAligner(diagonal_tension=tension, null_probability=0, max_iter=6).fit(X, y)
    np.testing.assert_allclose(aligner.tension_, tension, rtol=1e-9)


def test_probabilities_are_normalized():
    source, target, _ = make_parallel(100)
    for alpha in (0.0, 0.01):
        aligner = WordAligner(alpha=alpha).fit(source, target)
        for probabilities, null in zip(
            aligner.translation_probabilities_, aligner.null_probabilities_, strict=True
        ):
            sums = np.append(probabilities.sum(axis=1), null.sum())
            if alpha == 0:
                np.testing.assert_allclose(sums, 1)
            else:
                assert (sums < 1).all()


def test_directions_are_mirror_images():
    source, target, _ = make_parallel(60)
    one, other = WordAligner().fit(source, target), WordAligner().fit(target, source)
    np.testing.assert_allclose(one.tension_, other.tension_[::-1])
    np.testing.assert_allclose(one.loss_curve_, other.loss_curve_[:, ::-1])
    mirrored = [
        np.array(sorted(map(tuple, of_pair[:, ::-1].tolist())))
        for of_pair in other.transform(target, source)
    ]
    assert_same(one.transform(source, target), mirrored)


def test_intersection_is_one_to_one():
    source, target, _ = make_parallel(60)
    for links in WordAligner().fit_transform(source, target):
        assert len(set(links[:, 0].tolist())) == len(set(links[:, 1].tolist())) == len(links)


# -- sentences of all kinds -----------------------------------------------------------------------


def test_forms_of_text(tmp_path):
    expected = WordAligner().fit_transform(ENGLISH, GERMAN)
    paths = []
    for name, sentences in (("en.txt", ENGLISH), ("de.txt", GERMAN)):
        paths.append(tmp_path / name)
        paths[-1].write_text("".join(f"{line}\n" for line in sentences), encoding="utf-8")
    tokens = [[line.split() for line in side] for side in (ENGLISH, GERMAN)]
    for X, y in (paths, tokens, (ENGLISH, tokens[1]), (tuple(ENGLISH), np.array(GERMAN))):
        assert_same(WordAligner().fit_transform(X, y), expected)


def test_empty_sentences_have_no_links_and_teach_nothing():
    links = WordAligner().fit_transform(ENGLISH, GERMAN)
    assert [len(of_pair) > 0 for of_pair in links] == [True] * 5 + [False] * 2
    assert all(of_pair.shape[1:] == (2,) and of_pair.dtype == np.int64 for of_pair in links)
    aligner = WordAligner().fit(ENGLISH, GERMAN)
    assert "man" not in aligner.source_vocabulary_
    assert "ja" not in aligner.target_vocabulary_
    without = WordAligner().fit(ENGLISH[:5], GERMAN[:5])
    np.testing.assert_array_equal(aligner.loss_curve_, without.loss_curve_)
    assert aligner.transform([], []) == []
    assert as_lists(aligner.transform([""], [[]])) == [[]]


def test_unknown_words_follow_the_diagonal():
    aligner = WordAligner().fit(ENGLISH[:5], GERMAN[:5])
    sentence = ["wholly", "unknown", "words", "in", "here"]
    assert as_lists(aligner.transform([sentence], [sentence])) == [[[i, i] for i in range(5)]]
    # a known word still finds its translation among unknown ones
    (links,) = aligner.transform(["the house x"], ["y das haus"])
    assert [1, 2] in links.tolist()


def test_links_do_not_depend_on_the_other_pairs():
    source, target, _ = make_parallel(40)
    aligner = WordAligner().fit(source, target)
    for method in ("intersection", "grow-diag-final-and"):
        aligner.set_params(symmetrization=method)
        alone = [aligner.transform(source[i : i + 1], target[i : i + 1])[0] for i in range(40)]
        assert_same(aligner.transform(source, target), alone)


def test_a_long_pair():
    source, target, _ = make_parallel(300)
    long = [[token for words in side for token in words] for side in (source, target)]
    assert min(map(len, long)) > 1000
    links = WordAligner().fit_transform([*source, long[0]], [*target, long[1]])
    assert len(links[-1]) > 0.3 * len(long[0])
    n_tokens = np.array([len(side) for side in long])
    assert (links[-1].max(axis=0) < n_tokens).all()
    assert (links[-1].max(axis=0) > 0.9 * n_tokens).all()


def test_pairs_of_one_long_side_stay_together():
    source, target, _ = make_parallel(300)
    source, target = [*source, ["long"] * 1500, ["short"]], [*target, ["kurz"], ["lang"] * 1500]
    aligner = WordAligner().fit(source, target)
    (long,) = aligner.source_vocabulary_.encode(["long"])
    (short,) = aligner.target_vocabulary_.encode(["kurz"])
    known = aligner.translation_probabilities_[0].tocsr()
    assert known[[long]].indices.tolist() == [short]


def test_blocks_and_spilling_change_nothing(monkeypatch):
    source, target, _ = make_parallel(60)
    expected = WordAligner().fit(source, target)
    monkeypatch.setattr(_sentence_pairs, "BLOCK_LINKS", 100)
    monkeypatch.setattr(_array_writer, "MAX_BYTES_IN_MEMORY", 2000)
    found = WordAligner().fit(source, target)
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_)
    assert_same(found.transform(source, target), expected.transform(source, target))


def test_a_tiny_prior_leaves_no_word_unexplained():
    source, target, _ = make_parallel(60)
    aligner = WordAligner(alpha=1e-5).fit(source, target)
    assert np.isfinite(aligner.loss_curve_).all()
    assert all((matrix.data > 0).all() for matrix in aligner.translation_probabilities_)


# -- errors ---------------------------------------------------------------------------------------


def test_sides_of_two_lengths():
    aligner = WordAligner().fit(ENGLISH, GERMAN)
    for call in (aligner.fit, aligner.transform):
        with pytest.raises(ValueError, match="`X` has 7 sentences and `y` has 6"):
            call(ENGLISH, GERMAN[:6])


def test_no_usable_pair():
    with pytest.raises(ValueError, match="None of the 2 sentence pairs has words on both sides"):
        WordAligner().fit(["a b", ""], ["", "c"])
    with pytest.raises(ValueError, match="`y` holds no token"):
        WordAligner().fit(["a b"], [""])


def test_what_is_no_text():
    with pytest.raises(FileNotFoundError, match="`X` names no file: 'the house'"):
        WordAligner().fit("the house", "das haus")
    with pytest.raises(TypeError, match=r"`y\[0\]` holds the token 3"):
        WordAligner().fit([["a"]], [[3]])
    with pytest.raises(NotFittedError):
        WordAligner().transform(ENGLISH, GERMAN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("symmetrization", "grow"),
        ("max_iter", 0),
        ("diagonal_tension", 0.0),
        ("null_probability", 1.0),
        ("alpha", -0.1),
        ("favor_diagonal", "yes"),
        ("optimize_tension", 2),
    ],
)
def test_parameters_are_validated(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of WordAligner must be"):
        WordAligner(**{name: value}).fit(ENGLISH, GERMAN)


# -- the manners of an estimator ------------------------------------------------------------------


def test_estimator_contract(tmp_path):
    source, target, _ = make_parallel(40)
    estimator = WordAligner(alpha=0.1, symmetrization="union")
    before = estimator.get_params()
    fitted = clone(estimator).fit(source, target)
    assert fitted.get_params() == before
    assert set(WordAligner._parameter_constraints) == set(before)
    assert not [name for name in vars(clone(fitted)) if name.endswith("_")]
    expected = fitted.transform(source, target)
    assert_same(fitted.fit(source, target).transform(source, target), expected)
    assert_same(pickle.loads(pickle.dumps(fitted)).transform(source, target), expected)
    joblib.dump(fitted, tmp_path / "aligner.joblib")
    mapped = joblib.load(tmp_path / "aligner.joblib", mmap_mode="r")
    assert_same(mapped.transform(source, target), expected)
    tags = get_tags(fitted)
    assert tags.input_tags.string
    assert tags.target_tags.required


def test_callbacks_see_and_stop_the_fit(make_recorder):
    source, target, _ = make_parallel(40)
    callback = make_recorder("iteration", stop_from=3, look=lambda fitted: fitted)
    aligner = WordAligner().set_callbacks(callback).fit(source, target)
    expected = WordAligner(max_iter=3).fit(source, target)
    assert aligner.n_iter_ == 3
    for found in (aligner, callback.looks[-1]):
        np.testing.assert_array_equal(found.loss_curve_, expected.loss_curve_)
        assert_same(found.transform(source, target), expected.transform(source, target))


# -- real text ------------------------------------------------------------------------------------


def test_real_captions(data_dir):
    sides = []
    for language in ("en", "de"):
        with open(data_dir / "multi30k" / f"train.{language}", encoding="utf-8") as file:
            sides.append([next(file).split() for _ in range(3000)])
    aligner = WordAligner()
    links = aligner.fit_transform(*sides)
    en, de = (side.words for side in (aligner.source_vocabulary_, aligner.target_vocabulary_))
    best = np.asarray(aligner.translation_probabilities_[0].argmax(axis=1)).ravel()
    lexicon = {en[i]: de[best[i]] for i in range(200)}
    known = {"man": "mann", "dog": "hund", "two": "zwei", "and": "und", "child": "kind"}
    assert {word: lexicon[word] for word in known} == known
    linked = [(x[i], y[j]) for x, y, of in zip(*sides, links, strict=True) for i, j in of]
    stops = [y for x, y in linked if x == "."]
    assert len(stops) > 2500
    assert np.mean(np.array(stops) == ".") > 0.98
