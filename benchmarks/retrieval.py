"""CSLS retrieval of queries and of a whole vocabulary, beside its plain form.

    python benchmarks/retrieval.py --n-words 50000
    python benchmarks/retrieval.py --ways skxling
    python benchmarks/retrieval.py --device cuda --memory-budget 32

The plain form is that of older tools: for each block of rows one product and one `topk`, for the
neighbourhoods of either side in full, and then for the scores. The ways run in turn, each in a
process of its own. For each task are printed

- seconds, and the share of them spent inside products;
- the share of the floor: what the products that the method cannot do without take at the rate of
  products alone, which is measured around each run. A product for the neighbourhoods of both sides
  has 2 n n d operations, that of q queries 2 q n d. 80 % is the aim;
- the peak of the process's anonymous memory, all included.

Before that, the answers on small spaces are set beside a dense computation in double precision:
random and clustered rows, and rows of which many are equal. The tables go to RESULTS.md too.

On CUDA the precision of products is varied instead, and the first neighbours that change are
counted.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np
import torch
from peak_memory import PeakMemory
from results import add_result, command

K = 10  # size of CSLS's neighbourhoods
BLOCK = 1024  # rows of the plain form
PRECISIONS = {"float32": "highest", "tf32": "high", "bf16": "highest"}


def main():
    args = parse_args()
    if args.device == "cpu":
        torch.set_num_threads(args.threads)
    if args.worker:
        print(json.dumps(work(args)))
        return
    if os.getloadavg()[0] > 0.5 and not args.busy:
        sys.exit(f"load is {os.getloadavg()[0]:.1f}: timings on a busy machine say nothing")
    checked = check_indices()
    print("\n".join(checked) + "\n", flush=True)
    results = {way: [] for way in args.ways}
    for _ in range(args.runs):
        for way in args.ways:
            results[way].append(start_worker(args, way))
    rows = report(args, results)
    print("\n".join(rows))
    if args.save:
        save(args, [*rows, "", *checked])


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n-words", type=int, default=200_000, help="words of either side")
    parser.add_argument("--n-components", type=int, default=300)
    parser.add_argument("--n-queries", type=int, default=1500)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--memory-budget", type=int, default=28, help="a power of 2, in bytes")
    parser.add_argument("--ways", nargs="+", help="default: all that the device has")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--busy", action="store_true", help="time on a busy machine all the same")
    parser.add_argument("--save", action="store_true", help="write the tables to RESULTS.md")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    known = ["plain", "skxling"] if args.device == "cpu" else ["plain", *PRECISIONS]
    args.ways = args.ways or known
    if not set(args.ways) <= set(known):
        parser.error(f"--ways are among {' '.join(known)} on {args.device}")
    return args


def start_worker(args, way):
    names = ("n-words", "n-components", "n-queries", "device", "threads", "memory-budget")
    options = [f"--{name}={getattr(args, name.replace('-', '_'))}" for name in names]
    line = [sys.executable, __file__, *options, "--worker", way]
    result = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout.splitlines()[-1])


# -- one run, in its own process ---------------------------------------------------------------


def work(args):
    """Seconds of each phase, seconds in its products, rates before and after, memory, answers."""
    if args.worker in PRECISIONS:
        torch.set_float32_matmul_precision(PRECISIONS[args.worker])
    source, target = make_spaces(args.n_words, args.n_components)
    source, target = source.to(args.device), target.to(args.device)
    run = RUNS.get(args.worker, run_skxling)(args, source, target)
    rates = [product_rates(args)]
    if args.device != "cpu":
        torch.cuda.reset_peak_memory_stats()  # the rates took more
    phases = {}
    with PeakMemory() as memory, ProductClock() as products:
        while True:
            synchronize(args)
            start, products.seconds = time.perf_counter(), 0.0
            name, answers = next(run, (None, None))
            if name is None:
                break
            synchronize(args)
            phases[name] = (time.perf_counter() - start, products.seconds)
            if name == "vocabulary":
                first = answers
    peak = memory.most
    if args.device != "cpu":
        peak = torch.cuda.max_memory_allocated() / 2**20
    rates.append(product_rates(args))
    return {"phases": phases, "rates": rates, "memory": peak, "answers": first.tolist()}


def make_spaces(n_words, n_components):
    """Two noisy copies of a space with clusters, and with a direction that all words share."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(n_words // 20 + 1, n_components, generator=generator)
    source = centres[torch.randint(len(centres), (n_words,), generator=generator)]
    source += torch.randn(n_words, n_components, generator=generator)
    source += 0.5 * torch.randn(n_components, generator=generator)
    return source, source + 0.7 * torch.randn(n_words, n_components, generator=generator)


