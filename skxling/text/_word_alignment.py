"""Word alignment: which words of a sentence and its translation belong together."""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skxling.text._directed_model import DirectedModel, initial_models
from skxling.text._sentence_pairs import (
    LinkStore,
    WordPairs,
    encode_pairs,
    group_by_size,
    learn_vocabularies,
)
from skxling.text._symmetrization import METHODS, split_links, symmetrize_table
from skxling.utils._sklearn import CallbackSupportMixin, Interval, StrOptions, _fit_context


def _fitted_attributes(vocabularies, word_pairs, models, losses):
    """Attributes of an aligner whose fit ends here."""
    source, target = vocabularies
    shape = source.n_words, target.n_words
    ends = np.cumsum(np.bincount(word_pairs.rows, minlength=source.n_words))
    indptr = np.concatenate([[0], ends]).astype(word_pairs.columns.dtype)
    forward, reverse = (
        sparse.csr_array((model.probabilities, word_pairs.columns, indptr), shape=shape)
        for model in models
    )
    return {
        "source_vocabulary_": source,
        "target_vocabulary_": target,
        "translation_probabilities_": (forward, reverse.T),
        "null_probabilities_": tuple(model.null for model in models),
        "tension_": np.array([model.tension for model in models]),
        "loss_curve_": np.array(losses),
        "n_iter_": len(losses),
    }


