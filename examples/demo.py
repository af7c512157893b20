"""Learn one space for two languages, four ways, and see which way translates best.

Without files the demo generates two languages and everything about them. With files it does the
same on them::

    python examples/demo.py --source en.txt --target de.txt --lexicon train.tsv --test test.tsv
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

# Threads that wait for each other by spinning are several times slower wherever the cores are
# shared with other programs. OpenMP reads this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from demo_picture import draw_picture
from sklearn.frozen import FrozenEstimator

from skxling.alignment import ProcrustesAligner, RCSLSAligner
from skxling.combine import JointAlignCombiner
from skxling.datasets import drop_test_sources, load_lexicon, make_bilingual_corpus
from skxling.embedding import JointSkipGram
from skxling.metrics import bli_report
from skxling.text import tokenize
from skxling.translation import WordTranslator

MIN_COUNT = 5
N_SENTENCES_CHECKED = 20_000
FILES = ("source", "target", "lexicon", "test")


class Task(NamedTuple):
    """Two corpora, two lexicons, and false friends where they are known."""

    source: object
    target: object
    train: dict
    test: dict
    false_friends: dict | None


# -- what goes in ------------------------------------------------------------------------------


def parse_arguments():
    """Read the command line; whatever is wrong is said before any work."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--source", help="corpus of the source language (.txt, .gz, .bz2, .xz)")
    parser.add_argument("--target", help="corpus of the target language")
    parser.add_argument("--lexicon", help="seed lexicon: a source word and a target word a line")
    parser.add_argument("--test", help="lexicon to judge with")
    parser.add_argument("--output", default="demo.png", help="picture to write (%(default)s)")
    parser.add_argument("--dimension", type=int, help="of the vectors (300; generated: 100)")
    parser.add_argument("--epochs", type=int, help="passes over the corpora (5; generated: 8)")
    parser.add_argument("--sample", type=float, help="subsampling (1e-4; generated: 1e-3)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (%(default)s)")
    arguments = parser.parse_args()
    given = [name for name in FILES if getattr(arguments, name)]
    if given and len(given) < len(FILES):
        missing = ", ".join(f"--{name}" for name in FILES if name not in given)
        parser.error(f"give all four files or none; missing: {missing}")
    # few words and few sentences: keep more of the frequent words, and pass over them more often
    defaults = (300, 5, 1e-4) if given else (100, 8, 1e-3)
    for name, value in zip(("dimension", "epochs", "sample"), defaults, strict=True):
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    try:
        check_picture(Path(arguments.output))
        check_numbers(arguments)
        arguments.task = read_files(arguments) if given else None
    except (OSError, ValueError, TypeError, ImportError) as error:
        parser.error(str(error))
    return arguments


def check_picture(path):
    """Refuse a picture that cannot be written at the end."""
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    known = plt.gcf().canvas.get_supported_filetypes()
    plt.close()
    if path.suffix.lstrip(".") not in known:
        raise ValueError(f"--output {path}: the ending must be one of .{', .'.join(sorted(known))}")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"--output {path}: there is no folder {path.absolute().parent}")


def check_numbers(arguments):
    """Refuse numbers that no model takes."""
    for name in ("dimension", "epochs"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name} must be at least 1, got {getattr(arguments, name)}")
    if not 0 <= arguments.sample <= 1:
        raise ValueError(f"--sample must be between 0 and 1, got {arguments.sample}")


def read_files(arguments):
    """Read both lexicons and the first sentences of both corpora."""
    paths = [Path(getattr(arguments, name)) for name in FILES]
    for name, path in zip(FILES, paths, strict=True):
        if not path.is_file():
            raise ValueError(f"--{name}: there is no file {str(path)!r}")
    if paths[0].samefile(paths[1]):
        raise ValueError(f"--source and --target are the same file, {str(paths[0])!r}")
    heads = [known_words(path) for path in paths[:2]]
    # lexicons are often written with capitals, corpora without
    lowercase = all(word == word.lower() for head in heads for word in head)
    train, test = (load_lexicon(path, lowercase=lowercase) for path in paths[2:])
    for path, lexicon in zip(paths[2:], (train, test), strict=True):
        if n_known_pairs(lexicon, heads) <= n_known_pairs(lexicon, heads[::-1]):
            raise ValueError(
                f"the pairs of {str(path)!r} do not occur in the first {N_SENTENCES_CHECKED:,} "
                "sentences of the corpora: are source and target the wrong way round?"
            )
    kept = drop_test_sources(train, test)
    print(f"Lexicons: {len(train.source):,} pairs to learn from, {len(test.source):,} to judge by.")
    if lowercase:
        print("  The corpora have no capitals, so the lexicons are lower-cased.")
    if kept.n_dropped:
        print(f"  {kept.n_dropped:,} pairs to learn from are dropped: they are asked in the test.")
    return Task(paths[0], paths[1], kept, test, None)


