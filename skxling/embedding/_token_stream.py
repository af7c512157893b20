"""The token stream of skip-gram training: reads of the corpus, cut into chunks."""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import pad

from skxling.functional.sampling import sample_negatives, sample_windows
from skxling.utils import to_tensor


class Chunk(NamedTuple):
    """A run of tokens that is learned from at once.

    Attributes
    ----------
    tokens : Tensor of shape (n_tokens + 2 * window,), dtype int64
        Word ids, with `window` neighbours at both ends; `n_tokens` is a multiple of the block.

    centres : Tensor of shape (n_tokens,), dtype int64
        The same tokens without the neighbours at the ends, as places in the read's words.

    left, right : Tensor of shape (n_tokens,), dtype int64
        How many tokens before and after each token are its contexts; 0 for padding.

    negatives : Tensor of shape (n_blocks, n_shared), dtype int64
        Word ids of each block's negatives.

    n_read : int
        Tokens of the corpus up to the end of this chunk, before subsampling.
    """

    tokens: torch.Tensor
    centres: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    negatives: torch.Tensor
    n_read: int


class Read(NamedTuple):
    """A part of the corpus.

    Attributes
    ----------
    words : Tensor of shape (n_distinct,), dtype int64
        The distinct words that are learned from, in ascending order.

    chunks : list of Chunk
        Their tokens; the last chunk may be shorter.
    """

    words: torch.Tensor
    chunks: list


def _spans(offsets, n_tokens):
    """Spans of whole sentences with about this many tokens."""
    first, n_sentences = 0, len(offsets) - 1
    while first < n_sentences:
        last = int(np.searchsorted(offsets, offsets[first] + n_tokens, side="left"))
        last = min(max(last, first + 1), n_sentences)
        yield first, last
        first = last


def token_reads(corpus, *, keep, noise, window, tokens_per_read, **chunk_settings):
    """Go through the corpus once, subsampled, a read at a time.

    Parameters
    ----------
    corpus : EncodedCorpus
        Sentences as ids, in the order in which they are learned.

    keep : Tensor of shape (n_words,)
        Probability with which an occurrence of each word is kept.

    noise : Tensor of shape (n_words,)
        Cumulative distribution of the negatives.

    window : int
        Largest window.

    tokens_per_read : int
        Tokens of a read, before subsampling.

    **chunk_settings : dict
        `chunk_size`, `block`, `n_shared` and `generator`: tokens of a chunk (a multiple of
        `block`), tokens of a block, negatives of a block, and the source of randomness on the
        device of `keep`.

    Yields
    ------
    read : Read
    """
    device, generator = keep.device, chunk_settings["generator"]
    place = torch.empty(len(keep), dtype=torch.int64, device=device)  # of a word in its read
    for first, last in _spans(corpus.offsets, tokens_per_read):
        begin, end = int(corpus.offsets[first]), int(corpus.offsets[last])
        ids = to_tensor(corpus.ids[begin:end], device=device).long()
        lengths = to_tensor(np.diff(corpus.offsets[first : last + 1]), device=device)
        sentence = torch.repeat_interleave(lengths)
        kept = torch.rand(len(ids), generator=generator, device=device) < keep[ids]
        ids, sentence = ids[kept], sentence[kept]
        if len(ids) == 0:
            continue
        words = torch.zeros(len(keep), dtype=torch.bool, device=device)
        words = words.index_fill_(0, ids, True).nonzero().squeeze(1)
        place[words] = torch.arange(len(words), device=device)
        windows = sample_windows(sentence, window, generator=generator)
        yield Read(
            words,
            _cut(ids, place[ids], windows, noise, window, (begin, end), **chunk_settings),
        )


def _cut(ids, places, windows, noise, window, span, *, chunk_size, block, n_shared, generator):
    """Chunks of a read, padded at its ends."""
    n_kept = len(ids)
    n_blocks = -(-n_kept // block)
    padding = n_blocks * block - n_kept
    ids = pad(ids, (window, window + padding))
    places, left, right = (pad(values, (0, padding)) for values in (places, *windows))
    negatives = sample_negatives(noise, n_blocks * n_shared, generator=generator)
    negatives = negatives.view(n_blocks, n_shared)
    begin, end = span
    chunks = []
    for start in range(0, n_blocks * block, chunk_size):
        stop = min(start + chunk_size, n_blocks * block)
        chunks.append(
            Chunk(
                ids[start : stop + 2 * window],
                places[start:stop],
                left[start:stop],
                right[start:stop],
                negatives[start // block : stop // block],
                begin + (end - begin) * min(stop, n_kept) // n_kept,
            )
        )
    return chunks
