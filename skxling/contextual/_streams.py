"""Contextual vectors of sentence pairs, streamed: those of linked words, and whole sentences."""

import numpy as np

LINKED_BYTES = 2**26  # of linked rows that are gathered before they are added up
N_WORDS = 4096  # that are mapped together


def gen_linked(embedding, X, y, links):
    """Vectors of linked words, of each sentence pair that has links.

    Parameters
    ----------
    embedding : estimator with `iter_transform`

    X, y : list of list of str
        Sentence pairs.

    links : list of ndarray of shape (n_links, 2)
        Of each sentence pair; those without any are not embedded.

    Yields
    ------
    source, target : ndarray of shape (n_layers, n_links, d)
    """
    kept = [i for i, found in enumerate(links) if len(found)]
    sides = (embedding.iter_transform([side[i] for i in kept]) for side in (X, y))
    for i, source, target in zip(kept, *sides, strict=True):
        yield source[:, links[i][:, 0]], target[:, links[i][:, 1]]


def gen_linked_blocks(embedding, X, y, links):
    """Vectors of linked words as `gen_linked` gives them, of many sentence pairs in one.

    Words without a piece have no vector, and are left out with their partners.

    Yields
    ------
    source, target : ndarray of shape (n_layers, n_links, d)
        Together about 64 MiB.
    """
    block, n_bytes = [], 0
    for source, target in gen_linked(embedding, X, y, links):
        is_known = source.any(axis=(0, 2)) & target.any(axis=(0, 2))
        if not is_known.any():
            continue
        block.append((source[:, is_known], target[:, is_known]))
        n_bytes += sum(side.nbytes for side in block[-1])
        if n_bytes >= LINKED_BYTES:
            yield _join(block)
            block, n_bytes = [], 0
    if block:
        yield _join(block)


def _join(block):
    return tuple(np.concatenate(side, axis=1) for side in zip(*block, strict=True))


def mean_similarities(aligners, source, target):
    """Mean over layers of the cosines of mapped pairs.

    Parameters
    ----------
    aligners : list of aligner
        One for each layer, fitted.

    source, target : ndarray of shape (n_layers, n_pairs, d)

    Returns
    -------
    similarities : ndarray of shape (n_pairs,)
        0 for rows of zeros.
    """
    total = np.zeros(source.shape[1])
    for aligner, rows, columns in zip(aligners, source, target, strict=True):
        x = np.asarray(aligner.transform(rows))
        z = np.asarray(aligner.transform_target(columns))
        norms = np.linalg.norm(x, axis=1) * np.linalg.norm(z, axis=1)
        total += (x * z).sum(axis=1) / np.where(norms == 0, 1, norms)
    return total / len(aligners)


def select_similar(embedding, aligners, X, y, links, min_similarity):
    """Links whose words are similar enough under the aligners.

    Parameters
    ----------
    embedding : estimator with `iter_transform`

    aligners : list of aligner
        One for each layer, fitted.

    X, y : list of list of str
        Sentence pairs.

    links : list of ndarray of shape (n_links, 2)
        Of each sentence pair.

    min_similarity : float
        Least mean of the cosines over layers.

    Returns
    -------
    links : list of ndarray of shape (n_links, 2)
        Those that are left, of each sentence pair.
    """
    vectors, kept = gen_linked(embedding, X, y, links), []
    for found in links:
        if len(found):
            found = found[mean_similarities(aligners, *next(vectors)) >= min_similarity]
        kept.append(found)
    return kept


def map_words(layers_of_sentences, aligners, method):
    """Map the layers of sentences, many words at a time.

    Parameters
    ----------
    layers_of_sentences : iterable of ndarray of shape (n_layers, n_words, d)

    aligners : list of aligner
        One for each layer, fitted; where empty, layers stay as they are.

    method : {"transform", "transform_target"}
        Of the aligners.

    Yields
    ------
    layers : list of ndarray of shape (n_words, n_components)
        Mapped, of one sentence. Words without a vector have zeros still.
    """
    if not aligners:
        yield from layers_of_sentences
        return
    waiting, n_waiting = [], 0
    for layers in layers_of_sentences:
        waiting.append(layers)
        n_waiting += layers.shape[1]
        if n_waiting >= N_WORDS:
            yield from _map_together(waiting, aligners, method)
            waiting, n_waiting = [], 0
    yield from _map_together(waiting, aligners, method)


def _map_together(sentences, aligners, method):
    """Map the layers of sentences by one call of each aligner."""
    if not sentences:
        return
    ends = np.cumsum([layers.shape[1] for layers in sentences])[:-1]
    together = np.concatenate(sentences, axis=1)
    # aligners take no empty matrix: a row of zeros stands in
    rows = together if together.shape[1] else np.zeros((*together.shape[:1], 1, together.shape[2]))
    has_vector = rows.any(axis=(0, 2))[:, None]
    mapped = [
        np.asarray(getattr(aligner, method)(layer)) * has_vector
        for aligner, layer in zip(aligners, rows, strict=True)
    ]
    mapped = [layer[: together.shape[1]].astype(together.dtype, copy=False) for layer in mapped]
    yield from zip(*(np.split(layer, ends) for layer in mapped), strict=True)


def combine_layers(layers, combine):
    """Make one vector of the layers of each word: their "sum", "mean" or "concat"."""
    if combine == "concat":
        return np.concatenate(list(layers), axis=1)
    return np.sum(layers, axis=0) if combine == "sum" else np.mean(layers, axis=0)
