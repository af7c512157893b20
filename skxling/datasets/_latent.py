"""What two generated languages share: concepts, their frequencies and their topics.

A concept is a meaning without a spelling. It belongs to a word class, has a frequency within the
class and a distribution over topics. Nothing here knows a letter.
"""

from typing import NamedTuple

import numpy as np

CONTENT_SHARES = {"noun": 0.52, "verb": 0.24, "adjective": 0.24}
CLOSED_SIZES = {
    "determiner": 8,
    "preposition": 16,
    "conjunction": 6,
    "auxiliary": 8,
    "adverb": 40,
}
CLASSES = (*CONTENT_SHARES, "name", *CLOSED_SIZES)

# Concentrations of the Dirichlet distributions: content words have a few topics each, function
# words nearly all.
CONTENT_SPREAD = 0.1
CLOSED_SPREAD = 5.0
FAMILY_SIZE = 2.5
FAMILY_SHARE = 0.5


class LatentModel(NamedTuple):
    """Concepts and topics from which a language draws.

    Attributes
    ----------
    classes : ndarray of shape (n_concepts,), dtype int64
        Index into `CLASSES` of each concept; the concepts of a class are neighbours, the most
        frequent first.

    families : ndarray of shape (n_concepts,), dtype int64
        Concepts of one family derive from one root and have related topics.

    frequencies : ndarray of shape (n_concepts,)
        Relative frequency within the class.

    topics : ndarray of shape (n_concepts, n_topics)
        Distribution over topics of each concept.

    topic_shares : ndarray of shape (n_topics,)
        How often a sentence has each topic.

    plural, past : ndarray of shape (n_topics,)
        Chance that a noun is plural, and that a verb is past, given the topic: what tells the
        forms of one concept apart, besides their endings.
    """

    classes: np.ndarray
    families: np.ndarray
    frequencies: np.ndarray
    topics: np.ndarray
    topic_shares: np.ndarray
    plural: np.ndarray
    past: np.ndarray

    def members(self, word_class):
        """Give the concepts of a class, the most frequent first."""
        return np.flatnonzero(self.classes == CLASSES.index(word_class))


def _zipf_mandelbrot(n, exponent, shift):
    """Frequencies proportional to 1 / (rank + shift) ** exponent."""
    frequencies = (np.arange(1, n + 1) + shift) ** -float(exponent)
    return frequencies / frequencies.sum()


def _dirichlet(concentrations, rng):
    """Draw one distribution per row of concentrations."""
    gamma = rng.standard_gamma(concentrations) + 1e-12  # no row of zeros
    return gamma / gamma.sum(axis=1, keepdims=True)


def _draw_inflection_chances(n_topics, rng):
    """Chances of plural and past by topic: most topics prefer one of the two."""
    return rng.beta(0.7, 0.7, (2, n_topics))


def draw_latent_model(n_concepts, n_names, n_topics, zipf_exponent, rng):
    """Draw concepts, their families, frequencies and topics.

    Parameters
    ----------
    n_concepts : int
        Number of nouns, verbs and adjectives together.

    n_names : int
        Number of names.

    n_topics : int
        Number of topics.

    zipf_exponent : float
        Exponent of the Zipf-Mandelbrot law within each class.

    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    model : LatentModel
    """
    sizes = {name: max(1, round(share * n_concepts)) for name, share in CONTENT_SHARES.items()}
    n_content = sum(sizes.values())
    sizes |= {"name": n_names, **CLOSED_SIZES}
    classes = np.repeat(np.arange(len(CLASSES)), [sizes[name] for name in CLASSES])
    n_all = len(classes)

    # two or three content concepts to a root, of any classes and frequencies
    families = np.arange(n_all)
    families[:n_content] = rng.permutation(n_content) % max(1, round(n_content / FAMILY_SIZE))

    frequencies = np.concatenate(
        [
            # a few words of a closed class carry most of its tokens; content words are flatter
            _zipf_mandelbrot(sizes[name], zipf_exponent, shift=1 if name in CLOSED_SIZES else 10)
            for name in CLASSES
        ]
    )
    is_closed = classes > CLASSES.index("name")
    spread = np.where(is_closed, CLOSED_SPREAD, CONTENT_SPREAD)[:, None]
    own = _dirichlet(np.broadcast_to(spread, (n_all, n_topics)), rng)
    root = _dirichlet(np.full((n_all, n_topics), CONTENT_SPREAD), rng)[families]
    share = np.where(np.arange(n_all) < n_content, FAMILY_SHARE, 0.0)[:, None]
    plural, past = _draw_inflection_chances(n_topics, rng)
    return LatentModel(
        classes=classes,
        families=families,
        frequencies=frequencies,
        topics=share * root + (1 - share) * own,
        topic_shares=_zipf_mandelbrot(n_topics, 1.0, shift=10),
        plural=plural,
        past=past,
    )


def perturb(model, isomorphism, rng):
    """Mix the model's co-occurrence structure with an unrelated one of the same kind.

    Parameters
    ----------
    model : LatentModel
        The structure of the other language.

    isomorphism : float
        In [0, 1]: the share of `model` in the mixture.

    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    perturbed : LatentModel
        With the same classes, families and frequencies, and other topics.
    """
    # permuting within a class keeps the kind of distribution and loses who has which
    other = np.concatenate([rng.permutation(model.members(name)) for name in CLASSES])
    plural, past = _draw_inflection_chances(len(model.topic_shares), rng)

    def mix(own, foreign):
        return isomorphism * own + (1 - isomorphism) * foreign

    return model._replace(
        topics=mix(model.topics, model.topics[other]),
        plural=mix(model.plural, plural),
        past=mix(model.past, past),
    )


class ConceptSampler:
    """Draw concepts of a class given topics, by one sorted search for all of them.

    Parameters
    ----------
    model : LatentModel
        Concepts and topics.
    """

    def __init__(self, model):
        self.model = model
        self._tables = {name: self._table(name) for name in CLASSES}

    def _table(self, word_class):
        rows = self.model.members(word_class)
        joint = self.model.frequencies[rows, None] * self.model.topics[rows]  # (n, n_topics)
        conditional = joint / joint.sum(axis=0)
        cumulative = conditional.cumsum(axis=0)
        cumulative[-1:] = 1.0
        # topic t owns the interval [t, t + 1): one array is searched for all topics
        flat = (cumulative + np.arange(joint.shape[1])).T.ravel()
        return rows, conditional, flat

    def draw(self, word_class, topics, rng):
        """One concept of the class for each entry of `topics`."""
        rows, _, flat = self._tables[word_class]
        found = np.searchsorted(flat, topics + rng.random(len(topics)), side="right")
        return rows[np.minimum(found - topics * len(rows), len(rows) - 1)]

    def draw_topics(self, n, rng):
        """Draw the topics of `n` sentences."""
        shares = self.model.topic_shares
        return rng.choice(len(shares), size=n, p=shares)

    def singular_rates(self):
        """Give the expected share of each noun, in the singular, among all nouns."""
        _, conditional, _ = self._tables["noun"]  # (n_nouns, n_topics)
        return conditional @ (self.model.topic_shares * (1 - self.model.plural))
