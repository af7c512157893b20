"""Joint-Align against its parents on real text: P@1 of every system on one set of queries.

    python benchmarks/joint_align.py --data $SKXLING_DATA --pair en-de

trains a joint skip-gram and one for each language on the same (token-balanced) sentences, learns
from the seed lexicon, and judges on the test lexicon. With `--folds 5` it judges on folds of the
seed lexicon instead and leaves the test lexicon alone: that is the way to choose settings. Models
are kept in the folder `--cache`; empty it when the library has changed.

P@1 is given on the queries that all systems cover, on those among them that are spelled otherwise
in the other language, on the queries that the system itself covers, and on all of them, uncovered
ones counted wrong. Below stand the differences between Joint-Align and its parents on the queries
that all cover, with the standard error of a paired comparison.
"""

import argparse
import time
from pathlib import Path

import joblib
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold

from skxling import (
    JointAlignCombiner,
    JointSkipGram,
    ProcrustesAligner,
    RCSLSAligner,
    WordTranslator,
)
from skxling.datasets import load_lexicon
from skxling.text import reallocate_vocabulary, tokenize


def main():
    args = parse_args()
    source, target = args.pair.split("-")
    memory = joblib.Memory(args.cache, verbose=0)
    fit = memory.cache(fit_models)
    joint, monolingual, seconds = fit(
        [args.data / "eltec" / f"{language}.txt.xz" for language in (source, target)],
        {
            "n_components": args.dimension,
            "epochs": args.epochs,
            "max_n": args.max_n,
            "learning_rate": args.learning_rate,
            "random_state": args.seed,
        },
    )
    print(f"training: joint {seconds[0]:.0f} s, {source} {seconds[1]:.0f} s, {target} ", end="")
    print(f"{seconds[2]:.0f} s; joint vocabulary {joint.vocabulary_.n_words} words")
    folder = args.data / "xling" / args.pair
    train = load_lexicon(folder / f"yacle.train.freq.{args.train}.{args.pair}.tsv", lowercase=True)
    test = load_lexicon(folder / f"yacle.test.freq.2k.{args.pair}.tsv", lowercase=True)
    pairs = set(zip(train.source, train.target, strict=True))
    pairs = sorted(pair for pair in pairs if pair[0] not in set(test.source))
    if args.folds:
        results = [judge(joint, monolingual, *fold) for fold in folds(pairs, args.folds)]
    else:
        test_pairs = sorted(set(zip(test.source, test.target, strict=True)))
        results = [judge(joint, monolingual, pairs, test_pairs)]
    report(results)
    report_differences(results)


