"""Aligners inside Joint-Align: P@1 on folds of the seed lexicon, or on the test lexicon.

    python benchmarks/combiner_aligners.py --data $SKXLING_DATA --joint joint.joblib --folds 3
    python benchmarks/combiner_aligners.py --data $SKXLING_DATA --joint joint.joblib
    python benchmarks/combiner_aligners.py --data $SKXLING_DATA --joint two.joblib \\
        --embeddings 2 --epochs 10

The joint model is read from the file. With `--embeddings`, where there is none, it is trained
first, so many side by side, and saved there. Choose settings on folds; the test lexicon is for the
end. P@1 is of the queries that the model covers, among all target words, by nearest
neighbour and by CSLS (k = 10), with a bootstrap interval of 95% where the test is read.
"""

import argparse
import time
from pathlib import Path

import joblib
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold

from skxling import JointAlignCombiner, JointSkipGram, WordTranslator
from skxling.alignment import (
    GeometricAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    SelfLearningAligner,
)
from skxling.datasets import drop_test_sources, load_lexicon
from skxling.embedding import EmbeddingEnsemble
from skxling.metrics import bli_report


def systems():
    """Aligners by name."""
    grow = {"keep_seed": True, "max_iter": 3, "n_frequent": 5000}
    steps = MultistepAligner(alpha=3.0)
    return {
        "Procrustes": ProcrustesAligner(),
        "RCSLS": RCSLSAligner(constraint="spectral"),
        "Geometric": GeometricAligner(),
        "Multistep(alpha=3)": steps,
        "SelfLearning(Procrustes)": SelfLearningAligner(**grow),
        "SelfLearning(RCSLS)": SelfLearningAligner(RCSLSAligner(constraint="spectral"), **grow),
        "SelfLearning(free RCSLS)": SelfLearningAligner(RCSLSAligner(), **grow),
        "SelfLearning(Multistep(alpha=3))": SelfLearningAligner(steps, **grow),
        "SelfLearning(Procrustes), final RCSLS": SelfLearningAligner(
            final_aligner=RCSLSAligner(constraint="spectral"), **grow
        ),
        "SelfLearning(Multistep(alpha=3)), final RCSLS": SelfLearningAligner(
            steps, final_aligner=RCSLSAligner(constraint="spectral"), **grow
        ),
    }


def main():
    args = parse_args()
    is_to_train = args.embeddings is not None and not args.joint.exists()
    joint = FrozenEstimator(train_joint(args) if is_to_train else joblib.load(args.joint))
    folder = args.data / "xling" / args.pair
    test = load_lexicon(folder / f"yacle.test.freq.2k.{args.pair}.tsv", lowercase=True)
    train = load_lexicon(folder / f"yacle.train.freq.{args.train}.{args.pair}.tsv", lowercase=True)
    train = drop_test_sources(train, test)
    train, test = (np.array([side.source, side.target], dtype=object) for side in (train, test))
    if args.folds:
        splits = GroupKFold(args.folds).split(train[0], groups=train[0])
        parts = [(train[:, kept], train[:, left_out]) for kept, left_out in splits]
    else:
        parts = [(train, test)]
    print("| aligner | P@1, nearest neighbour | P@1, CSLS | queries | seconds |")
    print("|---|---|---|---|---|")
    for name, aligner in systems().items():
        if not args.only or name in args.only:
            report_one(name, [judge(joint, aligner, *part) for part in parts])


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--joint", type=Path, required=True, help="the joint model, of joblib.dump")
    parser.add_argument("--epochs", type=int, default=5, help="of a joint model that is trained")
    parser.add_argument("--embeddings", type=int, help="that it has, side by side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pair", default="en-de")
    parser.add_argument("--train", default="5k", help="size of the seed lexicon")
    parser.add_argument("--folds", type=int, default=0, help="judge on folds of the seed lexicon")
    parser.add_argument("--only", nargs="+", help="names of the aligners to run")
    return parser.parse_args()


def train_joint(args):
    """Train the joint model, and save it."""
    joint = EmbeddingEnsemble(
        JointSkipGram(epochs=args.epochs), n_estimators=args.embeddings, random_state=args.seed
    )
    joint.fit(*(args.data / "eltec" / f"{language}.txt.xz" for language in args.pair.split("-")))
    temporary = args.joint.with_suffix(".tmp")
    joblib.dump(joint, temporary)
    temporary.replace(args.joint)
    return joint


def judge(joint, aligner, train, test):
    """Judge one aligner: reports by either retrieval, and seconds."""
    start = time.perf_counter()
    combiner = JointAlignCombiner(joint, aligner).fit(*train)
    seconds = time.perf_counter() - start
    sides = combiner.source_vectors_, combiner.target_vectors_
    nearest = WordTranslator(*sides, "passthrough", retrieval="cosine").fit()
    reports = [bli_report(model, *test, ks=(1,), random_state=0) for model in (nearest, combiner)]
    return reports, seconds


def report_one(name, parts):
    """Print the row of one aligner."""
    cells = [name]
    for i in range(2):
        reports = [reports[i] for reports, _ in parts]
        cell = f"{100 * np.mean([report.p_at_k['skip'][1] for report in reports]):.1f}"
        if len(reports) == 1:
            low, high = 100 * np.array(reports[0].p_at_k_interval["skip"][1])
            cell += f" ({low:.1f} to {high:.1f})"
        cells.append(cell)
    cells.append(str(sum(reports[0].n_covered for reports, _ in parts)))
    cells.append(f"{np.mean([seconds for _, seconds in parts]):.0f}")
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
