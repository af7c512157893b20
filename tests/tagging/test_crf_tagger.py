"""The tagger learns what can be learned, predicts what may be, and behaves as scikit-learn asks."""

import inspect
import pickle
from itertools import chain

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils import get_tags

from skxling.functional import crf_log_partition, crf_marginals, crf_path_score, crf_viterbi
from skxling.metrics import span_f1_score
from skxling.tagging import CRFTagger
from skxling.tagging._tags import check_iob2

FAST = {
    "hidden_size": 8,
    "dropout": 0.1,
    "learning_rate": 0.02,
    "batch_size": 8,
    "max_iter": 12,
    "random_state": 0,
    "device": "cpu",
}
QUICK = {**FAST, "max_iter": 3, "learning_rate": 0.05}  # where it need not be learned well


def make_sentences(n_sentences=80, seed=0):
    """Words of four kinds as noisy vectors: B and I of two labels, and what is outside.

    A word of the last kind is in a span if the word before it is: to know that takes context.
    """
    rng = np.random.default_rng(seed)
    X, y = [], []
    for _ in range(n_sentences):
        kinds = rng.integers(4, size=rng.integers(0, 9))
        tags, label = [], None
        for kind in kinds:
            if kind < 2:
                label = "AB"[kind]
                tags.append(f"B-{label}")
            elif kind == 2 or label is None:
                label = None
                tags.append("O")
            else:
                tags.append(f"I-{label}")
        X.append(np.eye(4)[kinds] + 0.1 * rng.normal(size=(len(kinds), 4)))
        y.append(tags)
    return X, y


@pytest.fixture(scope="module")
def data():
    return make_sentences(), make_sentences(60, seed=1)


@pytest.fixture(scope="module")
def fitted(data):
    return CRFTagger(**FAST).fit(*data[0])


@pytest.fixture(scope="module")
def few():
    """Sentences for tests that do not ask what was learned, and a tagger fitted on them."""
    X, y = make_sentences(24, seed=2)
    return X, y, CRFTagger(**QUICK).fit(X, y)


# -- what is learned -----------------------------------------------------------------------------


def test_spans_are_found(fitted, data):
    X, y = data[1]
    assert fitted.score(X, y) > 0.9
    assert fitted.score(X, y) == span_f1_score(y, fitted.predict(X))
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0] / 3


def test_without_lstm_the_chain_alone_gives_context(data):
    linear = CRFTagger(**{**FAST, "hidden_size": 0}).fit(*data[0])
    assert not any(name.startswith("lstm") for name in linear.weights_)
    assert linear.score(*data[1]) > 0.9


def test_lstm_sees_what_the_chain_cannot():
    """The tag of the first token depends on the last token alone."""
    rng = np.random.default_rng(0)
    X = [np.eye(3)[np.r_[0, [2] * 3, rng.integers(2)]] for _ in range(60)]
    y = [["B-A" if rows[-1, 1] else "B-B", "O", "O", "O", "O"] for rows in X]
    params = {**FAST, "early_stopping": False, "dropout": 0.0, "max_iter": 25}
    assert CRFTagger(**params).fit(X, y).score(X, y) == 1
    assert CRFTagger(**{**params, "hidden_size": 0}).fit(X, y).score(X, y) < 0.8


def test_score_of_plain_tags_is_accuracy(data):
    (X, y), (X_test, y_test) = data
    as_parts = [[tag.replace("-", "") for tag in tags] for tags in y]
    tagger = CRFTagger(**FAST, scheme=None).fit(X, as_parts)
    predicted = tagger.predict(X_test)
    gold = [tag.replace("-", "") for tags in y_test for tag in tags]
    right = np.mean([a == b for a, b in zip(gold, chain.from_iterable(predicted), strict=True)])
    assert tagger.score(X_test, [[t.replace("-", "") for t in s] for s in y_test]) == right > 0.9


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_scale_of_the_features_does_not_matter(few, scale):
    X, y, fitted = few
    scaled = CRFTagger(**QUICK).fit([scale * rows for rows in X], y)
    assert scaled.scale_ == pytest.approx(scale * fitted.scale_)
    np.testing.assert_allclose(scaled.loss_curve_, fitted.loss_curve_, rtol=1e-2)


# -- what is predicted ---------------------------------------------------------------------------


