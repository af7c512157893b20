"""Sentences as feature matrices: checks, batches of similar length, padding."""

from typing import NamedTuple

import numpy as np
import torch

from skxling.utils import to_tensor

# Batches whose sentences are sorted by length together: enough for little padding, few enough
# that a sentence meets others in every epoch.
POOL = 16


class Batch(NamedTuple):
    """Padded sentences.

    Attributes
    ----------
    X : Tensor of shape (n_sentences, n_tokens, n_features)
        Features, 0 in the padding.

    mask : Tensor of shape (n_sentences, n_tokens), dtype bool
        True for tokens.

    tags : Tensor of shape (n_sentences, n_tokens), dtype int64, or None
        Codes of the tags, -1 in the padding.
    """

    X: torch.Tensor
    mask: torch.Tensor
    tags: torch.Tensor | None


def check_sentences(X, n_features=None, name="X"):
    """Check a list of feature matrices and give float32 arrays of one width.

    Parameters
    ----------
    X : list of array-like of shape (n_tokens, n_features)
        One matrix for each sentence, of at least no token.

    n_features : int, default=None
        The width that is expected; None takes that of the first sentence with a token.

    name : str, default="X"
        What the list is called in error messages.

    Returns
    -------
    sentences : list of ndarray of shape (n_tokens, n_features), dtype float32
    """
    if isinstance(X, str) or not hasattr(X, "__len__"):
        raise TypeError(
            f"`{name}` must be a list of arrays of shape (n_tokens, n_features), one for each "
            f"sentence. Got {type(X).__name__}."
        )
    sentences, first = [], "the tagger was fitted on"
    for i, matrix in enumerate(X):
        matrix = _check_matrix(matrix, f"{name}[{i}]")
        if len(matrix) and n_features is None:
            n_features, first = matrix.shape[1], f"`{name}[{i}]` has"
        if len(matrix) and matrix.shape[1] != n_features:
            raise ValueError(
                f"`{name}[{i}]` has {matrix.shape[1]} features, and {first} {n_features}. All "
                "sentences need the same features."
            )
        sentences.append(matrix)
    if n_features is None:
        raise ValueError(f"`{name}` holds no token, in {len(sentences)} sentences. Give some.")
    empty = np.zeros((0, n_features), dtype=np.float32)
    return [matrix if len(matrix) else empty for matrix in sentences]


def _check_matrix(matrix, where):
    """One sentence as a float32 matrix."""
    try:
        matrix = np.asarray(matrix, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`{where}` is no matrix of numbers: {error}. Turn tokens into features first, with "
            "TokenVectorizer or another transformer."
        ) from error
    if matrix.ndim != 2 and matrix.size:
        raise ValueError(
            f"`{where}` must have shape (n_tokens, n_features). Got {matrix.shape}; for a single "
            "sentence pass a list of one matrix."
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"`{where}` holds NaN or infinity. Replace them, with 0 for instance.")
    return matrix


def length_batches(lengths, batch_size, generator=None):
    """Cut sentences into batches of similar length.

    Parameters
    ----------
    lengths : ndarray of shape (n_sentences,)
        Tokens of each.

    batch_size : int
        Sentences of a batch.

    generator : torch.Generator, default=None
        Draws which sentences come together, and the order of the batches. None sorts all
        sentences by length.

    Returns
    -------
    batches : list of ndarray
        Indices of the sentences of each batch; sentences without tokens are left out.
    """
    order = np.flatnonzero(lengths)
    if generator is None:
        pools = [order]
    else:
        order = order[torch.randperm(len(order), generator=generator).numpy()]
        pools = [order[i : i + POOL * batch_size] for i in range(0, len(order), POOL * batch_size)]
    batches = []
    for pool in pools:
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    if generator is not None:
        batches = [batches[i] for i in torch.randperm(len(batches), generator=generator)]
    return batches


def pad(sentences, codes=None, *, device):
    """Make a batch of sentences, and of the codes of their tags where there are some."""
    lengths = np.array([len(matrix) for matrix in sentences])
    mask = np.arange(lengths.max()) < lengths[:, None]  # (b, t)
    X = np.zeros((*mask.shape, sentences[0].shape[1]), dtype=np.float32)
    X[mask] = np.concatenate(sentences)
    tags = None
    if codes is not None:
        tags = np.full(mask.shape, -1)
        tags[mask] = np.concatenate(codes)
        tags = to_tensor(tags, device=device)
    return Batch(to_tensor(X, device=device), to_tensor(mask, device=device), tags)
