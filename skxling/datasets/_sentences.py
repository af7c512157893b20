"""From topics to sentences: the plan of a clause, filled with concepts, then with words."""

import numpy as np

# Slots of a clause; their order is what a language decides.
SUBJECT = ("subject.determiner", "subject.adjective", "subject.noun")
OBJECT = ("object.determiner", "object.adjective", "object.noun")
PLACE = ("place.preposition", "place.determiner", "place.noun")

P_DETERMINER = 0.75
P_ADJECTIVE = 0.35
P_NAME = {SUBJECT: 0.25, OBJECT: 0.12}
P_OBJECT = 0.8
P_PLACE = 0.5
P_AUXILIARY = 0.3
P_ADVERB = 0.25
P_SECOND_CLAUSE = 0.35

SENTENCES_PER_BLOCK = 2**16


class _ClauseDrawer:
    """Draw the concepts and inflections of one clause per sentence.

    Every slot is filled with three arrays of shape (n_sentences,): concepts, inflections, and
    whether the slot is there at all.
    """

    def __init__(self, sampler, topics, topic_noise, rng):
        self.sampler, self.topics, self.topic_noise, self.rng = sampler, topics, topic_noise, rng
        self.n = len(topics)

    def chance(self, probability):
        """Draw True with a probability, or with one for each sentence."""
        return self.rng.random(self.n) < probability

    def draw(self, word_class, topics):
        return self.sampler.draw(word_class, topics, self.rng)

    def phrase_topics(self):
        """Topics of a phrase: its sentence's, or with a small chance any other."""
        stray = self.sampler.draw_topics(self.n, self.rng)
        return np.where(self.chance(self.topic_noise), stray, self.topics)

    def noun_phrase(self, slots, exists):
        """Fill determiner, adjective and noun; names take neither of the first two."""
        model, topics = self.sampler.model, self.phrase_topics()
        number = self.chance(model.plural[topics]).astype(np.int64)
        nouns, is_name = self.draw("noun", topics), np.zeros(self.n, dtype=bool)
        if len(model.members("name")):
            is_name = self.chance(P_NAME[slots])
            nouns = np.where(is_name, self.draw("name", topics), nouns)
        with_determiner = exists & ~is_name & self.chance(P_DETERMINER)
        with_adjective = exists & ~is_name & self.chance(P_ADJECTIVE)
        determiner, adjective, noun = slots
        return {
            determiner: (self.draw("determiner", topics), number, with_determiner),
            adjective: (self.draw("adjective", topics), number, with_adjective),
            noun: (nouns, number, exists),
        }

    def place(self, exists):
        """Fill preposition, determiner and noun."""
        topics = self.phrase_topics()
        number = self.chance(self.sampler.model.plural[topics]).astype(np.int64)
        classes = ("preposition", "determiner", "noun")
        return {
            slot: (self.draw(name, topics), number, exists)
            for slot, name in zip(PLACE, classes, strict=True)
        }

    def predicate(self, exists):
        """Fill verb, auxiliary, adverb and conjunction."""
        topics = self.phrase_topics()
        tense = self.chance(self.sampler.model.past[topics]).astype(np.int64)
        composed = self.chance(P_AUXILIARY)
        return {
            "auxiliary": (self.draw("auxiliary", topics), tense, exists & composed),
            # forms of a verb: 0 present, 1 past, 2 participle after an auxiliary
            "verb": (self.draw("verb", topics), np.where(composed, 2, tense), exists),
            "adverb": (self.draw("adverb", topics), tense, exists & self.chance(P_ADVERB)),
            "conjunction": (self.draw("conjunction", topics), tense, exists),
        }

    def clause(self, exists):
        """Fill all slots of the clause."""
        return {
            **self.noun_phrase(SUBJECT, exists),
            **self.noun_phrase(OBJECT, exists & self.chance(P_OBJECT)),
            **self.place(exists & self.chance(P_PLACE)),
            **self.predicate(exists),
        }


def _draw_block(n_sentences, sampler, spelling, order, topic_noise, rng):
    """Draw sentences as word ids end to end, and the sentences' lengths."""
    drawer = _ClauseDrawer(sampler, sampler.draw_topics(n_sentences, rng), topic_noise, rng)
    first = drawer.clause(np.ones(n_sentences, dtype=bool))
    del first["conjunction"]  # it joins the second clause to the first
    second = drawer.clause(drawer.chance(P_SECOND_CLAUSE))
    slots = [clause[slot] for clause in (first, second) for slot in order if slot in clause]
    mask = np.stack([exists for _, _, exists in slots], axis=1)  # (n_sentences, n_slots)
    ids = np.stack([spelling.forms(concepts, forms) for concepts, forms, _ in slots], axis=1)
    return ids[mask], mask.sum(axis=1)


def draw_corpus(n_sentences, sampler, spelling, order, topic_noise, rng):
    """Draw a corpus.

    Parameters
    ----------
    n_sentences : int
        Number of sentences.

    sampler : ConceptSampler
        What the language talks about.

    spelling : Spelling
        How the language writes it.

    order : tuple of str
        The slots of a clause from left to right.

    topic_noise : float
        Chance that a phrase has another topic than its sentence.

    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    sentences : list of str
        Words are separated by blanks.

    counts : ndarray of shape (n_words,), dtype int64
        How often each word of `spelling` occurs.
    """
    words = np.array(spelling.words, dtype=object)
    sentences, counts = [], np.zeros(len(words), dtype=np.int64)
    for start in range(0, n_sentences, SENTENCES_PER_BLOCK):
        n_block = min(SENTENCES_PER_BLOCK, n_sentences - start)
        ids, lengths = _draw_block(n_block, sampler, spelling, order, topic_noise, rng)
        counts += np.bincount(ids, minlength=len(words))
        tokens, ends = words[ids].tolist(), lengths.cumsum().tolist()
        sentences += [
            " ".join(tokens[begin:end]) for begin, end in zip([0, *ends[:-1]], ends, strict=True)
        ]
    return sentences, counts
