"""
Changing the embedding model without encoding everything again
==============================================================

A search engine has millions of documents in a vector store, all encoded by one model. Then comes
another model, and perhaps the old one is no longer on offer. The new vectors have other axes and
another length, so new queries find nothing in the old store, and encoding everything again takes
weeks. Must the search stand still so long? No: from a thousand documents that are encoded again an
aligner learns a map, and the map moves the other millions in minutes.

Moved vectors are not as good as new ones. What is lost is measured here as users notice it, by
recall@10: how often is the document that a query was made of among the first ten answers?
"""

# %%
# Documents and queries
# ---------------------
# Some real text that every reader of this page has on disk: the paragraphs of scikit-learn's own
# docstrings. A query is eight words that somebody remembers of one of them.

import re
from pathlib import Path

import numpy as np
import sklearn

passages = {}  # a dict drops what occurs twice and keeps the order
for path in sorted(Path(sklearn.__file__).parent.rglob("*.py")):
    if not {"tests", "externals"} & set(path.parts):
        for docstring in re.findall(r'"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL):
            for paragraph in docstring.split("\n\n"):
                words = re.findall(r"[a-z_]+", paragraph.lower())
                if len(words) >= 20 and ">>>" not in paragraph:
                    passages[" ".join(words)] = None
documents = list(passages)

rng = np.random.default_rng(0)
wanted = rng.permutation(len(documents))[:1000]  # the document that each query is made of
queries = [
    " ".join(words[i] for i in np.sort(rng.choice(len(words), 8, replace=False)))
    for words in (documents[i].split() for i in wanted)
]
print(f"{len(documents)} documents; a query: {queries[0]!r}")

# %%
# An old model and a new one
# --------------------------
# The old model takes the mean of a text's word vectors, 100 numbers; the new one is latent semantic
# analysis, 192 numbers. They stand for any two, for what follows sees vectors alone. Like most
# vectors in stores these have length 1.

from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, normalize

from skxling import JointSkipGram

word_vectors = JointSkipGram(n_components=100, sample=1e-3, random_state=0)
tfidf = TfidfVectorizer(min_df=2, sublinear_tf=True)
old_model = make_pipeline(word_vectors, Normalizer()).fit(documents)
new_model = make_pipeline(tfidf, TruncatedSVD(192, random_state=0), Normalizer()).fit(documents)
old_store, old_queries = old_model.transform(documents), old_model.transform(queries)
new_store, new_queries = new_model.transform(documents), new_model.transform(queries)


def recall_at_10(queries, store):
    """Share of the queries whose own document is among the ten of largest cosine.

    A document without a vector, a row of zeros, is not found.
    """
    cosines = normalize(queries) @ normalize(store).T
    own = cosines[np.arange(len(wanted)), wanted]
    return np.mean(store.any(axis=1)[wanted] & ((cosines > own[:, None]).sum(axis=1) < 10))


before, ceiling = recall_at_10(old_queries, old_store), recall_at_10(new_queries, new_store)
print(f"recall@10: old model {before:.3f}, everything encoded again {ceiling:.3f}")

# %%
# Move the store, or move the queries
# -----------------------------------
# The pairs are documents of which both vectors are known. All there is to prepare is to take the
# mean away (``"center"``); ``predict`` adds the mean of the other side, and so gives vectors of the
# other model's own space, 192 numbers for 100 or the other way round. A ridge holds a linear map
# back where pairs are few; how much, cross-validation within the pairs decides.
#
# Moving the *store* is one matrix product for all documents, and a new index. Moving the *queries*
# leaves store and index as they are, and is a small product for each query.

from sklearn.model_selection import GridSearchCV

from skxling import LinearAligner, ProcrustesAligner

linear = LinearAligner(normalize=("center",))
aligners = {
    "ridge": GridSearchCV(linear, {"alpha": [0.01, 0.1, 1.0]}),
    "least squares": linear,
    "rotation": ProcrustesAligner(normalize=("center",)),
}
sizes = [30, 100, 300, 1000, 3000]
order = rng.permutation(len(documents))
moved_store, moved_queries = ({name: [] for name in aligners} for _ in range(2))
for n_pairs in sizes:
    again = order[:n_pairs]
    for name, aligner in aligners.items():
        aligner.fit(old_store[again], new_store[again])
        moved_store[name].append(recall_at_10(new_queries, aligner.predict(old_store)))
        aligner.fit(new_store[again], old_store[again])
        moved_queries[name].append(recall_at_10(aligner.predict(new_queries), old_store))
        found = f"{moved_store[name][-1]:.3f}, queries moved {moved_queries[name][-1]:.3f}"
        print(f"{n_pairs:5} pairs, {name:13}: store moved {found}")

# %%
# Which of them, and with how many pairs?
# ---------------------------------------
# Real queries with known answers are rare. But it can be asked of pairs that were held out whether
# a moved document is nearest to its own new vector, among all that are known. The number is not
# that of the queries; where it stops rising, more pairs will not help.

from sklearn.model_selection import cross_val_score

from skxling.metrics import make_bli_scorer

for n_pairs in sizes[1:]:
    X, y = old_store[order[:n_pairs]], new_store[order[:n_pairs]]
    # the same candidates for all, or few pairs would have an easy question
    scorer = make_bli_scorer(candidates=new_store[order[: sizes[-1]]], retrieval="cosine")
    for name in ("ridge", "rotation"):
        score = cross_val_score(aligners[name], X, y, scoring=scorer).mean()
        print(f"{n_pairs:5} pairs, {name:8}: {score:.2f} of the held-out documents find themselves")

# %%
# Millions of vectors
# -------------------
# A large store is moved in pieces, from one memory-mapped file to another. A map from 1,000 numbers
# to 1,000 is a matrix of 4 MB, and ten million vectors are 20 trillion operations: minutes. Here
# the store is small.

from sklearn.utils import gen_batches

again = order[:1000]
aligner = aligners["ridge"].fit(old_store[again], new_store[again])
moved = np.empty((len(old_store), new_store.shape[1]), dtype=np.float32)  # or an open_memmap
for rows in gen_batches(len(old_store), 2_000):
    moved[rows] = aligner.predict(old_store[rows])

# %%
# Meanwhile the new model encodes the rest, one document after the other, and moved and new vectors
# lie in one space. Shall they be mixed? A new vector is nearer to all queries than a moved one, and
# pushes the others back.

shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
mixed, alone = [], []
for share in shares:
    done = order[: round(share * len(order))]
    store, new_only = moved.copy(), np.zeros_like(moved)
    store[done] = new_only[done] = new_store[done]
    mixed.append(recall_at_10(new_queries, store))
    alone.append(recall_at_10(new_queries, new_only))
    print(f"{share:4.0%} encoded again: {mixed[-1]:.3f}, without the rest {alone[-1]:.3f}")

# %%
# The picture
# -----------
# Left: with ten times as many pairs as the smaller space has components, the moved store has lost
# about a tenth of the recall, and it costs nothing to speak of. With about as many pairs as
# components least squares fit all of them and have learned nothing. Middle: queries are moved best
# by a rotation. They are shorter than the documents that the map is learned from, and what bends
# less errs less on what it has not seen. Right: mixing does no good before more than half of the
# store is encoded again. Until then, keep new vectors apart, and search the moved ones.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 3, figsize=(12.5, 4.2), sharey=True, layout="constrained")
for ax, found, title in (
    (axes[0], moved_store, "Stored vectors moved"),
    (axes[1], moved_queries, "Queries moved, old index kept"),
):
    for name, color in zip(aligners, ("C0", "C1", "C2"), strict=True):
        ax.plot(sizes, found[name], "o-", color=color, label=name)
    ax.set(xscale="log", xlabel="documents encoded again", title=title)
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
axes[1].legend(frameon=False, loc="lower right")
axes[2].plot(shares, mixed, "o-", color="C0", label="the rest moved")
axes[2].plot(shares, alone, "o-", color="gray", label="the rest left out")
axes[2].set(xlabel="share of the store encoded again", title="While encoding goes on")
axes[2].xaxis.set_major_formatter("{x:.0%}")
axes[2].legend(frameon=False, loc="lower right")
for ax in axes:
    for level, text, side in (
        (ceiling, "everything encoded again", "bottom"),
        (before, "old model, old store", "top"),
    ):
        ax.axhline(level, color="black", ls=":", lw=1)
        ax.text(0.4, level, text, transform=ax.get_yaxis_transform(), fontsize=8, va=side)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set(ylabel="recall@10", ylim=(0, 1.02))
plt.show()
