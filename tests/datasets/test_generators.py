"""The generated corpora are what they say they are, and show what the paper claims."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skxling.combine import JointAlignCombiner
from skxling.datasets import make_bilingual_corpus
from skxling.embedding import JointSkipGram
from skxling.text import reallocate_vocabulary
from skxling.translation import WordTranslator

SMALL = {
    "n_sentences": 1_000,
    "n_concepts": 120,
    "n_names": 10,
    "n_skewed": 4,
    "n_balanced": 4,
    "n_train": 60,
    "n_test": 60,
    "random_state": 0,
}


def count(corpus):
    return Counter(word for sentence in corpus for word in sentence.split())


def pairs(lexicon):
    return list(zip(lexicon.source, lexicon.target, strict=True))


@pytest.fixture(scope="module")
def data():
    return make_bilingual_corpus(random_state=0)


@pytest.fixture(scope="module")
def counts(data):
    return count(data.source_corpus), count(data.target_corpus)


# -- what it says it is ------------------------------------------------------------------------


def test_frequencies_follow_zipf(counts):
    for side in counts:
        frequency = np.sort(list(side.values()))[::-1]
        ranks = np.arange(10, 1_000)
        slope = np.polyfit(np.log(ranks), np.log(frequency[ranks - 1]), 1)[0]
        assert -1.3 < slope < -0.8
        assert frequency[0] > 100 * np.median(frequency)


def test_zipf_exponent_is_a_knob():
    def share_of_head(exponent):
        data = make_bilingual_corpus(**SMALL, zipf_exponent=exponent)
        frequency = np.sort(list(count(data.source_corpus).values()))[::-1]
        return frequency[:20].sum() / frequency.sum()

    shares = [share_of_head(exponent) for exponent in (0.0, 1.0, 2.0)]
    assert shares[0] < shares[1] < shares[2]


def test_false_friends_proportions(data, counts):
    friends = data.false_friends
    c = np.array([[side[word] for side in counts] for word in friends.word])
    np.testing.assert_array_equal(c[:, 0], friends.source_count)
    np.testing.assert_array_equal(c[:, 1], friends.target_count)
    totals = [sum(side.values()) for side in counts]
    reallocation = reallocate_vocabulary(c, totals=totals)
    np.testing.assert_allclose(friends.proportion, reallocation.proportion)
    kinds = np.array(friends.kind)
    assert [kind for kind, n in Counter(kinds.tolist()).items() if n != 10] == ["balanced"]
    np.testing.assert_array_equal(reallocation.source, kinds == "source")
    np.testing.assert_array_equal(reallocation.target, kinds == "target")
    balanced = friends.proportion[kinds == "balanced"]
    assert balanced.min() > 0.35
    assert balanced.max() < 0.65


@pytest.mark.parametrize("skew", [0.75, 0.85, 0.96])
def test_skew_is_a_knob(skew):
    data = make_bilingual_corpus(20_000, skew=skew, random_state=1)
    friends = data.false_friends
    share = np.where(np.array(friends.kind) == "target", 1 - friends.proportion, friends.proportion)
    skewed = share[np.array(friends.kind) != "balanced"]
    assert len(skewed) == 20
    np.testing.assert_allclose(skewed, skew, atol=0.08)
    np.testing.assert_allclose(skewed.mean(), skew, atol=0.03)


def test_false_friends_have_two_meanings(data, counts):
    friends = data.false_friends
    assert len(set(friends.word)) == 40
    for word, source, target in zip(
        friends.word, friends.source_word, friends.target_word, strict=True
    ):
        assert len({word, source, target}) == 3
        assert counts[0][source] > 0
        assert counts[1][target] > 0
        assert target not in counts[0]
        assert source not in counts[1]
    asked = {*data.train_lexicon.source, *data.test_lexicon.source}
    answers = {*data.train_lexicon.target, *data.test_lexicon.target}
    assert not set(friends.word) & (asked | answers)


def test_shared_spellings_are_the_known_ones(data, counts):
    known = [*data.names, *data.cognates, *data.false_friends.word]
    assert len(known) == len(set(known))
    assert counts[0].keys() & counts[1].keys() == set(known)


def test_lexicons(data, counts):
    train, test = data.train_lexicon, data.test_lexicon
    assert len(set(train.source)) == 1_000
    assert len(set(test.source)) == 1_000
    assert not set(train.source) & set(test.source)
    assert len(pairs(test)) == len(set(pairs(test)))
    n_translations = Counter(test.source)
    assert max(n_translations.values()) == 2  # adjectives, which agree in the target only
    same = {s for s, t in pairs(test) if s == t}
    assert same <= {*data.names, *data.cognates}
    assert 20 < len(same) < 150
    n_covered = sum(s in counts[0] and t in counts[1] for s, t in pairs(test))
    assert n_covered > 0.95 * len(pairs(test))


def test_languages_differ_in_order_and_endings(data):
    source, target = (
        Counter(sentence.split()[-1] for sentence in corpus)
        for corpus in (data.source_corpus, data.target_corpus)
    )
    # the target ends with a verb or an auxiliary, the source rarely
    verb = ("are", "avo", "ando")
    assert sum(n for word, n in target.items() if word.endswith(verb)) > 0.6 * len(
        data.target_corpus
    )
    assert not any(word.endswith("jas") for word in source)


def test_inflected_forms_translate_each_other(data):
    lexicon = pairs(data.train_lexicon) + pairs(data.test_lexicon)
    past = [(s, t) for s, t in lexicon if s.endswith("eld") and t.endswith("avo")]
    assert len(past) > 100
    plural = [(s, t) for s, t in lexicon if s.endswith("en") and t.endswith("jas")]
    assert len(plural) > 200


def topic_agreement(data):
    """Correlation of the languages' co-occurrence, over pairs of frequent plural nouns."""
    lexicon = {
        source: target
        for source, target in pairs(data.train_lexicon) + pairs(data.test_lexicon)
        if source.endswith("en") and target.endswith("jas")
    }
    c1, c2 = count(data.source_corpus), count(data.target_corpus)
    words = sorted(lexicon, key=lambda word: -min(c1[word], c2[lexicon[word]]))[:60]

    def association(corpus, words):
        row = {word: i for i, word in enumerate(words)}
        together = np.ones((len(words), len(words)))
        for sentence in corpus:
            present = [row[word] for word in sentence.split() if word in row]
            together[np.ix_(present, present)] += 1
        expected = together.sum(axis=0) * together.sum(axis=1)[:, None] / together.sum()
        return np.log(together / expected)[np.triu_indices(len(words), 1)]

    source = association(data.source_corpus, words)
    target = association(data.target_corpus, [lexicon[word] for word in words])
    return np.corrcoef(source, target)[0, 1]


