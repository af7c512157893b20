"""Decimal numbers in text to float32, many at once."""

import numpy as np

# The commonest form, sign? digit . 1-14 digits, is read by vector operations, eight digits at a
# time in one 64-bit word (Lemire, "Number parsing at a gigabyte per second", 2021, explains the
# trick). Mantissas below 10^15 and powers up to 10^14 are exact in float64, so the one division
# rounds correctly. Every other form goes through float(), one at a time.
_MAX_FRACTION = 14
_POWERS = 10.0 ** np.arange(_MAX_FRACTION + 1)
_CONTROL = bytes(range(32))
_ASCII_ZEROS = np.uint64(0x3030303030303030)


def _eight_digits(words, n_digits):
    """Value of the first `n_digits` (1 to 8) characters of little-endian 64-bit words.

    Returns
    -------
    values : ndarray of uint64
    not_digits : ndarray of uint64
        Nonzero where one of the characters is no digit.
    """
    # shift the first digits to the high end; the zero bytes that follow in count as leading zeros
    shift = np.uint64(64) - (n_digits << np.uint64(3))
    digits = (words << shift) ^ (_ASCII_ZEROS << shift)
    not_digits = ((digits + np.uint64(0x7676767676767676)) | digits) & np.uint64(0x8080808080808080)
    digits = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    digits = (digits * np.uint64(100) + (digits >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (digits * np.uint64(10_000) + (digits >> np.uint64(32))) & np.uint64(
        0xFFFFFFFF
    ), not_digits


def _parse_regular(text, begin, end):
    """Values of the tokens of the commonest form, and which tokens are not of it."""
    characters = np.frombuffer(text, dtype=np.uint8)
    # every byte position as the start of a 64-bit word; unaligned, which numpy's indexing handles
    words = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    negative = characters[begin] == ord("-")
    dot = begin + 1
    dot += negative
    lead = characters[dot - 1] - np.uint8(ord("0"))
    irregular = (characters[dot] != ord(".")) | (lead > 9)
    dot += 1  # the first digit behind the point
    n_fraction = (end - dot).view(np.uint64)  # negative ones wrap around to huge ones
    irregular |= (n_fraction - np.uint64(1)) >= _MAX_FRACTION
    if irregular.any():
        dot[irregular], n_fraction[irregular] = 0, 1  # harmless; the caller overwrites their values

    fraction, not_digits = _eight_digits(words[dot], np.minimum(n_fraction, np.uint64(8)))
    long = np.flatnonzero(n_fraction > 8)
    values = fraction.astype(np.float64)
    if len(long):
        n_rest = n_fraction[long] - np.uint64(8)
        rest, not_digits_either = _eight_digits(words[dot[long] + 8], n_rest)
        values[long] = values[long] * _POWERS[n_rest] + rest
        not_digits[long] |= not_digits_either
    power = _POWERS[n_fraction]
    values += lead * power
    values /= power
    sign = negative.astype(np.uint64) << np.uint64(63)
    bits = values.view(np.uint64)
    bits |= sign  # keeps -0.0 apart from 0.0
    irregular |= not_digits != 0
    return values, irregular


def _parse_one(token):
    """float() of ASCII `token`, without the underscores that Python allows; None if no number."""
    try:
        return None if b"_" in token else float(token)
    except ValueError:
        return None


def _parse_tokens(text, closers):
    """Values of the tokens between successive `closers`, and which are no numbers."""
    begin, end = closers[:-1] + 1, closers[1:]
    values, irregular = _parse_regular(text, begin, end)
    wrong = []
    for i in np.flatnonzero(irregular).tolist():
        value = _parse_one(text[begin[i] : end[i]])
        if value is None:
            wrong.append(i)
        else:
            values[i] = value
    with np.errstate(over="ignore"):  # 1e39 becomes an infinity, which the caller refuses
        return values.astype(np.float32), wrong


def parse_rows(bodies, n_components):
    """Parse rows of numbers.

    Parameters
    ----------
    bodies : list of bytes
        Each row's numbers, separated by blanks.

    n_components : int
        Number of numbers in a row.

    Returns
    -------
    vectors : ndarray of shape (len(bodies), n_components), float32
        Each number rounded to the nearest float64, then to the nearest float32, as `float32(text)`
        does in numpy.

    wrong : ndarray of shape (len(bodies),), bool
        Rows that do not consist of `n_components` numbers; their vectors mean nothing.
    """
    shape = (len(bodies), n_components)
    wrong = np.zeros(len(bodies), dtype=bool)
    text = b"".join((b"\n", b"\n".join(bodies), b"\n", bytes(8)))
    characters = np.frombuffer(text, dtype=np.uint8)[:-8]
    closers = np.flatnonzero(characters <= ord(" "))  # all that ends a token
    if len(closers) == shape[0] * shape[1] + 1:
        line_ends = closers[n_components::n_components]
        if (characters[line_ends] == ord("\n")).all():
            values, wrong_tokens = _parse_tokens(text, closers)
            wrong[np.array(wrong_tokens, dtype=np.int64) // n_components] = True
            return values.reshape(shape), wrong
    # some row has too many or too few numbers, or more than one blank between two of them
    bodies = [b" ".join(body.split()) for body in bodies]
    for i, body in enumerate(bodies):
        has_control = len(body.translate(None, _CONTROL)) < len(body)
        wrong[i] = not body or body.count(b" ") != n_components - 1 or has_control
    vectors = np.zeros(shape, dtype=np.float32)
    kept = np.flatnonzero(~wrong)
    if len(kept):
        vectors[kept], wrong[kept] = parse_rows([bodies[i] for i in kept], n_components)
    return vectors, wrong
