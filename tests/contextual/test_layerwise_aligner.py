import ast
import gc
import inspect
import pickle
import textwrap
import tracemalloc
import weakref

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from skxling.alignment import LinearAligner, ProcrustesAligner, RCSLSAligner
from skxling.contextual import ContextualEmbedding, LayerwiseAligner
from skxling.contextual import _streams as streams
from skxling.text import WordAligner

N_WORDS, D, N_LAYERS = 200, 8, 3


class PlantedEmbedding(BaseEstimator):
    """Vectors of words "s0" to "s199" and their translations "t0" to "t199".

    A word's vector is its own, a little changed by the words beside it; in each layer that of its
    translation is the same, turned. A word "" has no vector.
    """

    alive = peak = n_embedded = 0  # arrays that were given and are in use still

    def __init__(self, noise=0.0, dtype="float64"):
        self.noise = noise
        self.dtype = dtype

    def iter_transform(self, X):
        rng = np.random.default_rng(0)
        base = rng.normal(size=(N_LAYERS, N_WORDS, D)) + 1
        turn = np.stack([np.linalg.qr(rng.normal(size=(D, D)))[0] for _ in range(N_LAYERS)])
        for words in X:
            rows = [int(word[1:]) if word else 0 for word in words]
            is_target = any(word.startswith("t") for word in words)
            context = base[:, sorted(rows)].sum(axis=1) / max(1, len(rows))
            layers = base[:, rows] + 0.5 * context[:, None]
            layers = layers @ turn if is_target else layers
            rng = np.random.default_rng([is_target, *rows])
            layers = layers + self.noise * rng.normal(size=layers.shape)
            layers[:, [not word for word in words]] = 0
            layers = layers.astype(self.dtype)
            PlantedEmbedding.n_embedded += 1
            PlantedEmbedding.alive += 1
            PlantedEmbedding.peak = max(PlantedEmbedding.peak, PlantedEmbedding.alive)
            weakref.finalize(layers, self._forget)
            yield layers

    @staticmethod
    def _forget():
        PlantedEmbedding.alive -= 1

    @classmethod
    def reset(cls):
        gc.collect()
        cls.alive = cls.peak = cls.n_embedded = 0


def make_pairs(n_pairs=60, seed=0, n_words=N_WORDS):
    """Sentences, translations in another order, and which words belong together."""
    rng = np.random.default_rng(seed)
    X, y, links = [], [], []
    for n in rng.integers(0, 12, size=n_pairs):
        words, order = rng.choice(n_words, size=n, replace=False), rng.permutation(n)
        X.append([f"s{i}" for i in words])
        y.append([f"t{i}" for i in words[order]])
        links.append([(int(i), j) for j, i in enumerate(order)])
    return X, y, links


def held_rows(embedding, X, y, links):
    """Linked rows of every layer, all in memory."""
    sides = [list(embedding.iter_transform(side)) for side in (X, y)]
    return [
        np.concatenate(
            [v[:, [link[i] for link in found]] for v, found in zip(side, links, strict=True)], 1
        )
        for i, side in enumerate(sides)
    ]


# -- what is learned -----------------------------------------------------------------------------


def test_planted_turns_are_recovered():
    X, y, links = make_pairs()
    aligner = LayerwiseAligner(PlantedEmbedding()).fit(X, y, links=links)
    assert len(aligner.aligners_) == N_LAYERS
    assert aligner.n_links_ == sum(map(len, links))
    sides = aligner.transform(X), aligner.transform_target(y)
    for one, other, found in zip(*sides, links, strict=True):
        if found:
            rows, columns = np.transpose(found)
            np.testing.assert_allclose(one[rows], other[columns], atol=1e-8)
    assert aligner.score(X, y, links=links) > 0.9
    raw = LayerwiseAligner(PlantedEmbedding(), "passthrough").fit(X, y)
    assert raw.score(X, y, links=links) < 0.1


def test_equals_reference():
    """The default: unit, center, the singular value decomposition; the sum of the layers."""
    X, y, links = make_pairs()
    embedding = PlantedEmbedding(noise=0.5)
    aligner = LayerwiseAligner(embedding).fit(X, y, links=links)
    linked, total = held_rows(embedding, X, y, links), [0, 0]
    sides = [np.concatenate(list(embedding.iter_transform(side)), 1) for side in (X, y)]
    for layer in range(N_LAYERS):
        unit = [s[layer] / np.linalg.norm(s[layer], axis=1)[:, None] for s in (*linked, *sides)]
        means = [side.mean(axis=0) for side in unit[:2]]
        U, _, Vt = np.linalg.svd((unit[0] - means[0]).T @ (unit[1] - means[1]))
        total[0] += (unit[2] - means[0]) @ U @ Vt
        total[1] += unit[3] - means[1]
    np.testing.assert_allclose(np.concatenate(aligner.transform(X)), total[0], atol=1e-8)
    np.testing.assert_allclose(np.concatenate(aligner.transform_target(y)), total[1], atol=1e-8)


