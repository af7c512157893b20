"""Every aligner on the same vectors and lexicons: P@1, seconds, peak memory.

    python benchmarks/alignment.py --data $SKXLING_DATA
    python benchmarks/alignment.py --data $SKXLING_DATA --pair en-fr --cache DIR
    python benchmarks/alignment.py --data $SKXLING_DATA --source en.vec --target de.vec

The first form reads the fixed en-de vectors. The second trains vectors of either language on its
own corpus and keeps them in the folder DIR; empty it when the library has changed. The third reads
vectors of yours, in any format that read_word_vectors knows, and judges them by the same lexicons.

Each aligner is fitted on the seed lexicon of 1,000 entries, on that of 5,000, or, where it needs
none, on none, each in a process of its own. P@1 is of the test queries that the vocabularies cover,
by nearest neighbour and by CSLS (k = 10), among the whole target vocabulary. Aligners that draw
random numbers are fitted with several seeds; P@1 is then a mean with its standard error.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from peak_memory import PeakMemory


class Setting(NamedTuple):
    """How to make an aligner for a seed, and what it needs."""

    make: callable
    needs_pairs: bool = True
    draws: bool = False


def settings():
    """Settings by name."""
    from skxling import alignment as A

    robust = {
        "induction": "both",
        "keep_probability": 0.1,
        "tol": 1e-6,
        "n_iter_no_change": 5,
        "max_iter": 200,
    }

    def learn(aligner=None, **params):
        return lambda seed: A.SelfLearningAligner(aligner, random_state=seed, **params)

    return {
        "Linear": Setting(lambda seed: A.LinearAligner()),
        "CCA": Setting(lambda seed: A.CCAAligner()),
        "Procrustes": Setting(lambda seed: A.ProcrustesAligner()),
        'Procrustes, normalize=("unit",)': Setting(
            lambda seed: A.ProcrustesAligner(normalize=("unit",))
        ),
        "L1Refined": Setting(lambda seed: A.L1RefinedAligner()),
        "Multistep": Setting(lambda seed: A.MultistepAligner()),
        "Multistep, alpha=3": Setting(lambda seed: A.MultistepAligner(alpha=3.0)),
        "Geometric": Setting(lambda seed: A.GeometricAligner()),
        "RCSLS": Setting(lambda seed: A.RCSLSAligner()),
        'RCSLS, constraint="spectral"': Setting(lambda seed: A.RCSLSAligner(constraint="spectral")),
        "RCSLS, learning_rate=1": Setting(lambda seed: A.RCSLSAligner(learning_rate=1.0)),
        "SelfLearning": Setting(learn()),
        "SelfLearning, max_iter=5, tol=None": Setting(learn(max_iter=5, tol=None)),
        "SelfLearning, PROC-B": Setting(learn(max_iter=1, retrieval="cosine", keep_seed=True)),
        "SelfLearning, keep_seed": Setting(learn(keep_seed=True)),
        "SelfLearning, keep_seed, final Multistep(alpha=3)": Setting(
            learn(keep_seed=True, final_aligner=A.MultistepAligner(alpha=3.0))
        ),
        "SelfLearning, keep_seed, final RCSLS": Setting(
            learn(keep_seed=True, final_aligner=A.RCSLSAligner())
        ),
        'SelfLearning, keep_seed, final RCSLS(constraint="spectral")': Setting(
            learn(keep_seed=True, final_aligner=A.RCSLSAligner(constraint="spectral"))
        ),
        "SelfLearning, identical words": Setting(learn(init="identical"), needs_pairs=False),
        "SelfLearning, identical words, final Multistep": Setting(
            learn(init="identical", final_aligner=A.MultistepAligner(alpha=3.0)),
            needs_pairs=False,
        ),
        "SelfLearning, distributions, robust": Setting(
            learn(init="distributions", **robust), needs_pairs=False, draws=True
        ),
        "Wasserstein": Setting(
            lambda seed: A.WassersteinAligner(min_agreement=None, random_state=seed),
            needs_pairs=False,
            draws=True,
        ),
        "Adversarial, max_seconds=600": Setting(
            lambda seed: A.AdversarialAligner(max_seconds=600.0, random_state=seed),
            needs_pairs=False,
            draws=True,
        ),
    }


def main():
    args = parse_args()
    if args.worker:
        print(json.dumps(work(args)))
        return
    if os.getloadavg()[0] > 0.5 and not args.busy:
        sys.exit(f"load is {os.getloadavg()[0]:.1f}: timings on a busy machine say nothing")
    if args.cache is not None:
        load_vectors(args)  # trained once, before any of the processes asks
    print("| aligner | lexicon | P@1, nearest neighbour | P@1, CSLS | seconds | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    for name, setting in settings().items():
        if args.only and not any(part in name for part in args.only):
            continue
        for lexicon in args.lexicons if setting.needs_pairs else ("none",):
            seeds = range(args.seeds if setting.draws else 1)
            rows = [start_worker(args, name, lexicon, seed) for seed in seeds]
            cells = [mean_and_error([row[key] for row in rows]) for key in ("cosine", "csls")]
            cells += [f"{np.mean([row['seconds'] for row in rows]):.1f}"]
            cells += [f"{max(row['memory'] for row in rows):.0f}"]
            print(f"| {name} | {lexicon} | {' | '.join(cells)} |", flush=True)


def mean_and_error(values):
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{np.mean(values):.1f} ({np.std(values, ddof=1) / np.sqrt(len(values)):.1f})"


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of the real data")
    parser.add_argument("--pair", default="en-de")
    parser.add_argument("--source", type=Path, help="vectors of the source language")
    parser.add_argument("--target", type=Path, help="vectors of the target language")
    parser.add_argument("--cache", help="train vectors, and keep them in this folder")
    parser.add_argument("--lexicons", nargs="+", default=["1k", "5k"], help="training lexicons")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of aligners that draw")
    parser.add_argument("--only", nargs="+", help="parts of the names of the aligners to run")
    parser.add_argument("--busy", action="store_true", help="time on a busy machine all the same")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--lexicon", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def start_worker(args, name, lexicon, seed):
    options = [f"--worker={name}", f"--lexicon={lexicon}", f"--seed={seed}", f"--pair={args.pair}"]
    for option in ("data", "source", "target", "cache"):
        if getattr(args, option) is not None:
            options.append(f"--{option}={getattr(args, option)}")
    result = subprocess.run(
        [sys.executable, __file__, *options], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(result.stdout.splitlines()[-1])


# -- one fit, in its own process ---------------------------------------------------------------


def work(args):
    from skxling.datasets import drop_test_sources, load_lexicon
    from skxling.metrics import bli_report
    from skxling.translation import WordTranslator

    source, target = load_vectors(args)
    folder = args.data / "xling" / args.pair
    test = load_lexicon(folder / f"yacle.test.freq.2k.{args.pair}.tsv", lowercase=True)
    X = y = None
    if args.lexicon != "none":
        path = folder / f"yacle.train.freq.{args.lexicon}.{args.pair}.tsv"
        train = drop_test_sources(load_lexicon(path, lowercase=True), test)
        rows = source.index(train.source, missing="ignore")
        columns = target.index(train.target, missing="ignore")
        known = (rows >= 0) & (columns >= 0)
        X, y = source.vectors[rows[known]], target.vectors[columns[known]]
    aligner, row = settings()[args.worker].make(args.seed), {}
    with PeakMemory() as peak:
        start = time.perf_counter()
        aligner.fit(X, y, source_vectors=source, target_vectors=target)
        row["seconds"] = time.perf_counter() - start
    row["memory"] = peak.megabytes
    sides = [
        source.with_vectors(np.asarray(aligner.transform(source.vectors))),
        target.with_vectors(aligner.transform_target(target.vectors)),
    ]
    for retrieval in ("cosine", "csls"):
        judged = WordTranslator(*sides, "passthrough", retrieval=retrieval).fit()
        report = bli_report(judged, test.source, test.target, ks=(1,))
        row[retrieval] = 100 * report.p_at_k["skip"][1]
    return row


def train_vectors(path, params):
    """Vectors of one language, trained on its corpus alone."""
    from skxling import JointSkipGram

    return JointSkipGram(**params).fit(path).word_vectors_


def load_vectors(args):
    import joblib

    from skxling.embedding import WordVectors, read_word_vectors

    if args.source is not None:
        return read_word_vectors(args.source), read_word_vectors(args.target)
    if args.cache is not None:
        train = joblib.Memory(args.cache, verbose=0).cache(train_vectors)
        params = {"n_components": 300, "epochs": 5, "random_state": 0}
        paths = [args.data / "eltec" / f"{language}.txt.xz" for language in args.pair.split("-")]
        return [train(path, params) for path in paths]
    sides = []
    for language in args.pair.split("-"):
        with np.load(args.data / "vectors" / f"{language}.npz") as saved:
            sides.append(WordVectors(saved["words"].tolist(), saved["vectors"].astype(np.float32)))
    return sides


if __name__ == "__main__":
    main()
