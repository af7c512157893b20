"""One restart of adversarial training, and which of several is best."""

import math
import time
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import binomtest

from skxling.alignment._base import BaseAligner
from skxling.alignment._procrustes import ProcrustesAligner
from skxling.alignment._self_learning import SelfLearningAligner
from skxling.alignment._trials import Agreement
from skxling.functional import adversarial_step, random_discriminator
from skxling.utils import to_numpy


class Restart(NamedTuple):
    """The aligner that a restart ends with, and how its translations of frequent words look."""

    aligner: BaseAligner
    translations: np.ndarray  # (n_frequent_criterion,)
    similarity: float
    nearness: float
    curve: list


def train_map(aligner, mapping, clouds, generator, deadline, task):
    """Train a map and a discriminator against each other.

    Parameters
    ----------
    aligner : AdversarialAligner
        Its parameters say how, and its callbacks are told of every pass.

    mapping : Tensor of shape (d_source, d_target)
        Where to start.

    clouds : Clouds
        What is to be aligned.

    generator : torch.Generator
        Draws weights, batches, and what is left out of the discriminator's input.

    deadline : float
        Time of the monotonic clock after which no pass begins but the first.

    task : CallbackContext
        The restart, whose subtasks are passes.

    Returns
    -------
    best : Tensor of shape (d_source, d_target)
        The map whose translations are most similar, the start included.

    curve : list of float
        Their similarity after each pass; -inf where a pass diverged, which is then the last.
    """
    n_words = aligner.n_frequent_criterion
    discriminator = random_discriminator(
        clouds.target.shape[1], aligner.n_hidden, generator=generator
    )
    learning_rate, n_below, curve = aligner.learning_rate, 0, []
    best, best_similarity = mapping, clouds.rate(mapping, n_words)
    for _ in range(aligner.max_iter):
        iteration = task.subcontext(task_name="iteration")
        iteration.call_on_fit_task_begin(estimator=aligner)
        mapping, discriminator = _pass(
            aligner, mapping, discriminator, clouds, learning_rate, generator
        )
        is_finite = bool(mapping.isfinite().all())
        curve.append(clouds.rate(mapping, n_words) if is_finite else -math.inf)
        n_below = 0 if curve[-1] > best_similarity else n_below + 1
        if n_below == 0:
            best, best_similarity = mapping, curve[-1]
        # one fall may be noise
        learning_rate *= aligner.learning_rate_decay * (0.5 if n_below > 1 else 1)
        fitted = {"aligner_": clouds.linear_map(mapping if is_finite else best)}
        stopped = iteration.call_on_fit_task_end(
            estimator=aligner, reconstruction_attributes=fitted
        )
        if stopped or not is_finite or time.monotonic() > deadline:
            break
    return best, curve


def _pass(aligner, mapping, discriminator, clouds, learning_rate, generator):
    """Let both take `n_steps` steps."""
    spaces = [_scale(cloud[: aligner.n_frequent]) for cloud in (clouds.source, clouds.target)]
    batch_size, keep, mask = aligner.batch_size, 1 - aligner.dropout, None
    options = {"generator": generator, "device": generator.device}
    for _ in range(aligner.n_steps):
        X, Y = (space[torch.randint(len(space), (batch_size,), **options)] for space in spaces)
        if keep < 1:
            mask = Y.new_empty(2 * batch_size, Y.shape[1])
            mask = mask.bernoulli_(keep, generator=generator).div_(keep)
        mapping, discriminator, _ = adversarial_step(
            mapping,
            discriminator,
            X,
            Y,
            learning_rate=learning_rate,
            smoothing=aligner.smoothing,
            orthogonality=aligner.orthogonality,
            mask=mask,
        )
    return mapping, discriminator


def _scale(space):
    """Scale a space to components of 1 in the mean square, whatever their number."""
    mean_square = space.square().mean()
    return space / mean_square.masked_fill(mean_square == 0, 1).sqrt()


def refine_map(aligner, mapping, curve, clouds, task):
    """Refine what was trained, and rate what comes out.

    Parameters
    ----------
    aligner : AdversarialAligner
        Its parameters say how.

    mapping : Tensor of shape (d_source, d_target)
        The trained map.

    curve : list of float
        Similarities of the training.

    clouds : Clouds
        What is to be aligned.

    task : CallbackContext
        The restart, of which the refinement is a subtask.

    Returns
    -------
    restart : Restart
    """
    n_words, refine = aligner.n_frequent_criterion, aligner.refine
    refined = clouds.linear_map(mapping)
    if isinstance(refine, str):
        inner = ProcrustesAligner(normalize=aligner.normalize, device=aligner.device)
        refine = SelfLearningAligner(inner, max_iter=30, device=aligner.device)
    if refine is not None:
        task = task.subcontext(task_name="refine")
        task.call_on_fit_task_begin(estimator=aligner)
        pairs = clouds.find_pairs(mapping, n_words)
        refined = aligner._fit_clone(refine, *pairs, clouds.spaces, task)
        task.call_on_fit_task_end(estimator=aligner)
    rated = clouds.rate_aligner(refined, n_words)
    nearness = clouds.rate_nearness(rated.indices, n_words)
    return Restart(refined, to_numpy(rated.indices), rated.similarity.item(), nearness, curve)


def find_best(restarts):
    """Find the restart whose translations are most similar, and how far another agrees with it."""
    best = max(restarts, key=lambda restart: restart.similarity)
    agreements = [
        _agreement(best.translations, restart.translations)
        for restart in restarts
        if restart is not best
    ]
    return best, max(agreements, default=Agreement(np.nan, 1.0))


def _agreement(one, other):
    """Find out how many words have one translation in two restarts, and by chance."""
    common = one[one == other]
    # words that all have the same translation are one agreement
    chance = binomtest(len(np.unique(common)), len(one), p=1 / len(one), alternative="greater")
    return Agreement(len(common) / len(one), float(chance.pvalue))
