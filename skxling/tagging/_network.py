"""The network of the tagger: a bidirectional LSTM, and a CRF on top."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from skxling.functional import (
    crf_log_partition,
    crf_marginals,
    crf_path_score,
    crf_viterbi,
)


def _unfilled(module, *args, **kwargs):
    """Make a module whose weights are not drawn, which would use torch's global generator."""
    return module(*args, device="meta", **kwargs).to_empty(device="cpu")


def _drop(X, rate, generator):
    """Leave out features, the same ones at all tokens of a sentence; nothing without generator."""
    if generator is None or not rate:
        return X
    kept = torch.empty(X.shape[0], 1, X.shape[2], device=X.device)
    return X * (kept.bernoulli_(1 - rate, generator=generator) / (1 - rate))


class TaggerNetwork(nn.Module):
    """Emissions from features, and the scores of the chain.

    Nothing here draws from torch's global generator: neither the construction nor dropout.

    Parameters
    ----------
    n_features, n_classes : int
        Widths of input and output.

    hidden_size : int
        Units of the LSTM in each direction; 0 leaves it out.

    dropout : float
        Share of the features, and of the LSTM's outputs, that is left out in training.

    scale : float
        What features are divided by.

    forbidden : pair of Tensor of dtype bool
        Transitions (n_classes, n_classes) and starts (n_classes,) that may not be.
    """

    def __init__(self, n_features, n_classes, *, hidden_size, dropout, scale, forbidden):
        super().__init__()
        self.dropout, self.scale = dropout, scale
        self.lstm = None
        if hidden_size:
            self.lstm = _unfilled(
                nn.LSTM, n_features, hidden_size, batch_first=True, bidirectional=True
            )
        self.output = _unfilled(nn.Linear, 2 * hidden_size or n_features, n_classes)
        self.transitions = nn.Parameter(torch.zeros(n_classes, n_classes))
        self.start = nn.Parameter(torch.zeros(n_classes))
        self.end = nn.Parameter(torch.zeros(n_classes))
        self.register_buffer("forbidden_transitions", forbidden[0], persistent=False)
        self.register_buffer("forbidden_start", forbidden[1], persistent=False)

    @torch.no_grad()
    def initialize(self, generator):
        """Draw the weights: uniform, by the number of inputs; the chain starts at zero."""
        for name, weight in self.named_parameters():
            if name.startswith(("lstm", "output")):
                width = self.output.in_features
                if self.lstm is not None and name.startswith("lstm"):
                    width = self.lstm.hidden_size
                weight.uniform_(-(width**-0.5), width**-0.5, generator=generator)

    def emit(self, X, mask, generator=None):
        """Emissions (b, t, c) of padded features; with a generator, with dropout."""
        X = _drop(X / self.scale, self.dropout, generator)
        if self.lstm is not None:
            lengths = mask.sum(dim=1).cpu()
            packed = pack_padded_sequence(X, lengths, batch_first=True, enforce_sorted=False)
            X = pad_packed_sequence(
                self.lstm(packed)[0], batch_first=True, total_length=mask.shape[1]
            )[0]
            X = _drop(X, self.dropout, generator)
        return self.output(X)

    def chain(self):
        """Transitions, start and end; what is forbidden is -inf."""
        return (
            self.transitions.masked_fill(self.forbidden_transitions, -torch.inf),
            self.start.masked_fill(self.forbidden_start, -torch.inf),
            self.end,
        )

    def loss(self, batch, generator=None):
        """Mean negative log-likelihood of the tags of a sentence."""
        emissions, chain = self.emit(batch.X, batch.mask, generator), self.chain()
        gold = crf_path_score(emissions, batch.tags, batch.mask, *chain)
        return (crf_log_partition(emissions, batch.mask, *chain) - gold).mean()

    @torch.no_grad()
    def decode(self, batch):
        """Codes of the best tags (b, t), -1 in the padding."""
        emissions = self.emit(batch.X, batch.mask)
        return crf_viterbi(emissions, batch.mask, *self.chain()).tags

    @torch.no_grad()
    def marginals(self, batch):
        """Probability of each tag at each token (b, t, c)."""
        emissions = self.emit(batch.X, batch.mask)
        return crf_marginals(emissions, batch.mask, *self.chain())
