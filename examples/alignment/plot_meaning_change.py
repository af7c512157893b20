"""
Which words have changed their meaning?
=======================================

Learn the words of an earlier time from its texts, and those of a later time from its own. Nearly
all words mean what they meant, so a rotation lays the two spaces upon each other, and a word that
comes to lie far from itself has changed. In this example the changes are planted, and the ranking
can be judged: words that are used anew altogether come out on top, and those that have changed a
little cannot be told from chance.
"""

# %%
# Two slices of one language
# --------------------------
# One half of a generated corpus is the earlier slice, the other half the later one. In the later
# slice the two words of a pair, which are about equally frequent, exchange their places: in 30%,
# 60% or 100% of the cases. So 60 words change, 20 of them by each degree, and all others no more
# than chance has it.

import numpy as np

from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus((50_000, 1), n_concepts=600, n_train=0, n_test=0, random_state=0)
sentences = [sentence.split() for sentence in data.source_corpus]
earlier, later = sentences[::2], sentences[1::2]

rng = np.random.default_rng(0)
words, counts = np.unique(np.concatenate(later), return_counts=True)
by_frequency = words[np.argsort(-counts, kind="stable")]
pairs = rng.permutation(by_frequency[100:500].reshape(-1, 2))[:30].tolist()
degrees = {word: (0.3, 0.6, 1.0)[i % 3] for i, pair in enumerate(pairs) for word in pair}
partners = {word: other for pair in pairs for word, other in (pair, pair[::-1])}
later = [
    [partners[word] if rng.random() < degrees.get(word, 0) else word for word in sentence]
    for sentence in later
]

# %%
# A space for each
# ----------------
# Narrow windows tell what kind of word it is, and not only what the text is about. n-grams are
# switched off (``max_n=0``): by them a word would draw its relatives along.

from skxling import JointSkipGram

settings = {"n_components": 50, "window": 3, "max_n": 0, "sample": 1e-3, "epochs": 8}
old = JointSkipGram(**settings, random_state=0).fit(earlier).word_vectors_
new = JointSkipGram(**settings, random_state=0).fit(later).word_vectors_

# %%
# Upon each other
# ---------------
# A pair is a word and itself. Which words have changed is what is asked, but they are few, and all
# together determine the rotation well enough. Vectors of rare words are mostly noise, so a word
# must occur fifty times in either slice.

from skxling import ProcrustesAligner

frequent = [set(np.array(side.words)[side.counts[:, 0] >= 50]) for side in (old, new)]
common = [word for word in old.words if word in frequent[0] & frequent[1]]
X, y = old.vectors[old.index(common)], new.vectors[new.index(common)]
aligner = ProcrustesAligner().fit(X, y)


def distances(before, after):
    """Cosine distance of each word from itself."""
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return 1 - (before * after).sum(axis=1) / lengths


moved, place = aligner.transform(X), aligner.transform_target(y)
changes = distances(moved, place)

# %%
# The ranking
# -----------
# Average precision is the mean, over all changed words, of the precision at their rank. Two
# rankings to compare with: without a map the axes of the two spaces have nothing to do with each
# other, and the mean of a ranking by chance is the share of changed words.

from sklearn.metrics import average_precision_score

degree = np.array([degrees.get(word, 0) for word in common])
has_changed = degree > 0
print(f"{len(common)} words, {has_changed.sum()} of them changed; average precision:")
print(f"  by distance            {average_precision_score(has_changed, changes):.2f}")
print(f"  by distance, no map    {average_precision_score(has_changed, distances(X, y)):.2f}")
print(f"  by chance              {has_changed.mean():.2f}")
for level in (0.3, 0.6, 1.0):
    asked = (degree == level) | ~has_changed
    found = average_precision_score(has_changed[asked], changes[asked])
    print(f"  those changed by {level:4.0%}  {found:.2f}")

# %%
# One of them and its neighbours
# ------------------------------
# The word on top of the list, and the words nearest to it in either slice. In the later one it is
# found among the words that its partner was found among.

from skxling.embedding import WordVectors

order = np.argsort(-changes)
word = common[order[0]]
spaces = [WordVectors(common, rows) for rows in (moved, place)]
for name, space in zip(("earlier", "later"), spaces, strict=True):
    similarity = 1 - distances(space.vectors, space.vectors[[common.index(word)]])
    nearest = [common[i] for i in np.argsort(-similarity)[1:7]]
    print(f"{word} {name:8}: {', '.join(nearest)}")
similarity = 1 - distances(moved, moved[[common.index(partners[word])]])
nearest = [common[i] for i in np.argsort(-similarity)[1:7]]
print(f"{partners[word]} earlier: {', '.join(nearest)}")

# %%
# The picture
# -----------
# Left: how far each word is from itself. Middle: how many of the first words of the ranking have
# changed. Right: the word on top, among its neighbours in both slices.

import matplotlib.pyplot as plt

from skxling.metrics import NeighborhoodDisplay

fig, axes = plt.subplots(
    1, 3, figsize=(13, 4.4), width_ratios=(1.2, 0.8, 1.1), layout="constrained"
)
counts = new.counts[new.index(common), 0]
for level, color in ((0, "0.75"), (0.3, "C2"), (0.6, "C1"), (1.0, "C3")):
    mine = degree == level
    label = f"changed in {level:.0%} of its places" if level else "unchanged"
    axes[0].plot(counts[mine], changes[mine], "o", color=color, ms=4.5, alpha=0.8, label=label)
axes[0].set(xscale="log", xlabel="occurrences in the later slice", ylabel="cosine distance")
axes[0].set_title("From the earlier to the later slice")
axes[0].legend(frameon=False, fontsize=9)

ranks = np.arange(1, len(common) + 1)
axes[1].plot(ranks, np.cumsum(has_changed[order]) / ranks, color="C0", label="by distance")
by_chance = np.argsort(-distances(X, y))
axes[1].plot(ranks, np.cumsum(has_changed[by_chance]) / ranks, color="gray", label="no map")
axes[1].axvline(has_changed.sum(), color="black", ls=":", lw=1)
axes[1].text(has_changed.sum(), 1, " as many as\n have changed", fontsize=9, va="top")
axes[1].set(xscale="log", ylim=(0, 1.05), xlabel="words on top", ylabel="share that has changed")
axes[1].set_title("The ranking")
axes[1].legend(frameon=False, fontsize=9, loc="center left")
for ax in axes[:2]:
    ax.spines[["top", "right"]].set_visible(False)
NeighborhoodDisplay.from_vectors(
    *spaces, [word], [word], n_neighbors=5, names=("earlier", "later"), ax=axes[2]
)
plt.show()
