"""
One word, two meanings, two translations
========================================

An English *bank* is at a river or in a street; German has a word for either, *ufer* and *kasse*.
One vector for *bank* must choose between them. A transformer gives the word another vector in each
sentence, and :class:`~skxling.contextual.LayerwiseAligner`, which has seen parallel sentences,
brings each nearer to its own translation than to the other one.
"""

# %%
# Parallel sentences
# ------------------
# Two topics, each with words of its own, and *bank* in both. The German verb is in the middle or at
# the end.

import numpy as np

WORDS = {
    "river": {
        "noun": "bank/ufer water/wasser fish/fisch boat/boot stone/stein reed/schilf wave/welle",
        "adjective": "deep/tief wet/nass muddy/trüb calm/still green/grün",
        "verb": "reaches/erreicht hides/verbirgt floods/flutet carries/trägt",
    },
    "money": {
        "noun": "bank/kasse clerk/beamter coin/münze loan/kredit client/kunde thief/dieb",
        "adjective": "rich/reich old/alt honest/ehrlich poor/arm heavy/schwer",
        "verb": "pays/bezahlt robs/beraubt counts/zählt trusts/vertraut",
    },
}


def make_sentences(n_sentences, seed):
    """Draw English sentences and their translations."""
    rng = np.random.default_rng(seed)
    english, german = [], []
    for topic in rng.choice(list(WORDS), size=n_sentences):
        words = {kind: rng.permutation(text.split()) for kind, text in WORDS[topic].items()}
        first, second, *_ = (word.split("/") for word in words["noun"])
        one, two, *_ = (word.split("/") for word in words["adjective"])
        verb = words["verb"][0].split("/")
        sides = list(zip(one, first, verb, two, second, strict=True))
        english.append(["the", *sides[0][:3], "the", *sides[0][3:]])
        a, n, v, b, m = sides[1]
        is_last = rng.random() < 0.5
        german.append(["die", a, n, "die", b, m, v] if is_last else ["die", a, n, v, "die", b, m])
    return english, german


english, german = make_sentences(3_000, seed=0)
print(" ".join(english[0]), "|", " ".join(german[0]))

# %%
# A model
# -------
# For real languages you name a multilingual model here. This one is small and is trained on the
# spot, to guess hidden words of sentences in both languages; that any two of them are translations
# it is not told.

import tempfile

import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizer
from transformers.utils.logging import disable_progress_bar

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
vocabulary = SPECIAL + sorted({word for side in (english, german) for s in side for word in s})
ids = {word: i for i, word in enumerate(vocabulary)}
torch.manual_seed(0)
config = BertConfig(
    vocab_size=len(ids),
    hidden_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=96,
    max_position_embeddings=16,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
model = BertForMaskedLM(config)
text = torch.tensor([[2, *(ids[word] for word in s), 3] for s in english + german])
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for _ in range(600):
    batch = text[torch.randint(len(text), (32,))]
    hidden = (torch.rand(batch.shape) < 0.25) & (batch >= len(SPECIAL))
    loss = model(
        input_ids=batch.masked_fill(hidden, 4), labels=batch.masked_fill(~hidden, -100)
    ).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

disable_progress_bar()
temporary = tempfile.TemporaryDirectory()
model.save_pretrained(temporary.name)
_ = BertTokenizer(vocab=ids, do_lower_case=False).save_pretrained(temporary.name)

# %%
# Before and after alignment
# --------------------------
# ``fit`` links the words of the sentence pairs, and fits a map for each layer. The baseline takes
# the layers as they are. On new sentences: which of its two translations is nearer to each *bank*?
# One vector for all of them would be right for one meaning alone. A German word is the mean of its
# occurrences here.

from skxling.contextual import ContextualEmbedding, LayerwiseAligner

embedding = ContextualEmbedding(temporary.name, layers=[-2, -1])
aligners = {
    "as the model gives them": LayerwiseAligner(embedding, "passthrough").fit(english, german),
    "aligned": LayerwiseAligner(embedding).fit(english, german),
}
new_english, new_german = make_sentences(400, seed=1)
of_rivers = np.array([s[3] in WORDS["river"]["verb"] for s in new_english if "bank" in s])


def occurrences(vectors, sentences, word):
    """Vectors of a word in the sentences that have it, of unit length."""
    pairs = zip(vectors, sentences, strict=True)
    rows = np.array([rows[tokens.index(word)] for rows, tokens in pairs if word in tokens])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cosines(aligner):
    """Similarity of each English bank to either German word."""
    bank = occurrences(aligner.transform(new_english), new_english, "bank")
    vectors = aligner.transform_target(new_german)
    means = [occurrences(vectors, new_german, word).mean(axis=0) for word in ("ufer", "kasse")]
    means = np.array(means)
    return bank @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T


found = {name: cosines(aligner) for name, aligner in aligners.items()}
for name, similarities in found.items():
    right = (similarities[:, 0] > similarities[:, 1]) == of_rivers
    print(f"{name}: {100 * right.mean():.0f} % of {len(right)} banks nearer to their translation")

# %%
# The picture
# -----------
# Each dot is a *bank* in its sentence. The model has told the two meanings apart by itself, but its
# English is nowhere near its German. The maps, which know nothing of meanings, bring each *bank* to
# its side of the diagonal: nearer to *ufer* at a river, nearer to *kasse* where there is money.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 2, figsize=(9, 4.3), sharex=True, sharey=True, layout="constrained")
for ax, (name, similarities) in zip(axes, found.items(), strict=True):
    for mask, label in ((of_rivers, "bank, of rivers"), (~of_rivers, "bank, of money")):
        ax.plot(similarities[mask, 0], similarities[mask, 1], "o", alpha=0.5, label=label)
    ax.axline((0, 0), slope=1, color="0.7", lw=1)
    ax.set(title=name, xlabel="cosine with ufer", aspect="equal")
axes[0].set(ylabel="cosine with kasse")
axes[1].legend(frameon=False)
plt.show()
