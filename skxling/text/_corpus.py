"""Corpora: count, balance and encode sentences."""

import os
import tempfile
import warnings
from collections import defaultdict
from itertools import accumulate, count, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skxling.text._reading import corpus_paths, tokenize
from skxling.text._vocabulary import Vocabulary
from skxling.utils import release_memory

LINES_PER_READ = 2_000
BLOCK_TOKENS = 2**18
# ids of a corpus stay in memory up to here (4 MiB), beyond it in an unnamed temporary file
MAX_TOKENS_IN_MEMORY = 2**20


class EncodedCorpus(NamedTuple):
    """Sentences as token ids, end to end.

    Attributes
    ----------
    ids : ndarray of shape (n_tokens,), dtype int32
        Token ids of all sentences; memory-mapped where the corpus is large.

    offsets : ndarray of shape (n_sentences + 1,), dtype int64
        Sentence `i` is `ids[offsets[i]:offsets[i + 1]]`.
    """

    ids: np.ndarray
    offsets: np.ndarray

    @property
    def n_tokens(self):
        """Number of tokens."""
        return len(self.ids)

    @property
    def n_sentences(self):
        """Number of sentences."""
        return len(self.offsets) - 1


class _IdWriter:
    """Append int32 ids: to memory first, to an unnamed file once they are many."""

    def __enter__(self):
        self.parts, self.file, self.n_ids = [], None, 0
        return self

    def append(self, ids):
        self.n_ids += len(ids)
        if self.file is None and self.n_ids > MAX_TOKENS_IN_MEMORY:
            self.file = tempfile.TemporaryFile(prefix="skxling-")  # noqa: SIM115
            for part in self.parts:
                part.tofile(self.file)
            self.parts = []
        if self.file is None:
            self.parts.append(ids)
        else:
            ids.tofile(self.file)

    def finish(self):
        if self.file is None:
            return np.concatenate(self.parts) if self.parts else np.zeros(0, dtype=np.int32)
        self.file.flush()
        return np.memmap(self.file, dtype=np.int32, mode="r", shape=(self.n_ids,))

    def __exit__(self, *exc_info):
        if self.file is not None:
            self.file.close()  # what is mapped stays until the map goes


def _encode(corpus, index, name):
    """Encode a corpus by a dictionary that grows: a new token takes the next id."""
    sentences, lengths = tokenize(corpus, name), [np.zeros(1, dtype=np.int64)]
    lookup = index.__getitem__
    with _IdWriter() as writer:
        while batch := list(islice(sentences, LINES_PER_READ)):
            lengths.append(np.fromiter(map(len, batch), dtype=np.int64, count=len(batch)))
            tokens = [token for sentence in batch for token in sentence]
            writer.append(np.fromiter(map(lookup, tokens), dtype=np.int32, count=len(tokens)))
        ids = writer.finish()
    if len(ids) == 0:
        raise ValueError(
            f"`{name}` holds no token: {_describe(corpus)} is empty. Give a corpus with one "
            "sentence a line (or list item), tokens separated by white space."
        )
    return EncodedCorpus(ids, np.cumsum(np.concatenate(lengths)))


def _describe(corpus):
    return repr(os.fspath(corpus)) if isinstance(corpus, (str, os.PathLike)) else "the corpus"


def _balanced_order(corpora, balance, rng):
    """Sentences to train on, per language: indices, repeated where up-sampled."""
    n_tokens = np.array([corpus.n_tokens for corpus in corpora])
    goal = {"down": n_tokens.min(), "up": n_tokens.max(), None: None}[balance]
    orders = []
    for corpus, n in zip(corpora, n_tokens, strict=True):
        order = np.arange(corpus.n_sentences)
        if goal is not None and n != goal:
            copies, rest = divmod(int(goal), int(n))
            shuffled = rng.permutation(corpus.n_sentences)
            ends = np.cumsum(np.diff(corpus.offsets)[shuffled])
            n_more = np.searchsorted(ends, rest, side="left") + 1 if rest else 0
            order = np.concatenate([np.tile(order, copies), shuffled[:n_more]])
        orders.append(order)
    return orders


def _gather(corpus, order):
    """Ids and sentence lengths of the sentences in this order, a block at a time."""
    lengths = np.diff(corpus.offsets)[order]
    ends = np.cumsum(lengths)
    first = 0
    while first < len(order):
        done = ends[first - 1] if first else 0
        last = max(int(np.searchsorted(ends, done + BLOCK_TOKENS, side="right")), first + 1)
        block = lengths[first:last]
        begins = np.cumsum(block) - block
        at = np.arange(block.sum()) + np.repeat(corpus.offsets[order[first:last]] - begins, block)
        yield corpus.ids[at], block
        first = last