def rate(text):
    return text if text == "auto" else float(text)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--pair", default="en-de")
    parser.add_argument("--train", default="5k", help="size of the seed lexicon")
    parser.add_argument("--folds", type=int, default=0, help="judge on folds of the seed lexicon")
    parser.add_argument("--dimension", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--max-n", type=int, default=6, help="0: no n-grams")
    parser.add_argument("--learning-rate", type=rate, default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", default=None, help="folder that keeps the trained models")
    return parser.parse_args()


def fit_models(paths, params):
    """Train the joint model and both monolingual ones on the same sentences."""
    corpora = balance([list(tokenize(path)) for path in paths])
    models, seconds = [], []
    for X, y in ((corpora[0], corpora[1]), (corpora[0], None), (corpora[1], None)):
        start = time.perf_counter()
        models.append(JointSkipGram(balance=None, **params).fit(X, y))
        seconds.append(time.perf_counter() - start)
    return models[0], models[1:], seconds


def balance(corpora):
    """Sentences of the larger corpus, drawn until both have the same number of tokens."""
    sizes = [sum(map(len, corpus)) for corpus in corpora]
    chosen = []
    for corpus, size in zip(corpora, sizes, strict=True):
        order = np.random.default_rng(0).permutation(len(corpus))
        ends = np.cumsum([len(corpus[i]) for i in order])
        n = len(corpus) if size == min(sizes) else int(np.searchsorted(ends, min(sizes))) + 1
        chosen.append([corpus[i] for i in np.sort(order[:n])])
    return chosen


def folds(pairs, n_folds):
    pairs = np.array(pairs, dtype=object)
    for train, test in GroupKFold(n_folds).split(pairs, groups=pairs[:, 0]):
        yield pairs[train].tolist(), pairs[test].tolist()


class CopyTheWord:
    """The baseline that needs no vectors: a word is its own translation."""

    def __init__(self, target):
        self.target_vectors_ = target

    def kneighbors(self, X, n_neighbors=1):
        words = [word if word in self.target_vectors_ else None for word in X]
        return None, np.array(words, dtype=object)[:, None]


def systems(joint, monolingual, pairs):
    """Name and fitted word-level estimator of every system, and the vocabularies they cover."""
    X, y = map(list, zip(*pairs, strict=True))
    vectors, counts = joint.word_vectors_, joint.vocabulary_.counts
    frequent = [vectors.subset(np.flatnonzero(counts[:, i] >= 5)) for i in range(2)]
    yield "copy the word", lambda: CopyTheWord(frequent[1])
    yield "joint only", lambda: WordTranslator(*frequent, "passthrough").fit()
    sides = reallocate_vocabulary(counts)
    reallocated = [
        vectors.subset(np.flatnonzero(side | sides.shared)) for side in (sides.source, sides.target)
    ]
    yield "reallocation alone", lambda: WordTranslator(*reallocated, "passthrough").fit()
    separate = [model.word_vectors_ for model in monolingual]
    frozen = FrozenEstimator(joint)
    aligners = {"Procrustes": ProcrustesAligner(), "RCSLS": RCSLSAligner(constraint="spectral")}
    for name, aligner in aligners.items():
        yield f"alignment, {name}", lambda a=aligner: WordTranslator(*separate, a).fit(X, y)
        yield f"Joint-Align, {name}", lambda a=aligner: JointAlignCombiner(frozen, a).fit(X, y)
    yield "Joint-Align, no lexicon", lambda: JointAlignCombiner(frozen).fit()


def judge(joint, monolingual, train, test):
    """Rows of (name, seconds, right, covered), one entry of each array a query."""
    golds = {}
    for source, target in test:
        golds.setdefault(source, set()).add(target)
    queries = list(golds)
    rows = []
    for name, fit in systems(joint, monolingual, train):
        start = time.perf_counter()
        model = fit()
        seconds = time.perf_counter() - start
        words = model.kneighbors(queries, n_neighbors=1)[1][:, 0]
        right = np.array([word in golds[q] for word, q in zip(words, queries, strict=True)])
        target = model.target_vectors_
        known = getattr(model, "source_vectors_", target)
        covered = np.array([q in known and any(g in target for g in golds[q]) for q in queries])
        if name == "copy the word":
            covered[:] = True
        rows.append((name, seconds, right, covered, target.n_words))
    different = np.array([q not in golds[q] for q in queries])
    return rows, different


def report(results):
    """One row a system: means over the folds."""
    table = {}
    for rows, different in results:
        together = np.logical_and.reduce([row[3] for row in rows])
        for name, seconds, right, covered, n_candidates in rows:
            table.setdefault(name, []).append(
                (
                    100 * right[together].mean(),
                    100 * right[together & different].mean(),
                    100 * right[covered].mean(),
                    covered.sum(),
                    100 * (right & covered).mean(),
                    n_candidates,
                    seconds,
                    together.sum(),
                    len(right),
                )
            )
    n_together, n_all = np.mean([values[-1][7:] for values in table.values()], axis=0)
    print(f"\nP@1 (CSLS, k = 10), {n_together:.0f} queries covered by all, {n_all:.0f} in all")
    print("| system | P@1 | differently spelled | own queries | all | candidates | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, values in table.items():
        mean = np.mean(values, axis=0)
        print(f"| {name} | {mean[0]:.1f} | {mean[1]:.1f} | {mean[2]:.1f} ({mean[3]:.0f}) ", end="")
        print(f"| {mean[4]:.1f} | {mean[5]:.0f} | {mean[6]:.1f} |")


def report_differences(results):
    """Joint-Align against its parents, query by query; of folds all queries together."""
    right = {}
    for rows, _ in results:
        together = np.logical_and.reduce([row[3] for row in rows])
        for name, _, hits, _, _ in rows:
            right.setdefault(name, []).append(100.0 * hits[together])
    right = {name: np.concatenate(parts) for name, parts in right.items()}
    print("\n| difference | P@1 | standard error |\n|---|---|---|")
    for aligner in ("Procrustes", "RCSLS"):
        ours = f"Joint-Align, {aligner}"
        for other in ("joint only", f"alignment, {aligner}"):
            gain = right[ours] - right[other]
            error = gain.std(ddof=1) / np.sqrt(len(gain))
            print(f"| {ours}, less {other} | {gain.mean():.1f} | {error:.1f} |")


if __name__ == "__main__":
    main()
