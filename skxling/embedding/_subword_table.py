"""Input vectors of skip-gram: rows of words and of n-grams, and the words composed of them."""

import numpy as np
import torch

from skxling.functional.segments import clip_rows, gather_mean, segment_sum
from skxling.text import subword_ids
from skxling.utils import gen_blocks, to_tensor


class SubwordTable:
    """Rows of words and n-grams; a word's vector is the mean of its own row and its n-grams'.

    Training composes the words that it is about to see, steps the composed vectors, and pushes
    what they have gained down to the rows: a vector is linear in its rows, so nothing is lost by
    doing that once for many steps. Only buckets that some word uses have a row.

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
    rows : Tensor of shape (n_words + n_buckets, n_components)
        Rows of the words, then of the n-grams.

    buckets : ndarray of shape (n_buckets,), dtype int64
        The hash of each n-gram row, ascending.
    """

    def __init__(self, words, n_components, *, min_n, max_n, bucket, generator):
        n_words, device = len(words), generator.device
        ids, offsets = subword_ids(words, min_n=min_n, max_n=max_n, bucket=bucket)
        self.buckets, ngrams = np.unique(ids, return_inverse=True)
        # a word's own row comes first, then its n-grams'
        members = np.insert(n_words + ngrams, offsets[:-1], np.arange(n_words))
        self._members = to_tensor(members, device=device)
        self._offsets = to_tensor(offsets + np.arange(n_words + 1), device=device)
        self.rows = torch.empty(n_words + len(self.buckets), n_components, device=device)
        self.rows.uniform_(-1 / n_components, 1 / n_components, generator=generator)

    def compose(self, words):
        """Vectors of some words.

        Parameters
        ----------
        words : Tensor of shape (n,), dtype int64
            Distinct word ids.

        Returns
        -------
        vectors : Tensor of shape (n, n_components)
        """
        members, offsets, _ = self._members_of(words)
        return gather_mean(self.rows, members, offsets)

    def push_down(self, words, gained, max_norm):
        """Hand what some words have gained to the rows that they are made of.

        Each row of a word takes the whole step, as in fastText, so a row's step is the sum of
        its words' steps.

        Parameters
        ----------
        words : Tensor of shape (n,), dtype int64
            Distinct word ids.

        gained : Tensor of shape (n, n_components)
            The sum of each word's steps.

        max_norm : float
            Longer steps of an n-gram's row are shortened to this norm: an ending that thousands
            of words share would overshoot.
        """
        members, _, word_of_member = self._members_of(words)
        is_ngram = members >= len(self._offsets) - 1
        self.rows.index_add_(0, words, gained)
        members, word_of_member = members[is_ngram], word_of_member[is_ngram]
        steps = segment_sum(gained, members, rows=word_of_member)
        self.rows.index_add_(0, steps.index, clip_rows(steps.values, max_norm))

    def compose_all(self, memory_budget=2**28):
        """Vectors of all words.

        Returns
        -------
        vectors : Tensor of shape (n_words, n_components), on the CPU
        """
        n_words, device = len(self._offsets) - 1, self.rows.device
        blocks = gen_blocks(n_words, 32 * self.rows.shape[1] * 4, memory_budget=memory_budget)
        return torch.cat(
            [self.compose(torch.arange(b.start, b.stop, device=device)).cpu() for b in blocks]
        )

    def _members_of(self, words):
        """Rows of some words end to end, their offsets, and the place in `words` of each."""
        begins = self._offsets[words]
        lengths = self._offsets[words + 1] - begins
        offsets = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
        word_of_member = torch.repeat_interleave(lengths)
        shift = (begins - offsets[:-1])[word_of_member]
        members = self._members[torch.arange(len(shift), device=shift.device) + shift]
        return members, offsets, word_of_member
