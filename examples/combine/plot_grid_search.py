"""
Choosing threshold and aligner by cross-validation
==================================================

Joint-Align has a number to choose, the threshold of reallocation, and a part to choose, the
aligner. Both are parameters of :class:`~skxling.combine.JointAlignCombiner`, so ``GridSearchCV``
chooses them on folds of the seed lexicon. A low threshold takes words away from one language that
both use with one meaning; the folds notice, and what they say of each choice holds on the
test lexicon as well.
"""

# %%
# Train once, freeze
# ------------------
# The joint model does not depend on the lexicon. It is trained once; frozen, it is left as it is by
# ``clone`` and ``fit``, and the folds share it. The two languages have many names in common.

from sklearn.frozen import FrozenEstimator

from skxling import JointAlignCombiner, JointSkipGram, ProcrustesAligner, RCSLSAligner
from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus(n_sentences=30_000, n_concepts=1_000, n_names=300, random_state=0)
joint = JointSkipGram(n_components=50, sample=1e-3, random_state=0)
joint = FrozenEstimator(joint.fit(data.source_corpus, data.target_corpus))

# %%
# Two grids
# ---------
# A list of grids, since the aligners have parameters of their own. ``GroupKFold`` keeps all
# translations of a source word in one fold. The score is P@1 among all words of the target
# language; words without a vector count as wrong, or a threshold could win by leaving words out.

from sklearn.model_selection import GridSearchCV, GroupKFold

train, test = data.train_lexicon, data.test_lexicon
thresholds = [0.55, 0.6, 0.7, 0.9]
search = GridSearchCV(
    JointAlignCombiner(joint),
    [
        {"threshold": thresholds, "aligner": [ProcrustesAligner()]},
        {
            "threshold": thresholds,
            "aligner": [RCSLSAligner()],
            "aligner__learning_rate": [1.0, 10.0],
        },
    ],
    cv=GroupKFold(3),
)
search.fit(train.source, train.target, groups=train.source)
print(search.best_params_)

# %%
# The best combiner has been fitted again on the whole seed lexicon, and is ready for use.

words = test.source[:5]
for word, translation in zip(words, search.predict(words), strict=True):
    print(f"{word:>16} -> {translation}")
print(f"P@1 on the test lexicon: {search.score(test.source, test.target):.3f}")

# %%
# Every choice on the test lexicon
# --------------------------------
# For the picture alone, and never to choose by: what would the others have scored? Of each aligner
# at each threshold the learning rate is taken that the folds prefer.

from sklearn.base import clone

candidates = {}
for params, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    key = type(params["aligner"]).__name__, params["threshold"]
    candidates[key] = max(candidates.get(key, (0, None)), (score, params), key=lambda pair: pair[0])

test_scores = {}
for key, (_, params) in candidates.items():
    combiner = clone(search.estimator).set_params(**params)
    test_scores[key] = combiner.fit(train.source, train.target).score(test.source, test.target)

# %%
# The picture
# -----------
# Lines are the folds, dots the test lexicon. At a threshold of 0.55 a word is taken from one
# language as soon as the other uses it a little more often: names lose their common vector, and
# translations are lost. From 0.7 on little is gained. The two aligners are a point apart, the lines
# in one order and the dots in the other: so small a difference is chance.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for name, color in (("ProcrustesAligner", "C0"), ("RCSLSAligner", "C1")):
    folds = [candidates[name, threshold][0] for threshold in thresholds]
    tested = [test_scores[name, threshold] for threshold in thresholds]
    ax.plot(thresholds, folds, color=color, label=f"{name}, folds")
    ax.plot(thresholds, tested, "o", color=color, label=f"{name}, test")
chosen = search.best_params_["threshold"], search.best_score_
ax.plot(*chosen, "o", ms=16, mfc="none", mec="black", label="chosen")
ax.set(
    xlabel="threshold of reallocation",
    ylabel="P@1",
    title="Folds of the seed lexicon foretell the test",
)
ax.legend(frameon=False, fontsize=9, loc="lower right")
plt.show()
