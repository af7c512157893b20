"""Named entities across languages: learn to tag English, tag German, by every kind of vectors.

    python benchmarks/ner.py --data $SKXLING_DATA --cache DIR

A CRFTagger learns from the English sentences of EWT (development and test set of Universal NER) and
tags the German and the English ones of PUD; English is the upper bound. Rows are F1 of spans, mean
and standard deviation over seeds of the tagger; the vectors are one training. "shapes" are the
features of a token's letters that TokenVectorizer appends. The fixed vectors know no n-grams; the
models of the other rows do, and are those of joint_align.py, which are trained (half an hour and
more) and kept in DIR.

    python benchmarks/ner.py --data $SKXLING_DATA --cache DIR --tune

judges settings of the tagger on English sentences held out of EWT, and on nothing else: that is how
they are to be chosen.

    python benchmarks/ner.py --data $SKXLING_DATA --model FOLDER --only contextual

takes the features of a transformer, a name or a folder of Hugging Face's, before and after aligning
its layers by the parallel sentences of Multi30k.
"""

import argparse
import functools
import os
import time
from pathlib import Path

import joblib
import numpy as np
from joint_align import fit_models
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skxling import (
    JointAlignCombiner,
    ProcrustesAligner,
    RCSLSAligner,
    WordTranslator,
    WordVectors,
)
from skxling.datasets import drop_test_sources, load_conll, load_lexicon
from skxling.tagging import CRFTagger, TokenVectorizer

# the first of TRIED; --tune has not been run to the end for all of them
SETTINGS = {"hidden_size": 50, "dropout": 0.3, "learning_rate": 0.005}
TRIED = (
    {"hidden_size": 50, "dropout": 0.3, "learning_rate": 0.005},
    {"hidden_size": 100, "dropout": 0.5, "learning_rate": 0.002},
    {"hidden_size": 50, "dropout": 0.5, "learning_rate": 0.005},
    {"hidden_size": 0, "dropout": 0.3, "learning_rate": 0.005},
)
ALIGNERS = {
    "Procrustes": ProcrustesAligner(),
    "RCSLS": RCSLSAligner(constraint="spectral"),
    "centred RCSLS": RCSLSAligner(normalize=ProcrustesAligner().normalize, constraint="spectral"),
}


def main():
    args = parse_args()
    sentences = load_sentences(args.data)
    n_sentences = {name: len(part.tokens) for name, part in sentences.items()}
    print(f"sentences: {n_sentences}; tagger: {SETTINGS}, seeds 0 to {args.seeds - 1}")
    if args.tune:
        tune(args, sentences["en_ewt"])
        return
    print("| vectors | shapes | English PUD | German PUD | CPU seconds a fit |")
    print("|---|---|---|---|---|")
    for name, shapes, make_vectorizer in systems(args):
        if not args.only or any(part in name for part in args.only):
            scores, seconds = judge(make_vectorizer(), sentences, args)
            cells = " | ".join(f"{m:.1f} ({s:.1f})" for m, s in scores)
            print(f"| {name} | {shapes} | {cells} | {seconds:.0f} |", flush=True)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--cache", type=Path, help="folder that keeps the trained models")
    parser.add_argument("--model", help="name or folder of a Hugging Face encoder")
    parser.add_argument("--only", nargs="+", help="parts of the names of the rows to run")
    parser.add_argument("--shapes", nargs="+", default=["no", "yes"], help="which rows to run")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="fits at once")
    parser.add_argument("--tune", action="store_true", help="choose the settings of the tagger")
    return parser.parse_args()


def load_sentences(data):
    """English sentences to learn from, and the two languages' to be judged by."""
    files = {
        "en_ewt-dev": "en_ewt-ud-dev.iob2",
        "en_ewt-test": "en_ewt-ud-test.iob2",
        "en_pud": "en_pud-ud-test.iob2",
        "de_pud": "de_pud-ud-test.iob2",
    }
    parts = {name: load_conll(data / "uner" / file) for name, file in files.items()}
    train, more = parts.pop("en_ewt-dev"), parts.pop("en_ewt-test")
    train.tokens, train.tags = train.tokens + more.tokens, train.tags + more.tags
    return {"en_ewt": train, **parts}


def load_pairs(data):
    """Seed lexicon, as for lexicon induction."""
    folder = data / "xling" / "en-de"
    test = load_lexicon(folder / "yacle.test.freq.2k.en-de.tsv", lowercase=True)
    train = load_lexicon(folder / "yacle.train.freq.5k.en-de.tsv", lowercase=True)
    train = drop_test_sources(train, test)
    return train.source, train.target


def load_vectors(data, language):
    with np.load(data / "vectors" / f"{language}.npz") as saved:
        return WordVectors(saved["words"].tolist(), saved["vectors"].astype(np.float32))


@functools.cache
def load_models(data, cache):
    """Joint model and both monolingual ones, trained where the cache has none."""
    path = None if cache is None else cache / "en-de.joblib"
    if path is None or not path.is_file():
        files = [data / "eltec" / f"{language}.txt.xz" for language in ("en", "de")]
        trained = fit_models(files, {"random_state": 0})
        if path is None:
            return trained[:2]
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        joblib.dump(trained, temporary)
        os.replace(temporary, path)
    return joblib.load(path)[:2]


# -- vectors -----------------------------------------------------------------------------------


