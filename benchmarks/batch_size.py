"""Quality and speed of JointSkipGram against the number of tokens that are learned from at once.

    python benchmarks/batch_size.py --data $SKXLING_DATA --tokens 4000000
    python benchmarks/batch_size.py --data $SKXLING_DATA --max-n 0 --seeds 2

trains on a prefix of the balanced en-de corpus with several batch sizes, judges Joint-Align
(Procrustes and RCSLS) on folds of the seed lexicon, prints a table, and draws a picture of it.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from skipgram import Clock, judge, save_vectors, write_corpora

from skxling import JointSkipGram
from skxling.embedding._defaults import default_pace

SIZES = (256, 1024, 2048, 4096, 8192, 16_384, 65_536)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--tokens", type=int, default=4_000_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--max-n", type=int, default=6, help="longest n-gram; 0 for none")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each size")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--picture", type=Path, default=Path("batch_size.png"))
    args = parser.parse_args()
    rows = []
    print("| batch size | P@1 Procrustes | P@1 RCSLS | loss | tokens/s |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        args.folder = Path(folder)
        n_tokens = write_corpora(args)
        for size in args.sizes:
            rows.append(measure(args, size, n_tokens))
            size, scores, loss, speed = rows[-1]
            cells = " | ".join(f"{mean:.1f} ({error:.1f})" for mean, error in scores)
            print(f"| {size} | {cells} | {loss:.3f} | {speed:,.0f} |", flush=True)
    default = default_pace(torch.device(args.device), has_ngrams=args.max_n > 0).chunk
    draw(rows, default, args.picture)


def measure(args, size, n_tokens):
    """Train with one batch size, from each seed, and judge."""
    params = {"batch_size": size, "max_n": args.max_n, "balance": None, "device": args.device}
    names, losses, seconds = [], [], 0.0
    for seed in range(args.seeds):
        model, clock = JointSkipGram(**params, random_state=seed), Clock()
        model.set_callbacks(clock).fit(args.folder / "source.txt", args.folder / "target.txt")
        seconds += time.perf_counter() - clock.began
        names.append(f"model{seed}")
        save_vectors(args, names[-1], model.word_vectors_.words, model.word_vectors_.vectors)
        losses.append(model.loss_curve_[-1])
    scores = judge(args, {"model": names})["model"]
    speed = args.seeds * n_tokens * model.epochs / seconds
    return size, scores, np.mean(losses), speed


def draw(rows, default, path):
    """P@1 with its standard error, and the loss, against the batch size; the default is dotted."""
    import matplotlib.pyplot as plt

    sizes, scores, losses, _ = zip(*rows, strict=True)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for i, name in enumerate(("Procrustes", "RCSLS")):
        mean, error = np.array([score[i] for score in scores]).T
        axes[0].errorbar(sizes, mean, error, marker="o", capsize=3, label=f"Joint-Align, {name}")
    axes[0].set(xlabel="batch size (tokens)", ylabel="P@1, folds of the seed lexicon, %", ylim=0)
    axes[0].legend(frameon=False, loc="lower right")
    axes[1].plot(sizes, losses, marker="o", color="C2")
    axes[1].set(xlabel="batch size (tokens)", ylabel="loss of the last epoch")
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.axvline(default, color="0.7", linestyle=":", zorder=0)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