def test_isomorphism_is_a_knob():
    agreement = [
        topic_agreement(make_bilingual_corpus(20_000, isomorphism=knob, random_state=0))
        for knob in (0.0, 0.5, 1.0)
    ]
    assert agreement[0] < agreement[1] - 0.03
    assert agreement[1] < agreement[2] - 0.1


def test_isomorphism_leaves_the_source_alone():
    # false friends are chosen by the frequencies of both sides: without them
    without = SMALL | {"n_skewed": 0, "n_balanced": 0}
    one, other = (make_bilingual_corpus(**without, isomorphism=knob) for knob in (1.0, 0.3))
    assert one.source_corpus == other.source_corpus
    assert one.target_corpus != other.target_corpus


def test_cognates_is_a_knob():
    n_cognates = [
        len(make_bilingual_corpus(**SMALL, cognates=knob).cognates) for knob in (0.0, 0.5, 1.0)
    ]
    assert n_cognates[0] == 0
    assert 0 < n_cognates[1] < n_cognates[2]


def test_topic_noise_is_a_knob():
    # less noise, fewer different words in a topic: sentences repeat each other's content words
    def n_pairs(noise):
        data = make_bilingual_corpus(**{**SMALL, "n_sentences": 5_000}, topic_noise=noise)
        together = Counter()
        for sentence in data.source_corpus:
            words = sorted({word for word in sentence.split() if len(word) > 4})
            together.update((a, b) for i, a in enumerate(words) for b in words[i + 1 :])
        return len(together)

    assert n_pairs(0.0) < n_pairs(0.3) < n_pairs(1.0)


