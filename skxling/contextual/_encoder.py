"""From words to their vectors in every layer: pieces, windows, batches, forward passes."""

import numpy as np
import torch

from skxling.contextual._windows import gen_windows
from skxling.utils import to_numpy

LONGEST = 512  # pieces, of models that know no bound


class Encoder:
    """A tokenizer and a network, on its device.

    Parameters
    ----------
    tokenizer : transformers tokenizer

    network : transformers model
        In evaluation mode.
    """

    def __init__(self, tokenizer, network):
        self.tokenizer, self.network = tokenizer, network
        # the pieces that the tokenizer puts before and after a text: [CLS] and [SEP]
        bare, full = (
            tokenizer(["a"], is_split_into_words=True, add_special_tokens=special)["input_ids"]
            for special in (False, True)
        )
        before = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
        self.prefix, self.suffix = full[:before], full[before + len(bare) :]
        self.n_hidden = network.config.num_hidden_layers + 1
        self.n_components = network.config.hidden_size
        self._pieces = {}  # of words that have been seen

    @property
    def max_length(self):
        """Pieces that the network can read at once, special ones included."""
        bounds = [LONGEST, self.tokenizer.model_max_length]
        n_positions = getattr(self.network.config, "max_position_embeddings", None)
        if n_positions and n_positions > 0:
            # RoBERTa and its kin begin to count after the position of padding
            table = getattr(getattr(self.network, "embeddings", None), "position_embeddings", None)
            padding = getattr(table, "padding_idx", None)
            bounds = [n_positions - (0 if padding is None else padding + 1), bounds[1]]
        return min(bounds)

    def embed(self, sentences, layers, *, pooling, max_length, overlap, batch_size):
        """Vectors of all words of some sentences.

        Parameters
        ----------
        sentences : list of list of str
            Their words.

        layers : list of int
            Indices of hidden states, 0 the input embeddings.

        pooling : {"mean", "first"}
            How a word's pieces are made one.

        max_length : int
            Pieces of a window at most, special ones included.

        overlap : int
            Pieces that windows share at most.

        batch_size : int
            Windows of a forward pass.

        Returns
        -------
        vectors : list of ndarray of shape (n_layers, n_words, d), dtype float32
        """
        length = max_length - len(self.prefix) - len(self.suffix)
        pieces = self._split_words(sentences, length)
        found = [
            np.zeros((len(layers), len(words), self.n_components), dtype=np.float32)
            for words in sentences
        ]
        jobs = [
            (i, window)
            for i, words in enumerate(pieces)
            if any(words)  # without any piece all is zero already
            for window in gen_windows([len(word) for word in words], length, overlap)
        ]
        # windows of about one length together: little is padded
        n_pieces = [sum(map(len, pieces[i][w.begin : w.end])) for i, w in jobs]
        order = np.argsort(n_pieces, kind="stable")[::-1]
        for start in range(0, len(order), batch_size):
            batch = [jobs[j] for j in order[start : start + batch_size]]
            self._embed_batch(pieces, batch, layers, pooling, found)
        return found

    def _split_words(self, sentences, length):
        """Pieces of each word of each sentence; of a word longer than a window its beginning."""
        new = list({word for words in sentences for word in words}.difference(self._pieces))
        if new:
            if len(self._pieces) > 500_000:
                self._pieces.clear()
                return self._split_words(sentences, length)
            split = self.tokenizer(
                [[word] for word in new], is_split_into_words=True, add_special_tokens=False
            )
            self._pieces.update(zip(new, split["input_ids"], strict=True))
        return [[self._pieces[word][:length] for word in words] for words in sentences]

    def _embed_batch(self, pieces, batch, layers, pooling, found):
        """One forward pass; writes the vectors of the words that its windows keep."""
        rows, words = [], []
        for i, window in batch:
            split = pieces[i][window.begin : window.end]
            rows.append([*self.prefix, *(p for word in split for p in word), *self.suffix])
            bounds = len(self.prefix) + np.cumsum([0, *map(len, split)])
            words.append(bounds)
        hidden = self._forward(rows, layers)  # (n_layers, b, n_pieces, d)
        for row, ((i, window), bounds) in enumerate(zip(batch, words, strict=True)):
            keep = slice(window.keep_begin - window.begin, window.keep_end - window.begin + 1)
            pooled = pool_pieces(hidden[:, row], bounds[keep], pooling)
            found[i][:, window.keep_begin : window.keep_end] = to_numpy(pooled)

    @torch.inference_mode()
    def _forward(self, rows, layers):
        """Hidden states of the layers asked for, of rows that are padded to one length."""
        width, device = max(map(len, rows)), self.network.device
        padding = self.tokenizer.pad_token_id or 0
        ids = torch.full((len(rows), width), padding)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row, dtype=ids.dtype)
            mask[i, : len(row)] = 1
        states = self.network(
            input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True
        ).hidden_states
        return torch.stack([states[layer] for layer in layers])


def pool_pieces(hidden, bounds, pooling):
    """Make one vector of each word's pieces.

    Parameters
    ----------
    hidden : Tensor of shape (n_layers, n_pieces, d)
        Vectors of the pieces.

    bounds : ndarray of int, shape (n_words + 1,)
        Word i has the pieces from ``bounds[i]`` to before ``bounds[i + 1]``.

    pooling : {"mean", "first"}
        Their mean, or the first of them.

    Returns
    -------
    vectors : Tensor of shape (n_layers, n_words, d), float32
        Zeros where a word has no pieces.
    """
    counts = torch.from_numpy(np.diff(bounds)).to(hidden.device)
    starts = torch.from_numpy(np.asarray(bounds[:-1])).to(hidden.device)
    if pooling == "first":
        last = max(0, hidden.shape[1] - 1)
        first = hidden[:, starts.clamp(max=last)].float()
        return first.masked_fill((counts == 0)[:, None], 0)
    pieces = hidden[:, bounds[0] : bounds[-1]].float()
    word = torch.repeat_interleave(counts)  # which word a piece is of
    sums = pieces.new_zeros((len(hidden), len(counts), hidden.shape[2]))
    return sums.index_add_(1, word, pieces) / counts.clamp(min=1)[:, None]