def synchronize(args):
    if args.device != "cpu":
        torch.cuda.synchronize()


def product_rates(args):
    """Operations a second of products alone: of the shape that tiles have, and of a square."""
    on_cpu = args.device == "cpu"
    n_tile, n_square = (1024, 3000) if on_cpu else (16384, 16384)
    dtype = torch.bfloat16 if args.worker == "bf16" else torch.float32
    return [
        product_rate(args, n_tile, args.n_components, dtype),
        product_rate(args, n_square, n_square, dtype),
    ]


def product_rate(args, n, d, dtype, seconds=1.5):
    """Mean rate over a second or more, not the best: that is what a long run can have."""
    X, Y = (torch.randn(n, d, device=args.device, dtype=dtype) for _ in range(2))
    scores = torch.empty(n, n, device=args.device, dtype=dtype)
    torch.mm(X, Y.T, out=scores)
    synchronize(args)
    start, n_runs = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        torch.mm(X, Y.T, out=scores)
        synchronize(args)
        n_runs += 1
    return n_runs * 2 * n * n * d / (time.perf_counter() - start)


def run_skxling(args, source, target):
    """Neighbourhoods of both sides, then the answers to some queries, then to all."""
    from skxling.functional import retrieval_statistics, retrieve

    budget = {"memory_budget": 2**args.memory_budget}
    statistics = retrieval_statistics(source, target, n_neighbors=K, **budget)
    yield "means", None
    for name, n in (("queries", args.n_queries), ("vocabulary", len(source))):
        known = statistics._replace(source=statistics.source[:n])
        yield name, retrieve(source[:n], target, 1, known, **budget).indices[:, 0]


def run_bf16(args, source, target):
    """The same with products in bfloat16, which the functions for estimators do not use."""
    from functools import partial

    from skxling.functional.exact import unit_pair
    from skxling.functional.neighbors import largest_scores, largest_scores_both_ways
    from skxling.functional.scores import TermScores, subtract_

    budget = {"memory_budget": 2**args.memory_budget}
    X, Y = (M.bfloat16() for M in unit_pair(source, target))
    _, of_target = largest_scores_both_ways(X, Y, K, **budget)
    score = TermScores(partial(subtract_, scale=2), y=of_target.scores.mean(1))
    yield "means", None
    for name, n in (("queries", args.n_queries), ("vocabulary", len(source))):
        yield name, largest_scores(X[:n], Y, 1, rescore=score, **budget).indices[:, 0]


def run_plain(args, source, target):
    """The same as older tools do it."""
    source, target = (torch.nn.functional.normalize(M) for M in (source, target))

    def means(X, Y):
        return torch.cat([torch.mm(x, Y.T).topk(K).values.mean(1) for x in X.split(BLOCK)])

    means(source, target)  # which they compute for all source words, whatever is asked
    r_target = means(target, source)
    yield "means", None
    for name, n in (("queries", args.n_queries), ("vocabulary", len(source))):
        blocks = source[:n].split(BLOCK)
        found = [(2 * torch.mm(x, target.T) - r_target).topk(K).indices for x in blocks]
        yield name, torch.cat(found)[:, 0]


RUNS = {"plain": run_plain, "bf16": run_bf16}


class ProductClock:
    """Seconds spent inside torch.mm; of use on the CPU, where it does not return before its end."""

    def __enter__(self):
        self.seconds, self.product = 0.0, torch.mm

        def timed(*args, **kwargs):
            start = time.perf_counter()
            result = self.product(*args, **kwargs)
            self.seconds += time.perf_counter() - start
            return result

        torch.mm = timed
        return self

    def __exit__(self, *exc_info):
        torch.mm = self.product


# -- what is right -----------------------------------------------------------------------------


