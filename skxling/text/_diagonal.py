"""The prior of a word alignment: links near the diagonal, and how much nearer (the tension)."""

import numpy as np

# Steps and bounds of the tension as in the tool of Dyer, Chahuneau and Smith (2013)
N_STEPS, STEP_SIZE = 8, 20.0
LOWEST_TENSION, HIGHEST_TENSION = 0.1, 14.0


def diagonal_feature(n_predicted, n_given):
    """How far each possible link of two sentences is from the diagonal, negated.

    Parameters
    ----------
    n_predicted, n_given : int
        Lengths of the two sentences, m and n.

    Returns
    -------
    feature : ndarray of shape (m, n)
        ``h(i, j) = -|i / m - j / n|`` for positions counted from 1, in (-1, 0].
    """
    i = np.arange(1, n_predicted + 1)[:, None]
    j = np.arange(1, n_given + 1)
    # in integers, so that two words at one distance tie exactly, and the first one is linked
    return -np.abs(i * n_given - j * n_predicted) / (n_predicted * n_given)


def diagonal_prior(n_predicted, n_given, tension, null_probability):
    """Probability of each link before the words are looked at.

    Parameters
    ----------
    n_predicted, n_given : int
        Lengths of the two sentences, m and n.

    tension : float
        How much the diagonal is favoured, at least 0. 0 is IBM Model 1: all given words and null
        (if `null_probability` is positive) are equally likely.

    null_probability : float
        Probability of no link, in [0, 1).

    Returns
    -------
    prior : ndarray of shape (m, n)
        Probability of the given position j for the predicted position i; a row sums to one minus
        `null`.

    null : float
        Probability of no link.
    """
    if tension == 0:
        p = 1.0 / (n_given + (null_probability > 0))
        return np.full((n_predicted, n_given), p), p if null_probability > 0 else 0.0
    weights = np.exp(tension * diagonal_feature(n_predicted, n_given))
    weights *= (1 - null_probability) / weights.sum(axis=1, keepdims=True)
    return weights, null_probability


def expected_feature(position, n_predicted, n_given, tension):
    """Mean of the feature under the prior, in closed form.

    On either side of the diagonal the weights are a geometric series, so that the partition
    function and its derivative need no loop over positions (Dyer et al. 2013, section 3).

    Parameters
    ----------
    position : ndarray of shape (n_rows,)
        Predicted positions i, counted from 1.

    n_predicted, n_given : ndarray of shape (n_rows,)
        Lengths m and n of the sentences that they are in.

    tension : float
        Positive.

    Returns
    -------
    feature : ndarray of shape (n_rows,)
        Derivative of the logarithm of the partition function by the tension.
    """
    n_left = position * n_given // n_predicted  # given positions up to the diagonal
    diagonal = position / n_predicted
    partition, derivative = 0.0, 0.0
    for n_terms, nearest in (
        (n_left, n_left / n_given - diagonal),
        (n_given - n_left, diagonal - (n_left + 1) / n_given),
    ):
        # terms k = 0, 1, ...: (nearest - k / n) * exp(tension * (nearest - k / n))
        log_ratio = -tension / n_given
        first = np.where(n_terms > 0, np.exp(tension * np.minimum(nearest, 0)), 0)
        one_minus_ratio = -np.expm1(log_ratio)
        last = np.exp(log_ratio * n_terms)  # ratio ** n_terms
        geometric = -np.expm1(log_ratio * n_terms) / one_minus_ratio
        arithmetic = (np.exp(log_ratio) * geometric - n_terms * last) / one_minus_ratio
        partition = partition + first * geometric
        derivative = derivative + first * (nearest * geometric - arithmetic / n_given)
    return derivative / partition


def update_tension(tension, observed, sizes):
    """Move the tension towards what the posterior links say.

    Parameters
    ----------
    tension : float
        Tension of the iteration that just ended.

    observed : float
        Sum of the feature over the posterior links, for each predicted token.

    sizes : ndarray of shape (n_sizes, 3)
        Lengths m and n of predicted and given sentences, and how many pairs have them.

    Returns
    -------
    tension : float
        After 8 gradient steps of size 20, kept in [0.1, 14].
    """
    m, n, weight = (np.repeat(column, sizes[:, 0]) for column in sizes.T)
    ends = np.cumsum(sizes[:, 0])
    position = np.arange(1, len(m) + 1) - np.repeat(ends - sizes[:, 0], sizes[:, 0])
    tension = np.clip(tension, LOWEST_TENSION, HIGHEST_TENSION)
    for _ in range(N_STEPS):
        expected = np.average(expected_feature(position, m, n, tension), weights=weight)
        step = STEP_SIZE * (observed - expected)
        tension = np.clip(tension + step, LOWEST_TENSION, HIGHEST_TENSION)
    return float(tension)