@pytest.mark.parametrize(
    "aligner",
    [
        ProcrustesAligner(),
        ProcrustesAligner(normalize=("center", "unit"), scale=True),
        LinearAligner(alpha=1.0),
        RCSLSAligner(max_iter=3),
    ],
    ids=repr,
)
def test_any_aligner_is_fitted_as_on_held_rows(aligner):
    X, y, links = make_pairs()
    embedding = PlantedEmbedding(noise=0.5)
    source, target = held_rows(embedding, X, y, links)
    found = LayerwiseAligner(embedding, aligner, combine="concat").fit(X, y, links=links)
    expected = [clone(aligner).fit(*rows) for rows in zip(source, target, strict=True)]
    words = np.concatenate(list(embedding.iter_transform(X)), axis=1)
    mapped = [a.transform(layer) for a, layer in zip(expected, words, strict=True)]
    np.testing.assert_allclose(np.concatenate(found.transform(X)), np.hstack(mapped), atol=1e-6)


@pytest.mark.parametrize("combine", ["sum", "mean", "concat"])
def test_layers_are_combined(combine):
    X, y, links = make_pairs()
    aligner = LayerwiseAligner(PlantedEmbedding(0.5), combine=combine).fit(X, y, links=links)
    layers = np.stack(
        [
            one.transform(layer)
            for one, layer in zip(
                aligner.aligners_,
                np.concatenate(list(PlantedEmbedding(0.5).iter_transform(X)), 1),
                strict=True,
            )
        ]
    )
    expected = {"sum": layers.sum(0), "mean": layers.mean(0), "concat": np.hstack(layers)}
    found = aligner.transform(X)
    assert [len(rows) for rows in found] == [len(words) for words in X]
    np.testing.assert_allclose(np.concatenate(found), expected[combine])


def test_passthrough_leaves_layers_as_they_are():
    X, _, _ = make_pairs()
    aligner = LayerwiseAligner(PlantedEmbedding(), "passthrough", combine="mean").fit(X)
    expected = PlantedEmbedding().iter_transform(X)
    for found, layers in zip(aligner.transform(X), expected, strict=True):
        np.testing.assert_allclose(found, layers.mean(axis=0))
    assert aligner.aligners_ == []


def test_precision_is_kept():
    X, y, links = make_pairs()
    aligner = LayerwiseAligner(PlantedEmbedding(dtype="float32")).fit(X, y, links=links)
    assert {rows.dtype.name for rows in aligner.transform(X)} == {"float32"}


# -- which links ---------------------------------------------------------------------------------


def test_only_one_to_one_links_count():
    X, y, links = make_pairs()
    expected = LayerwiseAligner(PlantedEmbedding(0.5)).fit(X, y, links=links)
    # words of a sentence of its own, linked two to one and one to two; and a link said twice
    extra = [(0, 0), (0, 1), (1, 2), (2, 2), (3, 3), (3, 3)]
    X, y = [*X, ["s1", "s2", "s3", "s4"]], [*y, ["t5", "t6", "t7", "t4"]]
    found = LayerwiseAligner(PlantedEmbedding(0.5)).fit(X, y, links=[*links, extra])
    assert found.n_links_ == expected.n_links_ + 1


def test_dissimilar_links_are_left_out():
    X, y, links = make_pairs(100)
    rng = np.random.default_rng(0)
    wrong = [
        [(i, int(j)) for (i, _), j in zip(found, rng.permutation(len(found)), strict=True)]
        if k % 4 == 0
        else found
        for k, found in enumerate(links)
    ]
    n_right = sum(len(set(a) & set(b)) for a, b in zip(links, wrong, strict=True))
    everything = LayerwiseAligner(PlantedEmbedding(0.1)).fit(X, y, links=wrong)
    assert everything.n_links_ == sum(map(len, links)) > n_right
    selected = LayerwiseAligner(PlantedEmbedding(0.1), min_similarity=0.7).fit(X, y, links=wrong)
    assert selected.n_links_ == pytest.approx(n_right, rel=0.02)

    right = LayerwiseAligner(PlantedEmbedding(0.1)).fit(X, y, links=links)

    def error(aligner):
        pairs = zip(aligner.aligners_, right.aligners_, strict=True)
        return sum(np.linalg.norm(one.mapping_ - other.mapping_) for one, other in pairs)

    assert error(selected) < 0.5 * error(everything)


