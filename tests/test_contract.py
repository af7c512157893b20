"""What scikit-learn's own checks cannot ask of estimators of texts and words."""

import ast
import inspect
import pickle
import textwrap
from copy import deepcopy

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags

from skxling.alignment import ProcrustesAligner, RCSLSAligner
from skxling.combine import JointAlignCombiner
from skxling.embedding import EmbeddingEnsemble, JointSkipGram, WordVectors
from skxling.translation import WordTranslator

TOPICS, LETTERS = range(6), "abc"
SOURCE = [f"en{topic}{letter}" for topic in TOPICS for letter in LETTERS]
TARGET = [f"de{topic}{letter}" for topic in TOPICS for letter in LETTERS]


def make_corpora():
    """Sentences of one topic each; a name in every topic is shared by the two languages."""
    rng = np.random.default_rng(0)
    sides = []
    for words in (SOURCE, TARGET):
        topics = [[*words[3 * t : 3 * t + 3], f"name{t}"] for t in TOPICS]
        sides.append([" ".join(rng.choice(topics[i % 6], size=6)) for i in range(180)])
    return tuple(sides)


def make_joint(**params):
    params = {"n_components": 8, "epochs": 1, "sample": 0, "bucket": 500, "max_n": 4, **params}
    return JointSkipGram(device="cpu", random_state=0, **params)


@pytest.fixture(scope="module")
def parts():
    """Corpora, a trained joint model, and two spaces of word vectors."""
    corpora = make_corpora()
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(SOURCE), 6))
    spaces = (
        WordVectors(SOURCE, vectors),
        WordVectors(TARGET, vectors[:, ::-1] + 0.1 * rng.normal(size=vectors.shape)),
    )
    return {"corpora": corpora, "joint": make_joint().fit(*corpora), "spaces": spaces}


# each makes an unfitted estimator, and the arguments of fit
CASES = {
    "JointSkipGram": lambda p: (make_joint(), p["corpora"], {}),
    "JointSkipGram of one corpus": lambda p: (make_joint(), p["corpora"][:1], {}),
    "JointSkipGram without n-grams": lambda p: (make_joint(max_n=0), p["corpora"], {}),
    "EmbeddingEnsemble": lambda p: (
        EmbeddingEnsemble(make_joint(), random_state=0),
        p["corpora"],
        {},
    ),
    "WordTranslator": lambda p: (WordTranslator(*p["spaces"]), (SOURCE, TARGET), {}),
    "WordTranslator of arrays": lambda p: (
        WordTranslator(*p["spaces"], RCSLSAligner(max_iter=2), retrieval="cosine"),
        (np.array(SOURCE), np.array(TARGET, dtype=object)),
        {},
    ),
    "WordTranslator without a lexicon": lambda p: (WordTranslator(*p["spaces"]), (), {}),
    "JointAlignCombiner": lambda p: (
        JointAlignCombiner(FrozenEstimator(p["joint"]), RCSLSAligner(max_iter=2)),
        (SOURCE, TARGET),
        {},
    ),
    "JointAlignCombiner with corpora": lambda p: (
        JointAlignCombiner(make_joint(), ProcrustesAligner()),
        (SOURCE, TARGET),
        {"corpora": p["corpora"]},
    ),
    "JointAlignCombiner without a lexicon": lambda p: (
        JointAlignCombiner(FrozenEstimator(p["joint"])),
        (),
        {},
    ),
}
CLASSES = [JointSkipGram, EmbeddingEnsemble, WordTranslator, JointAlignCombiner]
METHODS = ["transform", "transform_target", "predict", "kneighbors"]


@pytest.fixture(scope="module", params=CASES)
def case(request, parts):
    """Estimator, arguments and keyword arguments of fit, and the estimator fitted."""
    estimator, args, kwargs = CASES[request.param](parts)
    return estimator, args, kwargs, clone(estimator).fit(*args, **kwargs)


def answers(fitted):
    """Everything that a fitted estimator says about known and unknown words."""
    words = [*SOURCE[:5], "name0", "en0abab", TARGET[0], "?"]
    found = {}
    for name in METHODS:
        if hasattr(fitted, name):
            result = getattr(fitted, name)(words)
            parts = result if isinstance(result, tuple) else (result,)
            found.update({(name, i): part for i, part in enumerate(parts)})
    return found


