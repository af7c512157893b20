"""Tags of sentences: checks, IOB2, which tag may follow which, and how many are right."""

import numpy as np

from skxling.metrics import extract_spans, span_f1_score


def to_iob2(y):
    """Rewrite tags so that each span begins with B, and B stands nowhere else.

    In IOB1, the form of the CoNLL-2003 files, B marks only a span that follows another of the
    same label. Tags in IOB2 stay as they are.

    Parameters
    ----------
    y : list of list of str
        Tags of each sentence, in IOB1 or IOB2.

    Returns
    -------
    tags : list of list of str
        The same spans in IOB2.

    Raises
    ------
    ValueError
        If a tag is not "O", "B" or "I", nor "B-" or "I-" and a label.

    Examples
    --------
    >>> from skxling.tagging import to_iob2
    >>> to_iob2([["I-PER", "I-PER", "B-PER", "O", "I-LOC"]])
    [['B-PER', 'I-PER', 'B-PER', 'O', 'B-LOC']]
    """
    converted = []
    for tags in y:
        new = ["O"] * len(tags)
        for span in extract_spans(tags):
            ending = tags[span.start][1:]  # with the hyphen, where there is one
            new[span.start : span.stop] = ["I" + ending] * (span.stop - span.start)
            new[span.start] = "B" + ending
        converted.append(new)
    return converted


def check_tags(y, lengths, name="y", x_name="X"):
    """Check the tags of sentences of known lengths and give them as lists of str."""
    if isinstance(y, str) or not hasattr(y, "__len__"):
        raise TypeError(
            f"`{name}` must be a list of lists of tags, one list for each sentence. Got {y!r}."
        )
    if len(y) != len(lengths):
        raise ValueError(
            f"`{x_name}` has {len(lengths)} sentences and `{name}` has {len(y)}. Give one list of "
            "tags for each sentence."
        )
    checked = []
    for i, (tags, length) in enumerate(zip(y, lengths, strict=True)):
        if isinstance(tags, str) or not hasattr(tags, "__len__"):
            raise TypeError(
                f"`{name}[{i}]` is {tags!r}; it must be the list of the tags of a sentence."
            )
        if len(tags) != length:
            raise ValueError(
                f"`{name}[{i}]` has {len(tags)} tags and `{x_name}[{i}]` has {length} tokens. Give "
                "one tag for each token."
            )
        for j, tag in enumerate(tags):
            if not isinstance(tag, str):
                raise TypeError(
                    f"`{name}[{i}][{j}]` is {tag!r} of type {type(tag).__name__}. Tags must be str."
                )
        checked.append([str(tag) for tag in tags])
    return checked


def check_iob2(y, name="y"):
    """Refuse tags that are not in IOB2, and say where."""
    for i, tags in enumerate(y):
        try:
            (expected,) = to_iob2([tags])
        except ValueError as error:
            raise ValueError(
                f"`{name}[{i}]` is not in IOB2: {error} For tags that mark no spans, set "
                "scheme=None."
            ) from error
        for j, (tag, right) in enumerate(zip(tags, expected, strict=True)):
            if tag != right:
                after = "at the beginning" if j == 0 else f"after {tags[j - 1]!r}"
                raise ValueError(
                    f"`{name}[{i}][{j}]` is {tag!r} {after}, where IOB2 has {right!r}. Convert the "
                    "tags with skxling.tagging.to_iob2, or set scheme=None."
                )


def forbidden_in_iob2(classes):
    """Mark what IOB2 forbids.

    Parameters
    ----------
    classes : sequence of str
        Tags.

    Returns
    -------
    transitions : ndarray of shape (n_classes, n_classes), dtype bool
        True where the tag of the column may not follow that of the row: I follows only B or I of
        the same label.

    start : ndarray of shape (n_classes,), dtype bool
        True where a sentence may not begin so.
    """
    start = np.array([tag.startswith("I") for tag in classes])
    same_label = np.array([[a != "O" and a[1:] == b[1:] for b in classes] for a in classes])
    return start & ~same_label, start


def score_tags(y_true, y_pred, scheme):
    """Judge predicted tags: by the F1 of spans, or without a scheme by accuracy.

    Parameters
    ----------
    y_true, y_pred : list of list of str
        True and predicted tags of each sentence.

    scheme : {"iob2"} or None

    Returns
    -------
    score : float
        In [0, 1]; 0 without tokens.
    """
    if scheme is not None:
        return span_f1_score(y_true, y_pred)
    right = [a == b for t, p in zip(y_true, y_pred, strict=True) for a, b in zip(t, p, strict=True)]
    return sum(right) / len(right) if right else 0.0
