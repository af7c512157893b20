"""What an approximate index gains and loses, beside exact search.

    python benchmarks/faiss_index.py --data $SKXLING_DATA

The fixed English and German vectors are aligned by Procrustes on four fifths of the 5,000 seed
entries, and the last fifth is translated by CSLS, on as many folds as `--folds` says; the test
lexicon is not touched. Printed for each index, beside exact search:

- seconds to build the index of the target words, to prepare a translator (the indices of both
  sides, and the neighbourhood means of all words), and to answer 1,000 queries;
- recall@1, the share of queries whose nearest word by cosine the index finds, and @10 likewise;
- P@1, and how much of it is lost.

The table goes to RESULTS.md too.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from results import add_result, command
from sklearn.model_selection import GroupKFold

from skxling.alignment import ProcrustesAligner
from skxling.datasets import load_lexicon
from skxling.embedding import WordVectors
from skxling.functional import nearest_neighbors
from skxling.metrics import make_bli_scorer
from skxling.translation import FaissIndex, WordTranslator
from skxling.utils import to_numpy, to_tensor

N_QUERIES = 1000  # the most frequent source words
INDICES = {
    "none: exact": None,
    "flat": FaissIndex("flat"),
    "ivf, 8 probes": FaissIndex("ivf", n_probes=8),
    "ivf, 32 probes": FaissIndex("ivf", n_probes=32),
    "ivf, 32 probes, 20 candidates": FaissIndex("ivf", n_probes=32, n_candidates=20),
    "hnsw": FaissIndex("hnsw"),
}


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    if os.getloadavg()[0] > 0.5 and not args.busy:
        sys.exit(f"load is {os.getloadavg()[0]:.1f}: timings on a busy machine say nothing")
    source, target = (read_vectors(args.data, language) for language in ("en", "de"))
    path = args.data / "xling" / "en-de" / "yacle.train.freq.5k.en-de.tsv"
    lexicon = load_lexicon(path, lowercase=True)
    words, answers = (np.array(side, dtype=object) for side in (lexicon.source, lexicon.target))
    folds = list(GroupKFold(5).split(words, answers, words))[: args.folds]
    results = {name: [] for name in args.indices}
    for train, held_out in folds:
        aligned = WordTranslator(source, target, ProcrustesAligner(), retrieval="cosine")
        aligned.fit(words[train], answers[train])
        for name in args.indices:
            results[name].append(judge(aligned, name, words[held_out], answers[held_out]))
    rows = report(results)
    print("\n".join(rows))
    if args.save:
        caption = (
            f"{source.n_words:,} English and {target.n_words:,} German words, {N_QUERIES:,} "
            f"queries, {args.folds} folds of 5, {args.threads} threads"
        )
        add_result("## Approximate indices", [f"{caption}; command: `{command()}`", "", *rows])


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--indices", nargs="+", choices=INDICES, default=list(INDICES))
    parser.add_argument("--folds", type=int, default=2, help="how many of five folds to judge by")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--busy", action="store_true", help="time on a busy machine all the same")
    parser.add_argument("--save", action="store_true", help="write the table to RESULTS.md")
    return parser.parse_args()


def read_vectors(folder, language):
    with np.load(folder / "vectors" / f"{language}.npz") as saved:
        return WordVectors(saved["words"].tolist(), saved["vectors"].astype(np.float32))


def judge(aligned, name, words, answers):
    """Seconds, shares of neighbours found, and P@1, of one index on one fold."""
    index, (source, target) = INDICES[name], (aligned.source_vectors_, aligned.target_vectors_)
    queries = source.vectors[:N_QUERIES]
    exact = nearest_neighbors(to_tensor(queries), to_tensor(target.vectors), 10)
    exact, build, recall = to_numpy(exact.indices), 0.0, (1.0, 1.0)
    if index is not None:
        build, index = timed(index.fit, target)
        _, found = index.kneighbors(queries, 10)
        is_found = (found[:, :, None] == exact[:, None]).any(1)  # of the exact ones, those found
        recall = is_found[:, 0].mean(), is_found.mean()
    translator = WordTranslator(source, target, "passthrough", index=INDICES[name])
    prepare, translator = timed(translator.fit)
    answer, _ = timed(translator.predict, source.words[:N_QUERIES])
    precision = make_bli_scorer(oov="skip")(translator, words, answers)
    return build, prepare, answer, *recall, precision


def timed(function, *args):
    start = time.perf_counter()
    result = function(*args)
    return time.perf_counter() - start, result


def report(results):
    rows = [
        "| index | build, s | prepare, s | answer, s | recall@1 | recall@10 | P@1 | lost |",
        "|---|---|---|---|---|---|---|---|",
    ]
    exact = None
    for name, folds in results.items():
        build, prepare, answer, first, ten, precision = np.mean(folds, axis=0)
        exact = precision if exact is None else exact
        rows.append(
            f"| {name} | {build:.1f} | {prepare:.1f} | {answer:.2f} | {first:.1%} | {ten:.1%} "
            f"| {100 * precision:.2f} | {100 * (exact - precision):.2f} |"
        )
    return rows


if __name__ == "__main__":
    main()
