"""Time to read word2vec's text format: skxling beside gensim, in one run.

    python benchmarks/word_vectors_io.py [--n-words 200000] [--n-components 300] [--shortest]

Each reader runs in its own process, on the same generated file, already in the page cache. Printed:
seconds, their ratio, and peak memory above that of the imported libraries.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time

import numpy as np


def write_file(path, n_words, n_components, shortest):
    rng = np.random.default_rng(0)
    # one block of rows over and over: numbers are slow to print, and readers do not notice
    block = (0.1 * rng.standard_normal((2000, n_components))).astype(np.float32)
    if shortest:
        bodies = [" ".join(map(str, row)) for row in block]
    else:
        bodies = [" ".join([f"{value:.5f}" for value in row]) for row in block.tolist()]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{n_words} {n_components}\n")
        for i in range(n_words):
            file.write(f"word{i} {bodies[i % len(bodies)]}\n")


def read_skxling(path):
    from skxling.embedding import read_word_vectors

    return read_word_vectors, path


def read_gensim(path):
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format, path


def measure(prepare, path, queue):
    read, argument = prepare(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = read(argument).vectors
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    queue.put((wall, cpu, peak / 1024, float(vectors.astype(np.float64).sum())))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-words", type=int, default=200_000)
    parser.add_argument("--n-components", type=int, default=300)
    parser.add_argument("--shortest", action="store_true", help="all digits instead of five")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vectors.vec")
        write_file(path, options.n_words, options.n_components, options.shortest)
        size = os.path.getsize(path) / 1e6
        shape = f"{options.n_words} x {options.n_components}"
        result = 4e-6 * options.n_words * options.n_components
        print(f"{shape}: {size:.0f} MB of text, {result:.0f} MB of float32")
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        results = {}
        for name, prepare in [("skxling", read_skxling), ("gensim", read_gensim)]:
            queue = context.Queue()
            process = context.Process(target=measure, args=(prepare, path, queue))
            process.start()
            while process.is_alive() and queue.empty():
                process.join(0.1)
            if queue.empty():
                sys.exit(f"{name} has failed")
            results[name] = queue.get()
            process.join()
            wall, cpu, peak, _ = results[name]
            print(f"{name:8s} {wall:7.2f} s   cpu {cpu:7.2f} s   peak memory +{peak:.0f} MB")
    assert np.isclose(results["skxling"][3], results["gensim"][3])
    print(f"ratio    {results['gensim'][0] / results['skxling'][0]:.1f} times as fast as gensim")


if __name__ == "__main__":
    main()
