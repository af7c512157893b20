"""
Every aligner on one pair of languages
======================================

Which aligner is best depends on how many pairs of words are known. With few, what counts is to be
held back: a rotation can do little harm. The more there are, the closer come methods that may
stretch the space. Here all of them learn from the same pairs, from 25 to 800, and are asked the
same words.
"""

# %%
# Two languages, each learned alone
# ---------------------------------

from skxling import JointSkipGram
from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus(
    30_000, n_concepts=800, isomorphism=0.9, n_train=800, n_test=500, random_state=0
)
settings = {"n_components": 50, "sample": 1e-3, "random_state": 0}
source = JointSkipGram(**settings).fit(data.source_corpus).word_vectors_
target = JointSkipGram(**settings).fit(data.target_corpus).word_vectors_
print(source, target, sep="\n")

# %%
# The aligners
# ------------
# All with their defaults, but for the penalties of three: these suit some thousand pairs and
# hundreds of components, and here both are fewer.

from skxling import alignment

aligners = {
    "Procrustes": alignment.ProcrustesAligner(),
    "Procrustes, L1Refined": alignment.L1RefinedAligner(alignment.ProcrustesAligner()),
    "Linear": alignment.LinearAligner(alpha=1.0),
    "CCA": alignment.CCAAligner(alpha=1.0),
    "Multistep": alignment.MultistepAligner(alpha=1.0),
    "Geometric": alignment.GeometricAligner(alpha=100.0),
    "RCSLS": alignment.RCSLSAligner(),
    "SelfLearning": alignment.SelfLearningAligner(),
}

# %%
# The table
# ---------
# A translator looks each word up among all words of the target language, by CSLS. The score is P@1,
# and words without a vector count as wrong.


from skxling import WordTranslator

sizes = [25, 50, 100, 200, 400, 800]
train, test = data.train_lexicon, data.test_lexicon
scores = {}
print(f"{'pairs':22}", *(f"{size:6}" for size in sizes))
for name, aligner in aligners.items():
    scores[name] = [
        WordTranslator(source, target, aligner)
        .fit(train.source[:size], train.target[:size])
        .score(test.source, test.target)
        for size in sizes
    ]
    print(f"{name:22}", *(f"{100 * score:6.1f}" for score in scores[name]))

# %%
# The picture
# -----------
# One panel for each, the others in gray behind it.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(2, 4, figsize=(11.5, 5), sharex=True, sharey=True, layout="constrained")
for ax, name in zip(axes.flat, aligners, strict=True):
    for other in aligners:
        ax.plot(sizes, scores[other], color="0.85", lw=1)
    ax.plot(sizes, scores[name], "o-", color="C0", ms=4)
    ax.set_title(name, fontsize=10)
    ax.set(xscale="log", ylim=(0, None))
    ax.set_xticks(sizes, sizes, fontsize=8)
    ax.minorticks_off()
    ax.spines[["top", "right"]].set_visible(False)
fig.supxlabel("word pairs to learn from", fontsize=10)
fig.supylabel("P@1 on other words", fontsize=10)
plt.show()
