"""Hashed character n-grams (Bojanowski et al. 2017)."""

import numpy as np

FNV_OFFSET = np.uint32(2166136261)
FNV_PRIME = np.uint32(16777619)


def _fnv_step(hashes, byte):
    # fastText's variant of FNV-1a: a byte is a signed char, its sign extended to 32 bits, so
    # that bytes above 127 (any letter outside ASCII) also flip the upper 24 bits
    extended = byte.astype(np.int8).astype(np.int32).view(np.uint32)
    return (hashes ^ extended) * FNV_PRIME


def _marked_bytes(words):
    """UTF-8 bytes of `<word>` for all words, end to end, and where each one starts."""
    # half of a surrogate pair, as from a broken file, is a letter like any other
    encoded = [b"<" + word.encode("utf-8", "surrogatepass") + b">" for word in words]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


def subword_ids(words, *, min_n=3, max_n=6, bucket=2_000_000):
    """Hash the character n-grams of each word into buckets.

    A word is taken between the marks `<` and `>`; all its n-grams of `min_n` to `max_n`
    characters are hashed (32-bit FNV-1a over their UTF-8 bytes, bytes sign-extended, modulo
    `bucket`), so that the ids are those of a fastText model of the same settings. A mark alone
    is no n-gram.

    Parameters
    ----------
    words : sequence of str of length n_words
        The words, without marks.

    min_n, max_n : int, default=3 and 6
        Shortest and longest n-gram, in characters, marks included. `max_n=0` means no n-grams.

    bucket : int, default=2_000_000
        Number of buckets; ids are in [0, bucket).

    Returns
    -------
    ids : ndarray of shape (n_ngrams,), dtype int64
        Buckets of the n-grams of all words: for each start from left to right, shortest first.

    offsets : ndarray of shape (n_words + 1,), dtype int64
        The n-grams of word `i` are `ids[offsets[i]:offsets[i + 1]]`.

    References
    ----------
    .. [1] Bojanowski, Grave, Joulin, Mikolov, "Enriching Word Vectors with Subword
       Information", TACL 2017, section 3.2.

    Examples
    --------
    >>> from skxling.text import subword_ids
    >>> ids, offsets = subword_ids(["as", "was"], min_n=3, max_n=3)
    >>> offsets  # <as as> | <wa was as>
    array([0, 2, 5])
    >>> bool(ids[1] == ids[4])
    True
    """
    n_words = len(words)
    if max_n <= 0 or n_words == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(n_words + 1, dtype=np.int64)
    data, word_offsets = _marked_bytes(words)
    # continuation bytes of UTF-8 are 10xxxxxx: every other byte begins a character
    starts = np.flatnonzero((data & 0xC0) != 0x80)  # (n_chars,)
    char_bounds = np.append(starts, len(data))
    char_offsets = np.searchsorted(starts, word_offsets)  # word -> its first character
    word_of_char = np.repeat(np.arange(n_words), np.diff(char_offsets))
    chars_left = char_offsets[1:][word_of_char] - np.arange(len(starts))  # incl. this one

    hashes = np.full(len(starts), FNV_OFFSET, dtype=np.uint32)
    # one column per length: the n-grams of a start stand side by side, as the order wants
    buckets = np.full((len(starts), max_n), -1, dtype=np.int64)
    for n in range(1, max_n + 1):
        alive = np.flatnonzero(chars_left >= n)
        char = alive + n - 1  # the n-th character of each n-gram
        length = char_bounds[char + 1] - char_bounds[char]
        for b in range(int(length.max(initial=0))):  # at most 4 bytes a character
            has = length > b
            at = alive[has]
            hashes[at] = _fnv_step(hashes[at], data[char_bounds[char[has]] + b])
        if n >= min_n:
            if n == 1:  # a mark alone is no n-gram
                first = char_offsets[:-1][word_of_char[alive]]
                alive = alive[(alive != first) & (chars_left[alive] > 1)]
            buckets[alive, n - 1] = hashes[alive].astype(np.int64) % bucket

    used = buckets >= 0
    per_char = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    return buckets[used], per_char[char_offsets]