def test_predictions_are_iob2_whatever_the_weights(fitted):
    wild = pickle.loads(pickle.dumps(fitted))
    rng = np.random.default_rng(0)
    wild.weights_ = {name: rng.normal(size=w.shape) for name, w in wild.weights_.items()}
    X = [10 * rng.normal(size=(n, 4)) for n in range(1, 40)]
    y = wild.predict(X)
    assert {tag for tags in y for tag in tags} == set(wild.classes_)
    check_iob2(y)
    for rows in wild.predict_proba(X):
        starts = np.char.startswith(wild.classes_.astype(str), "I")
        assert (rows[0, starts] == 0).all()
        np.testing.assert_allclose(rows.sum(1), 1, atol=1e-5)


def test_predictions_are_those_of_the_functions(data):
    """A tagger without LSTM written out: features times weights, and the chain."""
    tagger = CRFTagger(**{**FAST, "hidden_size": 0, "scheme": None}).fit(*data[0])
    weights = {name: torch.as_tensor(w) for name, w in tagger.weights_.items()}
    scores = [weights[name] for name in ("transitions", "start", "end")]
    X = [rows for rows in data[1][0] if len(rows)][:10]
    for rows, tags, probabilities in zip(
        X, tagger.predict(X), tagger.predict_proba(X), strict=True
    ):
        rows = torch.as_tensor(rows, dtype=torch.float32)[None] / tagger.scale_
        emissions = rows @ weights["output.weight"].T + weights["output.bias"]
        mask = torch.ones(emissions.shape[:2], dtype=torch.bool)
        best = crf_viterbi(emissions, mask, *scores)
        assert tags == tagger.classes_[best.tags[0].numpy()].tolist()
        expected = crf_marginals(emissions, mask, *scores)[0]
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_loss_is_the_negative_log_likelihood(data):
    """Without dropout, one batch and a tiny step: the first loss is that of the first weights."""
    X, y = data[0]
    tagger = CRFTagger(0, dropout=0.0, scheme=None, batch_size=200, learning_rate=1e-9, max_iter=1)
    tagger.set_params(early_stopping=False, random_state=0, device="cpu")
    tagger.fit(X, y)
    weights = {name: torch.as_tensor(w) for name, w in tagger.weights_.items()}
    scores = [weights[name] for name in ("transitions", "start", "end")]
    losses = []
    for rows, tags in zip(X, y, strict=True):
        if tags:
            rows = torch.as_tensor(rows, dtype=torch.float32)[None] / tagger.scale_
            emissions = rows @ weights["output.weight"].T + weights["output.bias"]
            mask = torch.ones(emissions.shape[:2], dtype=torch.bool)
            codes = torch.as_tensor(np.searchsorted(tagger.classes_, tags))[None]
            gold = crf_path_score(emissions, codes, mask, *scores)
            losses.append((crf_log_partition(emissions, mask, *scores) - gold).item())
    assert tagger.loss_curve_[0] == pytest.approx(np.mean(losses), rel=1e-4)


def test_a_sentence_is_tagged_alike_alone_and_among_others(fitted, data):
    X = data[1][0]
    together = fitted.predict_proba(X)
    for i in (0, 7, 23):
        np.testing.assert_allclose(fitted.predict_proba([X[i]])[0], together[i], atol=1e-5)
    assert [fitted.predict([rows])[0] for rows in X] == fitted.predict(X)


def test_sentences_of_no_and_one_token(fitted):
    X = [np.zeros((0, 4)), np.eye(4)[:1], []]
    assert fitted.predict(X)[0] == fitted.predict(X)[2] == []
    assert fitted.predict(X)[1] == ["B-A"]
    assert [rows.shape for rows in fitted.predict_proba(X)] == [(0, 5), (1, 5), (0, 5)]
    assert fitted.predict([]) == [] == fitted.predict_proba([])
    assert fitted.predict([[]]) == [[]]


def test_fit_on_sentences_of_one_token():
    X = [np.eye(3)[[i % 3]] for i in range(30)]
    y = [[["B-A"], ["B-B"], ["O"]][i % 3] for i in range(30)]
    assert CRFTagger(**{**FAST, "learning_rate": 0.1}).fit(X, y).score(X, y) > 0.9


@pytest.mark.filterwarnings("ignore:None of the 1 held-out sentences has a span")
def test_one_class():
    tagger = CRFTagger(**FAST).fit([np.ones((2, 3))] * 4, [["O", "O"]] * 4)
    assert tagger.predict([np.ones((1, 3))]) == [["O"]]


# -- early stopping ------------------------------------------------------------------------------


