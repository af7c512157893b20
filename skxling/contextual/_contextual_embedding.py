"""Vectors of words in their sentences, from a transformer."""

import os
from itertools import islice
from numbers import Integral

import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_memory

from skxling.contextual._loading import DTYPES, folder_state, load_encoder
from skxling.text import tokenize
from skxling.text._reading import split_sentences
from skxling.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context

BATCHES_AT_ONCE = 16  # sorted by length together, and cached together


def embed_sentences(sentences, model, state, device, dtype, layers, settings):
    """Vectors of some sentences; a function, so that joblib can cache it."""
    encoder = load_encoder(model, device, dtype)
    return encoder.embed(sentences, layers, **settings)


def gen_sentences(X):
    """Sentences of a corpus, one after the other, as lists of words.

    What `tokenize` takes, and any iterable of sentences.
    """
    if isinstance(X, (str, os.PathLike, list, tuple)):
        return tokenize(X)
    return split_sentences(X)


class ContextualEmbedding(TransformerMixin, BaseEstimator):
    """Compute the vectors of words in their sentences by a transformer.

    A word has another vector in each sentence, and one from each layer. Words are those that are
    given: where the tokenizer splits one into pieces, theirs are made one vector again.

    Read more in the :ref:`User Guide <contextual>`.

    Parameters
    ----------
    model : str or path, default="bert-base-multilingual-cased"
        Name of a model on the Hugging Face hub, or the folder of one that ``save_pretrained``
        wrote, with its tokenizer. Any encoder that transformers knows; of encoder-decoders the
        encoder. It is not trained further.

    layers : sequence of int, default=(-4, -3, -2, -1)
        Hidden states to give, in this order: 0 is the input embeddings, 1 the first layer, and
        negative numbers count from the last, -1. None is all of them.

    pooling : {"mean", "first"}, default="mean"
        A word's vector is the mean of its pieces', or its first piece's.

    max_length : int, default=None
        Pieces that the model reads at once, special ones such as [CLS] and [SEP] included; None is
        what the model can. Longer sentences are cut into windows.

    overlap : int, default=64
        Pieces that two windows share at most. A word in both has its vector from the window in
        which it is farther from the cut. At most half a window is shared.

    batch_size : int, default=32
        Sentences, or windows, that go through the model together.

    dtype : {"float32", "float16", "bfloat16"}, default="float32"
        Precision in which the model computes. What comes out is float32 always.

    memory : str or object with the joblib.Memory interface, default=None
        Keeps vectors on disk, so that the same list of sentences is computed once; a list that
        begins with other sentences is another one. A path names the folder. A model's folder is
        read again when its files change; a name is taken to mean the same model always.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    layers_ : list of int
        The layers, counted from 0, the input embeddings.

    n_components_ : int
        Number of components of a vector, d.

    See Also
    --------
    LayerwiseAligner : Bring such vectors of two languages into one space.

    Notes
    -----
    `transform` needs no `fit`, which does no more than load the model, and so says early whether
    there is one. The two models used last are kept in memory, for all estimators together.

    A word without pieces, such as "" or a control character, has zeros; a word with more
    pieces than a window has those of its beginning. An empty sentence has an array with no words.
    Text is given to the tokenizer as it is: a model with "uncased" in its name lower-cases it
    itself, and cased models want cased text.

    Vectors do not depend on which sentences are computed together, but for rounding.

    Examples
    --------
    >>> from skxling.contextual import ContextualEmbedding
    >>> embedding = ContextualEmbedding("bert-base-multilingual-cased", layers=[-1])
    >>> vectors = embedding.transform([["The", "unbelievable", "cat"]])  # doctest: +SKIP
    >>> vectors[0].shape  # layers, words, components  # doctest: +SKIP
    (1, 3, 768)
    """

    _parameter_constraints: dict = {
        "model": [str, os.PathLike],
        "layers": ["array-like", None],
        "pooling": [StrOptions({"mean", "first"})],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "overlap": [Interval(Integral, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "dtype": [StrOptions(set(DTYPES))],
        "memory": [None, str, HasMethods(["cache"])],
        "device": [str, torch.device],
    }

    def __init__(
        self,
        model="bert-base-multilingual-cased",
        *,
        layers=(-4, -3, -2, -1),
        pooling="mean",
        max_length=None,
        overlap=64,
        batch_size=32,
        dtype="float32",
        memory=None,
        device="auto",
    ):
        self.model = model
        self.layers = layers
        self.pooling = pooling
        self.max_length = max_length
        self.overlap = overlap
        self.batch_size = batch_size
        self.dtype = dtype
        self.memory = memory
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X=None, y=None):
        """Load the model, and check the parameters against it; nothing is learned.

        Parameters
        ----------
        X : None
            Ignored.

        y : None
            Ignored.

        Returns
        -------
        self : ContextualEmbedding

        Raises
        ------
        ImportError
            If transformers is not installed.

        OSError
            If the model is in no folder, and cannot be downloaded.

        ValueError
            If the model lacks a layer of `layers`, or reads fewer pieces than `max_length`.
        """
        encoder = load_encoder(self.model, self.device, self.dtype)
        self._find_settings(encoder)
        self.layers_ = self._find_layers(encoder)
        self.n_components_ = encoder.n_components
        return self

    def transform(self, X):
        """Compute the vectors of the words of sentences.

        Parameters
        ----------
        X : path, list of paths, list of str, list of list of str, or iterable of these sentences
            Sentences: a text file with one a line, strings whose words are separated by white
            space, or lists of words.

        Returns
        -------
        vectors : list of ndarray of shape (n_layers, n_words, n_components), dtype float32
            For each sentence the vectors of its words in every layer of `layers`.

        Raises
        ------
        ImportError, OSError, ValueError
            As of `fit`.

        FileNotFoundError, TypeError
            If X is no corpus.
        """
        return list(self.iter_transform(X))

    def iter_transform(self, X):
        """Compute the vectors of the words of sentences, one sentence after the other.

        Parameters
        ----------
        X : path, list of paths, list of str, list of list of str, or iterable of these sentences
            As for `transform`; iterables are read as far as they are needed.

        Yields
        ------
        vectors : ndarray of shape (n_layers, n_words, n_components), dtype float32
            Of one sentence; no more than ``16 * batch_size`` of them are in memory.
        """
        self._validate_params()
        encoder = load_encoder(self.model, self.device, self.dtype)
        cached = check_memory(self.memory).cache(embed_sentences, ignore=["device"])
        arguments = {
            "model": os.fspath(self.model),
            "state": folder_state(self.model),
            "device": self.device,
            "dtype": self.dtype,
            "layers": self._find_layers(encoder),
            "settings": self._find_settings(encoder),
        }
        sentences = gen_sentences(X)
        while chunk := list(islice(sentences, BATCHES_AT_ONCE * self.batch_size)):
            yield from cached(chunk, **arguments)

    def _find_layers(self, encoder):
        """Layers counted from 0."""
        n_hidden = encoder.n_hidden
        layers = range(n_hidden) if self.layers is None else list(self.layers)
        for layer in layers:
            if not isinstance(layer, Integral) or not -n_hidden <= layer < n_hidden:
                raise ValueError(
                    f"`layers` has {layer!r}, but the hidden states of {self.model!r} are 0 (input "
                    f"embeddings) to {n_hidden - 1}, or {-n_hidden} to -1. Choose among them."
                )
        if not len(layers):
            raise ValueError("`layers` is empty. Name at least one, as in layers=[-1].")
        return [int(layer) % n_hidden for layer in layers]

    def _find_settings(self, encoder):
        """Check the size of windows, and give what the encoder wants to know."""
        n_special = len(encoder.prefix) + len(encoder.suffix)
        longest = encoder.max_length
        length = longest if self.max_length is None else self.max_length
        if not n_special < length <= longest:
            raise ValueError(
                f"`max_length` must be from {n_special + 1} to {longest}, what {self.model!r} can "
                f"read. Got {length}. Leave it out to read as much as possible."
            )
        return {
            "pooling": self.pooling,
            "max_length": length,
            "overlap": min(self.overlap, (length - n_special) // 2),
            "batch_size": self.batch_size,
        }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        return tags
