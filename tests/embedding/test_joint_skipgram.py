import os
import pickle
import subprocess
import sys
import textwrap
import tracemalloc

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone

from skxling.embedding._joint_skipgram import JointSkipGram
from skxling.embedding._subword_table import SubwordTable
from skxling.embedding._unknown_words import mean_vectors
from skxling.text import subword_ids


def make_corpus(n_sentences=500, seed=0, prefix=""):
    """Sentences of one of two topics: words of a topic only meet each other."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(0, 2, n_sentences)
    words = rng.integers(0, 10, (n_sentences, 8))
    return [
        [f"{prefix}{'ab'[topic]}{'xyz'[i % 3]}{i}" for i in row]
        for topic, row in zip(topics, words, strict=True)
    ]


def topic_margin(model, prefix=""):
    """Mean cosine within topics less that across topics."""
    words = [f"{prefix}{t}{'xyz'[i % 3]}{i}" for t in "ab" for i in range(10)]
    vectors = model.transform(words).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    a, b = slice(0, 10), slice(10, 20)
    within = (cosine[a, a].sum() + cosine[b, b].sum() - 20) / 180
    return within - cosine[a, b].mean()


def toy_model(**params):
    settings = {"n_components": 12, "sample": 0, "epochs": 12, "random_state": 0, "device": "cpu"}
    return JointSkipGram(**{**settings, **params})


@pytest.mark.parametrize("max_n", [0, 4])
def test_words_that_meet_come_close(max_n):
    model = toy_model(max_n=max_n).fit(make_corpus())
    assert topic_margin(model) > 0.5
    assert model.loss_curve_[-1] < model.loss_curve_[0] - 0.2


def test_joint_fit_learns_both_languages():
    model = toy_model().fit(make_corpus(), make_corpus(400, seed=1, prefix="t"))
    assert topic_margin(model) > 0.5
    assert topic_margin(model, prefix="t") > 0.5
    n_source, n_target = model.vocabulary_.counts.sum(axis=0)
    assert n_target == 400 * 8
    assert n_source == pytest.approx(n_target, abs=8)
    np.testing.assert_array_equal(model.word_vectors_.counts, model.vocabulary_.counts)


def test_fitted_attributes():
    model = toy_model().fit(make_corpus())
    n_words = model.vocabulary_.n_words
    assert model.word_vectors_.vectors.shape == (n_words, 12)
    assert model.word_vectors_.vectors.dtype == np.float32
    assert list(model.word_vectors_.words) == model.vocabulary_.words
    assert model.vocabulary_.counts.shape == (n_words, 1)
    assert model.ngram_vectors_.shape == (len(model.ngram_buckets_), 12)
    assert (np.diff(model.ngram_buckets_) > 0).all()
    assert len(model.loss_curve_) == model.n_iter_ == 12
    assert len(model.get_feature_names_out()) == 12


def test_a_word_is_the_mean_of_its_rows():
    words = ["house", "haus", "hausboot"]
    generator = torch.Generator().manual_seed(0)
    table = SubwordTable(words, 4, min_n=3, max_n=5, bucket=500, generator=generator)
    ids, offsets = subword_ids(words, min_n=3, max_n=5, bucket=500)
    for i in range(3):
        ngrams = 3 + np.searchsorted(table.buckets, ids[offsets[i] : offsets[i + 1]])
        mean = table.rows[[i, *ngrams]].mean(dim=0)
        torch.testing.assert_close(compose(table, i)[0], mean)


def compose(table, *words):
    return table.compose(table.members(torch.tensor(words)))


def push_down(table, words, gained, *, max_norm, memory_budget=None):
    table.push_down(table.prepare(torch.tensor(words), memory_budget), gained, max_norm=max_norm)


@pytest.mark.parametrize("memory_budget", [1, 2**24])
def test_push_down_hands_each_row_the_sum_of_its_words_steps(memory_budget):
    words = ["house", "houses", "tree"]
    generator = torch.Generator().manual_seed(0)
    table = SubwordTable(words, 5, min_n=3, max_n=4, bucket=1000, generator=generator)
    expected = table.rows.clone()
    tree = compose(table, 2)
    steps = torch.tensor([[1.0] * 5, [0.5] * 5])
    push_down(table, [0, 1], steps, max_norm=1e9, memory_budget=memory_budget)
    ids, offsets = subword_ids(words, min_n=3, max_n=4, bucket=1000)
    for i in range(2):
        expected[i] += steps[i]
        for bucket in ids[offsets[i] : offsets[i + 1]]:
            expected[3 + np.searchsorted(table.buckets, bucket)] += steps[i]
    torch.testing.assert_close(table.rows, expected)
    members = 3 + torch.from_numpy(np.searchsorted(table.buckets, ids[offsets[1] : offsets[2]]))
    own_rows = torch.cat([expected[1:2], expected[members]])
    torch.testing.assert_close(compose(table, 1, 0)[0], own_rows.mean(0))
    torch.testing.assert_close(compose(table, 2), tree)


def test_push_down_bounds_the_steps_of_ngrams_alone():
    generator = torch.Generator().manual_seed(0)
    table = SubwordTable(["ab", "abc"], 4, min_n=2, max_n=3, bucket=50, generator=generator)
    before = table.rows.clone()
    push_down(table, [0, 1], torch.full((2, 4), 100.0), max_norm=0.5)
    torch.testing.assert_close(table.rows[:2] - before[:2], torch.full((2, 4), 100.0))
    assert torch.linalg.vector_norm(table.rows[2:] - before[2:], dim=1).max() <= 0.5 + 1e-6


def test_composing_in_blocks_changes_nothing():
    generator = torch.Generator().manual_seed(0)
    words = [f"word{i}" for i in range(30)]
    table = SubwordTable(words, 4, min_n=3, max_n=5, bucket=500, generator=generator)
    vectors = compose(table, *range(30))
    for memory_budget in (1, 2**23):
        assert torch.equal(table.compose_all(torch.empty(30, 4), memory_budget), vectors)


def bytes_kept(array):
    """Size of the memory that an array or its base keeps."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array.untyped_storage().nbytes() if torch.is_tensor(array) else array.nbytes


