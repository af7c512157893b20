"""Passes over sentences: learning from them, and running over them in batches."""

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

from skxling.tagging._sentences import length_batches, pad
from skxling.utils import to_numpy

AT_ONCE = 128  # sentences that are only read


def train_epochs(network, X, codes, *, learning_rate, batch_size, clip_norm, generator):
    """Yield the mean loss of a sentence in each pass, without end.

    Parameters
    ----------
    network : TaggerNetwork
        Changed in place; where it is, is computed.

    X : list of ndarray of shape (n_tokens, n_features)
        Features of each sentence.

    codes : list of ndarray of shape (n_tokens,), dtype int64
        Its tags.

    learning_rate, batch_size, clip_norm
        As of CRFTagger.

    generator : torch.Generator
        On the CPU; draws batches and dropout.

    Yields
    ------
    loss : float
    """
    lengths, device = np.array([len(matrix) for matrix in X]), network.start.device
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    seed = torch.randint(2**31 - 1, (), generator=generator)
    dropout = torch.Generator(device).manual_seed(int(seed))
    while True:
        loss_sum = 0.0
        for batch in length_batches(lengths, batch_size, generator):
            padded = pad([X[i] for i in batch], [codes[i] for i in batch], device=device)
            loss = network.loss(padded, dropout)
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(network.parameters(), clip_norm)
            optimizer.step()
            loss_sum += loss.item() * len(batch)
        yield loss_sum / np.count_nonzero(lengths)


def apply_in_batches(method, X, device):
    """Rows that a method of the network gives for each sentence, None for those without tokens.

    Parameters
    ----------
    method : callable
        Gives a tensor (n_sentences, n_tokens, ...) for a batch.

    X : list of ndarray of shape (n_tokens, n_features)
        Features of each sentence.

    device : torch.device
        Where to compute.

    Returns
    -------
    rows : list of ndarray of shape (n_tokens, ...) or None
    """
    found = [None] * len(X)
    for batch in length_batches(np.array([len(matrix) for matrix in X]), AT_ONCE):
        result = to_numpy(method(pad([X[i] for i in batch], device=device)))
        for i, rows in zip(batch, result, strict=True):
            found[i] = rows[: len(X[i])]
    return found
