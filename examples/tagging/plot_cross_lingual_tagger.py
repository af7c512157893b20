"""
Learn from tags of one language, tag the other
==============================================

Tags are dear, and most languages have none. If the words of two languages lie in one space, a
tagger that has seen tags of the first can tag the second. How well it does depends on the space:
here a joint model alone, and Joint-Align on top of it, are put under the same tagger.
"""

# %%
# Two languages and what is to be found
# -------------------------------------
# Generated corpora, so that everything is known. The things to find are mentions of two subjects:
# two groups of source words that keep the same company, and, by the lexicon, their translations.

import numpy as np
from sklearn.cluster import KMeans

from skxling import JointSkipGram
from skxling.datasets import make_bilingual_corpus

data = make_bilingual_corpus(
    n_sentences=10_000,
    n_concepts=400,
    n_topics=20,
    n_train=250,
    n_test=500,
    cognates=0.3,
    random_state=0,
)
lexicon = {
    source: target
    for part in (data.train_lexicon, data.test_lexicon)
    for source, target in zip(part.source, part.target, strict=True)
}
alone = JointSkipGram(n_components=50, sample=1e-3, random_state=0).fit(data.source_corpus)
words = [word for word in lexicon if word in alone.word_vectors_]
vectors = alone.transform(words)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
groups = KMeans(12, random_state=0, n_init=3).fit_predict(vectors)
label_of = {}
for label, group in zip(("FIRST", "SECOND"), np.argsort(-np.bincount(groups))[1:3], strict=True):
    members = [word for word, its in zip(words, groups, strict=True) if its == group]
    label_of |= dict.fromkeys(members, label)
    label_of |= {lexicon[word]: label for word in members}
    print(f"{label}: {', '.join(f'{word} ({lexicon[word]})' for word in members[:4])}, ...")


def tag(sentences):
    """Tokens and their tags in IOB2: neighbours of one subject are one mention."""
    tokens = [sentence.split() for sentence in sentences]
    labels = [[label_of.get(token) for token in sentence] for sentence in tokens]
    tags = [
        [
            "O" if label is None else f"{'I' if label == before else 'B'}-{label}"
            for before, label in zip([None, *sentence], sentence, strict=False)
        ]
        for sentence in labels
    ]
    return tokens, tags


train, source_test = tag(data.source_corpus[:800]), tag(data.source_corpus[800:1400])
target_test = tag(data.target_corpus[:600])
print("source:", *zip(*[side[0] for side in train], strict=True))

# %%
# One tagger on two spaces
# ------------------------
# The joint model has one space from the start. Joint-Align moves the words of the source language
# onto those of the target language, by 250 entries of the lexicon. The pipeline learns from tagged
# source sentences; then its first step is told to expect the target language.

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxling import JointAlignCombiner
from skxling.metrics import span_report
from skxling.tagging import CRFTagger, TokenVectorizer

joint = JointSkipGram(n_components=50, sample=1e-3, random_state=0)
joint.fit(data.source_corpus, data.target_corpus)
combiner = JointAlignCombiner(FrozenEstimator(joint))
combiner.fit(data.train_lexicon.source, data.train_lexicon.target)

reports, taggers = {}, {}
for name, space in (("joint", joint), ("Joint-Align", combiner)):
    tagger = make_pipeline(
        TokenVectorizer(space, shapes=False),
        CRFTagger(hidden_size=0, dropout=0.1, learning_rate=0.01, max_iter=20, random_state=0),
    ).fit(*train)
    same_language = tagger.score(*source_test)
    tagger.set_params(tokenvectorizer__side="target")
    reports[name] = span_report(target_test[1], tagger.predict(target_test[0]))
    taggers[name] = tagger
    print(f"{name}: F1 {same_language:.3f} in the source, {reports[name].f1:.3f} in the target")

# %%
# The picture
# -----------
# Left: precision, recall and F1 in the language without tags. Right: the probability of each tag
# in a target sentence with mentions of both subjects. No target sentence has been tagged before.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", width_ratios=(1, 1.6))
for i, (name, report) in enumerate(reports.items()):
    heights = [report.precision, report.recall, report.f1]
    bars = axes[0].bar(np.arange(3) + 0.4 * i - 0.2, heights, 0.38, label=name)
    axes[0].bar_label(bars, fmt="%.2f")
axes[0].set(xticks=range(3), xticklabels=["precision", "recall", "F1"], ylim=(0, 1.05))
axes[0].set(title="mentions found in the target language")
axes[0].legend(frameon=False, loc="upper left")

tagger = taggers["Joint-Align"]
classes = tagger[-1].classes_.tolist()
known = [set(tags) <= set(classes) for tags in target_test[1]]
kinds = [len(set(tags)) + len(tags) / 100 for tags in target_test[1]]
tokens, tags = (side[int(np.argmax(np.multiply(kinds, known)))] for side in target_test)
(probabilities,) = tagger.predict_proba([tokens])
image = axes[1].imshow(probabilities.T, aspect="auto", cmap="Blues", vmin=0, vmax=1)
rows = [classes.index(tag) for tag in tags]
axes[1].plot(rows, "o", color="C1", mfc="none", ms=12, label="true tag")
axes[1].set_xticks(range(len(tokens)), tokens, rotation=40, ha="right")
axes[1].set(yticks=range(len(classes)), yticklabels=classes, title="probability of each tag")
axes[1].legend(loc="upper right")
fig.colorbar(image)
plt.show()
