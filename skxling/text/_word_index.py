"""Ids of words while a corpus is read."""

import numpy as np

# New words are merged into the many that are known once there are so many, or a sixteenth of these
MIN_MERGED, MERGED_SHARE = 2**14, 1 / 16


class WordIndex:
    """Give each word an id, in the order in which they first appear.

    A dictionary does the same, but of millions of words that occur once it would be the largest
    thing in memory. Here a word takes 16 bytes and its letters. Words are told apart by Python's
    64-bit hash of their letters, which is another one in each process: among ten million words, two
    are taken for one with a probability of 3e-6.

    Attributes
    ----------
    n_words : int
        Number of words so far.
    """

    def __init__(self):
        self.n_words = 0
        self._known, self._recent = _SortedMap(), _SortedMap()
        self._texts, self._lengths = [], [np.zeros(0, dtype=np.int32)]

    def encode(self, tokens):
        """Ids of tokens; a new word takes the next id.

        Parameters
        ----------
        tokens : list of str of length n_tokens
            Words.

        Returns
        -------
        ids : ndarray of shape (n_tokens,), dtype int32

        Raises
        ------
        ValueError
            If a word holds a lone surrogate.
        """
        words = list(dict.fromkeys(tokens))
        hashes = np.fromiter(map(hash, words), dtype=np.int64, count=len(words))
        ids = np.maximum(self._known.find(hashes), self._recent.find(hashes))
        new = np.flatnonzero(ids < 0)
        ids[new] = np.arange(self.n_words, self.n_words + len(new))
        self._recent.insert(hashes[new], ids[new])
        self._keep([words[i] for i in new])
        if len(self._recent.keys) > max(MIN_MERGED, MERGED_SHARE * len(self._known.keys)):
            self._known.insert(self._recent.keys, self._recent.values)
            self._recent = _SortedMap()
        id_of = dict(zip(words, ids.tolist(), strict=True)).__getitem__
        return np.fromiter(map(id_of, tokens), dtype=np.int32, count=len(tokens))

    def _keep(self, words):
        """Keep new words, as one string: many small ones would leave memory in pieces."""
        text = "".join(words)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"A word holds {text[error.start]!r}, half a character, which no file can hold. "
                "Decode the corpus's bytes as UTF-8, not with errors='surrogateescape'."
            ) from error
        self.n_words += len(words)
        self._texts.append(text)
        self._lengths.append(np.fromiter(map(len, words), dtype=np.int32, count=len(words)))

    def text(self, ids):
        """Words of some ids, end to end.

        Parameters
        ----------
        ids : ndarray of shape (n,), dtype int
            Ids below `n_words`.

        Returns
        -------
        text : str
            Their letters.

        lengths : ndarray of shape (n,), dtype int32
            How many of them each word has.
        """
        text, lengths = "".join(self._texts), np.concatenate(self._lengths)
        ends = np.cumsum(lengths, dtype=np.int64)
        begins = ends - lengths
        spans = zip(begins[ids].tolist(), ends[ids].tolist(), strict=True)
        return "".join(text[begin:end] for begin, end in spans), lengths[ids]


class _SortedMap:
    """Numbers and what belongs to them, looked up by bisection."""

    def __init__(self):
        self.keys, self.values = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)

    def find(self, keys):
        """Values of keys, -1 for those that are not there."""
        if len(self.keys) == 0:
            return np.full(len(keys), -1, dtype=np.int32)
        place = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.values[place], -1)

    def insert(self, keys, values):
        """Add keys that are not there yet."""
        order = np.argsort(keys)
        keys, values = keys[order], values[order]
        place = np.searchsorted(self.keys, keys)
        self.keys = np.insert(self.keys, place, keys)
        self.values = np.insert(self.values, place, values)
