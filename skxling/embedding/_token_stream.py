"""The token stream of skip-gram training: reads of the corpus, cut into chunks."""

from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import pad

from skxling.embedding._subword_table import Loan
from skxling.functional.sampling import (
    keep_probability,
    noise_distribution,
    sample_negatives,
    sample_windows,
)
from skxling.functional.segments import DistinctRows, Segments, distinct_rows, group_rows
from skxling.functional.skipgram import context_mask
from skxling.text._corpus import MAX_SENTENCE
from skxling.utils import to_tensor

# Neighbouring tokens whose contexts are scored by one product: few are less work, more of them keep
# a GPU busy.
BLOCK_ON_CPU, BLOCK = 8, 16
GROUP = 64  # neighbouring tokens that share their negatives


class Chunking(NamedTuple):
    """How tokens are learned from together.

    Attributes
    ----------
    chunk : int
        Tokens of a chunk, a multiple of `group`: they all step at once.

    group : int
        Neighbouring tokens that share their negatives, a multiple of `block`.

    block : int
        Neighbouring tokens whose contexts are scored together.

    n_shared : int
        Negatives of a group.

    negative : int
        Independent negatives per pair of token and context that these stand for.

    window : int
        Largest number of contexts on each side.
    """

    chunk: int
    group: int
    block: int
    n_shared: int
    negative: int
    window: int


class Chunk(NamedTuple):
    """A run of tokens that is learned from at once.

    Attributes
    ----------
    centres : Tensor of shape (window + n_tokens + window,), dtype int32
        The tokens, and neighbours at both ends, as places in the words of the read's loan, or as
        word ids where it has none; `n_tokens` is a multiple of the group.

    contexts : Tensor of shape (window + n_tokens + window,), dtype int32
        The same as word ids.

    negatives : Tensor of shape (n_groups, n_shared), dtype int32
        Word ids of each group's negatives.

    mask : Tensor of shape (n_blocks, block, 2 * window + 1), dtype bool
        The pairs of a token and a context, of `context_mask`, both within the chunk.

    weight : Tensor of shape (n_tokens,), dtype float32
        Weight of each token's negatives: 0 for padding.

    inputs : DistinctRows
        What the centres are, each once, and the tokens that are it.

    outputs : DistinctRows
        Word ids of contexts and negatives, each once, and the rows that have it: the contexts
        are rows `window` to `window + n_tokens`, the negatives come `window` rows later.

    n_read : int
        Tokens of the corpus up to the end of this chunk, before subsampling.
    """

    centres: torch.Tensor
    contexts: torch.Tensor
    negatives: torch.Tensor
    mask: torch.Tensor
    weight: torch.Tensor
    inputs: DistinctRows
    outputs: DistinctRows
    n_read: int


class Read(NamedTuple):
    """A part of the corpus.

    Attributes
    ----------
    loan : Loan or None
        The distinct words that are learned from. None: all words.

    chunks : list of Chunk
        Their tokens; the last chunk may be shorter. Empty where subsampling left no token.

    last : int
        Sentences of the corpus up to the end of this read.

    generator : Tensor
        State of the generator after this read was drawn.
    """

    loan: Loan | None
    chunks: list
    last: int
    generator: torch.Tensor