def check_indices(n=4000, n_components=100):
    """Answers that are not those of a dense computation in double precision, on small spaces."""
    from skxling.functional import retrieval_statistics, retrieve

    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(2, n, n_components, generator=generator)
    clusters = torch.randn(40, n_components, generator=generator)
    clusters = clusters[torch.randint(40, (2, n), generator=generator)]
    few = torch.randn(n // 10, n_components, generator=generator)
    spaces = {
        "random": noise,
        "clusters": clusters + 0.01 * noise,
        "equal rows": few[torch.randint(len(few), (2, n), generator=generator)],
    }
    rows = [
        f"Differences from a dense computation in double precision, {n} x {n} x {n_components}, "
        f"first {K} words of {n} queries:",
        "",
        "| space | skxling | plain form |",
        "|---|---|---|",
    ]
    for name, (X, Y) in spaces.items():
        expected = dense_neighbors(X, Y)
        found = retrieve(X, Y, K, retrieval_statistics(X, Y, n_neighbors=K)).indices.numpy()
        units = [torch.nn.functional.normalize(M) for M in (X, Y)]
        products = units[0] @ units[1].T
        plain = (2 * products - products.topk(K, 0).values.mean(0)).topk(K).indices.numpy()
        counts = [(indices != expected).sum() for indices in (found, plain)]
        rows.append(f"| {name} | {counts[0]} of {expected.size:,} | {counts[1]} |")
    return rows


def dense_neighbors(X, Y):
    """First words by CSLS in double precision, of equal scores the lowest index first."""
    X, Y = (M.double().numpy() for M in (X, Y))
    X, Y = (M / np.linalg.norm(M, axis=1, keepdims=True) for M in (X, Y))
    cosines = X @ Y.T
    scores = 2 * cosines - np.sort(cosines, axis=0)[-K:].mean(0)
    # a dense product rounds equal pairs differently too, 10**-16 apart
    return np.argsort(-scores.round(13), axis=1, kind="stable")[:, :K]


# -- results -----------------------------------------------------------------------------------


def report(args, results):
    n, d, q = args.n_words, args.n_components, args.n_queries
    needed = {"queries": 2 * d * n * (n + q), "vocabulary": 2 * d * n * (n + n)}
    names = {"queries": f"{q:,} queries", "vocabulary": "whole vocabulary"}
    rows = [
        "| task | way | seconds | inside products | share of the floor | peak memory, MB |",
        "|---|---|---|---|---|---|",
    ]
    for task, operations in needed.items():
        for way, runs in results.items():
            run = sorted(runs, key=lambda run: seconds(run, task))[len(runs) // 2]
            rate = np.mean([pair[0] for pair in run["rates"]])
            inside = sum(run["phases"][phase][1] for phase in ("means", task))
            share = f"{inside / seconds(run, task):.0%}" if args.device == "cpu" else "-"
            rows.append(
                f"| {names[task]} | {way} | {seconds(run, task):.1f} | {share} "
                f"| {operations / rate / seconds(run, task):.0%} | {run['memory']:.0f} |"
            )
    rows += ["", "Rates of products alone, GFLOP/s, of tiles and of a large square:"]
    for way, runs in results.items():
        tiles, squares = np.array([run["rates"] for run in runs]).reshape(-1, 2).T / 1e9
        rows[-1] += f" {tiles.mean():,.0f} and {squares.mean():,.0f} ({way});"
    rows[-1] = rows[-1][:-1] + "."
    reference = "plain" if "plain" in results else next(iter(results))
    for way in results:
        if way != reference:
            answers = [np.array(results[key][0]["answers"]) for key in (reference, way)]
            n_other = (answers[0] != answers[1]).sum()
            rows.append(f"First words of {way} that {reference} does not have: {n_other} of {n:,}.")
    return rows


def seconds(run, task):
    return sum(run["phases"][phase][0] for phase in ("means", task))


def save(args, rows):
    """Add the tables to RESULTS.md."""
    caption = (
        f"{args.n_words:,} x {args.n_words:,} x {args.n_components}, {args.device}, {args.threads} "
        f"threads; command: `{command()}`"
    )
    add_result("## Retrieval", [caption, "", *rows])


if __name__ == "__main__":
    main()