class NoVectors:
    """Nothing but a zero for each word: what shapes alone can do."""

    def transform(self, words):
        return np.zeros((len(words), 1), dtype=np.float32)


class Aligned:
    """Two monolingual models and a map: unknown words from n-grams, as Joint-Align has them."""

    def __init__(self, models, aligner):
        self.models, self.aligner = models, aligner

    def transform(self, words):
        return self.place(self.models[0], self.aligner.transform, words)

    def transform_target(self, words):
        return self.place(self.models[1], self.aligner.transform_target, words)

    def place(self, model, move, words):
        vectors = model.transform(words)
        moved = move(vectors)
        moved[~vectors.any(axis=1)] = 0  # centring would make a direction of "knows nothing"
        return moved


def spaces(args):
    """Name of a row, and a function that gives the vectors of both languages."""
    pairs = load_pairs(args.data)
    yield "none", NoVectors
    for name, aligner in ALIGNERS.items():
        yield f"fixed vectors, {name}", functools.partial(align_fixed, args.data, aligner, pairs)
    models = functools.partial(load_models, args.data, args.cache)
    yield "English model for both", lambda: models()[1][0]
    for name, aligner in ALIGNERS.items():
        yield f"alignment, {name}", lambda a=aligner: align(models()[1], a, pairs)
    yield "joint only", lambda: models()[0]
    for name, aligner in ALIGNERS.items():
        yield f"Joint-Align, {name}", lambda a=aligner: joint_align(models()[0], a, pairs)


def align_fixed(data, aligner, pairs):
    vectors = [load_vectors(data, language) for language in ("en", "de")]
    return WordTranslator(*vectors, aligner).fit(*pairs)


def align(models, aligner, pairs):
    vectors = [model.word_vectors_ for model in models]
    return Aligned(models, WordTranslator(*vectors, aligner).fit(*pairs).aligner_)


def joint_align(joint, aligner, pairs):
    return JointAlignCombiner(FrozenEstimator(joint), aligner).fit(*pairs)


def systems(args):
    """Name of a row, whether it has shapes, and a function that gives its vectorizer."""
    for name, make_space in spaces(args):
        for shapes in args.shapes:
            if (name, shapes) != ("none", "no"):
                yield name, shapes, lambda m=make_space, s=shapes: vectorize(m(), s == "yes")
    if args.model:
        for name, aligner in (("contextual", "passthrough"), ("contextual, aligned", None)):
            yield name, "no", functools.partial(align_contextual, args, aligner)


def vectorize(space, shapes):
    return TokenVectorizer(space, shapes=shapes)


def align_contextual(args, aligner):
    """Sum of a transformer's last four layers, aligned by parallel sentences where asked for."""
    from skxling.contextual import ContextualEmbedding, LayerwiseAligner

    parallel = [args.data / "multi30k" / f"train.{language}" for language in ("en", "de")]
    return LayerwiseAligner(ContextualEmbedding(args.model), aligner).fit(*parallel)


# -- the tagger --------------------------------------------------------------------------------


def judge(vectorizer, sentences, args):
    """Mean and standard deviation of F1 on English and on German, and seconds of a fit."""
    train, english, german = (sentences[name] for name in ("en_ewt", "en_pud", "de_pud"))
    X = vectorizer.transform(train.tokens)
    X_english = vectorizer.transform(english.tokens)
    X_german = vectorizer.transform_target(german.tokens)
    fits = joblib.Parallel(args.jobs)(
        joblib.delayed(fit_tagger)(X, train.tags, {**SETTINGS, "random_state": seed})
        for seed in range(args.seeds)
    )
    taggers, seconds = zip(*fits, strict=True)
    scores = 100 * np.array(
        [[t.score(X_english, english.tags), t.score(X_german, german.tags)] for t in taggers]
    )
    spread = scores.std(axis=0, ddof=min(1, args.seeds - 1))
    return zip(scores.mean(axis=0), spread, strict=True), np.mean(seconds)


def fit_tagger(X, y, settings):
    start = time.process_time()
    tagger = CRFTagger(**settings).fit(X, y)
    return tagger, time.process_time() - start


def tune(args, ewt):
    """Settings of the tagger, judged on a fifth of the English sentences, with Joint-Align."""
    space = joint_align(
        load_models(args.data, args.cache)[0], ProcrustesAligner(), load_pairs(args.data)
    )
    rows = np.arange(len(ewt.tokens))
    parts = train_test_split(rows, test_size=0.2, random_state=0)
    print("| shapes | " + " | ".join(TRIED[0]) + " | F1 on held-out English | CPU seconds a fit |")
    print("|---" * (len(TRIED[0]) + 3) + "|")
    for shapes in args.shapes:
        X = vectorize(space, shapes == "yes").transform(ewt.tokens)
        sides = [([X[i] for i in part], [ewt.tags[i] for i in part]) for part in parts]
        for settings in TRIED:
            fits = joblib.Parallel(args.jobs)(
                joblib.delayed(fit_tagger)(*sides[0], {**settings, "random_state": seed})
                for seed in range(args.seeds)
            )
            scores = [100 * tagger.score(*sides[1]) for tagger, _ in fits]
            cells = [shapes, *settings.values(), f"{np.mean(scores):.1f} ({np.std(scores):.1f})"]
            cells.append(f"{np.mean([seconds for _, seconds in fits]):.0f}")
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
