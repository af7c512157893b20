"""
Overlapping intervals, and still a clear difference
===================================================

Two aligners translate a test lexicon. One is right more often, and each score has a confidence
interval; the intervals overlap, so is the difference luck? That is the wrong question. Both were
asked the same words, and easy words are easy for both. Compared word by word, the difference is
known much better than either score.
"""

# %%
# Two translators
# ---------------
# The corpora are generated, and a skip-gram model learns each language alone. A rotation and a free
# linear map, RCSLS, are then learned from the same few hundred pairs.

from skxling import JointSkipGram, ProcrustesAligner, RCSLSAligner, WordTranslator
from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus(
    n_sentences=40_000,
    n_concepts=1_000,
    isomorphism=1.0,
    n_train=300,
    n_test=500,
    random_state=0,
)
settings = {"n_components": 50, "sample": 1e-3, "random_state": 0}
source = JointSkipGram(**settings).fit(data.source_corpus).word_vectors_
target = JointSkipGram(**settings).fit(data.target_corpus).word_vectors_
seed = data.train_lexicon
translators = {
    "Procrustes": WordTranslator(source, target, ProcrustesAligner()).fit(seed.source, seed.target),
    "RCSLS": WordTranslator(source, target, RCSLSAligner()).fit(seed.source, seed.target),
}

# %%
# Each alone
# ----------
# The report draws the queries of the lexicon again and again, with replacement. Another sample of
# 500 words would have moved each score by some points, up or down.

from skxling.metrics import bli_report

X, y = data.test_lexicon.source, data.test_lexicon.target
scores, intervals = {}, {}
for name, translator in translators.items():
    report = bli_report(translator, X, y, random_state=0)
    scores[name], intervals[name] = report.p_at_k["wrong"][1], report.p_at_k_interval["wrong"][1]
    low, high = intervals[name]
    print(f"{name:10}: P@1 = {scores[name]:.3f}, from {low:.3f} to {high:.3f}")

# %%
# Word by word
# ------------
# But it would have moved both in the same direction. What counts are the words that only one of the
# two gets right: were they equally good, these would fall to either side like tosses of a coin.

from skxling.metrics import compare_translators

found = compare_translators(*translators.values(), X, y, random_state=0)
low, high = found.confidence_interval
print(f"only Procrustes is right {found.n_a_better} times, only RCSLS {found.n_b_better} times")
print(f"difference {found.difference:.3f}, from {low:.3f} to {high:.3f}, p = {found.p_value:.1g}")

# %%
# The picture
# -----------
# Left: the scores, whose intervals overlap. Middle: their difference, whose interval leaves zero
# out. Right: where it comes from. Frequent words are easy for both, and rare ones hard.

import matplotlib.pyplot as plt

from skxling.metrics import FrequencyBandDisplay

fig, axes = plt.subplots(1, 3, figsize=(12, 4), width_ratios=(1.1, 0.8, 2.4), layout="constrained")
bar = {"fmt": "o", "ms": 7, "elinewidth": 1.6, "capsize": 4}
for i, (name, (low, high)) in enumerate(intervals.items()):
    axes[0].errorbar(i, scores[name], [[scores[name] - low], [high - scores[name]]], **bar)
axes[0].set_xticks([0, 1], list(intervals))
axes[0].set(xlim=(-0.6, 1.6), title="Each alone", ylabel="P@1, with 95% intervals")

low, high = found.confidence_interval
bars = [[found.difference - low], [high - found.difference]]
axes[1].errorbar(0, found.difference, bars, color="C2", **bar)
axes[1].axhline(0, color="gray", ls=":", lw=1)
axes[1].set_xticks([0], ["Procrustes - RCSLS"])
axes[1].set(xlim=(-1, 1), title="Word by word", ylabel="difference in P@1, with 95% interval")
for ax in axes[:2]:
    ax.spines[["top", "right"]].set_visible(False)

for (name, translator), shift in zip(translators.items(), (-0.05, 0.05), strict=True):
    FrequencyBandDisplay.from_estimator(
        translator, X, y, n_bands=4, name=name, ax=axes[2], shift=shift
    )
axes[2].set_title("By frequency")
plt.show()