def assert_same(found, expected):
    assert found.keys() == expected.keys() != set()
    for key, array in found.items():
        assert array.dtype == expected[key].dtype
        np.testing.assert_array_equal(array, expected[key], err_msg=str(key))


def fitted_attributes(estimator, seen=None):
    """Fitted attributes of an estimator and of its parts, by dotted name."""
    for name, value in vars(estimator).items():
        if name.endswith("_") and not name.startswith("_"):
            yield name, value
            if hasattr(value, "get_params"):
                yield from ((f"{name}.{n}", v) for n, v in fitted_attributes(value))


# -- construction --------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CLASSES)
def test_constructor_only_assigns(cls):
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls.__init__)))
    parameters = list(inspect.signature(cls).parameters)
    assigned = []
    for statement in tree.body[0].body:
        assert isinstance(statement, ast.Assign), ast.unparse(statement)
        (goal,) = statement.targets
        assert ast.unparse(statement) == f"self.{goal.attr} = {goal.attr}"
        assigned.append(goal.attr)
    assert assigned == parameters


@pytest.mark.parametrize("cls", CLASSES)
def test_every_parameter_is_constrained(cls):
    assert set(cls._parameter_constraints) == set(inspect.signature(cls).parameters)


@pytest.mark.parametrize("cls", CLASSES)
def test_arguments_are_called_x_and_y(cls):
    """scikit-learn passes X and y by position and by name; any other name is metadata."""
    for name in ("fit", "score"):
        if hasattr(cls, name):
            assert list(inspect.signature(getattr(cls, name)).parameters)[:3] == ["self", "X", "y"]
    for name in ("transform", "predict", "kneighbors"):
        if hasattr(cls, name):
            assert list(inspect.signature(getattr(cls, name)).parameters)[1] == "X"


def test_get_and_set_params(case):
    estimator = clone(case[0])
    params = estimator.get_params(deep=False)
    assert list(params) == sorted(inspect.signature(type(estimator)).parameters)
    assert estimator.set_params(**params) is estimator
    assert all(estimator.get_params(deep=False)[name] is value for name, value in params.items())
    if "device" in params:
        assert estimator.set_params(device="cpu").device == "cpu"
    with pytest.raises(ValueError, match="Invalid parameter 'windows'"):
        estimator.set_params(windows=3)


def test_nested_parameters(parts):
    combiner = JointAlignCombiner(make_joint(), RCSLSAligner())
    combiner.set_params(joint__window=2, aligner__learning_rate=0.5)
    assert combiner.joint.window == 2
    assert combiner.get_params()["aligner__learning_rate"] == 0.5
    translator = WordTranslator(*parts["spaces"], RCSLSAligner()).set_params(aligner__max_iter=3)
    assert translator.aligner.max_iter == 3


def test_clone_of_fitted_is_unfitted_and_equal(case):
    estimator, _, _, fitted = case
    copied = clone(fitted)
    assert not list(fitted_attributes(copied))
    assert repr(copied) == repr(estimator)


def test_repr_is_short(case):
    assert len(repr(case[0])) < 700


def test_tags(case):
    tags = get_tags(case[0])
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.estimator_type is None
    assert not tags.target_tags.required


# -- fit -----------------------------------------------------------------------------------------


def test_fit_returns_self_and_keeps_parameters(case):
    estimator, args, kwargs, _ = case
    estimator = clone(estimator)
    before = {name: (id(v), repr(v)) for name, v in estimator.get_params().items()}
    assert estimator.fit(*args, **kwargs) is estimator
    assert {name: (id(v), repr(v)) for name, v in estimator.get_params().items()} == before


def test_inputs_are_not_changed(case, parts):
    estimator, args, kwargs, _ = case
    before = deepcopy((args, kwargs))
    arrays = [space.vectors for space in parts["spaces"]] + [parts["joint"].word_vectors_.vectors]
    bytes_before = [array.tobytes() for array in arrays]
    answers(clone(estimator).fit(*args, **kwargs))
    assert [array.tobytes() for array in arrays] == bytes_before
    for now, then in zip((*args, *kwargs.values()), (*before[0], *before[1].values()), strict=True):
        np.testing.assert_array_equal(np.array(now, dtype=object), np.array(then, dtype=object))


def test_refit_is_idempotent(case):
    estimator, args, kwargs, fitted = case
    again = clone(estimator).fit(*args, **kwargs).fit(*args, **kwargs)
    assert_same(answers(again), answers(fitted))
    assert {name for name, _ in fitted_attributes(again)} == {
        name for name, _ in fitted_attributes(fitted)
    }


