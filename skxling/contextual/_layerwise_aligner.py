"""One aligner for each layer of contextual vectors."""

from numbers import Real

from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from skxling.alignment import BaseAligner, ProcrustesAligner
from skxling.contextual._contextual_embedding import ContextualEmbedding, gen_sentences
from skxling.contextual._moments import fit_layers
from skxling.contextual._retrieval import check_positions, contextual_retrieval_score
from skxling.contextual._streams import (
    combine_layers,
    gen_linked_blocks,
    map_words,
    select_similar,
)
from skxling.text import WordAligner, one_to_one_links
from skxling.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context


def _fit_layers(aligner, embedding, X, y, links):
    """Aligners of the layers, and the number of linked words that they were fitted on."""
    aligners, n_links = fit_layers(aligner, lambda: gen_linked_blocks(embedding, X, y, links))
    if not aligners:
        raise ValueError(
            f"No link is left to fit on: {sum(map(len, links))} one-to-one links in {len(links)} "
            "sentence pairs, of words that have vectors. Give more sentence pairs, other `links`, "
            "or a lower `min_similarity`."
        )
    return aligners, n_links


class LayerwiseAligner(TransformerMixin, MetaEstimatorMixin, BaseEstimator):
    """Bring the contextual vectors of two languages into one space, layer by layer.

    A sample is a sentence and its translation. `fit` links their words, computes the vectors of the
    linked ones, and fits an aligner for each layer on them [1]_. `transform` takes sentences of
    the source language to the shared space, `transform_target` those of the target language;
    a word's vector there is the sum of its aligned layers, or their mean or concatenation.

    Read more in the :ref:`User Guide <contextual>`.

    Parameters
    ----------
    embedding : ContextualEmbedding, default=None
        Computes the vectors. None is :class:`ContextualEmbedding` with its defaults: the last four
        layers of multilingual BERT. Any estimator will do whose `iter_transform(X)` gives an array
        (n_layers, n_words, d) for each sentence.

    aligner : aligner or "passthrough", default=None
        Cloned for each layer. None is ``ProcrustesAligner(normalize=("unit", "center"))``.
        "passthrough" leaves the layers as they are: the baseline.

    word_aligner : estimator, default=None
        Links the words of sentence pairs: ``fit(X, y)`` and ``transform(X, y)``, as
        :class:`~skxling.text.WordAligner`, which None is. Not used where `fit` is given links.

    combine : {"sum", "mean", "concat"}, default="sum"
        What is made of a word's aligned layers. The paper takes the sum.

    min_similarity : float, default=None
        Links whose words are less similar are left out, and the aligners fitted again: the
        cosine of the two words under the first aligners, its mean over layers. In [-1, 1]; None
        keeps all links.

    Attributes
    ----------
    aligners_ : list of aligner
        Fitted, one for each layer; empty with "passthrough".

    embedding_ : ContextualEmbedding
        The clone in use.

    word_aligner_ : estimator or None
        The fitted clone; None where `fit` was given links.

    n_links_ : int
        Number of linked words that the aligners were fitted on.

    See Also
    --------
    ContextualEmbedding : The vectors as the transformer gives them.
    contextual_retrieval_score : Judge vectors of single layers.
    skxling.alignment.ProcrustesAligner : The map of a layer.

    Notes
    -----
    A word with more than one link in its sentence pair is left out, and so are all its partners:
    what is left is one to one. A word without any piece (:class:`ContextualEmbedding`) is left
    out too; it has zeros in the shared space.

    Vectors are streamed. Aligners whose maps depend on the second moments of the pairs alone keep
    no vectors: :class:`~skxling.alignment.ProcrustesAligner`,
    :class:`~skxling.alignment.LinearAligner`, :class:`~skxling.alignment.CCAAligner` and
    :class:`~skxling.alignment.MultistepAligner`, with a `normalize` of "unit" and "center". A
    "center" that another step follows costs one more pass over the sentences, and
    `min_similarity` two; the `memory` of the embedding makes a pass over the same sentences cheap.
    Other aligners keep the vectors of the linked words.

    References
    ----------
    .. [1] Wang, Z., Xie, J., Xu, R., Yang, Y., Neubig, G., Carbonell, J. "Cross-lingual Alignment
       vs Joint Training: A Comparative Study and A Simple Unified Framework". ICLR 2020.

    Examples
    --------
    >>> from skxling.contextual import ContextualEmbedding, LayerwiseAligner
    >>> embedding = ContextualEmbedding("bert-base-multilingual-cased", memory="cache")
    >>> aligner = LayerwiseAligner(embedding, combine="sum")
    >>> aligner.fit(english_sentences, german_sentences)  # doctest: +SKIP
    >>> features = aligner.transform([["Berlin", "is", "large"]])  # doctest: +SKIP
    >>> features[0].shape  # words, components  # doctest: +SKIP
    (3, 768)
    """

    _parameter_constraints: dict = {
        "embedding": [HasMethods(["iter_transform"]), None],
        "aligner": [BaseAligner, StrOptions({"passthrough"}), None],
        "word_aligner": [HasMethods(["fit", "transform"]), None],
        "combine": [StrOptions({"sum", "mean", "concat"})],
        "min_similarity": [Interval(Real, -1, 1, closed="both"), None],
    }

    def __init__(
        self,
        embedding=None,
        aligner=None,
        *,
        word_aligner=None,
        combine="sum",
        min_similarity=None,
    ):
        self.embedding = embedding
        self.aligner = aligner
        self.word_aligner = word_aligner
        self.combine = combine
        self.min_similarity = min_similarity

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, *, links=None):
        """Link words, compute their vectors, and fit an aligner for each layer.

        Parameters
        ----------
        X : path, list of paths, list of str or list of list of str
            Source sentences: a text file with one a line, strings whose words are separated by
            white space, or lists of words.

        y : path, list of paths, list of str or list of list of str
            Their translations, one for each sentence. "passthrough" can do without; given, it
            links them all the same, so that `score` can be asked.

        links : list of array-like of shape (n_links, 2), default=None
            For each sentence pair the (source position, target position) of words that belong
            together, from 0 on, such as :func:`~skxling.text.read_pharaoh` reads. None lets
            `word_aligner` find them.

        Returns
        -------
        self : LayerwiseAligner

        Raises
        ------
        ValueError
            If sentences and links do not fit each other, or no link is left to fit on.
        """
        embedding = ContextualEmbedding() if self.embedding is None else clone(self.embedding)
        word_aligner, aligners, n_links = None, [], 0
        if y is not None:
            X, y = list(gen_sentences(X)), list(gen_sentences(y))
            if links is None:
                word_aligner = WordAligner() if self.word_aligner is None else self.word_aligner
                word_aligner = clone(word_aligner).fit(X, y)
                links = word_aligner.transform(X, y)
            lengths = [[len(words) for words in side] for side in (X, y)]
            links = one_to_one_links(check_positions(links, *lengths))
            if self.aligner != "passthrough":
                aligners, n_links = self._fit_aligners(embedding, X, y, links)
        elif self.aligner != "passthrough":
            raise ValueError(
                "LayerwiseAligner requires y to be passed, but the target y is None: give the "
                "translations of the sentences of X. aligner='passthrough' does without."
            )
        self.embedding_, self.word_aligner_ = embedding, word_aligner
        self.aligners_, self.n_links_ = aligners, n_links
        return self

    def transform(self, X):
        """Take sentences of the source language to the shared space.

        Parameters
        ----------
        X : path, list of paths, list of str, list of list of str, or iterable of these sentences
            Sentences of the source language.

        Returns
        -------
        vectors : list of ndarray of shape (n_words, n_components), dtype float32
            For each sentence the vectors of its words; with "concat" n_layers times as many
            components.
        """
        return list(self.iter_transform(X))

    def transform_target(self, Y):
        """Take sentences of the target language to the shared space.

        Parameters
        ----------
        Y : path, list of paths, list of str, list of list of str, or iterable of these sentences
            Sentences of the target language.

        Returns
        -------
        vectors : list of ndarray of shape (n_words, n_components), dtype float32
            As of `transform`.
        """
        return list(self.iter_transform_target(Y))

    def iter_transform(self, X):
        """Take sentences of the source language to the shared space, one after the other.

        Parameters
        ----------
        X : path, list of paths, list of str, list of list of str, or iterable of these sentences
            As for `transform`.

        Yields
        ------
        vectors : ndarray of shape (n_words, n_components), dtype float32
        """
        return self._iter_side(X, "transform")

    def iter_transform_target(self, Y):
        """Take sentences of the target language to the shared space, one after the other.

        Parameters
        ----------
        Y : path, list of paths, list of str, list of list of str, or iterable of these sentences
            As for `transform_target`.

        Yields
        ------
        vectors : ndarray of shape (n_words, n_components), dtype float32
        """
        return self._iter_side(Y, "transform_target")

    def score(self, X, y, *, links=None):
        """P@1 of contextual word retrieval: :func:`contextual_retrieval_score`.

        Parameters
        ----------
        X : path, list of paths, list of str or list of list of str
            Source sentences.

        y : path, list of paths, list of str or list of list of str
            Their translations. All their words are candidates.

        links : list of array-like of shape (n_links, 2), default=None
            Which words belong together; None asks the word aligner of `fit`, and takes one-to-one
            links.

        Returns
        -------
        score : float
            In [0, 1].
        """
        check_is_fitted(self)
        X, y = list(gen_sentences(X)), list(gen_sentences(y))
        if links is None:
            if self.word_aligner_ is None:
                raise ValueError(
                    "`score` needs `links`, which say what is right: `fit` was given its own, or "
                    "no `y`, so there is no word aligner to ask."
                )
            links = one_to_one_links(self.word_aligner_.transform(X, y))
        return contextual_retrieval_score(self.transform(X), self.transform_target(y), links)

    def get_metadata_routing(self):
        """Tell scikit-learn that `links` are this estimator's own, and nothing goes to its parts.

        Returns
        -------
        routing : MetadataRouter
        """
        return MetadataRouter(owner=self).add_self_request(self)

    def _fit_aligners(self, embedding, X, y, links):
        """Fit an aligner for each layer on linked words; twice where links are to be similar."""
        aligner = self.aligner
        if aligner is None:
            aligner = ProcrustesAligner(normalize=("unit", "center"))
        aligners, n_links = _fit_layers(aligner, embedding, X, y, links)
        if self.min_similarity is None:
            return aligners, n_links
        similar = select_similar(embedding, aligners, X, y, links, self.min_similarity)
        return _fit_layers(aligner, embedding, X, y, similar)

    def _iter_side(self, sentences, method):
        """Embed sentences, align their layers by a method of the aligners, and combine them."""
        check_is_fitted(self)
        embedded = self.embedding_.iter_transform(sentences)
        for layers in map_words(embedded, self.aligners_, method):
            yield combine_layers(layers, self.combine)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.target_tags.required = not (
            isinstance(self.aligner, str) and self.aligner == "passthrough"
        )
        return tags
