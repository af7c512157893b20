"""
A false friend before and after Joint-Align
===========================================

A joint model gives every spelling one vector. Where a spelling means one thing in one language and
another in the other, this is one vector for two meanings. Joint-Align gives such a word back to the
language that uses it, and aligns it there: its translation, which had been far off, comes near.

That is so for *skewed* false friends, which one language uses much more than the other. *Balanced*
ones keep their one vector, and this example shows them as well.
"""

# %%
# Two languages with false friends
# --------------------------------
# The generated corpus has false friends of both kinds, and tells their meanings.

import numpy as np

from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus(n_sentences=20_000, random_state=0)
print(data.DESCR)
friends = data.false_friends
kinds = np.array(friends.kind)
for kind in ("source", "target", "balanced"):
    print(f"{(kinds == kind).sum()} false friends: {kind}")

# %%
# Joint-Align, end to end
# -----------------------
# Joint training, then reallocation by the shares of the two languages, then a map from source-only
# words onto target-only words, learned from the seed lexicon.

from sklearn.frozen import FrozenEstimator

from skxling import JointAlignCombiner, JointSkipGram, ProcrustesAligner

joint = JointSkipGram(n_components=50, sample=1e-3, random_state=0)
joint.fit(data.source_corpus, data.target_corpus)
combiner = JointAlignCombiner(FrozenEstimator(joint), ProcrustesAligner(), threshold=0.9)
combiner.fit(data.train_lexicon.source, data.train_lexicon.target)
score = combiner.score(data.test_lexicon.source, data.test_lexicon.target)
print(f"{combiner.n_pairs_} pairs learned from, P@1 on the test lexicon {score:.3f}")

# %%
# How far is the translation?
# ---------------------------
# For every false friend and the word that translates it: the cosine in the joint space, and in the
# space of Joint-Align. A word that the target language uses most is asked for by its source word.
# Joint-Align leaves target words where they are, but for the mean that it takes away, so
# ``transform_target`` of any word is its place in the joint space.


def cosine(a, b):
    """Cosine of each row of a with the same row of b."""
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


asked = np.where(kinds == "target", friends.source_word, friends.word)
wanted = np.where(kinds == "target", friends.word, friends.target_word)
before = cosine(combiner.transform_target(asked), combiner.transform_target(wanted))
after = cosine(combiner.transform(asked), combiner.transform_target(wanted))
for kind in ("source", "target", "balanced"):
    mine = kinds == kind
    print(f"{kind:9}: {before[mine].mean():.2f} before, {after[mine].mean():.2f} after")

# %%
# One of them and its neighbours
# ------------------------------
# Take the skewed false friend of the source language that gained most, the source words nearest to
# it, its translation, and the target words nearest to that. Two principal components of these
# vectors, before and after, make a map.

from sklearn.decomposition import PCA

one = np.argmax(np.where(kinds == "source", after - before, -np.inf))
word, translation = str(asked[one]), str(wanted[one])


def nearest(word, vectors):
    """Twelve nearest other words of one side, in its own space."""
    similarity = cosine(vectors.vectors, vectors[word][None])
    order = [vectors.words[i] for i in np.argsort(-similarity)]
    return [other for other in order if other != word][:12]


source_words = [word, *nearest(word, combiner.source_vectors_)]
target_words = [translation, *nearest(translation, combiner.target_vectors_)]
places = combiner.transform_target(target_words)
spaces = [
    np.vstack([combiner.transform_target(source_words), places]),
    np.vstack([combiner.transform(source_words), places]),
]
pca = PCA(2).fit(np.vstack(spaces))
maps = [pca.transform(rows) for rows in spaces]
low, high = np.min(maps, axis=(0, 1)) - 0.15, np.max(maps, axis=(0, 1)) + 0.15

# %%
# The picture
# -----------
# Left and middle: the false friend among source words (blue), its translation among target words
# (orange). Right: all false friends. Those that reallocation moved come near their translations;
# the balanced ones stay where they were.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for ax, points, title in zip(axes, maps, ("joint training", "Joint-Align"), strict=False):
    sides = np.split(points, [len(source_words)])
    for side, name, color in zip(sides, (word, translation), ("C0", "C1"), strict=True):
        ax.plot(*side[1:].T, "o", color=color, ms=4, alpha=0.5)
        ax.plot(*side[0], "o", color=color, ms=9)
        ax.annotate(name, side[0], (6, 6), textcoords="offset points", color=color)
    ax.set(title=title, xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.set(xticks=[], yticks=[], aspect="equal")

skewed = kinds != "balanced"
for mine, color, label in ((skewed, "C2", "skewed"), (~skewed, "C3", "balanced")):
    axes[2].plot(before[mine], after[mine], "o", color=color, alpha=0.7, label=label)
axes[2].axline((0, 0), slope=1, color="gray", lw=1, zorder=0)
axes[2].set(xlabel="cosine before", ylabel="cosine after", title="all false friends")
axes[2].legend(frameon=False)
plt.show()
