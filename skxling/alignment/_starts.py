"""Where self-learning starts without pairs: from the words, or from the spaces alone."""

import numpy as np
import torch

from skxling.alignment._sides import check_spaces
from skxling.functional import fit_normalization, induce_pairs, similarity_distributions
from skxling.utils import as_vectors, as_words, resolve_device, to_numpy, to_tensor

STARTS = ("identity", "identical", "numerals", "distributions")


def _named_words(vectors, name, init):
    """Words of a vocabulary, without which there are no equal words."""
    words = as_words(vectors)
    if words is None:
        raise ValueError(
            f"init={init!r} looks for equal words, but `{name}` names none: it is of type "
            f"{type(vectors).__name__}. Pass WordVectors(words, vectors), or find the equal words "
            "yourself and give their vectors as X and y."
        )
    return words


def _is_numeral(word):
    return word.isascii() and word.isdigit()


def equal_words(source_vectors, target_vectors, init):
    """Rows of the words, or of the numerals, that are spelled alike in both vocabularies.

    Parameters
    ----------
    source_vectors, target_vectors : WordVectors
        The two vocabularies, or anything else that names its words.

    init : {"identical", "numerals"}
        Which words count.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2), int64
        Rows of either vocabulary, in the order of the source.
    """
    source = _named_words(source_vectors, "source_vectors", init)
    target = _named_words(target_vectors, "target_vectors", init)
    columns = {word: column for column, word in enumerate(target)}
    pairs = [
        (row, columns[word])
        for row, word in enumerate(source)
        if word in columns and (init == "identical" or _is_numeral(word))
    ]
    if not pairs:
        raise ValueError(
            f"init={init!r} finds no word that is in both vocabularies (of {len(source)} and "
            f"{len(target)} words). Give pairs as X and y, or try init='distributions'."
        )
    return np.array(pairs)


def alike_distributions(source, target, n_frequent, device, **options):
    """Rows whose similarities to their own space are distributed alike.

    Parameters
    ----------
    source, target : ndarray or Tensor of shape (n_words, n_features)
        The two spaces.

    n_frequent : int
        Number of rows at the head of each to compare.

    device : torch.device
        Where to compute.

    **options : dict
        Of :func:`~skxling.functional.induce_pairs`, for the distributions.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2), int64
        Rows of either space.
    """
    n_frequent = min(n_frequent, len(source), len(target))
    sides = []
    for space in (source, target):
        space, _ = fit_normalization(to_tensor(space, device=device), ("unit", "center", "unit"))
        sides.append(similarity_distributions(space[:n_frequent]))
    pairs = induce_pairs(*sides, **options)
    return to_numpy(torch.stack(pairs, dim=1))


def possible_starts(source_vectors, target_vectors):
    """Names of the starts that two vocabularies allow, numerals apart: these are equal words too.

    Parameters
    ----------
    source_vectors, target_vectors : array-like or WordVectors
        The two vocabularies.

    Returns
    -------
    starts : list of str
        The last, "distributions", is always possible.
    """
    source, target = as_vectors(source_vectors), as_vectors(target_vectors)
    words = as_words(source_vectors) or (), as_words(target_vectors) or ()
    starts = []
    if np.shape(source)[1] == np.shape(target)[1]:
        starts.append("identity")
    if not set(words[0]).isdisjoint(words[1]):
        starts.append("identical")
    return [*starts, "distributions"]


def find_start(learner, init, words):
    """Rows of the pairs that a start is made of.

    Parameters
    ----------
    learner : SelfLearningAligner
        Its parameters say what makes a pair, among how many words, and where to compute.

    init : {"identity", "identical", "numerals", "distributions"}
        The start.

    words : dict
        The two vocabularies, `source_vectors` and `target_vectors`.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2), int64
        Rows of either vocabulary.
    """
    if init in ("identical", "numerals"):
        return equal_words(**words, init=init)
    names = "induction", "retrieval", "n_neighbors", "temperature"
    options = {name: getattr(learner, name) for name in names}
    spaces, n_frequent = check_spaces(**words), learner.n_frequent_init
    device = resolve_device(learner.device)
    if init == "distributions":
        return alike_distributions(*spaces, n_frequent, device, **options)
    heads = (to_tensor(space[:n_frequent], device=device) for space in spaces)
    return to_numpy(torch.stack(induce_pairs(*heads, **options), dim=1))


def halve_start(learner, init, words):
    """Two halves of a start that know nothing of each other.

    Pairs come from one or the other. Where they are made of the spaces as they are, though, they
    would all lead back to these, so there one half is the pairs by the even components, the other
    by the odd ones. Of one component there are no halves, and pairs are halved there too.

    Parameters
    ----------
    learner : SelfLearningAligner
        As in :func:`find_start`.

    init : {"identity", "identical", "numerals", "distributions"}
        The start.

    words : dict
        The two vocabularies, `source_vectors` and `target_vectors`.

    Returns
    -------
    one, other : ndarray of shape (n_pairs, 2), int64
        Rows of either vocabulary.
    """
    if init != "identity":
        pairs = find_start(learner, init, words)
        return pairs[::2], pairs[1::2]
    source, target = (space[: learner.n_frequent_init] for space in check_spaces(**words))
    if source.shape[1] == 1:
        whole = {"source_vectors": source, "target_vectors": target}
        pairs = find_start(learner, "identity", whole)
        return pairs[::2], pairs[1::2]
    return [
        find_start(
            learner,
            "identity",
            {"source_vectors": source[:, half::2], "target_vectors": target[:, half::2]},
        )
        for half in (0, 1)
    ]


def choose_start(learner, words, trials):
    """Give `init` of a learner; for "auto", the possible start whose halves agree best.

    Parameters
    ----------
    learner : SelfLearningAligner
        The learner.

    words : dict
        The two vocabularies, `source_vectors` and `target_vectors`.

    trials : Trials
        In their spaces.

    Returns
    -------
    init : str or BaseAligner
        The start.
    """
    if not isinstance(learner.init, str) or learner.init != "auto":
        return learner.init
    starts = possible_starts(**words)
    if len(starts) == 1:
        return starts[0]
    return max(starts, key=lambda init: trials.agreement(*halve_start(learner, init, words)).share)
