"""Precision, recall and F1 of spans: how named entity recognition is judged."""

from collections import Counter
from typing import NamedTuple

from sklearn.utils import Bunch

_PREFIXES = ("B", "I")


class Span(NamedTuple):
    """A span of tokens with one label.

    Attributes
    ----------
    label : str
        What the tags say after their hyphen, such as "PER".

    start, stop : int
        Positions of its first token, and of the token behind its last.
    """

    label: str
    start: int
    stop: int


def _split_tag(tag):
    """Prefix and label of a tag."""
    prefix, _, label = tag.partition("-") if isinstance(tag, str) else ("", "", "")
    if prefix not in _PREFIXES and tag != "O":
        raise ValueError(
            f"A tag is 'O', or 'B-' or 'I-' and a label. Got {tag!r}. Convert tags of other forms."
        )
    return prefix, label


def extract_spans(tags):
    """List the spans that the tags of a sentence mark.

    A span begins at a tag with B, and at one with I that does not go on with the label before it;
    so tags in IOB1, in IOB2, and invalid ones from a model are read, as by conlleval [1]_.

    Parameters
    ----------
    tags : sequence of str
        "O", or "B-" or "I-" and a label, one for each token. "B" and "I" alone have the label "".

    Returns
    -------
    spans : list of Span
        In the order of the sentence.

    Raises
    ------
    ValueError
        If a tag has another form.

    References
    ----------
    .. [1] Tjong Kim Sang, E. F., Buchholz, S. "Introduction to the CoNLL-2000 shared task:
       chunking". CoNLL 2000.

    Examples
    --------
    >>> from skxling.metrics import extract_spans
    >>> extract_spans(["B-PER", "I-PER", "O", "I-LOC"])
    [Span(label='PER', start=0, stop=2), Span(label='LOC', start=3, stop=4)]
    """
    spans, label, start = [], None, 0
    for i, tag in enumerate(tags):
        prefix, tag_label = _split_tag(tag)
        if label is not None and (prefix != "I" or tag_label != label):
            spans.append(Span(label, start, i))
            label = None
        if label is None and tag != "O":
            label, start = tag_label, i
    if label is not None:
        spans.append(Span(label, start, len(tags)))
    return spans


def _check_sides(y_true, y_pred):
    """Refuse two sides that do not tag the same tokens."""
    if isinstance(y_true, str) or isinstance(y_pred, str):
        raise TypeError("`y_true` and `y_pred` are lists of lists of tags. Got a str.")
    if len(y_true) != len(y_pred):
        raise ValueError(
            f"`y_true` has {len(y_true)} sentences and `y_pred` has {len(y_pred)}. Give the "
            "predicted tags of each sentence."
        )
    for i, (true, predicted) in enumerate(zip(y_true, y_pred, strict=True)):
        for name, tags in (("y_true", true), ("y_pred", predicted)):
            if isinstance(tags, str):
                raise TypeError(
                    f"`{name}[{i}]` is {tags!r}; it must be the list of the tags of a sentence. "
                    f"For a single sentence pass [{name}]."
                )
        if len(true) != len(predicted):
            raise ValueError(
                f"`y_true[{i}]` has {len(true)} tags and `y_pred[{i}]` has {len(predicted)}. "
                "Give one tag for each token."
            )


def _scores(n_correct, n_predicted, n_true):
    """Precision, recall and F1; 0 where there is nothing to divide by."""
    return Bunch(
        precision=n_correct / n_predicted if n_predicted else 0.0,
        recall=n_correct / n_true if n_true else 0.0,
        f1=2 * n_correct / (n_predicted + n_true) if n_predicted + n_true else 0.0,
        n_true=n_true,
        n_predicted=n_predicted,
        n_correct=n_correct,
    )


def span_report(y_true, y_pred):
    """Judge predicted tags span by span, as conlleval does.

    A predicted span is correct if there is a true one with the same label and the same first and
    last token. Nothing is given for half a span.

    Parameters
    ----------
    y_true, y_pred : list of list of str
        Tags of each sentence, in IOB1 or IOB2 (:func:`extract_spans`).

    Returns
    -------
    report : :class:`~sklearn.utils.Bunch`
        precision, recall, f1 : float
            Of all spans together, in [0, 1]; 0 where there is none.
        n_true, n_predicted, n_correct : int
            Numbers of spans.
        accuracy : float
            Share of the tokens that have the right tag; 0 where there is none.
        labels : dict of Bunch
            For each label, in alphabetical order, the first six entries of the above.

    Raises
    ------
    ValueError
        If the two sides do not tag the same tokens, or a tag has another form.

    Examples
    --------
    >>> from skxling.metrics import span_report
    >>> y_true = [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]
    >>> y_pred = [["B-PER", "O", "O"], ["O", "B-LOC"]]
    >>> report = span_report(y_true, y_pred)
    >>> report.f1, report.accuracy, report.labels["LOC"].f1
    (0.5, 0.8, 1.0)
    """
    _check_sides(y_true, y_pred)
    true, predicted, correct = Counter(), Counter(), Counter()
    n_tokens = n_right = 0
    for gold, guess in zip(y_true, y_pred, strict=True):
        true_spans, predicted_spans = set(extract_spans(gold)), set(extract_spans(guess))
        true.update(span.label for span in true_spans)
        predicted.update(span.label for span in predicted_spans)
        correct.update(span.label for span in true_spans & predicted_spans)
        n_tokens += len(gold)
        n_right += sum(a == b for a, b in zip(gold, guess, strict=True))
    report = _scores(correct.total(), predicted.total(), true.total())
    report.accuracy = n_right / n_tokens if n_tokens else 0.0
    report.labels = {
        label: _scores(correct[label], predicted[label], true[label])
        for label in sorted(true.keys() | predicted.keys())
    }
    return report


def span_precision_score(y_true, y_pred):
    """Share of the predicted spans that are correct.

    Parameters
    ----------
    y_true, y_pred : list of list of str
        Tags of each sentence, in IOB1 or IOB2.

    Returns
    -------
    score : float
        In [0, 1]; 0 where no span is predicted.

    See Also
    --------
    span_report : All numbers at once, and those of each label.

    Examples
    --------
    >>> from skxling.metrics import span_precision_score
    >>> span_precision_score([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "O"]])
    1.0
    """
    return span_report(y_true, y_pred).precision


def span_recall_score(y_true, y_pred):
    """Share of the true spans that are found.

    Parameters
    ----------
    y_true, y_pred : list of list of str
        Tags of each sentence, in IOB1 or IOB2.

    Returns
    -------
    score : float
        In [0, 1]; 0 where there is no true span.

    See Also
    --------
    span_report : All numbers at once, and those of each label.

    Examples
    --------
    >>> from skxling.metrics import span_recall_score
    >>> span_recall_score([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "O"]])
    0.5
    """
    return span_report(y_true, y_pred).recall


def span_f1_score(y_true, y_pred):
    """Harmonic mean of span precision and span recall, over all labels together.

    Parameters
    ----------
    y_true, y_pred : list of list of str
        Tags of each sentence, in IOB1 or IOB2.

    Returns
    -------
    score : float
        In [0, 1]; 0 where no span is correct.

    See Also
    --------
    span_report : All numbers at once, and those of each label.

    Examples
    --------
    >>> from skxling.metrics import span_f1_score
    >>> round(span_f1_score([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "O"]]), 3)
    0.667
    """
    return span_report(y_true, y_pred).f1
