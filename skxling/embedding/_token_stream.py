"""The token stream of skip-gram training, in chunks."""

from typing import NamedTuple

import numpy as np
import torch

from skxling.functional.sampling import sample_negatives, sample_windows
from skxling.utils import to_tensor

TOKENS_PER_READ = 2**20


class Chunk(NamedTuple):
    """A run of tokens that is learned from at once.

    Attributes
    ----------
    tokens : Tensor of shape (n_tokens + 2 * window,), dtype int64
        Word ids, with `window` neighbours at both ends; `n_tokens` is a multiple of the block.

    left, right : Tensor of shape (n_tokens,), dtype int64
        How many tokens before and after each token are its contexts; 0 for padding.

    negatives : Tensor of shape (n_blocks, n_shared), dtype int64
        Word ids of each block's negatives.

    n_read : int
        Tokens of the corpus read up to the end of this chunk, before subsampling.
    """

    tokens: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    negatives: torch.Tensor
    n_read: int


def _spans(offsets, n_tokens):
    """Spans of whole sentences with about this many tokens."""
    first, n_sentences = 0, len(offsets) - 1
    while first < n_sentences:
        last = int(np.searchsorted(offsets, offsets[first] + n_tokens, side="left"))
        last = min(max(last, first + 1), n_sentences)
        yield first, last
        first = last


def token_chunks(corpus, *, keep, noise, window, chunk_size, block, n_shared, generator):
    """Read the corpus once, subsample it, and cut it into chunks.

    Parameters
    ----------
    corpus : EncodedCorpus
        Sentences as ids, in the order in which they are learned.

    keep : Tensor of shape (n_words,)
        Probability with which an occurrence of each word is kept.

    noise : Tensor of shape (n_words,)
        Cumulative distribution of the negatives.

    window, chunk_size, block, n_shared : int
        Largest window; tokens of a chunk (a multiple of `block`); tokens of a block; negatives
        of a block.

    generator : torch.Generator
        Source of randomness, on the device of `keep`.

    Yields
    ------
    chunk : Chunk
        The last one of each read has fewer tokens.
    """
    device = keep.device
    for first, last in _spans(corpus.offsets, TOKENS_PER_READ):
        begin, end = int(corpus.offsets[first]), int(corpus.offsets[last])
        ids = to_tensor(corpus.ids[begin:end], device=device).long()
        lengths = to_tensor(np.diff(corpus.offsets[first : last + 1]), device=device)
        sentence = torch.repeat_interleave(lengths)
        kept = torch.rand(len(ids), generator=generator, device=device) < keep[ids]
        ids, sentence = ids[kept], sentence[kept]
        left, right = sample_windows(sentence, window, generator=generator)

        n_kept = len(ids)
        n_blocks = -(-n_kept // block)
        n_padding = n_blocks * block - n_kept
        ids = torch.nn.functional.pad(ids, (window, window + n_padding))
        left = torch.nn.functional.pad(left, (0, n_padding))
        right = torch.nn.functional.pad(right, (0, n_padding))
        negatives = sample_negatives(noise, n_blocks * n_shared, generator=generator)
        negatives = negatives.view(n_blocks, n_shared)
        for start in range(0, n_blocks * block, chunk_size):
            stop = min(start + chunk_size, n_blocks * block)
            yield Chunk(
                ids[start : stop + 2 * window],
                left[start:stop],
                right[start:stop],
                negatives[start // block : stop // block],
                begin + (end - begin) * min(stop, n_kept) // n_kept,
            )
