"""Two languages that never existed, and everything about them known."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skxling.datasets._false_friends import choose_false_friends, describe_false_friends
from skxling.datasets._latent import (
    CLASSES,
    CONTENT_SHARES,
    ConceptSampler,
    draw_latent_model,
    perturb,
)
from skxling.datasets._sentences import draw_corpus
from skxling.datasets._spelling import SOURCE, TARGET, draw_shared_stems, spell
from skxling.utils._sklearn import Interval, validate_params

DESCR = """\
Two generated languages
-----------------------
Source: {n_source} sentences, {source_tokens} tokens, {source_words} words that occur.
Target: {n_target} sentences, {target_tokens} tokens, {target_words} words that occur.
Spelled the same: {n_names} names, {n_cognates} cognates, {n_friends} false friends.

The corpora are comparable, not parallel: both languages draw their sentences independently from
one latent model of {n_topics} topics (target: {isomorphism:.0%} of it). The source puts adjectives
before nouns and the verb in the middle; the target puts adjectives after nouns, where they agree
in number, and the verb last.
"""


def _check_sizes(n_sentences, n_concepts, n_friends):
    """Numbers of sentences of both sides; enough nouns for the false friends."""
    sizes = (n_sentences, n_sentences) if isinstance(n_sentences, Integral) else n_sentences
    if len(sizes) != 2 or not all(isinstance(n, Integral) and n > 0 for n in sizes):
        raise ValueError(
            f"`n_sentences` must be a positive int, or one for each language. Got {n_sentences!r}."
        )
    n_nouns = round(CONTENT_SHARES["noun"] * n_concepts)
    if 2 * n_friends > n_nouns:
        raise ValueError(
            f"{n_friends} false friends need {2 * n_friends} nouns, and `n_concepts`={n_concepts} "
            f"gives {n_nouns}. Raise `n_concepts`, or reduce `n_skewed` and `n_balanced`."
        )
    return sizes


def _spell_both(model, friends, cognates, rng):
    """Spell both languages, and the strings that they share."""
    names = model.members("name").tolist()
    content = np.unique(model.families[model.classes < CLASSES.index("name")])
    families = rng.permutation(content)[: round(cognates * len(content))].tolist()
    stems = iter(draw_shared_stems(len(friends.kinds) + len(names) + len(families), rng))
    false = [next(stems) for _ in friends.kinds]
    named = {name: next(stems) for name in names}
    roots = {family: next(stems) for family in families}
    owners = {}
    spellings = [
        spell(
            language,
            model,
            named | dict(zip(nouns.tolist(), false, strict=True)),
            roots,
            owners,
            rng,
        )
        for language, nouns in ((SOURCE, friends.source), (TARGET, friends.target))
    ]
    return spellings, false, list(named.values())


def _pair_words(source, target):
    """List every source word with each of its translations."""
    n_forms = np.maximum(source.n_forms, target.n_forms)
    concepts = np.repeat(np.arange(len(n_forms)), n_forms)
    inflections = np.concatenate([np.arange(n) for n in n_forms])
    positions = source.forms(concepts, inflections), target.forms(concepts, inflections)
    return [
        (source.words[s], target.words[t])
        for s, t in zip(*map(np.ndarray.tolist, positions), strict=True)
    ]


def _split_lexicon(pairs, n_train, n_test, rng):
    """Draw training and test entries that have no source word in common."""
    queries = list(dict.fromkeys(source for source, _ in pairs))
    if n_train + n_test > len(queries):
        raise ValueError(
            f"`n_train`={n_train} and `n_test`={n_test} ask for {n_train + n_test} source words, "
            f"and the lexicon has {len(queries)}. Reduce them, or raise `n_concepts`."
        )
    drawn = [queries[i] for i in rng.permutation(len(queries))[: n_train + n_test]]
    lexicons = []
    for words in (set(drawn[:n_train]), set(drawn[n_train:])):
        kept = [pair for pair in pairs if pair[0] in words]
        lexicons.append(Bunch(source=[s for s, _ in kept], target=[t for _, t in kept]))
    return lexicons


@validate_params(
    {
        "n_sentences": [Interval(Integral, 1, None, closed="left"), tuple],
        "n_concepts": [Interval(Integral, 10, None, closed="left")],
        "n_topics": [Interval(Integral, 2, None, closed="left")],
        "n_names": [Interval(Integral, 0, None, closed="left")],
        "cognates": [Interval(Real, 0, 1, closed="both")],
        "n_skewed": [Interval(Integral, 0, None, closed="left")],
        "n_balanced": [Interval(Integral, 0, None, closed="left")],
        "skew": [Interval(Real, 0.5, 1, closed="neither")],
        "isomorphism": [Interval(Real, 0, 1, closed="both")],
        "topic_noise": [Interval(Real, 0, 1, closed="both")],
        "zipf_exponent": [Interval(Real, 0, None, closed="left")],
        "n_train": [Interval(Integral, 0, None, closed="left")],
        "n_test": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_bilingual_corpus(
    n_sentences=50_000,
    *,
    n_concepts=1_500,
    n_topics=50,
    n_names=80,
    cognates=0.4,
    n_skewed=20,
    n_balanced=20,
    skew=0.96,
    isomorphism=0.9,
    topic_noise=0.05,
    zipf_exponent=1.0,
    n_train=1_000,
    n_test=1_000,
    random_state=None,
):
    """Generate comparable corpora of two languages, their lexicon and their false friends.

    Both languages talk about the same concepts. A sentence has a topic, each slot of its plan
    (determiner, noun, verb, ...) draws a concept given the topic, and the language spells it
    and decides the order. Words are inflected, and related words share a root, so that
    character n-grams carry meaning. Three kinds of spellings are shared by the languages: names,
    cognates, and false friends, which mean one thing in the source and another in the target.

    Read more in the :ref:`User Guide <datasets>`.

    Parameters
    ----------
    n_sentences : int or tuple of two int, default=50_000
        Sentences of each language (source, target), of about nine tokens each.

    n_concepts : int, default=1_500
        Nouns, verbs and adjectives. They make about twice as many words in each language.

    n_topics : int, default=50
        Number of topics.

    n_names : int, default=80
        Names, spelled the same in both languages. 0 gives sentences without names.

    cognates : float, default=0.4
        In [0, 1]: the share of roots that the languages have in common. Endings differ, so
        that most cognates are only similar and some (bare nouns, adjectives) are the same.

    n_skewed, n_balanced : int, default=20
        False friends that one language uses far more than the other (alternately the source
        and the target), and false friends that both use about equally often.

    skew : float, default=0.96
        In (0.5, 1): the share that the language which uses a skewed false friend most has in
        its relative frequency, as nearly as the nouns' frequencies allow. Reallocation at a
        threshold of 0.9 takes those above 0.9 away from the other language.

    isomorphism : float, default=0.9
        In [0, 1]: 1 if both languages draw from the same model; at lower values the words of
        the target have more and more unrelated topics, and 0 leaves nothing in common but
        frequencies, word classes and spellings.

    topic_noise : float, default=0.05
        In [0, 1]: chance that a phrase has another topic than its sentence.

    zipf_exponent : float, default=1.0
        Exponent of the Zipf-Mandelbrot law of the concepts of a class.

    n_train, n_test : int, default=1_000
        Source words of the training and the test lexicon, drawn at random from all words but
        false friends. A source word is in one of them only, with all its translations.

    random_state : int, RandomState instance or None, default=None
        Seed. With an int the result is the same in every process.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        source_corpus, target_corpus : list of str
            Sentences, words separated by blanks: as JointSkipGram takes them.
        train_lexicon, test_lexicon : Bunch
            Lists `source` and `target`: entry `i` of one translates entry `i` of the other.
            Source adjectives have two translations. A rare word may occur in no sentence.
        false_friends : Bunch
            Entry `i` of each: `word`, the spelling; `kind`, "source" or "target" for the
            language that uses a skewed one most, or "balanced"; `proportion`, what
            reallocation computes, `(c1 / T1) / (c1 / T1 + c2 / T2)` with the counts c and
            token totals T of the two corpora (nan if it occurs in neither); `source_count`,
            `target_count`, c1 and c2; `target_word`, the target's word for what it means in
            the source; `source_word`, the source's word for what it means in the target.
        names, cognates : list of str
            Words spelled the same, and meaning the same, in both languages.
        DESCR : str
            Description in words and numbers.

    Raises
    ------
    ValueError
        If the concepts do not suffice for the false friends or the lexicons asked for.

    See Also
    --------
    load_lexicon : Read a real lexicon from a file.

    Notes
    -----
    What joint training gains on these corpora it gains from the names and cognates that tie
    the languages: with `cognates=0` aligning two separately trained spaces is better.

    Examples
    --------
    >>> from skxling.datasets import make_bilingual_corpus
    >>> data = make_bilingual_corpus(5_000, random_state=0)
    >>> data.source_corpus[2], data.target_corpus[2]
    ('woft gival wineth', 'ra prilora loliavo')
    >>> friends = data.false_friends
    >>> friends.word[0], friends.source_word[0], friends.target_word[0]
    ('madan', 'toobider', 'quorix')
    >>> friends.kind[0], float(friends.proportion[0].round(2))
    ('source', 0.95)
    """
    n_friends = n_skewed + n_balanced
    sizes = _check_sizes(n_sentences, n_concepts, n_friends)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    # a stream for each part, so that a knob of one part leaves the others' draws alone
    latent, other, choice, letters, lexicon, *sides = np.random.default_rng(seed).spawn(7)

    model = draw_latent_model(n_concepts, n_names, n_topics, zipf_exponent, latent)
    samplers = ConceptSampler(model), ConceptSampler(perturb(model, isomorphism, other))
    friends = choose_false_friends(n_skewed, n_balanced, skew, samplers, choice)
    spellings, false, names = _spell_both(model, friends, cognates, letters)
    pairs = [pair for pair in _pair_words(*spellings) if not set(false) & set(pair)]
    train_lexicon, test_lexicon = _split_lexicon(pairs, n_train, n_test, lexicon)
    is_name = set(names)
    cognate_words = [s for s, t in pairs if s == t and s not in is_name]

    (source_corpus, c1), (target_corpus, c2) = (
        draw_corpus(size, sampler, spelling, language.order, topic_noise, rng)
        for size, sampler, spelling, language, rng in zip(
            sizes, samplers, spellings, (SOURCE, TARGET), sides, strict=True
        )
    )
    return Bunch(
        source_corpus=source_corpus,
        target_corpus=target_corpus,
        train_lexicon=train_lexicon,
        test_lexicon=test_lexicon,
        false_friends=describe_false_friends(false, friends, spellings, (c1, c2)),
        names=names,
        cognates=cognate_words,
        DESCR=DESCR.format(
            n_source=sizes[0],
            n_target=sizes[1],
            source_tokens=c1.sum(),
            target_tokens=c2.sum(),
            source_words=np.count_nonzero(c1),
            target_words=np.count_nonzero(c2),
            n_names=n_names,
            n_cognates=len(cognate_words),
            n_friends=n_friends,
            n_topics=n_topics,
            isomorphism=isomorphism,
        ),
    )
