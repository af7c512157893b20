"""Time, memory and a picture of WordAligner's links on parallel text.

    python benchmarks/word_alignment.py --data $SKXLING_DATA [--pair en-de] [--pairs 29000]

aligns the training captions of Multi30k: seconds to fit and to link (wall and CPU), peak memory
above that of the imports and the text, what was learned, and how many links each symmetrization
gives. With `--other FILE` (links of another aligner in Pharaoh format, for the same lines) it
prints precision, recall and F1 of the chosen links against them; with `--output FILE` it writes
ours.
"""

import argparse
import os
import resource
import time
from pathlib import Path

from skxling.text import WordAligner, read_pharaoh, write_pharaoh

METHODS = ("intersection", "union", "grow-diag", "grow-diag-final-and", "forward", "reverse")


def read(path, n_pairs):
    with open(path, encoding="utf-8") as file:
        return [line for line, _ in zip(file, range(n_pairs), strict=False)]


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(call, *args):
    wall, cpu = time.perf_counter(), time.process_time()
    result = call(*args)
    return result, time.perf_counter() - wall, time.process_time() - cpu


def compare(links, other):
    """Precision, recall and F1 of the links, all pairs together."""
    if len(links) != len(other):
        raise SystemExit(f"the other file has {len(other)} lines for {len(links)} sentence pairs")
    ours, theirs = (
        {(i, *link) for i, of_pair in enumerate(side) for link in of_pair.tolist()}
        for side in (links, other)
    )
    common = len(ours & theirs)
    return common / len(ours), common / len(theirs), 2 * common / (len(ours) + len(theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--pair", default="en-de")
    parser.add_argument("--pairs", type=int, default=29_000, help="number of sentence pairs")
    parser.add_argument("--symmetrization", choices=METHODS, default="intersection")
    parser.add_argument("--other", type=Path, help="links of another aligner, Pharaoh format")
    parser.add_argument("--output", type=Path, help="file for our links, Pharaoh format")
    args = parser.parse_args()
    X, y = (
        read(args.data / "multi30k" / f"train.{language}", args.pairs)
        for language in args.pair.split("-")
    )
    before = peak_memory()
    aligner, wall, cpu = timed(WordAligner(symmetrization=args.symmetrization).fit, X, y)
    links, wall_links, cpu_links = timed(aligner.transform, X, y)
    print(f"{len(X)} sentence pairs, load average {os.getloadavg()[0]:.1f}")
    print(f"fit        {wall:6.2f} s   cpu {cpu:6.2f} s   ({aligner.n_iter_} iterations)")
    print(f"transform  {wall_links:6.2f} s   cpu {cpu_links:6.2f} s")
    print(f"peak memory +{peak_memory() - before:.0f} MB")
    for name, tension, losses in zip(
        ("forward", "reverse"), aligner.tension_, aligner.loss_curve_.T, strict=True
    ):
        curve = ", ".join(f"{loss:.3f}" for loss in losses)
        print(f"{name}: tension {tension:.2f}, loss {curve}")
    if args.other:
        scores = compare(links, read_pharaoh(args.other))
        print("precision {:.4f}, recall {:.4f}, F1 {:.4f}".format(*scores))
    if args.output:
        write_pharaoh(links, args.output)
    for method in METHODS:
        found, wall, _ = timed(aligner.set_params(symmetrization=method).transform, X, y)
        print(f"{method:20s} {sum(map(len, found)):7d} links, {wall:.2f} s")


if __name__ == "__main__":
    main()
