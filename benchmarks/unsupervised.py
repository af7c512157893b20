"""How often aligners succeed without a single pair, and whether they say so when they do not.

    python benchmarks/unsupervised.py planted
    python benchmarks/unsupervised.py corpus --isomorphism 1 0

"planted" turns a space of clusters by a random rotation, with noise; `--isomorphism` is the share
of words that the two spaces have in common. "corpus" trains a skip-gram on either language of
make_bilingual_corpus, with its knob. An aligner succeeds where it translates at least 80% as many
words of the test lexicon as Procrustes does that is given the training lexicon, and is lost where
it translates less than 20% as many. "Warned" counts ConvergenceWarnings. It lies where it is lost
and does not warn.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skxling import JointSkipGram, WordTranslator
from skxling.alignment import (
    AdversarialAligner,
    ProcrustesAligner,
    SelfLearningAligner,
    WassersteinAligner,
)
from skxling.datasets import make_bilingual_corpus
from skxling.embedding import WordVectors

ROBUST = {
    "induction": "both",
    "keep_probability": 0.1,
    "tol": 1e-6,
    "n_iter_no_change": 5,
    "max_iter": 200,
}


def settings(seed):
    """Aligners that need no pairs, by name."""
    wasserstein = WassersteinAligner(random_state=seed)
    return {
        "SelfLearning (auto)": SelfLearningAligner(random_state=seed),
        "SelfLearning, identity": SelfLearningAligner(init="identity", random_state=seed),
        "SelfLearning, identical words": SelfLearningAligner(init="identical", random_state=seed),
        "SelfLearning, distributions": SelfLearningAligner(init="distributions", random_state=seed),
        "SelfLearning, distributions, robust": SelfLearningAligner(
            init="distributions", random_state=seed, **ROBUST
        ),
        "Wasserstein": wasserstein,
        "SelfLearning, Wasserstein": SelfLearningAligner(init=wasserstein, random_state=seed),
        "Adversarial": AdversarialAligner(
            n_steps=500, max_iter=5, n_init=3, max_seconds=120.0, random_state=seed
        ),
    }


def main():
    args = parse_args()
    print("| isomorphism | aligner | succeeds | lost | warned | lies | P@1 | supervised | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for isomorphism in args.isomorphism:
        results = {}
        for seed in range(args.seeds):
            for name, row in judge_all(args, isomorphism, seed):
                results.setdefault(name, []).append(row)
        for name, rows in results.items():
            right, warned, reached, seconds = np.array(rows, dtype=float).T
            lost = right < 0.2 * reached
            counts = (right >= 0.8 * reached, lost, warned, lost & (warned == 0))
            cells = [f"{isomorphism:g}", name, *(f"{n.sum():.0f} of {len(rows)}" for n in counts)]
            cells += [f"{100 * right.mean():.1f}", f"{100 * reached.mean():.1f}"]
            print(f"| {' | '.join([*cells, f'{seconds.mean():.1f}'])} |", flush=True)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", choices=["planted", "corpus"])
    parser.add_argument("--isomorphism", nargs="+", type=float, default=[1.0, 0.0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="+", help="parts of the names of the aligners to run")
    return parser.parse_args()


def judge_all(args, isomorphism, seed):
    """Name of each aligner, and what came of it: P@1, warned, P@1 with pairs, CPU seconds."""
    draw = draw_planted if args.data == "planted" else draw_corpus
    source, target, train, test = draw(isomorphism, seed)
    reached = WordTranslator(source, target, ProcrustesAligner()).fit(*train).score(*test)
    for name, aligner in settings(seed).items():
        if args.only and not any(part in name for part in args.only):
            continue
        if "identical" in name and args.data == "planted":
            continue  # no words are spelled alike there
        start = time.process_time()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            translator = WordTranslator(source, target, aligner).fit()
        seconds = time.process_time() - start
        warned = any(issubclass(entry.category, ConvergenceWarning) for entry in caught)
        yield name, (translator.score(*test), warned, reached, seconds)


def draw_planted(isomorphism, seed, n_words=2000, n_components=50, noise=0.2):
    """Clusters of words, turned; the words at the end have no partner."""
    rng = np.random.default_rng(seed)

    def draw_space():
        topics = rng.normal(size=(100, n_components))
        spread = rng.gamma(2, 0.25, size=(n_words, 1))
        space = topics[rng.integers(100, size=n_words)]
        space = space + spread * rng.normal(size=space.shape)
        return space * np.linspace(1.5, 0.5, n_components)

    source, other = draw_space(), draw_space()
    rotation = np.linalg.qr(rng.normal(size=(n_components, n_components)))[0]
    is_common = rng.random(n_words) < isomorphism
    target = np.where(is_common[:, None], source, other) @ rotation
    target += noise * rng.normal(size=target.shape)
    order = np.argsort(np.arange(n_words) + rng.normal(0, 100, n_words))  # of near frequency
    words = [[f"{side}{i}" for i in range(n_words)] for side in ("s", "t")]
    pairs = rng.permutation(n_words)
    lexicons = [[[side[i] for i in half] for side in words] for half in np.array_split(pairs, 2)]
    target = WordVectors([words[1][i] for i in order], target[order].astype(np.float32))
    return WordVectors(words[0], source.astype(np.float32)), target, *lexicons


def draw_corpus(isomorphism, seed):
    """Vectors of two generated languages, each trained alone."""
    sizes = {"n_concepts": 600, "n_skewed": 0, "n_balanced": 0, "n_train": 300, "n_test": 500}
    data = make_bilingual_corpus(20_000, isomorphism=isomorphism, **sizes, random_state=seed)
    vectors = [
        JointSkipGram(50, sample=1e-3, epochs=8, random_state=seed + i).fit(corpus).word_vectors_
        for i, corpus in enumerate((data.source_corpus, data.target_corpus))
    ]
    lexicons = [(side.source, side.target) for side in (data.train_lexicon, data.test_lexicon)]
    return *vectors, *lexicons


if __name__ == "__main__":
    main()
