"""How the two generated languages look: syllables, endings, and the order of words."""

from typing import NamedTuple

import numpy as np

from skxling.datasets._latent import CLASSES
from skxling.datasets._sentences import OBJECT, PLACE, SUBJECT

MONOSYLLABIC = ("determiner", "preposition", "conjunction", "auxiliary")
N_TWO_SYLLABLES = 5_000


class Language(NamedTuple):
    """Sounds, endings and word order of one language.

    Attributes
    ----------
    onsets, nuclei, codas : tuple of str
        Parts of a syllable; what occurs twice is twice as likely.

    derivations : dict of str -> tuple of str
        Endings that make a stem of a root, by word class; the topic decides which.

    inflections : dict of str -> tuple of str
        Endings of a stem's forms, by word class; a class without an entry has one form.

    order : tuple of str
        Slots of a clause from left to right.
    """

    onsets: tuple
    nuclei: tuple
    codas: tuple
    derivations: dict
    inflections: dict
    order: tuple


def _parts(text):
    return tuple(text.split())


# Adjectives stand before nouns and do not change; the verb is in the middle.
SOURCE = Language(
    onsets=_parts("b br d dr f g gr h k l m n p r s sh st t th tr w"),
    nuclei=_parts("a e i o u a e i o u ea oo"),
    codas=("", *_parts("ck d ft g ld lk m n nd nk p r rd rn st t th")),
    derivations={"noun": ("", "", "er", "oth", "ling"), "adjective": ("", "ish", "ful", "ern")},
    inflections={
        "noun": ("", "en"),
        "verb": ("eth", "eld", "ung"),
        "determiner": ("", "e"),
        "auxiliary": ("", "t"),
    },
    order=("conjunction", *SUBJECT, "auxiliary", "verb", *OBJECT, *PLACE, "adverb"),
)

# Adjectives stand after nouns and agree in number; the verb comes last.
TARGET = Language(
    onsets=_parts("b c ch d f g gl j l m n p pr qu r s sp t v z"),
    nuclei=_parts("a e i o u a e i o u ia io ue"),
    codas=("", "", "", "", *_parts("l n r s x")),
    derivations={"noun": ("", "", "ora", "ezzo", "ina"), "adjective": ("", "oso", "ivo", "ale")},
    inflections={
        "noun": ("", "jas"),
        "verb": ("are", "avo", "ando"),
        "adjective": ("", "jas"),
        "determiner": ("", "s"),
        "auxiliary": ("", "va"),
    },
    order=(
        *("conjunction", "adverb", "subject.determiner", "subject.noun", "subject.adjective"),
        *("object.determiner", "object.noun", "object.adjective", *PLACE, "verb", "auxiliary"),
    ),
)

# What both languages can pronounce: names, cognates and false friends.
COMMON = Language(
    onsets=_parts("b d f g l m n p r s t v"),
    nuclei=_parts("a e i o u"),
    codas=("", "", "", "", *_parts("l n r s")),
    derivations={},
    inflections={},
    order=(),
)


class Spelling(NamedTuple):
    """Words of one language.

    Attributes
    ----------
    words : list of str
        Every form of every concept.

    offsets : ndarray of shape (n_concepts,), dtype int64
        Position in `words` of each concept's first form.

    n_forms : ndarray of shape (n_concepts,), dtype int64
        Number of forms of each concept.
    """

    words: list
    offsets: np.ndarray
    n_forms: np.ndarray

    def forms(self, concepts, inflections):
        """Positions in `words`; a concept with one form has it in every inflection."""
        return self.offsets[concepts] + np.minimum(inflections, self.n_forms[concepts] - 1)


def _draw_root(language, n_syllables, rng):
    """Draw a pronounceable root; only its last syllable has a coda."""
    parts = [language.onsets, language.nuclei] * n_syllables + [language.codas]
    return "".join(part[rng.integers(len(part))] for part in parts)


def draw_shared_stems(n_stems, rng):
    """Draw distinct spellings that both languages can pronounce."""
    stems = {}  # a dict keeps the order, a set does not
    while len(stems) < n_stems:
        n_syllables = 2 + len(stems) // N_TWO_SYLLABLES
        stems[_draw_root(COMMON, n_syllables, rng)] = None
    return list(stems)


def _inflections(language, model, concept):
    return language.inflections.get(CLASSES[model.classes[concept]], ("",))


def _draw_forms(language, concept, word_class, endings, root, owners, rng):
    """Find spellings that are free; gives the root that they were made of, and the forms."""
    while True:
        if root is None:
            n_syllables = 1 if word_class in MONOSYLLABIC else 1 + rng.integers(2)
            root = _draw_root(language, n_syllables, rng)
        forms = [root + ending for ending in endings]
        if all(owners.get(form, concept) == concept for form in forms):
            return root, forms
        root = None  # some form is somebody else's: another root


def spell(language, model, stems, roots, owners, rng):
    """Give every concept its forms in one language.

    Parameters
    ----------
    language : Language
        Sounds and endings.

    model : LatentModel
        The concepts.

    stems : dict of int -> str
        Stems of concepts that are decided already: names and false friends.

    roots : dict of int -> str
        Roots of families that are decided already: cognates.

    owners : dict of str -> int
        Words in use in either language, and the concept that each stands for; no other concept
        may be spelled so. Is added to.

    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    spelling : Spelling
    """
    roots = dict(roots)
    decided = {
        concept: [stem + ending for ending in _inflections(language, model, concept)]
        for concept, stem in stems.items()
    }
    for concept, forms in decided.items():  # before any other word could take them
        owners.update(dict.fromkeys(forms, concept))
    words, offsets = [], []
    main_topics = model.topics.argmax(axis=1)
    for concept, family in enumerate(model.families):
        forms = decided.get(concept)
        if forms is None:
            word_class = CLASSES[model.classes[concept]]
            derivations = language.derivations.get(word_class, ("",))
            derivation = derivations[main_topics[concept] % len(derivations)]
            endings = [derivation + end for end in _inflections(language, model, concept)]
            root, forms = _draw_forms(
                language, concept, word_class, endings, roots.get(family), owners, rng
            )
            roots.setdefault(family, root)
            owners.update(dict.fromkeys(forms, concept))
        offsets.append(len(words))
        words += forms
    offsets = np.array(offsets)
    return Spelling(words, offsets, np.diff(offsets, append=len(words)))