def _check_distinct(X, y):
    if isinstance(X, (str, os.PathLike)) and isinstance(y, (str, os.PathLike)):
        X, y = Path(X), Path(y)
        same = X.is_file() and y.is_file() and X.samefile(y)
    else:
        same = X is y
    if same:
        warnings.warn(
            "`X` and `y` are the same corpus: every word will be shared by both languages. Give "
            "the target language's corpus as `y`, or leave `y` out for a monolingual model.",
            UserWarning,
            stacklevel=4,
        )


def encode_corpora(X, y=None, *, min_count=5, balance="down", rng=None):
    """Read one corpus or two, balance them, and encode their shuffled concatenation.

    Parameters
    ----------
    X, y : path, list of paths, list of str or list of list of str
        Source and target corpus; without `y` the corpus of one language.

    min_count : int, default=5
        Words that are rarer in the balanced corpora together are dropped.

    balance : {"down", "up", None}, default="down"
        Draw sentences of the larger side ("down"), or repeat sentences of the smaller side
        ("up"), until both have the same number of tokens (to within a sentence), or leave both
        as they are.

    rng : numpy.random.RandomState, default=None
        Draws and shuffles sentences. None leaves them in order and draws with seed 0.

    Returns
    -------
    vocabulary : Vocabulary
        Words in descending joint count, and their counts per language after balancing.

    corpus : EncodedCorpus
        The balanced sentences of both languages in random order, words below `min_count` left
        out, sentences without a word dropped.
    """
    names, texts = ("X",), (X,)
    if y is not None:
        _check_distinct(X, y)
        names, texts = ("X", "y"), (X, y)
    for text, name in zip(texts, names, strict=True):
        corpus_paths(text, name)  # a missing file is known before the other side is read
    index = defaultdict(count().__next__)
    raw = [_encode(text, index, name) for text, name in zip(texts, names, strict=True)]
    shuffler = np.random.RandomState(0) if rng is None else rng
    orders = _balanced_order(raw, balance if len(raw) == 2 else None, shuffler)

    counts = np.zeros((len(index), len(raw)), dtype=np.int64)
    for language, (corpus, order) in enumerate(zip(raw, orders, strict=True)):
        for ids, _ in _gather(corpus, order):
            counts[:, language] += np.bincount(ids, minlength=len(index))
    vocabulary, new_ids = _count_words(list(index), counts, min_count)

    joint, order = _join(raw, orders)
    if rng is not None:
        order = order[rng.permutation(len(order))]
    corpus = _recode(joint, order, new_ids)
    # most words were rare, and the others lie scattered among them: all move out, and these back in
    text, lengths = "".join(vocabulary.words), [len(word) for word in vocabulary.words]
    counts = vocabulary.counts
    del index, raw, orders, joint, order, vocabulary
    release_memory()
    ends = accumulate(lengths)
    words = [text[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    return Vocabulary(words, counts), corpus


def _recode(corpus, order, new_ids):
    """Sentences in this order, with new ids; tokens whose new id is -1 are dropped."""
    lengths = [np.zeros(1, dtype=np.int64)]
    with _IdWriter() as writer:
        for ids, block in _gather(corpus, order):
            ids = new_ids[ids]
            known = ids >= 0
            sentence = np.repeat(np.arange(len(block)), block)
            kept = np.bincount(sentence[known], minlength=len(block))
            lengths.append(kept[kept > 0])
            writer.append(ids[known])
        return EncodedCorpus(writer.finish(), np.cumsum(np.concatenate(lengths)))


def _count_words(words, counts, min_count):
    """Vocabulary of the words that are frequent enough, and new ids for old (-1: dropped)."""
    total = counts.sum(axis=1)
    # stable, so that words of equal count stay in the order of their first appearance
    order = np.argsort(-total, kind="stable")
    order = order[total[order] >= max(min_count, 1)]
    if len(order) == 0:
        raise ValueError(
            f"No word occurs `min_count`={min_count} times: the most frequent word occurs "
            f"{total.max()} times. Lower `min_count`, or give a larger corpus."
        )
    new_ids = np.full(len(words), -1, dtype=np.int32)
    new_ids[order] = np.arange(len(order), dtype=np.int32)
    return Vocabulary([words[i] for i in order], counts[order]), new_ids


def _join(corpora, orders):
    """One corpus of all languages' sentences, end to end, and the chosen sentences in it."""
    if len(corpora) == 1:
        return corpora[0], orders[0]
    source, target = corpora
    with _IdWriter() as writer:
        for corpus in corpora:
            for start in range(0, corpus.n_tokens, BLOCK_TOKENS):
                writer.append(np.asarray(corpus.ids[start : start + BLOCK_TOKENS]))
        ids = writer.finish()
    offsets = np.concatenate([source.offsets, source.offsets[-1] + target.offsets[1:]])
    return EncodedCorpus(ids, offsets), np.concatenate([orders[0], source.n_sentences + orders[1]])