def test_refit_forgets(parts):
    """Nothing of an earlier fit on other data is left."""
    translator = WordTranslator(*parts["spaces"])
    fresh = clone(translator).fit(SOURCE[:9], TARGET[:9])
    refitted = clone(translator).fit().fit(SOURCE[:9], TARGET[:9])
    assert_same(answers(refitted), answers(fresh))
    one, two = (sentences[:30] for sentences in parts["corpora"])
    assert_same(answers(make_joint().fit(one, two).fit(one)), answers(make_joint().fit(one)))


def test_random_state(parts):
    def vectors(random_state):
        joint = make_joint().set_params(random_state=random_state).fit(*parts["corpora"])
        return joint.word_vectors_.vectors

    np.testing.assert_array_equal(vectors(0), vectors(0))
    seeded = [vectors(np.random.RandomState(7)) for _ in range(2)]
    np.testing.assert_array_equal(*seeded)
    assert np.abs(vectors(0) - vectors(1)).max() > 1e-4


def test_global_random_state_is_left_alone(case):
    estimator, args, kwargs, _ = case
    before = torch.random.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    clone(estimator).fit(*args, **kwargs)
    assert torch.equal(before[0], torch.random.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_fitted_attributes_are_no_tensors(case):
    found = dict(fitted_attributes(case[3]))
    assert found
    for name, value in found.items():
        values = value if isinstance(value, (tuple, list)) else [value]
        assert not any(isinstance(v, torch.Tensor) for v in values), name
        if isinstance(value, WordVectors):
            assert type(value.vectors) is np.ndarray, name


# -- fitted --------------------------------------------------------------------------------------


def test_not_fitted(case):
    estimator = clone(case[0])
    arguments = dict.fromkeys(METHODS, (SOURCE,))
    arguments.update(score=(SOURCE, TARGET), induce_lexicon=())
    for name, args in arguments.items():
        if hasattr(estimator, name):
            with pytest.raises(NotFittedError):
                getattr(estimator, name)(*args)


def test_answers_do_not_change_the_estimator(case):
    fitted = pickle.loads(pickle.dumps(case[3]))  # which nobody has asked anything
    attributes = set(vars(fitted))
    before = answers(fitted)
    assert_same(answers(fitted), before)
    assert set(vars(fitted)) == attributes


def test_answer_of_a_word_does_not_depend_on_the_others(case):
    fitted = case[3]
    words = SOURCE[:6]
    together = fitted.transform(words)
    alone = np.vstack([fitted.transform([word]) for word in words])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_pickle(case):
    fitted = case[3]
    assert_same(answers(pickle.loads(pickle.dumps(fitted))), answers(fitted))


def test_read_only_memory_maps(case, tmp_path):
    """What a joblib worker gets: every array mapped from a file that it may not write to."""
    estimator, args, kwargs, fitted = case
    joblib.dump((estimator, args, kwargs, fitted), tmp_path / "case.joblib")
    mapped = joblib.load(tmp_path / "case.joblib", mmap_mode="r")
    assert_same(answers(mapped[3]), answers(fitted))
    assert_same(answers(mapped[0].fit(*mapped[1], **mapped[2])), answers(fitted))


def test_memory_mapped_vectors_stay_on_disk(parts, tmp_path):
    spaces = []
    for side, words in zip(parts["spaces"], (SOURCE, TARGET), strict=True):
        path = tmp_path / f"{words[0]}.npy"
        np.save(path, side.vectors)
        mapped = np.load(path, mmap_mode="r")
        spaces.append(WordVectors(words, mapped))
        assert np.shares_memory(spaces[-1].vectors, mapped)
    translator = WordTranslator(*spaces).fit(SOURCE, TARGET)
    expected = WordTranslator(*parts["spaces"]).fit(SOURCE, TARGET)
    assert_same(answers(translator), answers(expected))
    passed = WordTranslator(*spaces, "passthrough").fit()
    assert np.shares_memory(passed.target_vectors_.vectors, mapped)


def test_bare_string_names_the_way_out(case):
    fitted = case[3]
    for name in METHODS:
        if hasattr(fitted, name):
            with pytest.raises(TypeError, match=r"'house'.*\['house'\]"):
                getattr(fitted, name)("house")
