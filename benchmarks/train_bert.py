"""Train a small BERT of English, German and French from scratch, and save it as a model folder.

    python benchmarks/train_bert.py --data $SKXLING_DATA --size tiny --folder model

`contextual.py` calls it where it is given no model. The text is ELTeC: a hundred novels a language,
lower-cased. One WordPiece vocabulary is learned from all three; nothing says which language a
sentence is in, and no sentence has a translation.

Little time is made much of by four things. Piece vectors begin as skip-gram vectors of the text,
which take minutes where masked language modelling would take hours, and the output's bias as the
logarithm of frequencies. A quarter of the words is masked, whole words at a time, and logits are
computed for masked pieces only. Rows are full: sentences are run together and cut, so that nothing
is padded. Every batch has all three languages.
"""

import argparse
import math
import os
import tempfile
import time
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from skxling import JointSkipGram
from skxling.text import tokenize
from skxling.utils import resolve_device

LANGUAGES = ("en", "de", "fr")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # ids 0 to 4


class Size(NamedTuple):
    """A model, and how long it is trained."""

    dimension: int
    n_layers: int
    n_heads: int
    n_inner: int
    n_pieces: int
    length: int  # pieces in a row of the batch
    batch_size: int  # rows
    n_steps: int
    learning_rate: float
    dropout: float


SIZES = {
    "tiny": Size(192, 4, 6, 384, 12_000, 64, 32, 1_500, 1e-3, 0.0),  # minutes on two cores
    "small": Size(384, 6, 6, 1_536, 24_000, 128, 128, 20_000, 5e-4, 0.1),  # a GPU
    "base": Size(768, 12, 12, 3_072, 48_000, 128, 256, 60_000, 2e-4, 0.1),  # a large GPU
}


def train_bert(data, folder, size="tiny", *, n_steps=None, device="auto", seed=0):
    """Learn pieces, their first vectors, and the model; save all in a folder."""
    from transformers import BertTokenizerFast

    shape, device = SIZES[size], resolve_device(device)
    if n_steps is not None:
        shape = shape._replace(n_steps=n_steps)
    paths = [data / "eltec" / f"{language}.txt.xz" for language in LANGUAGES]
    start = time.perf_counter()
    pieces = learn_pieces(paths, shape.n_pieces)
    streams = [encode(pieces, path) for path in paths]
    n_in_all = sum(map(len, streams))
    log(start, f"{pieces.get_vocab_size()} pieces; {n_in_all / 1e6:.1f} M pieces of text")
    vectors = first_vectors(pieces, streams, shape.dimension, seed)
    log(start, "skip-gram vectors of pieces")
    torch.manual_seed(seed)
    counts = sum(np.bincount(stream, minlength=len(vectors)) for stream in streams)
    model = build_model(shape, vectors, counts).to(device)
    is_start = torch.tensor(
        [not pieces.id_to_token(i).startswith("##") for i in range(len(vectors))]
    )
    train(model, Rows(streams, is_start, shape, seed), shape, device, start)
    model.save_pretrained(folder)
    tokenizer = BertTokenizerFast(
        tokenizer_object=pieces,
        do_lower_case=True,
        strip_accents=False,
        model_max_length=MAX_LENGTH,
    )
    tokenizer.save_pretrained(folder)
    log(start, f"saved in {folder}")


MAX_LENGTH = 512


