"""Input vectors of skip-gram: rows of words and of n-grams, and the words composed of them."""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import pad

from skxling.functional.segments import (
    Segments,
    group_rows,
    scale_rows_,
    segment_mean,
    segment_sum,
)
from skxling.text import subword_ids
from skxling.utils import empty, gen_blocks, to_tensor


class Loan(NamedTuple):
    """Some words, and the rows that their vectors are made of and are handed down to.

    Attributes
    ----------
    words : Tensor of shape (n,), dtype int64
        Distinct word ids, ascending.

    members : Segments
        Places in `words`, and the rows of each.

    ngrams : Segments
        Rows of n-grams, and the places in `words` of those that have them.

    blocks : list of tuple of (slice, slice)
        Some of the rows of `ngrams` at a time, and their members.
    """

    words: torch.Tensor
    members: Segments
    ngrams: Segments
    blocks: list


class WordTable:
    """Rows of words, each its own vector.

    Parameters
    ----------
    n_words : int
        Size of the vocabulary.

    n_components : int
        Dimension.

    generator : torch.Generator
        Draws the initial rows, uniform within 1 / n_components of zero; the table is on its
        device.

    Attributes
    ----------
    rows : Tensor of shape (n_words, n_components)
        Rows of the words.

    buckets : ndarray of shape (0,), dtype int64
        No n-gram has a row.
    """

    buckets = np.zeros(0, dtype=np.int64)

    def __init__(self, n_words, n_components, *, generator):
        self.rows = empty(n_words, n_components, device=generator.device)
        self.rows.uniform_(-1 / n_components, 1 / n_components, generator=generator)

    def lend(self, loan, space):
        """Vectors of all words, to be stepped in place; `loan` is None.

        Returns
        -------
        vectors : Tensor of shape (n_words, n_components)
        """
        return self.rows

    def take_back(self, loan, vectors, *, max_norm):
        """Keep what the vectors have become."""

    def compose_all(self, out):
        """Write the vectors of all words to a tensor.

        Parameters
        ----------
        out : Tensor of shape (n_words, n_components)
            On any device; apart from the table.

        Returns
        -------
        out : Tensor
        """
        return out.copy_(self.rows)


class SubwordTable(WordTable):
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
        Lengths of n-grams, and the hash's range.

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
        super().__init__(n_words + len(self.buckets), n_components, generator=generator)
        self._row_bytes = n_components * self.rows.element_size()

    def members(self, words):
        """Rows that some words are made of.

        Parameters
        ----------
        words : Tensor of shape (n,), dtype int64
            Distinct word ids.

        Returns
        -------
        members : Segments
            Places in `words`, and the rows of each.
        """
        begins = self._offsets[words]
        lengths = self._offsets[words + 1] - begins
        offsets = pad(lengths.cumsum(0), (1, 0))
        shift = torch.repeat_interleave(begins - offsets[:-1], lengths)
        members = self._members[torch.arange(len(shift), device=shift.device) + shift]
        return Segments(torch.arange(len(words), device=words.device), members, offsets)

    def prepare(self, words, memory_budget=None):
        """Look up all that it takes to lend some words, before it is their turn.

        Parameters
        ----------
        words : Tensor of shape (n,), dtype int64
            Distinct word ids, ascending.

        memory_budget : int, default=None
            Bytes of steps held at a time when they are handed down. None is 4 MiB on the CPU, where
            so many stay in the cache, and 256 MiB elsewhere.

        Returns
        -------
        loan : Loan
        """
        members = self.members(words)
        place = torch.repeat_interleave(members.index, members.offsets.diff())
        index, places, offsets = group_rows(members.members, place)
        index, offsets = index[len(words) :], offsets[len(words) :]  # the words' own rows are first
        if memory_budget is None:
            memory_budget = 2**22 if words.device.type == "cpu" else 2**28
        rows = list(gen_blocks(len(index), self._row_bytes, memory_budget=memory_budget))
        bounds = offsets[[0, *(block.stop for block in rows)]].tolist()
        blocks = list(zip(rows, map(slice, bounds[:-1], bounds[1:]), strict=True))
        return Loan(words, members, Segments(index, places, offsets), blocks)

    def lend(self, loan, space):
        """Vectors of some words, to be stepped in place and taken back.

        Parameters
        ----------
        loan : Loan
            The words, as `prepare` gives them.

        space : Workspace
            Keeps, under the name "before", what they were until they are taken back.

        Returns
        -------
        vectors : Tensor of shape (n, n_components)
        """
        vectors = self.compose(loan.members)
        self._before = space.empty("before", *vectors.shape).copy_(vectors)
        return vectors

    def take_back(self, loan, vectors, *, max_norm):
        """Hand what lent vectors have gained to the rows.

        Parameters
        ----------
        loan : Loan
            The words that were lent.

        vectors : Tensor of shape (n, n_components)
            Their vectors. Overwritten.

        max_norm : float
            As in `push_down`.
        """
        self.push_down(loan, vectors.sub_(self._before), max_norm=max_norm)
        del self._before

    def compose(self, members):
        """Vectors of some words.

        Parameters
        ----------
        members : Segments
            The rows of each word.

        Returns
        -------
        vectors : Tensor of shape (n, n_components)
        """
        return segment_mean(self.rows, members.members, members.offsets)

    def push_down(self, loan, gained, *, max_norm):
        """Hand what some words have gained to the rows that they are made of.

        Each row of a word takes the whole step, as in fastText, so a row's step is the sum of
        its words' steps.

        Parameters
        ----------
        loan : Loan
            The words.

        gained : Tensor of shape (n, n_components)
            The sum of each word's steps.

        max_norm : float
            Longer steps of an n-gram's row are shortened to this norm: an ending that thousands
            of words share would overshoot.
        """
        self.rows.index_add_(0, loan.words, gained)
        index, places, offsets = loan.ngrams
        for rows, of_rows in loan.blocks:
            bounds = offsets[rows.start : rows.stop + 1] - of_rows.start
            sums = segment_sum(gained, places[of_rows], bounds)
            self.rows.index_add_(0, index[rows], scale_rows_(sums, 1.0, max_norm=max_norm))

    def compose_all(self, out, memory_budget=2**23):
        """Write the vectors of all words to a tensor.

        Parameters
        ----------
        out : Tensor of shape (n_words, n_components)
            On any device; apart from the table.

        memory_budget : int, default=2**23
            Bytes of words composed at a time.

        Returns
        -------
        out : Tensor
        """
        for block in gen_blocks(len(out), self._row_bytes, memory_budget=memory_budget):
            words = torch.arange(block.start, block.stop, device=self.rows.device)
            out[block] = self.compose(self.members(words))
        return out