def n_known_pairs(lexicon, heads):
    """Count differently spelled pairs of which each corpus has its word."""
    pairs = zip(lexicon.source, lexicon.target, strict=True)
    return sum(s in heads[0] and t in heads[1] and s != t for s, t in pairs)


def known_words(path):
    """Words of the first sentences of a corpus; an error where there is none."""
    words = set()
    for tokens in islice(tokenize(path), N_SENTENCES_CHECKED):
        words.update(tokens)
    if not words:
        raise ValueError(f"{str(path)!r} holds no word")
    return words


def generate(seed):
    """Two languages that never existed, and everything about them known."""
    data = make_bilingual_corpus(random_state=seed)
    print("\n".join("  " + line for line in data.DESCR.splitlines()[2:5]))
    print(f"  The source sounds like this:  {data.source_corpus[0]}")
    print(f"  and the target like this:     {data.target_corpus[0]}")
    parts = ("source_corpus", "target_corpus", "train_lexicon", "test_lexicon", "false_friends")
    return Task(*(data[part] for part in parts))


# -- what is done ------------------------------------------------------------------------------


@contextmanager
def step(text):
    """Say what is done, and how long it took."""
    print(f"\n{text}", flush=True)
    start = time.perf_counter()
    yield
    print(f"  ({time.perf_counter() - start:.0f} seconds)", flush=True)


def train_models(task, arguments):
    """Train one skip-gram on both corpora, and one on each alone."""
    models = {}
    for name, text, corpora in (
        ("joint", "one space from both corpora, shuffled together", (task.source, task.target)),
        ("source", "a space from the source corpus alone", (task.source,)),
        ("target", "a space from the target corpus alone", (task.target,)),
    ):
        model = JointSkipGram(
            arguments.dimension,
            epochs=arguments.epochs,
            sample=arguments.sample,
            min_count=MIN_COUNT,
            random_state=arguments.seed + len(models),
        )
        with step(
            f"Learning {text} ({arguments.epochs} passes, {arguments.dimension} numbers a word)"
        ):
            models[name] = model.fit(*corpora)
            print(f"  {model.word_vectors_.n_words:,} words")
    return models


def build_systems(models, train):
    """Four ways to one space, two of them with either aligner."""
    words = models["joint"].word_vectors_
    sides = [words.subset(np.flatnonzero(words.counts[:, i] >= MIN_COUNT)) for i in range(2)]
    systems = {"Joint training only": WordTranslator(*sides, "passthrough").fit()}
    separate = models["source"].word_vectors_, models["target"].word_vectors_
    for name, aligner in (("Procrustes", ProcrustesAligner()), ("RCSLS", RCSLSAligner())):
        translator = WordTranslator(*separate, aligner)
        systems[f"Alignment only, {name}"] = translator.fit(train.source, train.target)
    for name, aligner in (("Procrustes", ProcrustesAligner()), ("RCSLS", RCSLSAligner())):
        combiner = JointAlignCombiner(FrozenEstimator(models["joint"]), aligner)
        systems[f"Joint-Align, {name}"] = combiner.fit(train.source, train.target)
    return systems


# -- what comes out ----------------------------------------------------------------------------


def gold_of(lexicon):
    """All translations of each source word."""
    gold = defaultdict(list)
    for source, target in zip(lexicon.source, lexicon.target, strict=True):
        gold[source].append(target)
    return dict(gold)


def common_queries(systems, gold):
    """List the source words that every system can be asked."""
    queries = set(gold)
    for system in systems.values():
        sources, targets = set(system.source_vectors_.words), set(system.target_vectors_.words)
        queries &= {word for word in gold if word in sources and targets.intersection(gold[word])}
    return [word for word in gold if word in queries]