class TokenStream:
    """A corpus as skip-gram learns it: subsampled, with windows and negatives, in chunks.

    Parameters
    ----------
    corpus : EncodedCorpus
        Sentences as ids, in the order in which they are learned.

    counts : ndarray of shape (n_words,)
        How often each word occurs.

    sample, ns_exponent, negative, window, batch_size
        Parameters of JointSkipGram.

    chunk : int
        Tokens of a chunk where `batch_size` is "auto"; fewer of a small corpus.

    n_shared : int
        Negatives that neighbouring tokens share.

    tokens_per_read : int
        Tokens of a read, before subsampling; fewer of a small corpus, and more where `batch_size`
        is a number that asks for it.

    prepare : callable or None
        Makes a loan of the distinct words of a read; without one, centres are word ids.

    generator : torch.Generator
        Source of randomness, on the device that the reads are for.

    shard : tuple of (int, int), default=(0, 1)
        Number of this shard, and of all shards: of so many reads in a row, each shard draws one.
        All shards have the same number of reads, so that the last one may be empty.
    """

    def __init__(
        self,
        corpus,
        counts,
        *,
        sample,
        ns_exponent,
        negative,
        window,
        batch_size,
        chunk,
        n_shared,
        tokens_per_read,
        prepare,
        generator,
        shard=(0, 1),
    ):
        self.corpus, self.generator, self.shard = corpus, generator, shard
        self.prepare = prepare
        counts = to_tensor(counts, device=generator.device)
        self.keep = keep_probability(counts, sample)
        self.noise = noise_distribution(counts, ns_exponent)
        self.chunking = Chunking(
            _chunk_tokens(batch_size, chunk, corpus.n_tokens),
            GROUP,
            BLOCK_ON_CPU if generator.device.type == "cpu" else BLOCK,
            n_shared,
            negative,
            min(window, MAX_SENTENCE - 1),  # no context is farther away
        )
        self.window = window
        self.n_kept = float(self.keep @ counts.float())  # expected tokens after subsampling
        self.tokens_per_read = min(tokens_per_read, max(corpus.n_tokens // 50, 1))
        # of the corpus, for a chunk: it ends with its read at the latest
        n_read = self.chunking.chunk * corpus.n_tokens / max(self.n_kept, 1)
        self.tokens_per_chunk = max(1, min(round(n_read), corpus.n_tokens))
        if batch_size != "auto":
            self.tokens_per_read = max(self.tokens_per_read, self.tokens_per_chunk)

    def reads(self, first=0):
        """Go through the corpus once, a read at a time.

        Parameters
        ----------
        first : int, default=0
            Sentence to start with: where an earlier read ended.

        Yields
        ------
        read : Read
        """
        number, n_shards = self.shard
        spans = _spans(self.corpus.offsets, self.tokens_per_read, first)
        while turn := list(islice(spans, n_shards)):
            begin, end = turn[number] if number < len(turn) else (turn[-1][1],) * 2
            # no name for it: nothing here keeps it while the next one is drawn
            yield Read(*self._draw(begin, end), turn[-1][1], self.generator.get_state())

    def _draw(self, first, last):
        """Loan and chunks of some sentences, after subsampling."""
        ids, sentence = self._subsample(first, last)
        words = _distinct(ids, len(self.keep)) if self.prepare else None
        loan = self.prepare(words) if self.prepare else None
        if len(ids) == 0:
            return loan, []
        windows = sample_windows(sentence, self.window, generator=self.generator)
        n_groups = -(-len(ids) // self.chunking.group)
        negatives = sample_negatives(
            self.noise, n_groups, self.chunking.n_shared, generator=self.generator
        ).int()
        span = int(self.corpus.offsets[first]), int(self.corpus.offsets[last])
        return loan, _cut(ids, words, negatives, windows, span, len(self.keep), self.chunking)

    def _subsample(self, first, last):
        """Words that are kept of some sentences, and the sentence of each."""
        offsets, device = self.corpus.offsets, self.keep.device
        ids = to_tensor(self.corpus.ids[offsets[first] : offsets[last]], device=device)
        lengths = to_tensor(np.diff(offsets[first : last + 1]), device=device)
        uniform = torch.rand(len(ids), generator=self.generator, device=device)
        kept = (uniform < self.keep.index_select(0, ids)).nonzero().squeeze(1)
        sentence = torch.repeat_interleave(lengths, output_size=len(ids))
        return ids.index_select(0, kept), sentence.index_select(0, kept)


def _distinct(ids, n_words):
    """Distinct ids in ascending order."""
    occurs = torch.zeros(n_words, dtype=torch.bool, device=ids.device)
    return occurs.index_fill_(0, ids.long(), True).nonzero().squeeze(1)


def _chunk_tokens(batch_size, chunk, n_tokens):
    """Tokens of a chunk: a multiple of the group, a small share of a small corpus."""
    if batch_size == "auto":
        batch_size = min(chunk, max(256, n_tokens // 500))
    else:
        batch_size = min(batch_size, n_tokens + GROUP)  # no more than there is
    return max(batch_size // GROUP, 1) * GROUP


def _spans(offsets, n_tokens, first):
    """Spans of whole sentences with about this many tokens."""
    n_sentences = len(offsets) - 1
    while first < n_sentences:
        last = int(np.searchsorted(offsets, offsets[first] + n_tokens, side="left"))
        last = min(max(last, first + 1), n_sentences)
        yield first, last
        first = last


def _cut(ids, words, negatives, windows, span, n_words, chunking):
    """Chunks of a read, padded at its ends."""
    chunk, group, block, n_shared, negative, window = chunking
    n_kept, n_tokens = len(ids), len(negatives) * group
    places = ids if words is None else torch.searchsorted(words.int(), ids, out_int32=True)
    ends = (window, window + n_tokens - n_kept)
    centres, contexts = pad(places, ends), pad(ids, ends)
    left, right = _within(chunk, *(pad(reach, (0, n_tokens - n_kept)) for reach in windows))
    mask = context_mask(left, right, block=block, window=window)
    weight = (left + right) * (negative / n_shared)
    starts = torch.arange(0, n_tokens, chunk, dtype=torch.int32, device=ids.device)
    after_contexts = (n_tokens - starts).clamp_max(chunk) + 2 * window
    inputs = _rows_by_chunk(
        [(places, chunk, torch.zeros_like(starts))], n_words if words is None else len(words)
    )
    outputs = _rows_by_chunk(
        [
            (ids, chunk, torch.full_like(starts, window)),
            (negatives.flatten(), chunk // group * n_shared, after_contexts),
        ],
        n_words,
    )
    begin, end = span
    chunks = []
    for i, start in enumerate(range(0, n_tokens, chunk)):
        stop = min(start + chunk, n_tokens)
        chunks.append(
            Chunk(
                centres[start : stop + 2 * window],
                contexts[start : stop + 2 * window],
                negatives[start // group : stop // group],
                mask[start // block : stop // block],
                weight[start:stop],
                inputs[i],
                outputs[i],
                begin + (end - begin) * min(stop, n_kept) // n_kept,
            )
        )
    return chunks


def _within(chunk, left, right):
    """Let windows end where their chunk does: a context or two of a few tokens are lost."""
    place = torch.arange(len(left), device=left.device) % chunk
    return torch.minimum(left, place), torch.minimum(right, chunk - 1 - place)


def _rows_by_chunk(parts, n_rows):
    """Group the ids of each chunk, all chunks in one sort.

    `parts` are triples of ids, below `n_rows`, how many of them are a chunk's, and for each chunk
    the row of its first; the others follow in order.
    """
    n_chunks, device = len(parts[0][2]), parts[0][0].device
    # half as many bytes to sort wherever they suffice
    dtype = torch.int32 if n_chunks * n_rows < 2**31 else torch.int64
    keys, rows = [], []
    for ids, per_chunk, first_row in parts:
        entry = torch.arange(len(ids), dtype=torch.int32, device=device)
        chunk = entry // per_chunk
        keys.append(chunk * n_rows + ids if dtype == ids.dtype else chunk.long() * n_rows + ids)
        rows.append(entry - chunk * per_chunk + first_row[chunk])
    keys, first, repeated = distinct_rows(group_rows(torch.cat(keys), torch.cat(rows)))
    index, (places, members, offsets) = (keys % n_rows).long(), repeated
    bounds = torch.arange(n_chunks + 1, dtype=dtype, device=device) * n_rows
    bounds = torch.searchsorted(keys, bounds)
    repeated_bounds = torch.searchsorted(places, bounds)
    member_bounds = offsets[repeated_bounds].tolist()
    bounds, repeated_bounds = bounds.tolist(), repeated_bounds.tolist()
    by_chunk = []
    for i in range(n_chunks):
        distinct = slice(bounds[i], bounds[i + 1])
        begin, end = repeated_bounds[i : i + 2]
        of_chunk = Segments(
            places[begin:end] - bounds[i],
            members[member_bounds[i] : member_bounds[i + 1]],
            offsets[begin : end + 1] - member_bounds[i],
        )
        by_chunk.append(DistinctRows(index[distinct], first[distinct], of_chunk))
    return by_chunk
