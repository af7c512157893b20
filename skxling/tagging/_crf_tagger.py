"""Sequence tagger: a bidirectional LSTM and a conditional random field over given features."""

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skxling.tagging._network import TaggerNetwork
from skxling.tagging._sentences import check_sentences
from skxling.tagging._tagged import check_tagged, hold_out, root_mean_square
from skxling.tagging._tags import check_tags, forbidden_in_iob2, score_tags
from skxling.tagging._training import apply_in_batches, train_epochs
from skxling.utils import check_generator, resolve_device, to_numpy, to_tensor, warn_user
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _fit_context,
)


def _weights(network):
    """Copy the weights into arrays."""
    return {name: to_numpy(w).copy() for name, w in network.state_dict().items()}


class CRFTagger(CallbackSupportMixin, BaseEstimator):
    """Tag the tokens of sentences: bidirectional LSTM and conditional random field.

    The LSTM reads the feature vectors of a sentence's tokens in both directions, a linear layer
    scores each tag at each token, and the linear chain over the tags is learned with it [1]_,
    [2]_. A sample is a sentence, given as a matrix of features. Where these lie in one space for
    two languages, a tagger that was fitted on one of them predicts the other:
    :class:`TokenVectorizer` makes such features of cross-lingual word vectors.

    Read more in the :ref:`User Guide <tagging>`.

    Parameters
    ----------
    hidden_size : int, default=100
        Units of the LSTM in each direction. 0 leaves the LSTM out: the scores of a tag are then
        linear in the token's own features.

    dropout : float, default=0.5
        In [0, 1): share of the features, and of the LSTM's outputs, that is left out in training,
        the same ones at all tokens of a sentence.

    scheme : {"iob2"} or None, default="iob2"
        With "iob2" tags mark spans: what IOB2 forbids is never predicted, and `score` and early
        stopping go by the F1 of spans. With None tags are any strings, such as parts of speech,
        and `score` and early stopping go by accuracy.

    learning_rate : float, default=0.002
        Step size of Adam, positive.

    batch_size : int, default=32
        Sentences of a step. They are drawn at random, of similar length.

    max_iter : int, default=40
        Most passes over the training sentences.

    clip_norm : float, default=5.0
        Longer gradients are shortened to this norm.

    early_stopping : bool, default=True
        Hold sentences out, stop when their score has not risen for `n_iter_no_change` passes, and
        keep the weights of the best pass.

    validation_fraction : float, default=0.1
        In (0, 1): share of the sentences that is held out, where `fit` is not given `X_val`.

    n_iter_no_change : int, default=8
        Passes without a better score that end the fit.

    random_state : int, RandomState instance or None, default=None
        Seed of the weights, of dropout, of the batches and of the sentences held out.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), dtype object
        The tags in alphabetical order.

    weights_ : dict of ndarray
        Weights of the LSTM ("lstm.*"), of the linear layer ("output.*"), and of the chain:
        "transitions" (n_classes, n_classes), from row to column, "start" and "end"
        (n_classes,). Those of what `scheme` forbids are of no effect.

    scale_ : float
        Root mean square of the features, by which they are divided.

    loss_curve_ : ndarray of shape (n_iter_,)
        Mean negative log-likelihood of a sentence's tags in each pass, with dropout.

    validation_scores_ : ndarray of shape (n_iter_,) or None
        Score of the sentences held out after each pass; None without early stopping.

    best_validation_score_ : float or None
        The highest of them, that of the weights kept.

    n_iter_ : int
        Passes done.

    n_features_in_ : int
        Features of a token.

    See Also
    --------
    TokenVectorizer : Features of tokens from word vectors of one language or two.
    skxling.metrics.span_report : Judge predicted spans, label by label.
    skxling.functional.crf_log_partition : The sum over all sequences of tags.

    References
    ----------
    .. [1] Huang, Z., Xu, W., Yu, K. "Bidirectional LSTM-CRF models for sequence tagging". arXiv
       1508.01991, 2015.

    .. [2] Lample, G., Ballesteros, M., Subramanian, S., Kawakami, K., Dyer, C. "Neural
       architectures for named entity recognition". NAACL 2016, equations 1 to 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.tagging import CRFTagger
    >>> vectors = {"anna": [1, 0, 0], "smith": [0, 1, 0], "sings": [0, 0, 1]}
    >>> sentences = [["anna", "smith", "sings"], ["anna", "sings"], ["sings", "anna"]] * 4
    >>> X = [np.array([vectors[token] for token in tokens]) for tokens in sentences]
    >>> y = [["B-PER", "I-PER", "O"], ["B-PER", "O"], ["O", "B-PER"]] * 4
    >>> tagger = CRFTagger(hidden_size=8, early_stopping=False, learning_rate=0.05, random_state=0)
    >>> tagger.fit(X, y).predict(X[:2])
    [['B-PER', 'I-PER', 'O'], ['B-PER', 'O']]
    >>> tagger.score(X, y)
    1.0
    """

    _parameter_constraints: dict = {
        "hidden_size": [Interval(Integral, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "scheme": [StrOptions({"iob2"}), None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "device": [str, torch.device],
    }

    def __init__(
        self,
        hidden_size=100,
        *,
        dropout=0.5,
        scheme="iob2",
        learning_rate=0.002,
        batch_size=32,
        max_iter=40,
        clip_norm=5.0,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=8,
        random_state=None,
        device="auto",
    ):
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.scheme = scheme
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.clip_norm = clip_norm
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, *, X_val=None, y_val=None):
        """Learn to tag.

        Parameters
        ----------
        X : list of array-like of shape (n_tokens, n_features)
            Features of the tokens of each sentence; sentences may be empty.

        y : list of list of str
            Their tags.

        X_val, y_val : as X and y, default=None
            Sentences for early stopping. None holds out some of X, chosen at random.

        Returns
        -------
        self : CRFTagger

        Raises
        ------
        ValueError, TypeError
            If a sentence is no matrix of finite numbers, or its tags are not as many as its
            tokens, or not in the `scheme`.
        """
        device = resolve_device(self.device)
        generator = check_generator(self.random_state)
        train, held_out = self._prepare(X, y, X_val, y_val, generator)
        self.scale_ = root_mean_square(train.X)
        network = self._build_network()
        network.initialize(generator)
        epochs = self._learn(network.to(device), train, generator)

        losses, scores, best = [], [], None
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        for _ in range(self.max_iter):
            task = context.subcontext(task_name="iteration")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            losses.append(next(epochs))
            if held_out is not None:
                predicted = self._decode(network, held_out.X)
                scores.append(score_tags(held_out.y, predicted, self.scheme))
                if np.argmax(scores) == len(scores) - 1:  # the first best
                    best = _weights(network)
            if task.call_on_fit_task_end(
                estimator=self,
                X=X,
                y=y,
                reconstruction_attributes=lambda: {"weights_": _weights(network)},
            ) or (scores and len(scores) - 1 - np.argmax(scores) >= self.n_iter_no_change):
                break
        self.weights_ = _weights(network) if best is None else best
        self.loss_curve_ = np.array(losses)
        self.validation_scores_ = np.array(scores) if scores else None
        self.best_validation_score_ = max(scores, default=None)
        self.n_iter_ = len(losses)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def predict(self, X):
        """Tag sentences: the best sequence of tags for each.

        Parameters
        ----------
        X : list of array-like of shape (n_tokens, n_features)
            Features of the tokens of each sentence.

        Returns
        -------
        y : list of list of str
            One tag for each token.
        """
        X = self._check_features(X)
        return self._decode(self._fitted_network(), X)

    def predict_proba(self, X):
        """Probability of each tag at each token, over all sequences of tags.

        The tags that are the likeliest one by one need not be those that `predict` gives, which
        are the likeliest together.

        Parameters
        ----------
        X : list of array-like of shape (n_tokens, n_features)
            Features of the tokens of each sentence.

        Returns
        -------
        probabilities : list of ndarray of shape (n_tokens, n_classes)
            Columns in the order of `classes_`.
        """
        X = self._check_features(X)
        network = self._fitted_network()
        found = apply_in_batches(network.marginals, X, network.start.device)
        empty = np.zeros((0, len(self.classes_)), dtype=np.float32)
        return [empty if rows is None else rows for rows in found]

    def score(self, X, y):
        """F1 of the predicted spans; with ``scheme=None`` the accuracy of the tags.

        Parameters
        ----------
        X : list of array-like of shape (n_tokens, n_features)
            Features of the tokens of each sentence.

        y : list of list of str
            Their true tags.

        Returns
        -------
        score : float
            In [0, 1].
        """
        X = self._check_features(X)
        y = check_tags(y, [len(matrix) for matrix in X])
        return score_tags(y, self._decode(self._fitted_network(), X), self.scheme)

    def _prepare(self, X, y, X_val, y_val, generator):
        """Check everything; give training sentences, and those held out or None."""
        if (X_val is None) != (y_val is None):
            raise ValueError("`X_val` and `y_val` belong together. Got only one of them.")
        if X_val is not None and not self.early_stopping:
            raise ValueError(
                "`X_val` is for early stopping, and `early_stopping` is False. Leave one out."
            )
        train, held_out = check_tagged(X, y, self.scheme), None
        self.n_features_in_ = train.X[0].shape[1]
        if X_val is not None:
            names = "X_val", "y_val"
            held_out = check_tagged(X_val, y_val, self.scheme, self.n_features_in_, *names)
            if not any(map(len, held_out.X)):
                raise ValueError("`X_val` holds no token. Give sentences, or leave it out.")
        tags = {tag for part in (train, held_out) if part for tags in part.y for tag in tags}
        self.classes_ = np.array(sorted(tags), dtype=object)
        if self.early_stopping and held_out is None:
            train, held_out = hold_out(train, self.validation_fraction, generator)
        if held_out is not None and self.scheme == "iob2":
            self._check_spans(held_out.y)
        return train, held_out

    def _check_spans(self, tags):
        """Warn where early stopping has nothing to go by."""
        if all(tag == "O" for of_sentence in tags for tag in of_sentence):
            warn_user(
                f"None of the {len(tags)} held-out sentences has a span, so that their F1 is 0 "
                "after every iteration, and the weights of the first are kept. Give `X_val` and "
                "`y_val` with spans, raise `validation_fraction`, or set early_stopping=False."
            )

    def _build_network(self):
        """Make a network of the fitted shape, its weights yet to be filled in."""
        n_classes = len(self.classes_)
        forbidden = np.zeros((n_classes, n_classes), dtype=bool), np.zeros(n_classes, dtype=bool)
        if self.scheme == "iob2":
            forbidden = forbidden_in_iob2(self.classes_)
        return TaggerNetwork(
            self.n_features_in_,
            n_classes,
            hidden_size=self.hidden_size,
            dropout=self.dropout,
            scale=self.scale_,
            forbidden=[torch.tensor(mask) for mask in forbidden],
        )

    def _fitted_network(self):
        """Make the network of the fitted weights."""
        network = self._build_network()
        network.load_state_dict({name: to_tensor(w) for name, w in self.weights_.items()})
        return network.to(resolve_device(self.device))

    def _learn(self, network, train, generator):
        """Start passes over the training sentences, each of which changes the network."""
        return train_epochs(
            network,
            train.X,
            [np.searchsorted(self.classes_, tags).astype(np.int64) for tags in train.y],
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            clip_norm=self.clip_norm,
            generator=generator,
        )

    def _decode(self, network, X):
        """Tags of each sentence."""
        found = apply_in_batches(network.decode, X, network.start.device)
        return [[] if codes is None else self.classes_[codes].tolist() for codes in found]

    def _check_features(self, X):
        """Check sentences to be tagged."""
        check_is_fitted(self)
        return check_sentences(X, self.n_features_in_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags
