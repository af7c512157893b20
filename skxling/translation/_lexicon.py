"""From words to rows of vectors, and from a lexicon to what an aligner is fitted on."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import process_routing

from skxling.alignment import ProcrustesAligner, SelfLearningAligner
from skxling.utils._sklearn import _routing_enabled, propagate_callbacks
from skxling.utils._words import check_word_pairs


class AlignerInput(NamedTuple):
    """What an aligner is fitted on: pairs, or None for both where it finds its own."""

    X: np.ndarray
    y: np.ndarray
    n_pairs: int
    fit_params: dict


def look_up(word_vectors, words):
    """Rows of words, zero where the vocabulary lacks them, and which it holds."""
    indices = word_vectors.index(words, missing="ignore")
    is_known = indices >= 0
    rows = np.zeros((len(words), word_vectors.n_components), dtype=np.float32)
    rows[is_known] = word_vectors.vectors[indices[is_known]]
    return rows, is_known


def check_lexicon(X, y):
    """Both sides of a lexicon as lists of str; None where there is no lexicon."""
    return None if X is None and y is None else check_word_pairs(X, y)


def route_to_aligner(estimator, fit_params):
    """Keyword arguments of a meta-estimator's `fit` that go on to its aligner's."""
    if fit_params and _routing_enabled():
        return process_routing(estimator, "fit", **fit_params).aligner.fit
    return fit_params


def clone_aligner(aligner, *, has_lexicon, device, init="auto"):
    """Clone an aligner; without a lexicon, one that learns by itself.

    Parameters
    ----------
    aligner : aligner or None
        None is :class:`~skxling.alignment.ProcrustesAligner`.

    has_lexicon : bool
        Whether there are words to fit it on.

    device : str or torch.device
        Of the aligners that are made here.

    init : {"auto", "identity"}, default="auto"
        Where self-learning starts that was not told where to, by itself or within an aligner. The
        identity is taken to be right, and nobody judges whether it is.

    Returns
    -------
    aligner : aligner
        Not fitted, unless it is frozen.
    """
    aligner = ProcrustesAligner(device=device) if aligner is None else clone(aligner)
    if has_lexicon or isinstance(aligner, FrozenEstimator):
        return aligner
    if get_tags(aligner).target_tags.required:
        aligner = SelfLearningAligner(aligner, device=device)
    if init == "identity":
        for part in [aligner, *aligner.get_params().values()]:
            if isinstance(part, SelfLearningAligner) and part.init == "auto":
                part.set_params(init=init, min_agreement=None)
    return aligner


def select_pairs(lexicon, source, target, fit_params, way_out):
    """Vectors of the entries of which both words are in their vocabulary.

    Parameters
    ----------
    lexicon : pair of list of str, or None
        Source words and their translations.

    source, target : WordVectors
        The two vocabularies.

    fit_params : dict
        For the aligner's `fit`; what has one value for each entry is cut to the pairs kept.

    way_out : str
        What the user can do where no pair is left.

    Returns
    -------
    aligner_input : AlignerInput
    """
    if lexicon is None:
        return AlignerInput(None, None, 0, fit_params)
    rows = source.index(lexicon[0], missing="ignore")
    columns = target.index(lexicon[1], missing="ignore")
    is_kept = (rows >= 0) & (columns >= 0)
    if not is_kept.any():
        raise ValueError(
            f"None of the {len(rows)} entries of the lexicon can be used: {np.sum(rows < 0)} "
            f"source words{_example(lexicon[0], rows)} and {np.sum(columns < 0)} target words"
            f"{_example(lexicon[1], columns)} are not in the vocabulary they need. "
            f"{_way_round(lexicon, source, target)}{way_out}"
        )
    fit_params = {
        name: np.asarray(value)[is_kept] if np.shape(value)[:1] == is_kept.shape else value
        for name, value in fit_params.items()
    }
    X, y = source.vectors[rows[is_kept]], target.vectors[columns[is_kept]]
    return AlignerInput(X, y, int(is_kept.sum()), fit_params)


def fit_aligner(aligner, pairs, source, target, caller, context):
    """Fit an aligner under its caller's callbacks; gives the number of pairs it was fitted on."""
    with propagate_callbacks(context, aligner):
        context.call_on_fit_task_begin(estimator=caller, X=pairs.X, y=pairs.y)
        aligner.fit(
            pairs.X,
            pairs.y,
            source_vectors=source,  # with their words, from which some aligners start
            target_vectors=target,
            **pairs.fit_params,
        )
        context.call_on_fit_task_end(estimator=caller, X=pairs.X, y=pairs.y)
    return _n_learned(aligner) if pairs.X is None else pairs.n_pairs


def _n_learned(aligner):
    """Pairs that self-learning ended with, of an aligner or of the one within it; 0 without any."""
    while aligner is not None and not hasattr(aligner, "lexicon_"):
        aligner = getattr(aligner, "aligner_", None)
    return 0 if aligner is None else len(aligner.lexicon_)


def _way_round(lexicon, source, target):
    """Say so where the words of either side are in the other's vocabulary."""
    if set(lexicon[0]).isdisjoint(target.words) or set(lexicon[1]).isdisjoint(source.words):
        return ""
    return (
        "They are in each other's: `X` are the source words and `y` the target words, and a "
        "lexicon file of the other direction is read by load_lexicon(path, columns=(1, 0)). "
    )


def _example(words, indices):
    """Name the first word that has no index."""
    missing = np.flatnonzero(indices < 0)
    return f" (the first is {words[missing[0]]!r})" if len(missing) else ""
