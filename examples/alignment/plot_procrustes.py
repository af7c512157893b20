"""
A rotation needs fewer word pairs than least squares
====================================================

Two spaces, learned from the text of one language each, differ by a turn, and little else. An
aligner that may only turn the space therefore learns from a few word pairs what least squares
needs hundreds for. This example shrinks the seed lexicon, and asks at each size how many words of
the rest each of the two translates correctly.

Both maps are the last step of an ordinary ``Pipeline``, and ``cross_val_score`` judges them by
bilingual lexicon induction.
"""

# %%
# Two spaces
# ----------
# The corpora are generated, so that nothing has to be downloaded. A skip-gram model learns each of
# them alone: ``fit`` without a second corpus.

from skxling import JointSkipGram
from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus(
    n_sentences=40_000,
    n_concepts=1_000,
    isomorphism=1.0,
    n_train=1_200,
    n_test=500,
    random_state=0,
)
settings = {"n_components": 50, "sample": 1e-3, "random_state": 0}
source = JointSkipGram(**settings).fit(data.source_corpus).word_vectors_
target = JointSkipGram(**settings).fit(data.target_corpus).word_vectors_
print(source, target, sep="\n")

# %%
# Paired vectors
# --------------
# At the level of vectors a sample is a translation pair: a row of ``X`` and the row of ``y`` that
# translates it. All pairs of the lexicon whose words have vectors will do. The source word is the
# group, for a word with two translations must not be learned in one fold and asked in another.

import numpy as np

lexicon = data.train_lexicon
i_source = source.index(lexicon.source, missing="ignore")
i_target = target.index(lexicon.target, missing="ignore")
known = (i_source >= 0) & (i_target >= 0)
X, y = source.vectors[i_source[known]], target.vectors[i_target[known]]
groups = i_source[known]
print(f"{len(X)} pairs")

# %%
# Two pipelines and one scorer
# ----------------------------
# The scorer looks for each translation among *all* target words, whatever the fold. It sends the
# source vocabulary through the same steps, since CSLS asks how crowded it is around each candidate.

from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from skxling import ProcrustesAligner
from skxling.metrics import make_bli_scorer

pipelines = {
    "rotation": make_pipeline(Normalizer(), ProcrustesAligner()),
    "least squares": make_pipeline(Normalizer(), LinearRegression()),
}
scorer = make_bli_scorer(candidates=target, source_vectors=source)

# %%
# Fewer and fewer pairs
# ---------------------
# Each split draws so many pairs to learn from, and 150 others to be asked.

from sklearn.model_selection import GroupShuffleSplit, cross_val_score

sizes = [25, 50, 100, 200, 400, 800]
scores = {name: [] for name in pipelines}
for n_pairs in sizes:
    splits = GroupShuffleSplit(6, train_size=n_pairs, test_size=150, random_state=0)
    for name, pipeline in pipelines.items():
        found = cross_val_score(pipeline, X, y, groups=groups, cv=splits, scoring=scorer)
        scores[name].append(found)
        print(f"{n_pairs:4} pairs, {name:13}: P@1 = {found.mean():.3f}")

# %%
# The picture
# -----------
# With hundreds of pairs the two come close. With as many pairs as components, least squares fits
# all of them and has learned nothing; the rotation finds half of what it will ever find.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for name, color in (("rotation", "C0"), ("least squares", "C1")):
    mean, spread = np.mean(scores[name], axis=1), np.std(scores[name], axis=1)
    ax.plot(sizes, mean, "o-", color=color, label=name)
    ax.fill_between(sizes, mean - spread, mean + spread, color=color, alpha=0.15, lw=0)
ax.axvline(source.n_components, color="gray", ls=":", lw=1)
ax.text(source.n_components, 0.02, " components", color="gray", fontsize=9)
ax.set(
    xscale="log",
    xlabel="word pairs to learn from",
    ylabel="P@1 on other words",
    ylim=(0, None),
    title="A rotation needs fewer word pairs",
)
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()