def print_table(systems, test, gold, queries):
    """P@1 of every system; gives it as a dict."""
    if not queries:
        sys.exit("No test entry has both words in every vocabulary: nothing can be judged.")
    asked = [(word, target) for word in queries for target in gold[word]]
    print("\nHow often the first translation is right (P@1, per cent), by CSLS:\n")
    print(f"{'':26}{'asked of':>10}{'spelled':>14}{'all, missing':>14}{'':>14}")
    print(f"{'':26}{'every one':>10}{'differently':>14}{'is wrong':>14}{'candidates':>14}")
    different = [word for word in queries if word not in gold[word]]
    copies = {word for word in gold if word in gold[word]}
    rows = {
        "Copy the word": (1 - len(different) / len(queries), 0.0, len(copies) / len(gold), None)
    }
    for name, system in systems.items():
        report = bli_report(system, *zip(*asked, strict=True), ks=(1,))
        whole = bli_report(system, test.source, test.target, ks=(1,))
        rows[name] = (
            report.p_at_k["wrong"][1],
            report.p_at_1_different,
            whole.p_at_k["wrong"][1],
            report.n_candidates,
        )
    for name, (common, unlike, every, n_candidates) in rows.items():
        candidates = "" if n_candidates is None else f"{n_candidates:,}"
        print(f"{name:26}{common:>10.1%}{unlike:>14.1%}{every:>14.1%}{candidates:>14}")
    print(f"{'questions':26}{len(queries):>10,}{len(different):>14,}{len(gold):>14,}")
    return {name: row[0] for name, row in rows.items()}


def print_false_friends(systems, friends):
    """Ask for the meaning that the language which uses a false friend most gives it."""
    print("\nFalse friends, one spelling with two meanings: how many are translated right\n")
    kinds = np.array(friends.kind)
    skewed, balanced = np.sum(kinds != "balanced"), np.sum(kinds == "balanced")
    print(f"{'':26}{'used by one':>12}{'used by both':>14}")
    for name, system in systems.items():
        back = WordTranslator(system.target_vectors_, system.source_vectors_, "passthrough").fit()
        right = np.where(
            kinds == "target",
            back.predict(friends.word) == np.array(friends.source_word, dtype=object),
            system.predict(friends.word) == np.array(friends.target_word, dtype=object),
        )
        n_skewed, n_balanced = right[kinds != "balanced"].sum(), right[kinds == "balanced"].sum()
        print(f"{name:26}{f'{n_skewed} of {skewed}':>12}{f'{n_balanced} of {balanced}':>14}")
    print(
        "\nReallocation gives a word that one language uses far more to that language alone. A\n"
        "false friend that both use stays shared, one vector for two meanings: there only spaces\n"
        "that were trained separately can tell the two apart."
    )


def print_translations(systems, gold, queries):
    """Translate a few words from all over the test lexicon."""
    shown = ("Joint training only", "Alignment only, Procrustes", "Joint-Align, Procrustes")
    different = [word for word in queries if word not in gold[word]]
    words = different[:: max(1, len(different) // 8)][:8]
    print(f"\nA few words (* marks the right ones):\n\n{'':16}", end="")
    print(*(f"{name:28}" for name in shown), "right", sep="")
    predictions = [systems[name].predict(words) for name in shown]
    for word, *guesses in zip(words, *predictions, strict=True):
        marked = [guess + " *" * (guess in gold[word]) for guess in guesses]
        print(f"{word:16}", *(f"{guess:28}" for guess in marked), ", ".join(gold[word]), sep="")


def main():
    """Run the demo."""
    start = time.perf_counter()
    arguments = parse_arguments()
    task = arguments.task
    if task is None:
        with step("No files given: generating two languages"):
            task = generate(arguments.seed)
    models = train_models(task, arguments)
    with step(f"Bringing the languages together with {len(task.train.source):,} known pairs"):
        systems = build_systems(models, task.train)
    gold = gold_of(task.test)
    queries = common_queries(systems, gold)
    precision = print_table(systems, task.test, gold, queries)
    print_translations(systems, gold, queries)
    if task.false_friends is not None:
        print_false_friends(systems, task.false_friends)
    print("\nDrawing.")
    draw_picture(arguments.output, systems, precision, gold, task.false_friends)
    print(f"The picture is in {arguments.output}.")
    print(f"Everything took {time.perf_counter() - start:.0f} seconds.")


if __name__ == "__main__":
    main()