# -- sizes and errors --------------------------------------------------------------------------


def test_sizes():
    data = make_bilingual_corpus(**{**SMALL, "n_sentences": (300, 200)})
    assert (len(data.source_corpus), len(data.target_corpus)) == (300, 200)
    assert len(data.names) == 10
    assert len(data.false_friends.word) == 8
    assert len(set(data.train_lexicon.source)) == 60
    assert "300 sentences" in data.DESCR
    assert "10 names" in data.DESCR


def test_many_sentences_come_in_blocks(monkeypatch):
    from skxling.datasets import _sentences

    monkeypatch.setattr(_sentences, "SENTENCES_PER_BLOCK", 300)
    data = make_bilingual_corpus(**SMALL)
    assert len(data.source_corpus) == 1_000
    assert sum(count(data.source_corpus)[word] for word in data.false_friends.word) == sum(
        data.false_friends.source_count
    )


def test_nothing_shared():
    data = make_bilingual_corpus(
        **{**SMALL, "n_names": 0, "n_skewed": 0, "n_balanced": 0}, cognates=0.0
    )
    shared = count(data.source_corpus).keys() & count(data.target_corpus).keys()
    assert shared == set(data.cognates)  # a short word may be spelled the same by chance
    assert len(shared) < 3
    assert data.false_friends.word == []
    assert data.false_friends.proportion.shape == (0,)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_sentences": (100, 100, 100)}, "`n_sentences` must be"),
        ({"n_sentences": (100, 0)}, "`n_sentences` must be"),
        ({"n_skewed": 40}, "44 false friends need 88 nouns, and `n_concepts`=120 gives 62"),
        ({"n_train": 10_000}, "ask for 10060 source words"),
        ({"skew": 0.5}, "The 'skew' parameter"),
        ({"isomorphism": 1.5}, "The 'isomorphism' parameter"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_bilingual_corpus(**SMALL | parameters)


# -- what the paper claims ----------------------------------------------------------------------


class Systems(NamedTuple):
    data: object
    joint: WordTranslator
    alignment: WordTranslator
    combiner: JointAlignCombiner


@pytest.fixture(scope="module")
def systems():
    data = make_bilingual_corpus(
        12_000,
        n_concepts=400,
        n_topics=30,
        n_names=40,
        cognates=0.6,
        n_skewed=10,
        n_balanced=10,
        n_train=400,
        n_test=300,
        random_state=0,
    )
    # few words: keep more of the frequent ones
    model = JointSkipGram(50, epochs=6, sample=1e-3, random_state=0, device="cpu")
    source = clone(model).fit(data.source_corpus).word_vectors_
    target = clone(model).set_params(random_state=1).fit(data.target_corpus).word_vectors_
    both = clone(model).fit(data.source_corpus, data.target_corpus)
    words = both.word_vectors_
    sides = [words.subset(np.flatnonzero(words.counts[:, i] >= 5)) for i in range(2)]
    train = data.train_lexicon.source, data.train_lexicon.target
    return Systems(
        data,
        WordTranslator(*sides, "passthrough", device="cpu").fit(),
        WordTranslator(source, target, device="cpu").fit(*train),
        JointAlignCombiner(FrozenEstimator(both), device="cpu").fit(*train),
    )


def ask_false_friends(system, data, kind):
    """Answers, for the meaning of the language that uses the spelling most."""
    friends = data.false_friends
    chosen = [i for i, other in enumerate(friends.kind) if other == kind]
    if kind == "target":
        sides = system.target_vectors_, system.source_vectors_
        system = WordTranslator(*sides, "passthrough", device="cpu").fit()
    gold = friends.source_word if kind == "target" else friends.target_word
    words = [friends.word[i] for i in chosen]
    right = [guess == gold[i] for guess, i in zip(system.predict(words), chosen, strict=True)]
    return words, np.array(right)


def test_joint_align_beats_both_parents(systems):
    test = systems.data.test_lexicon
    joint, alignment, combined = (system.score(test.source, test.target) for system in systems[1:])
    # measured: 0.19, 0.41 and 0.53 (seed 1: 0.19, 0.46 and 0.55)
    assert joint + 0.1 < alignment
    assert alignment + 0.04 < combined
    assert joint > 0.1
    assert combined < 0.8


def test_joint_training_gives_false_friends_one_vector(systems):
    for kind in ("source", "target", "balanced"):
        words, right = ask_false_friends(systems.joint, systems.data, kind)
        both = [
            word
            for word in words
            if word in systems.joint.source_vectors_ and word in systems.joint.target_vectors_
        ]
        assert len(both) >= len(words) - 1  # the rare side may fall short of min_count
        np.testing.assert_array_equal(
            systems.joint.transform(both), systems.joint.transform_target(both)
        )
        assert (systems.joint.predict(both) == np.array(both, dtype=object)).all()
        assert right.sum() == 0


def test_reallocation_cures_the_skewed(systems):
    answers, n_moved = [], 0
    for kind, own, other in (
        ("source", systems.combiner.source_vectors_, systems.combiner.target_vectors_),
        ("target", systems.combiner.target_vectors_, systems.combiner.source_vectors_),
    ):
        words, right = ask_false_friends(systems.combiner, systems.data, kind)
        assert all(word in own for word in words)
        n_moved += sum(word not in other for word in words)
        answers.extend(right)
    assert len(answers) == 10
    assert n_moved >= 9  # in a corpus this small one may miss the threshold
    assert sum(answers) >= 5  # measured: 8 (seed 1: 7); joint training alone: 0


def test_reallocation_does_not_cure_the_balanced(systems):
    words, right = ask_false_friends(systems.combiner, systems.data, "balanced")
    np.testing.assert_array_equal(
        systems.combiner.transform(words), systems.combiner.transform_target(words)
    )
    assert right.sum() == 0
    _, right = ask_false_friends(systems.alignment, systems.data, "balanced")
    assert right.sum() >= 1  # separate spaces keep the two meanings apart; measured: 3 (seed 1: 7)


# -- determinism -------------------------------------------------------------------------------


def test_random_state():
    one, same = make_bilingual_corpus(**SMALL), make_bilingual_corpus(**SMALL)
    assert one.DESCR == same.DESCR
    assert one.source_corpus == same.source_corpus
    assert one.target_corpus == same.target_corpus
    assert pairs(one.test_lexicon) == pairs(same.test_lexicon)
    other = make_bilingual_corpus(**SMALL | {"random_state": 1})
    assert one.source_corpus != other.source_corpus
    state = np.random.RandomState(0)
    drawn = make_bilingual_corpus(**SMALL | {"random_state": state})
    assert drawn.source_corpus == one.source_corpus
    again = make_bilingual_corpus(**SMALL | {"random_state": state})
    assert again.source_corpus != one.source_corpus


def digest(data):
    return hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()


def test_hash_seed_does_not_matter():
    program = (
        "import hashlib\n"
        "from skxling.datasets import make_bilingual_corpus\n"
        f"data = make_bilingual_corpus(**{SMALL!r})\n"
        "print(hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest())\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.strip() == digest(make_bilingual_corpus(**SMALL))


def test_function_words_are_never_cognates():
    for n_names in (0, 5):
        data = make_bilingual_corpus(**{**SMALL, "n_names": n_names}, cognates=1.0)
        frequent = [word for word, _ in count(data.source_corpus).most_common(8)]
        assert not set(frequent) & set(data.cognates)
