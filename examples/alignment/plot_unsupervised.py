"""
Two languages, no dictionary, and a warning where it fails
==========================================================

Two spaces of one shape can be laid upon each other without a single known pair of words: names and
cognates are a beginning, and self-learning goes on from there. Spaces of different shapes cannot,
but every method ends with *some* lexicon. This example takes the two languages farther and farther
apart. The translations get worse, and the library says so: it learns from either half of what it
begins with, and looks whether both find the same.
"""

# %%
# One source language, five targets
# ---------------------------------
# The knob ``isomorphism`` says how much the two languages have in common: at 1 all words are used
# in the same company, at 0 nothing but spellings is left. A skip-gram model learns each language
# alone.

from skxling import JointSkipGram
from skxling.datasets import make_bilingual_corpus

knob = [1.0, 0.75, 0.5, 0.25, 0.0]
sizes = {"n_concepts": 600, "n_skewed": 0, "n_balanced": 0, "n_train": 300, "n_test": 500}
languages = {
    isomorphism: make_bilingual_corpus(20_000, isomorphism=isomorphism, **sizes, random_state=0)
    for isomorphism in knob
}


def learn(corpus):
    """Vectors of the words of one corpus."""
    model = JointSkipGram(n_components=50, sample=1e-3, epochs=8, random_state=0)
    return model.fit(corpus).word_vectors_


source = learn(languages[1.0].source_corpus)
targets = {isomorphism: learn(data.target_corpus) for isomorphism, data in languages.items()}

# %%
# With pairs, without, and without even spellings
# -----------------------------------------------
# ``fit()`` without words leaves it to the aligner to find pairs. With ``init="distributions"`` it
# may not look at spellings either: words are paired whose similarities to all others of their own
# language are distributed alike.

import warnings

from skxling import ProcrustesAligner, SelfLearningAligner, WordTranslator

ways = {
    "300 pairs": ProcrustesAligner(),
    "no pairs": SelfLearningAligner(),
    "no pairs, no spellings": SelfLearningAligner(init="distributions"),
}
scores, translators = {way: [] for way in ways}, {way: [] for way in ways}
for isomorphism, data in languages.items():
    train, test = data.train_lexicon, data.test_lexicon
    for way, aligner in ways.items():
        translator = WordTranslator(source, targets[isomorphism], aligner)
        pairs = (train.source, train.target) if way == "300 pairs" else ()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            translator.fit(*pairs)
        translators[way].append(translator)
        scores[way].append(translator.score(test.source, test.target))
        verdict = "warned" if caught else ""
        print(f"isomorphism {isomorphism:4}, {way:22}: P@1 = {scores[way][-1]:.3f}  {verdict}")

# %%
# The warning says what it was made of, and what may help:

print(caught[-1].message)

# %%
# The picture
# -----------
# Left: translations that are right; an open circle is a fit that warned. Right: what the warning
# looks at, without any pair. Two halves of the start lead to the same translations, or they do not.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for way, color in zip(ways, ("gray", "C0", "C1"), strict=True):
    axes[0].plot(knob, scores[way], color=color, label=way)
    for x, score, translator in zip(knob, scores[way], translators[way], strict=True):
        is_open = way != "300 pairs" and not translator.aligner_.converged_
        axes[0].plot(x, score, "o", color=color, mfc="white" if is_open else color, ms=8)
axes[0].plot([], [], "o", color="black", mfc="white", ms=8, label="warned")
axes[0].set(xlabel="isomorphism", ylabel="P@1", ylim=(-0.02, None), title="Translations")

for way, color in (("no pairs", "C0"), ("no pairs, no spellings", "C1")):
    agreements = [t.aligner_.agreement_ for t in translators[way]]
    axes[1].plot(knob, agreements, "o-", color=color, ms=8)
asked = SelfLearningAligner().min_agreement
axes[1].axhline(asked, color="black", ls=":", lw=1)
axes[1].text(knob[-1], asked, "a warning below this line", ha="right", va="bottom", fontsize=9)
axes[1].set(
    xlabel="isomorphism",
    ylabel="share of pairs found from either half",
    ylim=(-0.02, None),
    title="What the warning looks at",
)
for ax in axes:
    ax.invert_xaxis()
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False, fontsize=9)
plt.show()