def test_early_stopping_keeps_the_best_weights(data):
    tagger = CRFTagger(**{**FAST, "max_iter": 60, "n_iter_no_change": 4})
    tagger.fit(*data[0], X_val=data[1][0], y_val=data[1][1])
    scores = tagger.validation_scores_
    assert len(scores) == len(tagger.loss_curve_) == tagger.n_iter_ < 60
    assert tagger.n_iter_ == np.argmax(scores) + 5
    assert tagger.best_validation_score_ == scores.max() == tagger.score(*data[1])


def test_sentences_held_out_are_not_learned_from(few):
    X, y, _ = few
    held_out = CRFTagger(**QUICK, validation_fraction=0.25).fit(X, y)
    everything = CRFTagger(**QUICK, early_stopping=False).fit(X, y)
    assert everything.validation_scores_ is everything.best_validation_score_ is None
    assert held_out.scale_ != everything.scale_
    assert everything.n_iter_ == QUICK["max_iter"]


def test_early_stopping_needs_two_sentences():
    X, y = [np.eye(2)], [["B-A", "O"]]
    with pytest.raises(ValueError, match="early_stopping=False"):
        CRFTagger(**FAST).fit(X, y)
    assert CRFTagger(**QUICK, early_stopping=False).fit(X, y).n_iter_ == QUICK["max_iter"]


def test_clipped_gradients_bound_the_steps(few):
    X, y, _ = few
    free = CRFTagger(**QUICK, early_stopping=False, clip_norm=1e9).fit(X, y)
    tight = CRFTagger(**QUICK, early_stopping=False, clip_norm=1e-10).fit(X, y)
    # below its epsilon, Adam's steps shrink with the gradient
    assert tight.loss_curve_[-1] > tight.loss_curve_[0] - 0.5
    assert free.loss_curve_[-1] < free.loss_curve_[0] - 2


# -- scikit-learn --------------------------------------------------------------------------------


def assert_same(a, b, X):
    assert a.predict(X) == b.predict(X)
    for first, second in zip(a.predict_proba(X), b.predict_proba(X), strict=True):
        np.testing.assert_array_equal(first, second)


def test_random_state(few):
    X, y, fitted = few
    assert_same(CRFTagger(**QUICK).fit(X, y), fitted, X)
    other = CRFTagger(**{**QUICK, "random_state": 1}).fit(X, y)
    assert np.abs(other.weights_["output.weight"] - fitted.weights_["output.weight"]).max() > 1e-3
    seeded = [
        CRFTagger(**{**QUICK, "random_state": np.random.RandomState(3)}).fit(X, y) for _ in range(2)
    ]
    assert_same(*seeded, X)


