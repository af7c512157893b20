"""Input vectors of skip-gram: word rows, n-gram rows, and the words composed of them."""

import numpy as np
import torch

from skxling.functional.segments import clip_rows, gather_mean
from skxling.text import subword_ids
from skxling.utils import to_tensor


class SubwordTable:
    """Rows of words and n-grams, and the composed word vectors that training reads and steps.

    A word's vector is the mean of its own row and its n-grams' rows. Training steps the composed
    vectors; `push_down` hands what they have gained to the rows they are made of, and composes
    the words anew. A vector is linear in its rows, so what waits in between is not lost. Only
    buckets that some word uses have a row.

    Parameters
    ----------
    words : list of str of length n_words
        The vocabulary.

    n_components : int
        Dimension.

    min_n, max_n, bucket : int
        Lengths of n-grams, and the hash's range. With `max_n=0` a word is its own row alone.

    generator : torch.Generator
        Draws the initial rows, uniform within 1 / n_components of zero; the table is on its
        device.

    Attributes
    ----------
    composed : Tensor of shape (n_words, n_components)
        One vector per word.

    rows : Tensor of shape (n_words + n_buckets, n_components)
        Rows of the words, then of the n-grams.

    buckets : ndarray of shape (n_buckets,), dtype int64
        The hash of each n-gram row, ascending.
    """

    def __init__(self, words, n_components, *, min_n, max_n, bucket, generator):
        n_words, device = len(words), generator.device
        ids, offsets = subword_ids(words, min_n=min_n, max_n=max_n, bucket=bucket)
        self.buckets, ngrams = np.unique(ids, return_inverse=True)
        self.rows = torch.empty(n_words + len(self.buckets), n_components, device=device)
        self.rows.uniform_(-1 / n_components, 1 / n_components, generator=generator)
        self.composed = self.rows
        self.has_ngrams = len(self.buckets) > 0
        if not self.has_ngrams:
            return
        # the rows of a word: its own one first, then its n-grams', in entries of a CSR matrix
        entries = np.insert(n_words + ngrams, offsets[:-1], np.arange(n_words))
        offsets = offsets + np.arange(n_words + 1)
        words_of_entries = np.repeat(np.arange(n_words), np.diff(offsets))
        by_row = np.argsort(entries, kind="stable")  # the same matrix, transposed
        self._entries = to_tensor(entries, device=device)
        self._offsets = to_tensor(offsets, device=device)
        self._row_of = to_tensor(entries[by_row], device=device)
        self._word_of = to_tensor(words_of_entries[by_row], device=device)
        self.composed = gather_mean(self.rows, self._entries, self._offsets)
        self._base = self.composed.clone()  # the composed vectors after the last push

    def push_down(self, max_norm):
        """Hand the steps of the composed words to their rows, and compose these words anew.

        Each row of a word takes the whole step, as in fastText, so a row's step is the sum of
        its words' steps.

        Parameters
        ----------
        max_norm : float
            Longer steps of a row are shortened to this norm: an ending that thousands of words
            share would otherwise overshoot.
        """
        if not self.has_ngrams:
            return
        gained = self.composed - self._base
        is_touched = (gained != 0).any(dim=1)
        chosen = is_touched[self._word_of]
        rows, counts = torch.unique_consecutive(self._row_of[chosen], return_counts=True)
        steps = torch.nn.functional.embedding_bag(
            self._word_of[chosen], gained, counts.cumsum(0) - counts, mode="sum"
        )
        self.rows.index_add_(0, rows, clip_rows(steps, max_norm))
        touched = is_touched.nonzero().squeeze(1)
        fresh = self._compose(touched)
        self.composed.index_copy_(0, touched, fresh)
        self._base.index_copy_(0, touched, fresh)

    def compose_all(self):
        """Compose every word anew from its rows."""
        if self.has_ngrams:
            self.composed.copy_(gather_mean(self.rows, self._entries, self._offsets))
            self._base.copy_(self.composed)

    def _compose(self, words):
        begins = self._offsets[words]
        lengths = self._offsets[words + 1] - begins
        ends = lengths.cumsum(0)
        shift = torch.repeat_interleave(begins - ends + lengths, lengths)
        entries = self._entries[torch.arange(len(shift), device=shift.device) + shift]
        offsets = torch.nn.functional.pad(ends, (1, 0))
        return gather_mean(self.rows, entries, offsets)