def test_words_without_a_vector_teach_nothing_and_have_zeros():
    X, y, links = make_pairs()
    expected = LayerwiseAligner(PlantedEmbedding()).fit(X, y, links=links)
    X, y = [*X, ["s1", "", "s2"]], [*y, ["t1", "t3", ""]]
    found = LayerwiseAligner(PlantedEmbedding()).fit(X, y, links=[*links, [(1, 1), (2, 2)]])
    assert found.n_links_ == expected.n_links_
    for one, other in zip(found.aligners_, expected.aligners_, strict=True):
        np.testing.assert_allclose(one.mapping_, other.mapping_, atol=1e-12)
    rows = found.transform([["s1", "", "s2"], [], [""]])
    assert [row.any(axis=1).tolist() for row in rows] == [[True, False, True], [], [False]]
    assert [row.shape for row in found.transform([[]])] == [(0, D)]
    assert found.transform([]) == []


def test_fit_links_words_by_itself():
    X, y, links = make_pairs(300, n_words=40)
    aligner = LayerwiseAligner(PlantedEmbedding(0.1)).fit(X, y)
    assert isinstance(aligner.word_aligner_, WordAligner)
    given = LayerwiseAligner(PlantedEmbedding(0.1)).fit(X, y, links=links)
    assert given.word_aligner_ is None
    # the links that were found teach nearly as much as the right ones
    right = given.score(X, y, links=links)
    assert right > 0.4
    assert aligner.score(X, y, links=links) > 0.95 * right
    assert aligner.score(X, y) > 0.95 * right


# -- memory --------------------------------------------------------------------------------------


def test_vectors_are_streamed(monkeypatch):
    """A fit keeps no vectors: neither many at once, nor more where there are more sentences."""
    monkeypatch.setattr(streams, "LINKED_BYTES", 2**14)
    peaks = []
    for n_pairs in (200, 800):
        X, y, links = make_pairs(n_pairs)
        aligner = LayerwiseAligner(PlantedEmbedding())
        aligner.fit(X[:20], y[:20], links=links[:20])  # whatever is loaded once is loaded now
        PlantedEmbedding.reset()
        # lists of sentences grow with their number: what is added to them is counted
        arrays = [np.array(found, dtype=np.int64).reshape(-1, 2) for found in links]
        tracemalloc.start()
        for source, target in streams.gen_linked_blocks(PlantedEmbedding(), X, y, arrays):
            assert source.nbytes + target.nbytes < 2**15
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert PlantedEmbedding.peak <= 4
        PlantedEmbedding.reset()
        aligner.fit(X, y, links=links)
        assert PlantedEmbedding.peak <= 4
        assert PlantedEmbedding.n_embedded == 2 * sum(len(found) > 0 for found in links)
    n_bytes = 2 * aligner.n_links_ * N_LAYERS * D * 8
    assert peaks[1] < n_bytes / 4
    assert peaks[1] < peaks[0] + 64 * 800  # no more than the numbers of the sentences


