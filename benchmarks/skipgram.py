"""Skip-gram training beside gensim: speed, memory, and the quality of what comes out.

    python benchmarks/skipgram.py --data $SKXLING_DATA --tokens 4000000 --quality

Every system trains on the same balanced en-de sentences with the same settings and two threads,
each run in a process of its own, the systems in turn, gensim at its own learning rate and at ours,
which falls with the occurrences of a word.
Speed is raw tokens (times epochs) a second of the training alone; reading and counting the corpus
stands beside it. Memory is the peak above the imports; mapped pages of the corpus do not count,
worker processes (`n_jobs`) do, with imports of their own; on a GPU it is the GPU's. Quality is P@1
(CSLS) of Joint-Align on folds of the seed lexicon, trained on each system's vectors, the mean of
all runs. The table goes to benchmarks/RESULTS.md too.

    python benchmarks/skipgram.py --data $SKXLING_DATA --scaling 2 8 25 200 --epochs 1

trains JointSkipGram alone on so many million tokens, repeating the corpus where it is shorter.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
from peak_memory import PeakMemory
from results import add_result, command

ROOT = Path(__file__).parents[1]  # on another machine the library need not be installed
sys.path.insert(1, str(ROOT))

SYSTEMS = (
    "gensim Word2Vec",
    "gensim Word2Vec, our rate",
    "skxling",
    "gensim FastText",
    "gensim FastText, our rate",
    "skxling, n-grams",
    "skxling, n_jobs=2",
    "skxling, n-grams, n_jobs=2",
    "skxling, n-grams, torchrun",
)
ON_CPU, ON_GPU = SYSTEMS[:-1], ("skxling", "skxling, n-grams")
WINDOW, NEGATIVE, SAMPLE, MIN_COUNT = 5, 5, 1e-4, 5
GENSIM_RATE = 0.025


def main():
    args = parse_args()
    if args.worker:
        result = work(args)
        if os.environ.get("RANK", "0") == "0":
            print(json.dumps(result))
        return
    if os.getloadavg()[0] > 0.5 and not args.busy:
        sys.exit(f"load is {os.getloadavg()[0]:.1f}: timings on a busy machine say nothing")
    with tempfile.TemporaryDirectory() as folder:
        args.folder = Path(folder)
        if args.scaling:
            scale(args)
            return
        n_tokens = write_corpora(args)
        print(f"{n_tokens} tokens, {args.epochs} epochs, dimension {args.dimension}, ", end="")
        print(f"{args.threads} threads, {args.runs} runs")
        args.rates = our_rates(args)
        print(f"learning rate of skxling: {args.rates[0]:.3f}, with n-grams {args.rates[1]:.3f}")
        results = {name: [] for name in args.systems}
        for run in range(args.runs):
            for name in args.systems:
                results[name].append(start_worker(args, name, run))
        report(args, results, n_tokens)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--tokens", type=int, default=None, help="a prefix of the corpus")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--dimension", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, help="default: by the device")
    parser.add_argument("--scaling", type=int, nargs="+", help="millions of tokens to train on")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quality", action="store_true", help="judge the vectors too")
    parser.add_argument("--busy", action="store_true", help="time on a busy machine all the same")
    parser.add_argument("--worker", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.systems = args.systems or (ON_CPU if args.device == "cpu" else ON_GPU)
    return args


def scale(args):
    """Speed and memory of JointSkipGram alone against the size of the corpus."""
    print("| tokens | tokens/s, n-grams | preparing, s | peak memory, MB |")
    print("|---|---|---|---|")
    for millions in args.scaling:
        args.tokens = millions * 10**6
        n_tokens = write_corpora(args)
        run = start_worker(args, "skxling, n-grams", 0)
        print(f"| {n_tokens:,} | {n_tokens * args.epochs / run['train']:,.0f} ", end="")
        print(f"| {run['prepare']:.1f} | {run['memory']:.0f} |", flush=True)


def write_corpora(args):
    """Balanced sentences as text: both sides (for skxling), and shuffled together (for gensim)."""
    from skxling.text import tokenize

    rng = np.random.default_rng(0)
    sides = []
    for language in ("en", "de"):
        sentences = [" ".join(s) for s in tokenize(args.data / "eltec" / f"{language}.txt.xz")]
        sides.append([sentences[i] for i in rng.permutation(len(sentences))])
    sizes = [np.cumsum([line.count(" ") + 1 for line in side]) for side in sides]
    whole = min(sizes[0][-1], sizes[1][-1])
    copies, rest = divmod(args.tokens // 2, whole) if args.tokens else (1, 0)
    sides = [
        side[: np.searchsorted(size, whole) + 1] * copies
        + side[: np.searchsorted(size, rest) + 1 if rest else 0]
        for side, size in zip(sides, sizes, strict=True)
    ]
    joint = sides[0] + sides[1]
    joint = [joint[i] for i in rng.permutation(len(joint))]
    for name, lines in (("source", sides[0]), ("target", sides[1]), ("joint", joint)):
        (args.folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return sum(line.count(" ") + 1 for line in joint)


def our_rates(args):
    """Learning rates that JointSkipGram starts with, without n-grams and with."""
    from skxling import JointSkipGram
    from skxling.text import encode_corpora

    paths = args.folder / "source.txt", args.folder / "target.txt"
    vocabulary, corpus = encode_corpora(*paths, min_count=MIN_COUNT, balance=None)
    models = [JointSkipGram(max_n=max_n, epochs=args.epochs) for max_n in (0, 6)]
    return [model._first_rate(corpus.n_tokens, vocabulary.n_words) for model in models]


def start_worker(args, name, run):
    line, n_processes = [sys.executable], 2 if "torchrun" in name else 1
    if n_processes > 1:
        line += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    line += [__file__, "--worker", name, "--folder", str(args.folder), "--data", str(args.data)]
    n_threads = max(args.threads // n_processes, 1)
    for option in ("epochs", "dimension", "device"):
        line += [f"--{option}", str(getattr(args, option))]
    line += ["--threads", str(n_threads)]
    if "our rate" in name:
        line += ["--rate", str(args.rates["FastText" in name])]
    environment = {**os.environ, "OMP_NUM_THREADS": str(n_threads)}
    result = subprocess.run(
        [*line, "--seed", str(run)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


# -- one training, in its own process --------------------------------------------------------


def work(args):
    train = work_gensim if args.worker.startswith("gensim") else work_skxling
    importlib.import_module("gensim.models" if train is work_gensim else "skxling")
    if args.device != "cpu":
        warm_up(args)
    with PeakMemory() as peak:
        words, vectors, seconds = train(args)
    if os.environ.get("RANK", "0") == "0":
        save_vectors(args, run_name(args.worker, args.seed), words, vectors)
    memory = of_all_processes(args, peak.megabytes)
    return {"prepare": seconds[0], "train": seconds[1], "memory": memory}


def warm_up(args):
    """Train a little, so that a GPU has loaded its kernels before the clock starts."""
    import torch

    for name in ("source", "target"):
        with (args.folder / f"{name}.txt").open(encoding="utf-8") as file:
            (args.folder / f"few.{name}.txt").write_text(
                "".join(islice(file, 20_000)), encoding="utf-8"
            )
    make_model(args).fit(args.folder / "few.source.txt", args.folder / "few.target.txt")
    torch.cuda.reset_peak_memory_stats()


def of_all_processes(args, megabytes):
    """Sum over the processes that train together; on a GPU, of its own memory."""
    import torch

    if args.device != "cpu":
        megabytes = torch.cuda.max_memory_allocated() / 2**20
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return megabytes
    total = torch.tensor(megabytes, device=args.device)
    torch.distributed.all_reduce(total)  # in the group that the fit has made
    return float(total)


def run_name(system, run):
    return f"{system}, run {run}"


def save_vectors(args, name, words, vectors):
    np.save(args.folder / f"{name}.npy", vectors.astype(np.float32))
    (args.folder / f"{name}.words").write_text("\n".join(words), encoding="utf-8")


def load_vectors(args, name):
    words = (args.folder / f"{name}.words").read_text(encoding="utf-8").split("\n")
    return words, np.load(args.folder / f"{name}.npy")


def work_gensim(args):
    from gensim.models import FastText, Word2Vec

    settings = {
        "vector_size": args.dimension,
        "window": WINDOW,
        "negative": NEGATIVE,
        "sample": SAMPLE,
        "min_count": MIN_COUNT,
        "epochs": args.epochs,
        "workers": args.threads,
        "alpha": args.rate or GENSIM_RATE,
        "sg": 1,
        "seed": args.seed,
    }
    path = str(args.folder / "joint.txt")
    model = (FastText if "FastText" in args.worker else Word2Vec)(**settings)
    start = time.perf_counter()
    model.build_vocab(corpus_file=path)
    built = time.perf_counter()
    model.train(
        corpus_file=path,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=args.epochs,
    )
    trained = time.perf_counter()
    return model.wv.index_to_key, model.wv.vectors, (built - start, trained - built)


class Clock:
    """Callback that notes when the first epoch begins."""

    def setup(self, estimator, context):
        self.began = None

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and self.began is None:
            self.began = time.perf_counter()

    def on_fit_task_end(self, estimator, context):
        pass


def work_skxling(args):
    import torch

    torch.set_num_threads(args.threads)
    model, clock = make_model(args), Clock()
    start = time.perf_counter()
    model.set_callbacks(clock).fit(args.folder / "source.txt", args.folder / "target.txt")
    end = time.perf_counter()
    vectors = model.word_vectors_
    return vectors.words, vectors.vectors, (clock.began - start, end - clock.began)


def make_model(args):
    """The estimator of a worker."""
    from skxling import JointSkipGram

    return JointSkipGram(
        args.dimension,
        window=WINDOW,
        negative=NEGATIVE,
        sample=SAMPLE,
        min_count=MIN_COUNT,
        max_n=6 if "n-grams" in args.worker else 0,
        epochs=args.epochs,
        balance=None,
        distributed="torchrun" in args.worker,
        n_jobs=2 if "n_jobs" in args.worker else None,
        random_state=args.seed,
        device=args.device,
    )


# -- results ---------------------------------------------------------------------------------


def report(args, results, n_tokens):
    saved = {name: [run_name(name, i) for i in range(len(runs))] for name, runs in results.items()}
    quality = judge(args, saved) if args.quality else {}
    rows = [
        "| system | tokens/s (median, min to max) | preparing, s | peak memory, MB "
        "| P@1 Procrustes | P@1 RCSLS |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        speeds = sorted(n_tokens * args.epochs / run["train"] for run in runs)
        prepare, memory = (np.median([run[key] for run in runs]) for key in ("prepare", "memory"))
        scores = [f"{mean:.1f} ({error:.1f})" for mean, error in quality.get(name, [])]
        cells = " | ".join(scores or ["-", "-"])
        rows.append(
            f"| {name} | {np.median(speeds):,.0f} ({speeds[0]:,.0f} to {speeds[-1]:,.0f}) "
            f"| {prepare:.1f} | {memory:.0f} | {cells} |"
        )
    print("\n".join(rows))
    if not args.busy:
        caption = (
            f"{n_tokens:,} tokens, {args.epochs} epochs, dimension {args.dimension}, "
            f"{args.threads} threads, {args.runs} runs, {args.device}; command: `{command()}`"
        )
        add_result("## Skip-gram", [caption, "", *rows])


def judge(args, saved):
    """Mean P@1 over folds of the seed lexicon and its standard error; a fold's is that of all runs.

    `saved` holds the names of the vectors of each system's runs.
    """
    from sklearn.frozen import FrozenEstimator
    from sklearn.model_selection import GroupKFold, cross_val_score

    from skxling import JointAlignCombiner, ProcrustesAligner, RCSLSAligner
    from skxling.datasets import load_lexicon
    from skxling.text import encode_corpora

    vocabulary, _ = encode_corpora(
        args.folder / "source.txt", args.folder / "target.txt", min_count=1, balance=None
    )
    path = args.data / "xling" / "en-de" / "yacle.train.freq.5k.en-de.tsv"
    lexicon = load_lexicon(path, lowercase=True)
    X, y = np.array(lexicon.source, dtype=object), np.array(lexicon.target, dtype=object)
    known = (vocabulary.encode(list(X)) >= 0) & (vocabulary.encode(list(y)) >= 0)
    X, y, cells = X[known], y[known], {}
    for system, names in saved.items():
        scores = []
        for name in names:
            words, vectors = load_vectors(args, name)
            counts = vocabulary.counts[vocabulary.encode(words)]
            frozen = FrozenEstimator(pretrained(words, vectors, counts))
            for aligner in (ProcrustesAligner(), RCSLSAligner(constraint="spectral")):
                combiner = JointAlignCombiner(frozen, aligner)
                scores.append(cross_val_score(combiner, X, y, groups=X, cv=GroupKFold(5)))
        by_aligner = 100 * np.mean(np.reshape(scores, (len(names), 2, 5)), axis=0)
        cells[system] = [(s.mean(), s.std(ddof=1) / 5**0.5) for s in by_aligner]
    return cells


def pretrained(words, vectors, counts):
    """Vectors of any origin as a fitted joint model: what JointAlignCombiner asks of one."""
    from skxling import JointSkipGram, WordVectors
    from skxling.text import Vocabulary

    model = JointSkipGram(vectors.shape[1], max_n=0)
    model.vocabulary_ = Vocabulary(words, counts)
    model.word_vectors_ = WordVectors(words, vectors, counts)
    model.ngram_buckets_, model.ngram_vectors_ = np.zeros(0, dtype=int), vectors[:0]
    return model


if __name__ == "__main__":
    main()