def test_global_random_state_is_left_alone(few):
    X, y, _ = few
    before = torch.random.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    CRFTagger(**QUICK).fit(X, y).predict(X)
    assert torch.equal(before[0], torch.random.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_refit_forgets(few):
    X, y, fitted = few
    refitted = CRFTagger(**QUICK).fit(*make_sentences(20, seed=5)).fit(X, y)
    assert_same(refitted, fitted, X)


def test_pickle_clone_and_memory_maps(few, tmp_path):
    X, _, fitted = few
    assert_same(pickle.loads(pickle.dumps(fitted)), fitted, X)
    joblib.dump(fitted, tmp_path / "tagger.joblib")
    assert_same(joblib.load(tmp_path / "tagger.joblib", mmap_mode="r"), fitted, X)
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copied.predict(X)


def test_fitted_attributes_are_arrays(fitted):
    assert fitted.classes_.tolist() == ["B-A", "B-B", "I-A", "I-B", "O"]
    assert fitted.n_features_in_ == 4
    assert {type(w) for w in fitted.weights_.values()} == {np.ndarray}
    assert fitted.weights_["transitions"].shape == (5, 5)


def test_inputs_are_not_changed(few):
    X, y, _ = few
    before = [rows.copy() for rows in X], [list(tags) for tags in y]
    X = [np.asarray(rows, dtype=np.float32) for rows in X]
    for rows in X:
        rows.flags.writeable = False
    CRFTagger(**QUICK).fit(X, y).predict(X)
    assert y == before[1]
    for rows, copy in zip(X, before[0], strict=True):
        np.testing.assert_allclose(rows, copy, rtol=1e-6)


def test_cross_validation_and_grid_search(few):
    X, y, _ = few
    tagger = CRFTagger(**QUICK)
    scores = cross_val_score(tagger, X, y, cv=KFold(2))
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()
    search = GridSearchCV(tagger, {"learning_rate": [1e-6, 0.05]}, cv=2).fit(X, y)
    assert search.best_params_ == {"learning_rate": 0.05}


def test_every_parameter_is_constrained():
    assert set(CRFTagger._parameter_constraints) == set(inspect.signature(CRFTagger).parameters)
    assert not get_tags(CRFTagger()).input_tags.two_d_array


def test_a_callback_that_returns_true_stops(few, make_recorder):
    X, y, _ = few
    callback = make_recorder("iteration", stop_from=3, look=lambda fitted: fitted.predict(X))
    tagger = CRFTagger(**FAST).set_callbacks(callback).fit(X, y)
    assert len(callback.looks) == tagger.n_iter_ == len(tagger.loss_curve_) == 3
    assert all(len(predicted) == len(X) for predicted in callback.looks)


def test_scoring_monitor_sees_every_iteration(few):
    X, y, _ = few
    monitor = ScoringMonitor(scoring={"f1": make_scorer(span_f1_score)})
    tagger = CRFTagger(**QUICK, early_stopping=False).set_callbacks(monitor).fit(X, y)
    scores = [row["f1"] for row in monitor.get_logs().data if row["task_name"] == "iteration"]
    assert len(scores) == tagger.n_iter_ == 3
    assert scores[-1] == tagger.score(X, y)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([np.eye(2)], [["O"]], r"`y\[0\]` has 1 tags and `X\[0\]` has 2 tokens"),
        ([np.eye(2)], [["O", "I-A"]], r"`y\[0\]\[1\]` is 'I-A' after 'O'.*to_iob2"),
        ([np.eye(2)], [["O", "NOUN"]], r"'NOUN'.*scheme=None"),
        ([np.eye(2), np.eye(3)], [["O"] * 2, ["O"] * 3], r"`X\[1\]` has 3 features"),
        ([[], []], [[], []], "holds no token"),
    ],
)
def test_bad_data_are_refused(X, y, message):
    with pytest.raises(ValueError, match=message):
        CRFTagger(**FAST).fit(X, y)


def test_bad_validation_data_are_refused(data):
    X, y = data[0]
    with pytest.raises(ValueError, match="belong together"):
        CRFTagger(**FAST).fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="`early_stopping` is False"):
        CRFTagger(**FAST, early_stopping=False).fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match=r"`y_val` has 1.*"):
        CRFTagger(**FAST).fit(X, y, X_val=X, y_val=y[:1])
    with pytest.raises(ValueError, match="fitted on 4"):
        CRFTagger(**FAST).fit(X, y, X_val=[np.eye(3)], y_val=[["O"] * 3])


def test_other_features_are_refused(fitted):
    with pytest.raises(
        ValueError, match=r"`X\[0\]` has 3 features, and the tagger was fitted on 4"
    ):
        fitted.predict([np.eye(3)])


@pytest.mark.parametrize("device", ["cuda"], indirect=True)
def test_cuda_predicts_what_the_cpu_predicts(fitted, data, device):
    X = data[1][0]
    on_device = pickle.loads(pickle.dumps(fitted)).set_params(device=str(device))
    for here, there in zip(fitted.predict_proba(X), on_device.predict_proba(X), strict=True):
        np.testing.assert_allclose(here, there, atol=1e-4)
    assert CRFTagger(**{**FAST, "device": str(device)}).fit(*data[0]).score(*data[1]) > 0.9


def test_early_stopping_with_nothing_to_go_by(data):
    X, y = data[0]
    outside = [["O"] * len(tags) for tags in y[:5]]
    with pytest.warns(UserWarning, match="None of the 5 held-out sentences has a span"):
        CRFTagger(**QUICK).fit(X, y, X_val=X[:5], y_val=outside)
    with pytest.raises(ValueError, match="`X_val` holds no token"):
        CRFTagger(**QUICK).fit(X, y, X_val=[], y_val=[])


def test_a_failed_fit_leaves_nothing_fitted(data):
    X, y = data[0]
    i = max(range(len(X)), key=lambda i: len(X[i]))
    tagger = CRFTagger(**QUICK)
    with pytest.raises(ValueError, match="has only one with tokens"):
        tagger.fit(X[i : i + 1], y[i : i + 1])
    with pytest.raises(NotFittedError):
        tagger.predict(X)
