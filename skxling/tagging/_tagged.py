"""Tagged sentences: checked, and some of them held out of the training."""

from typing import NamedTuple

import numpy as np
import torch

from skxling.tagging._sentences import check_sentences
from skxling.tagging._tags import check_iob2, check_tags


class TaggedSentences(NamedTuple):
    """Feature matrices of sentences, and their tags.

    Attributes
    ----------
    X : list of ndarray of shape (n_tokens, n_features), dtype float32

    y : list of list of str
    """

    X: list
    y: list


def check_tagged(X, y, scheme, n_features=None, x_name="X", y_name="y"):
    """Check sentences and their tags.

    Parameters
    ----------
    X : list of array-like of shape (n_tokens, n_features)
        One matrix for each sentence.

    y : list of list of str
        Tags of its tokens.

    scheme : {"iob2"} or None
        What the tags must keep to.

    n_features : int, default=None
        The width that is expected; None takes that of the first sentence with a token.

    x_name, y_name : str
        What the lists are called in error messages.

    Returns
    -------
    sentences : TaggedSentences
    """
    X = check_sentences(X, n_features, x_name)
    y = check_tags(y, [len(matrix) for matrix in X], y_name, x_name)
    if scheme == "iob2":
        check_iob2(y, y_name)
    return TaggedSentences(X, y)


def hold_out(sentences, fraction, generator):
    """Hold sentences out by chance: at least one with tokens, and at least one is kept.

    Parameters
    ----------
    sentences : TaggedSentences
        Those without tokens are in neither part.

    fraction : float
        Share of the sentences that is held out, in (0, 1).

    generator : torch.Generator
        On the CPU.

    Returns
    -------
    train, held_out : TaggedSentences
    """
    order = np.flatnonzero([len(matrix) for matrix in sentences.X])
    if len(order) < 2:
        raise ValueError(
            "Early stopping holds a sentence out, and `X` has only one with tokens. Set "
            "early_stopping=False, or give `X_val` and `y_val`."
        )
    order = order[torch.randperm(len(order), generator=generator).numpy()]
    n_out = min(max(1, round(fraction * len(order))), len(order) - 1)
    return tuple(
        TaggedSentences(*([side[i] for i in part] for side in sentences))
        for part in (order[n_out:], order[:n_out])
    )


def root_mean_square(X):
    """Size of a feature in sentences; 1 where all are zero."""
    total = sum(float(np.square(matrix, dtype=np.float64).sum()) for matrix in X)
    return np.sqrt(total / sum(matrix.size for matrix in X)) or 1.0