@pytest.mark.parametrize("max_n", [0, 4])
def test_vectors_do_not_keep_the_table_in_memory(max_n):
    model = toy_model(max_n=max_n).fit(make_corpus())
    assert bytes_kept(model.word_vectors_.vectors) == model.word_vectors_.vectors.nbytes
    if max_n == 0:
        assert bytes_kept(model.ngram_vectors_) == 0


def test_only_used_buckets_have_rows():
    model = toy_model(bucket=2_000_000, epochs=1).fit(make_corpus(200))
    assert len(model.ngram_buckets_) < 1000


def test_unknown_words_are_composed_of_known_ngrams():
    model = toy_model(min_n=3, max_n=3).fit(make_corpus())
    ids, _ = subword_ids(["ax0q"], min_n=3, max_n=3, bucket=model.bucket)
    seen = [int(np.searchsorted(model.ngram_buckets_, i)) for i in ids if i in model.ngram_buckets_]
    assert 0 < len(seen) < len(ids)
    np.testing.assert_allclose(
        model.transform(["ax0q"])[0], model.ngram_vectors_[seen].mean(axis=0), rtol=1e-5
    )


def test_transform_averages_the_words_of_a_text():
    model = toy_model(max_n=0).fit(make_corpus())
    vector = model.word_vectors_
    expected = (2 * vector["ax0"] + vector["by1"]) / 3
    for text in ("ax0 by1 ax0 unknown", ["ax0", "by1", "ax0"]):
        np.testing.assert_allclose(model.transform([text])[0], expected, rtol=1e-5)
    np.testing.assert_array_equal(model.transform(["unknown", ""]), np.zeros((2, 12)))
    assert model.transform([]).shape == (0, 12)


def test_a_text_may_be_the_name_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ax0").write_text("by1")
    model = toy_model(epochs=1).fit(make_corpus(200))
    np.testing.assert_allclose(model.transform(["ax0"])[0], model.word_vectors_["ax0"], rtol=1e-6)


def test_a_bare_string_is_no_list_of_texts():
    model = toy_model(epochs=1).fit(make_corpus(200))
    with pytest.raises(TypeError, match=r"\['house'\]"):
        model.transform("house")


@pytest.mark.parametrize("batch_size", [32, 2048])
def test_large_steps_stay_finite(batch_size):
    model = toy_model(batch_size=batch_size, learning_rate=5.0).fit(make_corpus(3000))
    assert np.isfinite(model.word_vectors_.vectors).all()
    assert topic_margin(model) > 0.2


@pytest.mark.parametrize(
    ("max_n", "occurrences", "rate"),
    [
        (0, 1, 0.05),
        (0, 1000, 0.021),
        (0, 1e5, 0.0125),
        (4, 1, 0.1),
        (4, 720, 0.075),
        (4, 1e5, 0.05),
    ],
)
def test_learning_rate_falls_with_the_occurrences_of_a_word(max_n, occurrences, rate):
    model = JointSkipGram(max_n=max_n, epochs=10)
    assert model._first_rate(50 * occurrences / 10, n_words=50) == pytest.approx(rate)
    assert model.set_params(learning_rate=0.3)._first_rate(1, 1) == 0.3


def test_learning_rate_falls_linearly():
    model = JointSkipGram(epochs=5)
    rates = [model._learning_rates(epoch, 100, 0.2)(n) for epoch, n in [(0, 0), (2, 50), (4, 100)]]
    np.testing.assert_allclose(rates, [0.2, 0.1, 0], atol=1e-4)