def test_transform_is_streamed(monkeypatch):
    monkeypatch.setattr(streams, "N_WORDS", 64)
    X, y, links = make_pairs(100)
    aligner = LayerwiseAligner(PlantedEmbedding()).fit(X, y, links=links)
    expected = aligner.transform(X)
    PlantedEmbedding.reset()
    for one, other in zip(aligner.iter_transform(iter(X)), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert PlantedEmbedding.peak < 60


def test_a_center_before_another_step_costs_a_pass():
    X, y, links = make_pairs()
    n_sentences = 2 * sum(len(found) > 0 for found in links)
    for normalize, n_passes in ((("unit", "center"), 1), (("unit", "center", "unit"), 2)):
        PlantedEmbedding.reset()
        aligner = ProcrustesAligner(normalize=normalize)
        LayerwiseAligner(PlantedEmbedding(), aligner).fit(X, y, links=links)
        assert PlantedEmbedding.n_embedded == n_passes * n_sentences


# -- an estimator like others --------------------------------------------------------------------


def test_constructor_only_assigns():
    tree = ast.parse(textwrap.dedent(inspect.getsource(LayerwiseAligner.__init__)))
    assigned = [ast.unparse(statement) for statement in tree.body[0].body]
    parameters = inspect.signature(LayerwiseAligner).parameters
    assert assigned == [f"self.{name} = {name}" for name in parameters]
    assert set(LayerwiseAligner._parameter_constraints) == set(parameters)


def test_clone_pickle_refit():
    X, y, links = make_pairs()
    aligner = LayerwiseAligner(PlantedEmbedding(), ProcrustesAligner(), combine="mean")
    assert aligner.fit(X, y, links=links) is aligner
    expected = aligner.transform(X)
    with pytest.raises(NotFittedError):
        clone(aligner).transform(X)
    others = [
        pickle.loads(pickle.dumps(aligner)),
        clone(aligner).fit(X[:9], y[:9], links=links[:9]).fit(X, y, links=links),
    ]
    for other in others:
        for one, rows in zip(other.transform(X), expected, strict=True):
            np.testing.assert_array_equal(one, rows)
    assert clone(aligner).get_params()["aligner__normalize"] == ("unit", "center", "unit")


def test_grid_search():
    X, y, _ = make_pairs(300, n_words=40)
    search = GridSearchCV(
        LayerwiseAligner(PlantedEmbedding(0.1)),
        {"aligner": ["passthrough", ProcrustesAligner()], "combine": ["sum", "concat"]},
        cv=2,
        error_score="raise",
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert (scores[0] < 0.2).all()
    assert (scores[1] > 0.5).all()
    assert isinstance(search.best_estimator_.aligners_[0], ProcrustesAligner)


def test_score_needs_links_or_a_word_aligner():
    X, y, links = make_pairs()
    for aligner in (
        LayerwiseAligner(PlantedEmbedding()).fit(X, y, links=links),
        LayerwiseAligner(PlantedEmbedding(), "passthrough").fit(X),
    ):
        with pytest.raises(ValueError, match="no word aligner to ask"):
            aligner.score(X, y)
        assert 0 <= aligner.score(X, y, links=links) <= 1


def test_with_a_transformer(model_folder):
    """A language and itself: the maps are the identity, and each word finds itself."""
    rng = np.random.default_rng(0)
    words = ["the", "cat", "dog", "sees", "runs", "unhappy"]
    X = [rng.choice(words, size=n).tolist() for n in rng.integers(1, 12, size=40)]
    links = [[(i, i) for i in range(len(sentence))] for sentence in X]
    embedding = ContextualEmbedding(model_folder, layers=[1, 2], device="cpu")
    aligner = LayerwiseAligner(embedding).fit(X, X, links=links)
    for one in aligner.aligners_:
        np.testing.assert_allclose(one.mapping_, np.eye(12), atol=0.02)
    assert aligner.score(X, X, links=links) > 0.9


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "links", "message"),
    [
        ((["s1"], ["t1"]), [], "1 source sentences, 1 target sentences and 0 sets"),
        ((["s1", "s2"], ["t1"]), [[], []], "2 source sentences, 1 target sentences"),
        ((["s1"], ["t1"]), [[(0, 1)]], r"`links\[0\]` has a link to a word that is not there"),
        ((["s1"], ["t1"]), [[]], "No link is left to fit on: 0 one-to-one links in 1 sentence"),
        ((["s1"],), [[]], "requires y to be passed"),
    ],
)
def test_wrong_input(args, links, message):
    with pytest.raises(ValueError, match=message):
        LayerwiseAligner(PlantedEmbedding()).fit(*args, links=links)


@pytest.mark.parametrize(
    "params", [{"combine": "max"}, {"min_similarity": 2}, {"aligner": 3}, {"embedding": "bert"}]
)
def test_wrong_parameters(params):
    aligner = LayerwiseAligner(PlantedEmbedding()).set_params(**params)
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        aligner.fit(["s1"], ["t1"], links=[[(0, 0)]])


def test_a_failed_fit_changes_nothing():
    X, y = [["s0", "s1"]], [["t0", "t1"]]
    aligner = LayerwiseAligner(PlantedEmbedding())
    with pytest.raises(ValueError, match="No link is left"):
        aligner.fit(X, y, links=[[]])
    with pytest.raises(NotFittedError):
        aligner.transform(X)
    fitted = LayerwiseAligner(PlantedEmbedding()).fit(X * 5, y * 5, links=[[(0, 0), (1, 1)]] * 5)
    expected = fitted.transform(X)
    with pytest.raises(ValueError, match="No link is left"):
        fitted.fit(X, y, links=[[]])
    np.testing.assert_array_equal(fitted.transform(X), expected)