def learn_pieces(paths, n_pieces):
    """WordPiece of all languages together, lower-casing."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from tokenizers.trainers import WordPieceTrainer

    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.decoder = decoders.WordPiece()
    trainer = WordPieceTrainer(
        vocab_size=n_pieces,
        special_tokens=list(SPECIAL),
        limit_alphabet=400,
        show_progress=False,
    )
    lines = (" ".join(s) for path in paths for s in islice(tokenize(path), 0, None, 4))
    pieces.train_from_iterator(lines, trainer)
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return pieces


def encode(pieces, path):
    """The ids of a whole text, one after the other."""
    chunks, lines = [], []

    def flush():
        encoded = pieces.encode_batch_fast(lines, add_special_tokens=False)
        chunks.append(np.concatenate([np.array(e.ids, dtype=np.int32) for e in encoded]))
        lines.clear()

    for tokens in tokenize(path):
        lines.append(" ".join(tokens))
        if len(lines) == 20_000:
            flush()
    if lines:
        flush()
    return np.concatenate(chunks)


def first_vectors(pieces, streams, dimension, seed):
    """Skip-gram vectors of the pieces, of the scale that BERT begins with."""
    names = np.array([pieces.id_to_token(i) for i in range(pieces.get_vocab_size())], dtype=object)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, stream in enumerate(streams):
            paths.append(Path(folder) / f"{i}.txt")
            with paths[-1].open("w", encoding="utf-8") as file:
                for row in np.array_split(stream, len(stream) // 100)[::2]:  # half of it suffices
                    file.write(" ".join(names[row]) + "\n")
        skipgram = JointSkipGram(dimension, max_n=0, min_count=20, epochs=1, random_state=seed)
        found = skipgram.fit(paths).word_vectors_
    rng = np.random.default_rng(seed)
    vectors = rng.normal(scale=SCALE, size=(len(names), dimension)).astype(np.float32)
    rows = found.index(names.tolist(), missing="ignore")
    known = found.vectors[rows[rows >= 0]]
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    vectors[rows >= 0] = known * SCALE * math.sqrt(dimension)
    return vectors


SCALE = 0.04  # of a component; positions begin with 0.02


def build_model(shape, vectors, counts):
    """A BERT whose output knows how frequent pieces are, and whose input what they are like."""
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=len(vectors),
        hidden_size=shape.dimension,
        num_hidden_layers=shape.n_layers,
        num_attention_heads=shape.n_heads,
        intermediate_size=shape.n_inner,
        max_position_embeddings=MAX_LENGTH,
        hidden_dropout_prob=shape.dropout,
        attention_probs_dropout_prob=shape.dropout,
        type_vocab_size=1,
    )
    model = BertForMaskedLM(config)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(torch.from_numpy(vectors))
        frequency = torch.from_numpy((counts + 1) / (counts + 1).sum())
        model.cls.predictions.bias.copy_(frequency.log())
    return model


class Rows:
    """Batches of masked rows: as many of each language, cut out at random places."""

    def __init__(self, streams, is_start, shape, seed):
        self.streams = [torch.from_numpy(stream) for stream in streams]
        self.is_start, self.shape = is_start, shape
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self):
        """Ids with words masked, and the ids as they were; -100 where nothing is asked."""
        shape, generator = self.shape, self.generator
        rows = torch.full((shape.batch_size, shape.length), 3)
        rows[:, 0] = 2
        for i in range(shape.batch_size):
            stream = self.streams[i % len(self.streams)]
            begin = torch.randint(len(stream) - shape.length, (), generator=generator)
            rows[i, 1:-1] = stream[begin : begin + shape.length - 2]
        word = self.is_start[rows].cumsum(1)  # which word of its row a piece is of
        is_masked = torch.rand(rows.shape, generator=generator).gather(1, word - 1) < 0.25
        is_masked &= rows >= len(SPECIAL)
        labels = rows.masked_fill(~is_masked, -100)
        lot = torch.rand(rows.shape, generator=generator)
        noise = torch.randint(len(SPECIAL), len(self.is_start), rows.shape, generator=generator)
        rows = torch.where(is_masked & (lot < 0.8), 4, rows)
        return torch.where(is_masked & (lot > 0.9), noise, rows), labels


def train(model, rows, shape, device, start):
    """Masked language modelling; the rate climbs for a twentieth of the steps and falls to zero."""
    is_cuda = device.type == "cuda"
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.01},
        {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, shape.learning_rate, betas=(0.9, 0.98), fused=True)
    n_warm = max(1, shape.n_steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda i: min((i + 1) / n_warm, (shape.n_steps - i) / max(1, shape.n_steps - n_warm)),
    )
    mean_loss = 0.0
    model.train()
    for step in range(1, shape.n_steps + 1):
        ids, labels = (batch.to(device) for batch in rows.draw())
        is_asked = labels != -100
        with torch.autocast("cuda", torch.bfloat16) if is_cuda else nullcontext():
            hidden = model.bert(input_ids=ids).last_hidden_state[is_asked]
            loss = torch.nn.functional.cross_entropy(model.cls(hidden), labels[is_asked])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean_loss += (loss.detach() - mean_loss) / min(step, 100)
        if step % max(1, shape.n_steps // 26) == 0:
            log(start, f"step {step}, loss {float(mean_loss):.3f}")
    model.eval()


def log(start, message):
    print(f"{time.perf_counter() - start:7.0f} s  {message}", flush=True)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKXLING_DATA"))
    parser.add_argument("--folder", type=Path, required=True, help="where the model is saved")
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--steps", type=int, help="instead of the size's own number")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    args = parse_args()
    train_bert(
        args.data, args.folder, args.size, n_steps=args.steps, device=args.device, seed=args.seed
    )