def test_same_seed_same_bytes():
    X, y = make_corpus(), make_corpus(400, seed=1, prefix="t")
    first, second, other = (
        toy_model(random_state=s, epochs=2).fit(X, y).word_vectors_.vectors for s in (0, 0, 1)
    )
    assert first.tobytes() == second.tobytes() != other.tobytes()


def test_same_bytes_whatever_the_hash_seed(tmp_path):
    program = textwrap.dedent(
        """
        import hashlib, torch
        torch.set_num_threads(1)
        from skxling import JointSkipGram
        X = [f"w{i % 7} v{i % 5} u{i % 3}" for i in range(300)]
        y = [f"w{i % 11} x{i % 5}" for i in range(300)]
        model = JointSkipGram(8, sample=0, epochs=2, random_state=0, device="cpu").fit(X, y)
        data = model.word_vectors_.vectors.tobytes() + " ".join(model.vocabulary_.words).encode()
        print(hashlib.sha256(data).hexdigest())
        """
    )
    digests = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert digests[0] == digests[1] != ""


def test_a_callback_sees_a_fitted_estimator_and_stops_the_fit(make_recorder):
    callback = make_recorder(
        "epoch", stop_from=3, look=lambda fitted: np.linalg.norm(fitted.transform(["ax0"]))
    )
    model = toy_model(epochs=8).set_callbacks(callback).fit(make_corpus())
    assert model.n_iter_ == len(model.loss_curve_) == 3
    assert len(set(callback.looks)) == 3
    assert callback.looks[-1] == pytest.approx(np.linalg.norm(model.transform(["ax0"])), rel=1e-4)


def test_subsampling_that_leaves_nothing_is_told():
    with pytest.warns(UserWarning, match=r"`sample`=1e-05 keeps about .* Set sample=0"):
        toy_model(sample=1e-5, epochs=1).fit(make_corpus(100))


def test_ngram_lengths_in_the_wrong_order():
    with pytest.raises(ValueError, match=r"`max_n` must be at least `min_n`=3"):
        toy_model(max_n=2).fit(make_corpus(100))


def test_constructor_only_assigns():
    model = clone(toy_model(window=3))
    assert model.get_params()["window"] == 3
    assert [name for name in vars(model) if name.endswith("_")] == []


def test_words_without_a_context():
    with pytest.raises(ValueError, match=r"No sentence .* Give one sentence a line"):
        toy_model().fit(["house", "winter", "old"] * 100)


def test_means_of_many_tokens_hold_no_vector_for_each():
    vectors = np.random.default_rng(0).normal(size=(3, 1000)).astype(np.float32)
    texts = [["a", "b", "b", "c"] * 1000, ["unknown"] * 5, []]
    tracemalloc.start()
    means = mean_vectors(texts, lambda words: (vectors[: len(words)], np.arange(len(words)) < 3))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(means[0], np.array([1, 2, 1]) @ vectors / 4, atol=1e-5)
    assert (means[1:] == 0).all()
    assert peak < 4e6  # a row for each of 4,000 tokens would be 16 MB


SMALLEST = {"n_components": 4, "min_count": 1, "sample": 0, "epochs": 1, "random_state": 0}


def test_a_window_may_be_longer_than_any_sentence():
    X = [["a", "b", "c", "d"] * 250] * 5
    settings = {"n_components": 4, "min_count": 1, "max_n": 0, "sample": 0, "random_state": 0}
    wide = JointSkipGram(**settings, window=100_000).fit(X)  # more than 16 bits
    assert np.isfinite(wide.word_vectors_.vectors).all()
    assert wide.loss_curve_[-1] < wide.loss_curve_[0]


def test_everything_at_once():
    X = [["a", "b", "c", "d"]] * 50
    model = JointSkipGram(**SMALLEST, batch_size=2**40).fit(X)
    assert np.isfinite(model.word_vectors_.vectors).all()


def test_texts_are_no_paths(tmp_path):
    model = JointSkipGram(**SMALLEST).fit([["a", "b"]] * 20)
    for path in (tmp_path / "a.txt", "a.txt"):
        with pytest.raises(TypeError, match=r"paths are for `fit` alone.*, \['.*a\.txt'\]"):
            model.transform(path)


def test_a_broken_letter_is_a_letter():
    model = JointSkipGram(**SMALLEST).fit([["house", "houses"]] * 20)
    assert model.transform(["house\udcff"]).any()


def test_the_side_of_a_missing_corpus_is_named(tmp_path):
    (tmp_path / "en.txt").write_text("a b\n", encoding="utf-8")
    model = JointSkipGram(checkpoint_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match="`y` names no file"):
        model.fit(tmp_path / "en.txt", tmp_path / "missing.txt")


def test_asking_for_a_word_changes_no_hash():
    model = JointSkipGram(**SMALLEST).fit([["a", "b"]] * 20)
    before = joblib.hash(model)
    model.transform(["a", "c"])
    assert joblib.hash(model) == before
    assert pickle.loads(pickle.dumps(model)).vocabulary_.words == model.vocabulary_.words
