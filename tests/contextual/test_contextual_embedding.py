import ast
import inspect
import pickle
import sys
import textwrap
from itertools import count, islice

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils import get_tags

from skxling.contextual import ContextualEmbedding
from skxling.contextual import _contextual_embedding as module
from skxling.contextual._encoder import pool_pieces

SENTENCES = [
    ["The", "cat", "sees", "the", "unhappy", "dog"],
    ["die", "katze"],
    [],
    ["hund", "x", "sieht", "katze", "läuft"],
]


def make(folder, **kwargs):
    return ContextualEmbedding(folder, **{"layers": None, "device": "cpu", **kwargs})


def reference(folder, words, pooling="mean"):
    """The vectors of one sentence in float64, by the tokenizer's own word ids."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float64).eval()
    encoded = tokenizer(words, is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**encoded, output_hidden_states=True).hidden_states
    word_ids = np.array([-1 if i is None else i for i in encoded.word_ids()])
    layers = np.stack([state[0].numpy() for state in states])
    rows = [layers[:, word_ids == i] for i in range(len(words))]
    return np.stack([r[:, 0] if pooling == "first" else r.mean(axis=1) for r in rows], axis=1)


# -- what comes out ------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_equals_reference(model_folder, pooling):
    found = make(model_folder, pooling=pooling).transform(SENTENCES)
    for words, vectors in zip(SENTENCES, found, strict=True):
        assert vectors.shape == (3, len(words), 12)
        assert vectors.dtype == np.float32
        if words:
            expected = reference(model_folder, words, pooling)
            np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert np.abs(found[0]).max() > 0.1


def test_the_same_word_has_another_vector_in_another_sentence(model_folder):
    _, katze, _, longer = make(model_folder).transform(SENTENCES)
    assert np.abs(katze[1:, 1] - longer[1:, 3]).max() > 0.01


def test_layers(model_folder):
    every = make(model_folder).transform(SENTENCES[:1])[0]
    chosen = make(model_folder, layers=[-1, 0, -3, 2]).transform(SENTENCES[:1])[0]
    np.testing.assert_array_equal(chosen, every[[2, 0, 0, 2]])
    assert make(model_folder, layers=(-1, -3)).fit().layers_ == [2, 0]


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_batches_do_not_matter(model_folder, batch_size):
    rng = np.random.default_rng(0)
    words = ["cat", "dog", "unhappy", "x", "läuft"]
    sentences = [rng.choice(words, size=n).tolist() for n in rng.integers(0, 40, size=30)]
    expected = [make(model_folder).transform([sentence])[0] for sentence in sentences]
    found = make(model_folder, batch_size=batch_size).transform(sentences)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_half_precision(model_folder):
    expected = make(model_folder).transform(SENTENCES)
    for dtype, atol in (("bfloat16", 0.2), ("float16", 0.03)):
        found = make(model_folder, dtype=dtype).transform(SENTENCES)
        for one, other in zip(found, expected, strict=True):
            assert one.dtype == np.float32
            np.testing.assert_allclose(one, other, atol=atol)
        assert np.abs(found[0] - expected[0]).max() > 1e-4  # it did compute in half precision


@pytest.mark.parametrize("device", ["cuda"], indirect=True)
def test_cuda_equals_cpu(model_folder, device):
    found = make(model_folder, device=str(device)).transform(SENTENCES)
    for one, other in zip(found, make(model_folder).transform(SENTENCES), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


# -- words and sentences that are out of the ordinary --------------------------------------------


def test_cased_text_stays_cased(model_folder):
    (vectors,) = make(model_folder, layers=[0]).transform([["The", "the"]])
    (swapped,) = make(model_folder, layers=[0]).transform([["the", "the"]])
    assert np.abs(vectors[0, 0] - swapped[0, 0]).max() > 0.01
    np.testing.assert_array_equal(vectors[0, 1], swapped[0, 1])


def test_words_without_pieces_have_zeros(model_folder):
    words = ["", "cat", "\u200b\x00", "dog", " "]
    (vectors,) = make(model_folder).transform([words])
    assert not vectors[:, [0, 2, 4]].any()
    # and the others do not notice
    (expected,) = make(model_folder).transform([["cat", "dog"]])
    np.testing.assert_allclose(vectors[:, [1, 3]], expected, atol=1e-6)
    for pooling in ("mean", "first"):
        (nothing,) = make(model_folder, pooling=pooling).transform([["", "\u200b"]])
        assert nothing.shape == (3, 2, 12)
        assert not nothing.any()


def test_words_with_white_space_are_one_word(model_folder):
    assert make(model_folder).transform([["the cat", "dog"]])[0].shape == (3, 2, 12)


def test_unknown_words_have_the_vector_of_unknown(model_folder):
    (vectors,) = make(model_folder, layers=[0]).transform([["猫", "cat"]])
    (other,) = make(model_folder, layers=[0]).transform([["犬", "cat"]])
    assert vectors.any()
    np.testing.assert_array_equal(vectors, other)


def test_empty_sentences_and_corpora(model_folder):
    embedding = make(model_folder)
    assert embedding.transform([]) == []
    assert [v.shape for v in embedding.transform([[], []])] == [(3, 0, 12)] * 2


def test_strings_files_and_iterables(model_folder, tmp_path):
    expected = make(model_folder).transform(SENTENCES)
    lines = [" ".join(words) for words in SENTENCES]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for X in (lines, path, str(path), iter(SENTENCES)):
        found = make(model_folder).transform(X)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


# -- windows -------------------------------------------------------------------------------------


def test_long_sentences_lose_no_word(model_folder):
    words = ["cat", "dog", "unhappy", "", "läuft", "x"] * 20
    (vectors,) = make(model_folder, overlap=4).transform([words])
    assert vectors.shape == (3, 120, 12)
    assert vectors[:, [bool(word) for word in words]].any(axis=2).all()
    # layer 0 knows positions but no context: the first window is as the beginning alone
    (beginning,) = make(model_folder).transform([words[:5]])
    np.testing.assert_allclose(vectors[0, :5], beginning[0], atol=1e-6)


def test_windows_give_what_their_words_give_alone(model_folder):
    """Without overlap a long sentence is its windows, each on its own."""
    words = ["cat", "dog", "the", "die", "katze"] * 6  # 30 pieces
    (vectors,) = make(model_folder, max_length=12, overlap=0).transform([words])
    alone = make(model_folder).transform([words[:10], words[10:20], words[20:]])
    np.testing.assert_allclose(vectors, np.concatenate(alone, axis=1), atol=1e-5)
    # with overlap words near a cut have more context
    (overlapping,) = make(model_folder, max_length=12, overlap=4).transform([words])
    np.testing.assert_allclose(overlapping[:, :8], vectors[:, :8], atol=1e-5)
    assert np.abs(overlapping[1:, 10] - vectors[1:, 10]).max() > 0.01


def test_a_word_longer_than_a_window_has_its_beginning(model_folder):
    (vectors,) = make(model_folder).transform([["cat", "x" * 60, "dog"]])
    (short,) = make(model_folder).transform([["x" * 14]])
    assert vectors.any(axis=2).all()
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(vectors[:, 1], short[:, 0], atol=1e-5)


# -- streaming and cache -------------------------------------------------------------------------


def test_iterables_are_read_as_far_as_needed(model_folder):
    read = []

    def endless():
        for i in count():
            read.append(i)
            yield ["cat", "dog"]

    embedding = make(model_folder, batch_size=2)
    found = list(islice(embedding.iter_transform(endless()), 40))
    assert len(found) == 40
    assert len(read) <= 64


def test_memory_computes_once_and_notices_changes(tmp_path, save_model, monkeypatch):
    folder = save_model(tmp_path / "model")
    calls = []
    load = module.load_encoder

    class Counting:
        def __init__(self, encoder):
            self.encoder = encoder

        def __getattr__(self, name):
            if name == "embed":
                calls.append(name)
            return getattr(self.encoder, name)

    monkeypatch.setattr(module, "load_encoder", lambda *args: Counting(load(*args)))
    embedding = make(folder, memory=str(tmp_path / "cache"))
    first = embedding.transform(SENTENCES)
    for again in (embedding, clone(embedding)):
        for one, other in zip(again.transform(SENTENCES), first, strict=True):
            np.testing.assert_array_equal(one, other)
    assert len(calls) == 1
    clone(embedding).set_params(pooling="first").transform(SENTENCES)
    embedding.transform(SENTENCES[:2])
    assert len(calls) == 3
    save_model(folder, initializer_range=0.4)
    changed = embedding.transform(SENTENCES)
    assert len(calls) == 4
    assert np.abs(changed[0] - first[0]).max() > 0.01


# -- an estimator like others --------------------------------------------------------------------


def test_constructor_only_assigns():
    tree = ast.parse(textwrap.dedent(inspect.getsource(ContextualEmbedding.__init__)))
    assigned = [ast.unparse(statement) for statement in tree.body[0].body]
    parameters = inspect.signature(ContextualEmbedding).parameters
    assert assigned == [f"self.{name} = {name}" for name in parameters]
    assert set(ContextualEmbedding._parameter_constraints) == set(parameters)


def test_fit_checks_and_transform_needs_none(model_folder):
    embedding = make(model_folder)
    assert embedding.fit() is embedding
    assert (embedding.layers_, embedding.n_components_) == ([0, 1, 2], 12)
    assert not get_tags(embedding).requires_fit
    found = embedding.transform(SENTENCES)
    for other in (clone(embedding), pickle.loads(pickle.dumps(embedding))):
        for one, expected in zip(other.transform(SENTENCES), found, strict=True):
            np.testing.assert_array_equal(one, expected)


def test_pickle_holds_no_model(model_folder):
    embedding = make(model_folder).fit()
    embedding.transform(SENTENCES)
    assert len(pickle.dumps(embedding)) < 2000


# -- errors --------------------------------------------------------------------------------------


def test_missing_folders_say_how_to_pass_one(tmp_path):
    for model in (tmp_path / "none", "./none", "a/b/c", str(tmp_path / "none")):
        with pytest.raises(OSError, match=r"names no folder.*save_pretrained"):
            ContextualEmbedding(model).fit()
    with pytest.raises(OSError, match=r"no config\.json in it.*save_pretrained"):
        next(ContextualEmbedding(tmp_path).iter_transform([["a"]]))


def test_no_network_says_how_to_pass_a_folder(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    pytest.importorskip("transformers")
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match=r"'no-such-model' cannot be loaded.*pass a folder"):
        ContextualEmbedding("no-such-model").fit()


def test_no_transformers_names_the_extra(model_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"pip install 'skxling\[contextual\]'"):
        make(f"{model_folder}/").fit()  # by another name, so that it is not in memory yet


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layers": [3]}, r"`layers` has 3.*0 \(input embeddings\) to 2, or -3 to -1"),
        ({"layers": [-4]}, "`layers` has -4"),
        ({"layers": [0.5]}, r"`layers` has 0\.5"),
        ({"layers": []}, "`layers` is empty"),
        ({"max_length": 17}, "`max_length` must be from 3 to 16.*Got 17"),
        ({"max_length": 2}, "`max_length` must be from 3 to 16.*Got 2"),
        ({"pooling": "max"}, "'pooling' parameter"),
        ({"dtype": "float64"}, "'dtype' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"device": "tpu0"}, "`device` must be"),
    ],
)
def test_wrong_parameters(model_folder, params, message):
    for use in (lambda e: e.fit(), lambda e: e.transform(SENTENCES)):
        with pytest.raises(ValueError, match=message):
            use(make(model_folder, **params))


def test_sentences_that_are_none(model_folder):
    with pytest.raises(FileNotFoundError, match="a list of sentences"):
        make(model_folder).transform("the cat")
    with pytest.raises(TypeError, match=r"X\[0\].*int"):
        make(model_folder).transform([3])
    with pytest.raises(TypeError, match="Tokens must be str"):
        make(model_folder).transform([["cat", 3]])


# -- pooling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_pool_pieces(pooling):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(2, 6, 3))
    bounds = np.array([1, 3, 3, 4])
    found = pool_pieces(torch.from_numpy(hidden), bounds, pooling).numpy()
    two = hidden[:, 1] if pooling == "first" else hidden[:, 1:3].mean(axis=1)
    expected = np.stack([two, np.zeros((2, 3)), hidden[:, 3]], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
