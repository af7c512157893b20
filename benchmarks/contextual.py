"""Contextual vectors before and after alignment: word retrieval, and finding names.

    python benchmarks/contextual.py --data $SKXLING_DATA --size tiny --folder model
    python benchmarks/contextual.py --data $SKXLING_DATA --model bert-base-multilingual-cased

The first trains a small BERT of English, German and French on ELTeC (`train_bert.py`), unless the
folder holds one already; the second takes any model, by name or folder.

Retrieval: maps are fitted on the training sentences of Multi30k, and judged on its 1,000 test
sentences of 2016, whose words are linked by the word aligner that was fitted on the training
sentences. A query is a linked word in its sentence; the candidates are all words of all target
sentences, and right is that one to which it is linked. Words spelled alike in both languages are
mostly full stops and numbers, so there is a column without them.

Names: a tagger learns from the English EWT (dev and test) and is run on the German PUD; run on the
English PUD it shows what could be reached. Its features are the sum of the last four layers, and
what the letters of a token look like.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
from sklearn.base import clone

from skxling.alignment import ProcrustesAligner
from skxling.contextual import ContextualEmbedding, LayerwiseAligner, contextual_retrieval_score
from skxling.text import WordAligner, one_to_one_links, tokenize

LAST = 4  # layers whose sum is taken


def main():
    args = parse_args()
    model = args.model or train_model(args)
    embedding = ContextualEmbedding(
        model,
        layers=None,
        batch_size=args.batch_size,
        dtype=args.dtype,
        memory=args.cache,
        device=args.device,
    ).fit()
    print(f"{model}: {size_of(model)}")
    train, test = read_sentences(args)
    word_aligner = WordAligner().fit(*train)
    links = [word_aligner.transform(*side) for side in (train, test)]
    start = time.perf_counter()
    aligner = ProcrustesAligner(normalize=("unit", "center"), device=args.device)
    layerwise = LayerwiseAligner(embedding, aligner).fit(*train, links=links[0])
    print(f"maps fitted on {layerwise.n_links_} linked words of ", end="")
    print(f"{len(train[0])} sentence pairs in {time.perf_counter() - start:.0f} s")
    if "retrieval" in args.tasks:
        report_retrieval(layerwise, test, one_to_one_links(links[1]))
    if "ner" in args.tasks:
        report_ner(layerwise, args)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKXLING_DATA"))
    parser.add_argument("--model", help="name or folder of a model; none: train one")
    parser.add_argument("--size", default="tiny", choices=("tiny", "small", "base"))
    parser.add_argument("--folder", type=Path, help="of the model that is trained")
    parser.add_argument("--steps", type=int, help="of its training, instead of the size's own")
    parser.add_argument("--pair", default="en-de")
    parser.add_argument("--pairs", type=int, help="training sentence pairs; all by default")
    parser.add_argument("--tasks", nargs="+", default=["retrieval", "ner"])
    parser.add_argument("--seeds", type=int, default=5, help="taggers, each of another seed")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cache", help="folder that keeps the vectors")
    return parser.parse_args()


def train_model(args):
    """Give the folder of the model, trained where it is not there yet."""
    from train_bert import train_bert

    folder = args.folder or Path(f"bert-{args.size}")
    if not (folder / "config.json").is_file():
        train_bert(args.data, folder, args.size, n_steps=args.steps, device=args.device)
    return folder


def size_of(model):
    """What the model is, in numbers."""
    from transformers import AutoModel

    network = AutoModel.from_pretrained(model)
    n_weights = sum(weights.numel() for weights in network.parameters())
    config = network.config
    return (
        f"{n_weights / 1e6:.1f} M weights, {config.num_hidden_layers} layers, "
        f"{config.hidden_size} components, {config.vocab_size} pieces"
    )


def read_sentences(args):
    """Sentences and translations, to learn from and to judge on."""
    folder = args.data / "multi30k"
    languages = args.pair.split("-")
    train, test = (
        tuple(list(tokenize(folder / f"{part}.{language}")) for language in languages)
        for part in ("train", "test_2016_flickr")
    )
    return tuple(side[: args.pairs] for side in train), test


def variants_of(rows, aligner, side):
    """Rows of one layer as they are, with their mean taken away, and mapped."""
    if side == "source":
        return rows, aligner.source_normalizer_.transform(rows), aligner.transform(rows)
    centred = aligner.target_normalizer_.transform(rows)
    return rows, centred, aligner.transform_target(rows)


VARIANTS = ("as it is", "centred", "aligned")


# -- retrieval -----------------------------------------------------------------------------------


def report_retrieval(layerwise, test, links):
    """P@1 of each layer, and of the sum of the last ones, as they are, centred, and aligned."""
    different = [
        [(i, j) for i, j in found if x[i] != z[j]] for found, x, z in zip(links, *test, strict=True)
    ]
    sides = [layerwise.embedding_.transform(sentences) for sentences in test]
    print(f"\nP@1 of {sum(map(len, links))} linked words, ", end="")
    print(f"{sum(map(len, different))} of them differently spelled; ", end="")
    print(f"{sum(map(len, test[1]))} candidates")
    print("| layer |" + " | ".join(VARIANTS), end=" | ")
    print("differently spelled: " + " | ".join(VARIANTS) + " |")
    print("|---" * 7 + "|")
    sums = [[0, 0] for _ in VARIANTS]
    for layer, aligner in enumerate(layerwise.aligners_):
        rows = [np.concatenate([vectors[layer] for vectors in side]) for side in sides]
        pairs = [
            variants_of(one, aligner, side)
            for one, side in zip(rows, ("source", "target"), strict=True)
        ]
        pairs = list(zip(*pairs, strict=True))
        print_scores(layer or "0 (input)", pairs, test, (links, different))
        if layer >= len(layerwise.aligners_) - LAST:
            sums = [
                [total + one for total, one in zip(totals, pair, strict=True)]
                for totals, pair in zip(sums, pairs, strict=True)
            ]
    print_scores(f"sum of the last {LAST}", sums, test, (links, different))


def print_scores(name, pairs, test, golds):
    cells = []
    ends = [np.cumsum([len(words) for words in sentences])[:-1] for sentences in test]
    for gold in golds:
        for pair in pairs:
            split = [np.split(rows, end) for rows, end in zip(pair, ends, strict=True)]
            cells.append(f"{100 * contextual_retrieval_score(*split, gold):.1f}")
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


# -- names ---------------------------------------------------------------------------------------


def report_ner(layerwise, args):
    """Span F1 of taggers that learned from English, before and after alignment."""
    from skxling.datasets import load_conll
    from skxling.tagging import CRFTagger

    folder = args.data / "uner"
    files = ("en_ewt-ud-dev", "en_ewt-ud-test", "de_pud-ud-test", "en_pud-ud-test")
    dev, ewt, german, english = (load_conll(folder / f"{name}.iob2") for name in files)
    X, y = dev.tokens + ewt.tokens, dev.tags + ewt.tags
    sides = [(X, "source"), (german.tokens, "target"), (english.tokens, "source")]
    features = [make_features(layerwise, *side) for side in sides]
    print(f"\nspan F1, trained on {len(X)} English sentences, {args.seeds} seeds: ", end="")
    print("mean (standard deviation)")
    print("| features | German PUD | English PUD |\n|---|---|---|")
    for name in ("letters alone", *VARIANTS):
        train, *tests = (found[name] for found in features)
        scores = []
        for seed in range(args.seeds):
            tagger = CRFTagger(random_state=seed, device=args.device).fit(train, y)
            scores.append(
                [tagger.score(tests[0], german.tags), tagger.score(tests[1], english.tags)]
            )
        mean = 100 * np.mean(scores, axis=0)
        deviation = 100 * np.std(scores, axis=0, ddof=min(1, args.seeds - 1))
        cells = [f"{m:.1f} ({d:.1f})" for m, d in zip(mean, deviation, strict=True)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def make_features(layerwise, sentences, side):
    """Features of sentences by their name: the sum of the last layers, and the letters."""
    embedding = clone(layerwise.embedding_).set_params(layers=list(range(-LAST, 0)))
    ends = np.cumsum([len(tokens) for tokens in sentences])[:-1]
    letters = np.array([look_of(token) for tokens in sentences for token in tokens])
    layers = np.concatenate(embedding.transform(sentences), axis=1)
    sums = [0] * len(VARIANTS)
    for rows, aligner in zip(layers, layerwise.aligners_[-LAST:], strict=True):
        variants = variants_of(rows, aligner, side)
        sums = [total + one for total, one in zip(sums, variants, strict=True)]
    features = {"letters alone": np.split(letters, ends)}
    for name, rows in zip(VARIANTS, sums, strict=True):
        # a component is about as large as what the letters say
        rows = rows / np.sqrt(np.square(rows).mean(axis=1, keepdims=True)).clip(1e-9)
        features[name] = np.split(np.hstack([rows, letters]).astype(np.float32), ends)
    return features


def look_of(token):
    """Say whether a token begins with a capital, is all capitals, has digits, or no letters."""
    return [
        float(token[:1].isupper()),
        float(len(token) > 1 and token.isupper()),
        float(any(character.isdigit() for character in token)),
        float(not any(character.isalnum() for character in token)),
    ]


if __name__ == "__main__":
    main()