class WordAligner(CallbackSupportMixin, BaseEstimator):
    """Link the words of sentences and their translations.

    The log-linear reparameterisation of IBM Model 2 [1]_: a target word is drawn given the source
    word that it is linked to, and links near the diagonal of the two sentences are favoured.
    Learned in both directions by expectation-maximisation; the links of the two are then made
    one set.

    Read more in the :ref:`User Guide <word_alignment>`.

    Parameters
    ----------
    symmetrization : str, default="intersection"
        How the links of both directions are made one set: "intersection", "union", "grow-diag",
        "grow-diag-final" or "grow-diag-final-and", see :func:`symmetrize_links`; or "forward" or
        "reverse" for one direction alone. The links of "intersection" are one to one.

    max_iter : int, default=5
        Number of times that the links are computed, at least 1, in each direction. Probabilities
        are learned between two of them, so `max_iter=1` has learned nothing but the diagonal.

    diagonal_tension : float, default=4.0
        How much links near the diagonal are favoured at the start, positive.

    optimize_tension : bool, default=True
        Learn the tension of each direction, from the second iteration on.

    favor_diagonal : bool, default=True
        With False all words and null are equally likely (IBM Model 1), and the two parameters
        above are of no effect.

    null_probability : float, default=0.08
        Probability that a word has no link, in [0, 1); 0 is no null word. With
        `favor_diagonal=False` only whether it is positive matters.

    alpha : float, default=0.01
        Parameter of the symmetric Dirichlet prior of a word's translations, at least 0. It keeps
        rare words from being linked to everything in their sentences. 0 is no prior: maximum
        likelihood.

    Attributes
    ----------
    source_vocabulary_, target_vocabulary_ : Vocabulary
        Words of either side in descending count.

    translation_probabilities_ : tuple of two sparse arrays
        For the words that have met in a sentence pair: the probability of a target word given a
        source word, CSR of shape (n_source_words, n_target_words), and that of a source word
        given a target word, CSC of shape (n_target_words, n_source_words).

    null_probabilities_ : tuple of two ndarray
        Probability of each target word, and of each source word, that has no link.

    tension_ : ndarray of shape (2,)
        Tension of the forward and the reverse direction; 0 where `favor_diagonal` is False.

    loss_curve_ : ndarray of shape (n_iter_, 2)
        Negative log-likelihood of the predicted side for each of its tokens, in nats, at each
        iteration, of both directions.

    n_iter_ : int
        Number of iterations done; below `max_iter` where a callback stopped the fit.

    See Also
    --------
    symmetrize_links : Make one set of the links of two directions.
    one_to_one_links : Drop the links of tokens that have several.
    read_pharaoh : Read the links of another aligner.

    Notes
    -----
    The forward direction predicts the target given the source. Parameters, number of iterations
    and the way the tension is learned (8 steps of size 20 up the gradient between two
    iterations, kept in [0.1, 14]) are those of the authors' tool with the settings that they
    recommend, and nothing is random. Of two equally probable links the one that stands first is
    taken; a link must be more probable than none.

    The gradient is the mean of ``h(i, j) = -abs(i / m - j / n)`` over the links that were found
    minus its mean under the diagonal alone ([1]_, section 3). Both count positions from 1, as the
    paper does, up to the lengths m and n, so that words which say nothing about the links leave
    the tension as it is. A word without a link adds 0 to the first mean.

    With a prior the probabilities are those of variational Bayes: the expected logarithms,
    exponentiated, whose sum for a word is less than 1.

    A word that `fit` has not seen, and a pair of words that never met in it, has probability
    1e-9, so that the diagonal decides. Pairs with an empty sentence teach nothing and have no
    links.

    Memory is about 70 bytes for each pair of words that have met, four for each possible link (the
    sum over sentence pairs of the product of the two lengths), which go to a temporary file where
    they are more than 1 MiB, and some 30 for each possible link of the longest sentence pair.

    References
    ----------
    .. [1] Dyer, C., Chahuneau, V., Smith, N. A. "A Simple, Fast, and Effective Reparameterization
       of IBM Model 2". NAACL 2013.

    Examples
    --------
    >>> from skxling.text import WordAligner
    >>> english = ["the house", "the old house", "a house", "an old book", "the book"]
    >>> german = ["das haus", "das alte haus", "ein haus", "ein altes buch", "das buch"]
    >>> aligner = WordAligner().fit(english, german)
    >>> aligner.transform(["the old book"], ["das alte buch"])[0].tolist()
    [[0, 0], [1, 1], [2, 2]]
    """

    _parameter_constraints: dict = {
        "symmetrization": [StrOptions({*METHODS, "forward", "reverse"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "diagonal_tension": [Interval(Real, 0, None, closed="neither")],
        "optimize_tension": ["boolean"],
        "favor_diagonal": ["boolean"],
        "null_probability": [Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        symmetrization="intersection",
        max_iter=5,
        diagonal_tension=4.0,
        optimize_tension=True,
        favor_diagonal=True,
        null_probability=0.08,
        alpha=0.01,
    ):
        self.symmetrization = symmetrization
        self.max_iter = max_iter
        self.diagonal_tension = diagonal_tension
        self.optimize_tension = optimize_tension
        self.favor_diagonal = favor_diagonal
        self.null_probability = null_probability
        self.alpha = alpha

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn which words are translations of each other.

        Parameters
        ----------
        X : path, list of paths, list of str or list of list of str
            Source sentences: a text file (plain, .gz, .bz2 or .xz) with one sentence a line,
            strings whose tokens are separated by white space, or lists of tokens.

        y : path, list of paths, list of str or list of list of str
            Their translations, one for each sentence.

        Returns
        -------
        self : WordAligner
            The fitted estimator.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            If a side is no corpus, the sides are of two lengths, or no pair has words on both
            sides.
        """
        vocabularies, corpora = learn_vocabularies(X, y)
        word_pairs = WordPairs.of_corpora(corpora, vocabularies)
        store = LinkStore(group_by_size(*corpora), word_pairs)
        tension = self.diagonal_tension if self.favor_diagonal else 0.0
        models = initial_models(word_pairs, vocabularies, tension, self.null_probability)
        counted, losses = None, []
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        for i in range(self.max_iter):
            task = context.subcontext(task_name="iteration")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            if i > 0:
                self._learn(models, counted, is_first=i == 1)
            counted = [model.expect(store) for model in models]
            losses.append([expected.loss for expected in counted])
            fitted = _fitted_attributes(vocabularies, word_pairs, models, losses)
            if task.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes=fitted
            ):
                break
        for name, value in fitted.items():
            setattr(self, name, value)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X, y):
        """Link the words of sentence pairs, those of `fit` or others.

        Parameters
        ----------
        X : path, list of paths, list of str or list of list of str
            Source sentences.

        y : path, list of paths, list of str or list of list of str
            Their translations, one for each sentence.

        Returns
        -------
        links : list of ndarray of shape (n_links, 2), dtype int64
            For each sentence pair its links (source position, target position), counted from 0,
            in ascending order; (0, 2) where there are none, as in pairs with an empty sentence.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            If a side is no corpus, or the sides are of two lengths.
        """
        check_is_fitted(self)
        vocabularies = self.source_vocabulary_, self.target_vocabulary_
        corpora = encode_pairs(X, y, vocabularies)
        word_pairs = WordPairs.of_matrix(self.translation_probabilities_[0])
        models = self._fitted_models()
        tables = [[np.zeros((0, 3), dtype=np.int64)] for _ in models]
        for group in group_by_size(*corpora):
            ids = word_pairs.find(group)
            for model, table in zip(models, tables, strict=True):
                table.append(model.best_links(group, ids))
        links = [np.concatenate(table) for table in tables]
        method = self.symmetrization if len(links) == 2 else "union"
        return split_links(symmetrize_table(links[0], links[-1], method), corpora[0].n_sentences)

    def fit_transform(self, X, y):
        """Learn from sentence pairs, and link their words.

        Parameters
        ----------
        X, y : path, list of paths, list of str or list of list of str
            Sentences and their translations, as for `fit`.

        Returns
        -------
        links : list of ndarray of shape (n_links, 2), dtype int64
            As of `transform`.
        """
        return self.fit(X, y).transform(X, y)

    def _learn(self, models, counted, is_first):
        """M-step of both directions; links of the first iteration know the diagonal alone."""
        for model, expected in zip(models, counted, strict=True):
            if self.favor_diagonal and self.optimize_tension and not is_first:
                model.learn_tension(expected)
            model.maximize(expected, self.alpha)

    def _fitted_models(self):
        """Models of the directions that the links are of."""
        chosen = {"forward": [0], "reverse": [1]}.get(self.symmetrization, [0, 1])
        return [
            DirectedModel(
                None,
                self.translation_probabilities_[i].data,
                self.null_probabilities_[i],
                tension=self.tension_[i],
                null_probability=self.null_probability,
                is_reverse=i == 1,
            )
            for i in chosen
        ]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags
