"""One direction of word alignment: words of one side predicted from those of the other."""

from typing import NamedTuple

import numpy as np
from scipy.special import digamma

from skxling.text._diagonal import diagonal_feature, diagonal_prior, update_tension

# Probability of a word given another that it has never met
UNSEEN = 1e-9
# A small prior makes exp(digamma(.)) zero, and then a token would have no explanation at all
LEAST = 1e-290


class Expectation(NamedTuple):
    """What one pass over the sentences counts.

    Attributes
    ----------
    counts : ndarray of shape (n_word_pairs,)
        Expected links of each word pair.

    null_counts : ndarray of shape (n_predicted_words,)
        Expected occurrences of each word without a link.

    sizes : ndarray of shape (n_groups, 3), dtype int64
        Lengths m and n of predicted and given sentences, and how many pairs have them.

    feature : float
        Mean over the predicted tokens of the diagonal feature of their links; 0 without a link.

    loss : float
        Negative log-likelihood for each predicted token, in nats.
    """

    counts: np.ndarray
    null_counts: np.ndarray
    sizes: np.ndarray
    feature: float
    loss: float


class DirectedModel:
    """Probability of a sentence given its translation.

    A predicted token at position i is without a link with probability ``p0``, else linked to the
    given token at position j with a probability proportional to ``exp(tension * h(i, j))``; then
    the word is drawn given the word that it is linked to, or null.

    Parameters
    ----------
    given : ndarray of shape (n_word_pairs,) or None
        The given word of each word pair; None where nothing is to be learned.

    probabilities : ndarray of shape (n_word_pairs,)
        Probability of the predicted word of each pair.

    null : ndarray of shape (n_predicted_words,)
        Probability of each predicted word given null.

    tension : float
        How much links near the diagonal are favoured; 0 is IBM Model 1.

    null_probability : float
        Probability of no link, p0.

    is_reverse : bool
        Whether the source is predicted, and the target given.
    """

    def __init__(self, given, probabilities, null, *, tension, null_probability, is_reverse):
        self.given, self.probabilities, self.null = given, probabilities, null
        self.tension, self.null_probability = tension, null_probability
        self.is_reverse = is_reverse

    def expect(self, linked_groups):
        """Count links under the posterior: the E-step.

        Parameters
        ----------
        linked_groups : iterable of (SizeGroup, ndarray of shape (g, m, n))
            Sentence pairs with the source given, and the word pair of each possible link.

        Returns
        -------
        expectation : Expectation
        """
        counts, null_counts = np.zeros_like(self.probabilities), np.zeros_like(self.null)
        log_likelihood, feature, sizes = 0.0, 0.0, []
        for source_group, source_ids in linked_groups:
            group, ids = self._directed(source_group, source_ids)
            posterior, null_posterior = self._joint(group, ids)
            total = posterior.sum(axis=2) + null_posterior  # (g, m)
            posterior /= total[:, :, None]
            np.add.at(counts, ids.ravel(), posterior.ravel())
            np.add.at(null_counts, group.predicted.ravel(), (null_posterior / total).ravel())
            log_likelihood += np.log(total).sum()
            g, m, n = group.shape
            feature += (posterior.sum(axis=0) * diagonal_feature(m, n)).sum()
            sizes.append((m, n, g))
        sizes = np.array(sizes)
        n_tokens = sizes[:, 0] @ sizes[:, 2]
        return Expectation(
            counts, null_counts, sizes, feature / n_tokens, -log_likelihood / n_tokens
        )

    def maximize(self, expected, alpha):
        """Set the probabilities to what explains the counted links best: the M-step.

        Parameters
        ----------
        expected : Expectation
            Counted links.

        alpha : float
            Parameter of the Dirichlet prior of the words that a given word has met; 0 is no
            prior: maximum likelihood.
        """
        counts, null_counts = expected.counts + alpha, expected.null_counts + alpha
        totals = np.bincount(self.given, weights=counts)
        self.probabilities = _share(counts, totals, self.given, is_bayesian=alpha > 0)
        null_total = null_counts.sum(keepdims=True)
        self.null = _share(null_counts, null_total, 0, is_bayesian=alpha > 0)

    def learn_tension(self, expected):
        """Move the tension towards the counted links."""
        self.tension = update_tension(self.tension, expected.feature, expected.sizes)

    def best_links(self, group, ids):
        """Most probable link of each predicted token, where it is more probable than none.

        Parameters
        ----------
        group : SizeGroup
            Sentence pairs with the source given.

        ids : ndarray of shape (g, m, n)
            Word pair of each possible link, -1 where the words have never met.

        Returns
        -------
        links : ndarray of shape (n_links, 3), dtype int64
            Sentence pair, source and target position.
        """
        directed, ids = self._directed(group, ids)
        joint, null = self._joint(directed, ids)
        given = joint.argmax(axis=2)  # (g, m); the first of equals
        is_linked = joint.max(axis=2) > null
        pair, predicted = np.nonzero(is_linked)
        positions = [given[is_linked], predicted]
        if self.is_reverse:
            positions.reverse()
        return np.column_stack([group.members[pair], *positions])

    def _directed(self, group, ids):
        """Give a group with the given and the predicted side of this direction."""
        if self.is_reverse:
            return group.reversed(), np.ascontiguousarray(ids.transpose(0, 2, 1))
        return group, ids

    def _joint(self, group, ids):
        """Probability of each predicted token with each link, and of it without a link."""
        _, m, n = group.shape
        prior, null_prior = diagonal_prior(m, n, self.tension, self.null_probability)
        joint = self.probabilities[ids]  # (g, m, n)
        joint[ids < 0] = UNSEEN
        joint *= prior
        null = self.null[group.predicted]  # (g, m)
        null[group.predicted < 0] = UNSEEN
        return joint, null * null_prior


def _share(counts, totals, of, is_bayesian):
    """Probability of each count, as a part of the total number `of`."""
    if is_bayesian:
        shares = np.exp(digamma(counts) - digamma(totals)[of])
    else:
        shares = counts / np.maximum(totals, LEAST)[of]
    return np.maximum(shares, LEAST, out=shares)


def initial_models(word_pairs, vocabularies, tension, null_probability):
    """Models of both directions in which all words are equally likely.

    Parameters
    ----------
    word_pairs : WordPairs
        Pairs of words that have met.

    vocabularies : sequence of two Vocabulary
        Those of the source and the target side.

    tension : float
        How much links near the diagonal are favoured; 0 is IBM Model 1.

    null_probability : float
        Probability of no link.

    Returns
    -------
    models : list of DirectedModel
        Forward and reverse.
    """
    source, target = vocabularies
    models = []
    for given, predicted in ((word_pairs.rows, target), (word_pairs.columns, source)):
        p = 1.0 / predicted.n_words
        models.append(
            DirectedModel(
                given,
                np.full(len(word_pairs), p),
                np.full(predicted.n_words, p),
                tension=tension,
                null_probability=null_probability,
                is_reverse=predicted is source,
            )
        )
    return models
