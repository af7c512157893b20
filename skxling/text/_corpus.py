"""Corpora: count, balance and encode sentences."""

import os
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np

from skxling.text._array_writer import ArrayWriter
from skxling.text._reading import corpus_paths, tokenize
from skxling.text._vocabulary import Vocabulary
from skxling.text._word_index import WordIndex
from skxling.utils import release_memory, warn_user

TOKENS_PER_BATCH = 2**15
MAX_SENTENCE = 1000  # longer ones are cut: a corpus may be one line, and is yet to be shuffled
BLOCK_SENTENCES, BLOCK_TOKENS = 2**13, 2**18


class EncodedCorpus(NamedTuple):
    """Sentences as token ids, end to end.

    Attributes
    ----------
    ids : ndarray of shape (n_tokens,), dtype int32
        Token ids of all sentences; memory-mapped where the corpus is large.

    offsets : ndarray of shape (n_sentences + 1,), dtype int64
        Sentence `i` is `ids[offsets[i]:offsets[i + 1]]`; memory-mapped where they are many.
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


class CorpusWriter:
    """Append sentences to an encoded corpus, whose arrays are on disk where they are long."""

    def __enter__(self):
        with ExitStack() as stack:
            self.ids = stack.enter_context(ArrayWriter(np.int32))
            self.offsets = stack.enter_context(ArrayWriter(np.int64))
            self._stack = stack.pop_all()
        self.offsets.append(np.zeros(1))
        return self

    def append(self, ids, lengths):
        """Add sentences.

        Parameters
        ----------
        ids : ndarray of shape (n_tokens,)
            Their tokens, end to end.

        lengths : ndarray of shape (n_sentences,)
            How many tokens each has.
        """
        self.offsets.append(self.ids.size + np.cumsum(lengths))
        self.ids.append(ids)

    def finish(self):
        """Give the corpus."""
        return EncodedCorpus(self.ids.finish(), self.offsets.finish())

    def __exit__(self, *exc_info):
        self._stack.close()


def token_batches(corpus, name):
    """Tokens of some sentences at a time, end to end, and how many each sentence has."""
    tokens, lengths = [], []
    for sentence in tokenize(corpus, name):
        tokens += sentence
        lengths.append(len(sentence))
        if len(tokens) >= TOKENS_PER_BATCH:
            yield tokens, np.array(lengths)
            tokens, lengths = [], []
    if lengths:
        yield tokens, np.array(lengths)


def _encode(corpus, index, name, *, max_length=None):
    """Encode a corpus by an index that grows: a new word takes the next id.

    Sentences of more than `max_length` tokens are cut into such of so many.
    """
    with CorpusWriter() as writer:
        for tokens, lengths in token_batches(corpus, name):
            parts = lengths if max_length is None else _cut(lengths, max_length)
            writer.append(index.encode(tokens), parts)
        encoded = writer.finish()
    if encoded.n_tokens == 0:
        raise ValueError(
            f"`{name}` holds no token: {_describe(corpus)} is empty. Give a corpus with one "
            "sentence a line (or list item), tokens separated by white space."
        )
    return encoded


def _cut(lengths, most):
    """Lengths of what sentences are cut into."""
    n_parts = np.maximum(-(-lengths // most), 1)
    parts = np.full(n_parts.sum(), most)
    parts[np.cumsum(n_parts) - 1] = lengths - (n_parts - 1) * most
    return parts


def _describe(corpus):
    return repr(os.fspath(corpus)) if isinstance(corpus, (str, os.PathLike)) else "the corpus"


def _balanced_order(corpora, balance, rng):
    """Sentences to train on, per language: indices, repeated where up-sampled."""
    n_tokens = np.array([corpus.n_tokens for corpus in corpora])
    goal = {"down": n_tokens.min(), "up": n_tokens.max(), None: None}[balance]
    orders = []
    for corpus, n in zip(corpora, n_tokens, strict=True):
        order = np.arange(corpus.n_sentences, dtype=np.int32)
        if goal is not None and n != goal:
            copies, rest = divmod(int(goal), int(n))
            shuffled = order.copy()
            rng.shuffle(shuffled)
            ends = np.cumsum(np.diff(corpus.offsets)[shuffled])
            n_more = np.searchsorted(ends, rest, side="left") + 1 if rest else 0
            order = np.concatenate([np.tile(order, copies), shuffled[:n_more]])
        orders.append(order)
    return orders


def _gather(corpus, order):
    """Ids and sentence lengths of the sentences in this order, a block at a time."""
    for first in range(0, len(order), BLOCK_SENTENCES):
        block = order[first : first + BLOCK_SENTENCES]
        ends = np.cumsum(corpus.offsets[block + 1] - corpus.offsets[block])
        # whole documents may stand in a line: fewer of these at a time
        for part in np.split(block, np.flatnonzero(np.diff(ends // BLOCK_TOKENS)) + 1):
            begins = corpus.offsets[part]
            lengths = corpus.offsets[part + 1] - begins
            shifts = begins + lengths - np.cumsum(lengths)
            yield corpus.ids[np.arange(lengths.sum()) + np.repeat(shifts, lengths)], lengths


def _check_distinct(X, y):
    if isinstance(X, (str, os.PathLike)) and isinstance(y, (str, os.PathLike)):
        same = os.path.isfile(X) and os.path.isfile(y) and os.path.samefile(X, y)
    else:
        same = X is y
    if same:
        warn_user(
            "`X` and `y` are the same corpus: every word will be shared by both languages. Give "
            "the target language's corpus as `y`, or leave `y` out for a monolingual model.",
        )


def encode_corpora(X, y=None, *, min_count=5, balance="down", rng=None):
    """Read one corpus or two, balance them, and encode their shuffled concatenation.

    Parameters
    ----------
    X, y : path, list of paths, list of str or list of list of str
        Source and target corpus; without `y` the corpus of one language. Sentences of more than
        1,000 tokens are cut into such of so many.

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
    if balance not in ("down", "up", None):
        raise ValueError(f"`balance` must be 'down', 'up' or None. Got {balance!r}.")
    names, texts = ("X",), (X,)
    if y is not None:
        _check_distinct(X, y)
        names, texts = ("X", "y"), (X, y)
    for text, name in zip(texts, names, strict=True):
        corpus_paths(text, name)  # a missing file is known before the other side is read
    index = WordIndex()
    raw = [
        _encode(text, index, name, max_length=MAX_SENTENCE)
        for text, name in zip(texts, names, strict=True)
    ]
    shuffler = np.random.RandomState(0) if rng is None else rng
    orders = _balanced_order(raw, balance if len(raw) == 2 else None, shuffler)

    counts = np.zeros((index.n_words, len(raw)), dtype=np.int64)
    for language, (corpus, order) in enumerate(zip(raw, orders, strict=True)):
        for ids, _ in _gather(corpus, order):
            counts[:, language] += np.bincount(ids, minlength=index.n_words)
    vocabulary, new_ids = _count_words(index, counts, min_count)

    joint, order = _join(raw, orders)
    del raw  # what is read twice over is not kept three times
    if rng is not None:
        rng.shuffle(order)
    corpus = _recode(joint, order, new_ids)
    del index, orders, joint, order, new_ids
    release_memory()
    return vocabulary, corpus


def _recode(corpus, order, new_ids):
    """Sentences in this order, with new ids; tokens whose new id is -1 are dropped."""
    with CorpusWriter() as writer:
        for ids, lengths in _gather(corpus, order):
            ids = new_ids[ids]
            known = ids >= 0
            sentence = np.repeat(np.arange(len(lengths)), lengths)
            kept = np.bincount(sentence[known], minlength=len(lengths))
            writer.append(ids[known], kept[kept > 0])
        return writer.finish()


def _count_words(index, counts, min_count):
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
    new_ids = np.full(index.n_words, -1, dtype=np.int32)
    new_ids[order] = np.arange(len(order), dtype=np.int32)
    return Vocabulary._from_text(*index.text(order), counts[order]), new_ids


def _join(corpora, orders):
    """One corpus of all languages' sentences, end to end, and the chosen sentences in it."""
    if len(corpora) == 1:
        return corpora[0], orders[0]
    with CorpusWriter() as writer:
        for corpus in corpora:
            for ids, lengths in _gather(corpus, np.arange(corpus.n_sentences, dtype=np.int32)):
                writer.append(ids, lengths)
        joint = writer.finish()
    return joint, np.concatenate([orders[0], orders[1] + np.int32(corpora[0].n_sentences)])
