"""Word translation between two spaces of word vectors."""

from numbers import Integral, Real

import torch
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skxling.embedding._word_vectors import as_word_vectors
from skxling.functional import RETRIEVALS, RetrievalStatistics, mutual_neighbors, pair_scores
from skxling.translation._base import BaseTranslator
from skxling.translation._index import FaissIndex
from skxling.translation._lexicon import (
    check_lexicon,
    clone_aligner,
    fit_aligner,
    look_up,
    route_to_aligner,
    select_pairs,
)
from skxling.translation._search import SearchMixin, word_array
from skxling.utils import resolve_device, to_numpy
from skxling.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context
from skxling.utils._words import check_words


class WordTranslator(SearchMixin, BaseTranslator):
    """Translate words between two pretrained spaces, aligned by a seed lexicon.

    A sample is a lexicon entry: X holds source words, y their translations. `fit` looks up the
    entries' vectors, fits the aligner on them, and maps both vocabularies into the shared space,
    where the translation of a word is its nearest neighbour among all target words.

    Parameters
    ----------
    source_vectors : WordVectors
        Source vocabulary, in descending frequency. gensim's ``KeyedVectors`` are taken too, but
        a clone copies them: in a search, pass ``WordVectors.from_keyed_vectors(kv)``.

    target_vectors : WordVectors
        Target vocabulary, in descending frequency.

    aligner : aligner, "passthrough" or None, default=None
        None is :class:`~skxling.alignment.ProcrustesAligner`. "passthrough" takes the two
        vocabularies to be in one space already, as in published aligned vectors.

    retrieval : {"cosine", "csls", "inverted_softmax", "margin"}, default="csls"
        How target words are ranked; "margin" is the ratio of the cosine to the neighbourhoods'.

    n_neighbors : int, default=10
        Size of the neighbourhoods of "csls" and "margin".

    temperature : float, default=0.03
        Of the inverted softmax, above 0.

    index : FaissIndex, default=None
        Proposes the target words that are ranked, by a clone fitted on all of them. None ranks
        all: exact, and fast enough for single lexicons.

    device : str, default="auto"
        Where neighbours are searched: "cpu", "cuda", or the first of CUDA and CPU there is. Parts
        that are given have devices of their own.

    Attributes
    ----------
    aligner_ : aligner
        The fitted clone; a :class:`~skxling.alignment.SelfLearningAligner` around it where `fit`
        got no lexicon; None with "passthrough".

    n_pairs_ : int
        Entries of the lexicon that both vocabularies cover; the others are dropped. Without a
        lexicon, the pairs that self-learning ended with.

    source_vectors_, target_vectors_ : WordVectors
        The vocabularies in the shared space.

    source_statistics_, target_statistics_ : ndarray of shape (n_words,) or None
        What retrieval knows of each word beside its cosines: the mean cosine to its nearest words
        of the other language, or of target words the logarithm of the inverted softmax's
        denominator. None where there is no such thing.

    index_ : FaissIndex or None
        The target words.

    See Also
    --------
    skxling.combine.JointAlignCombiner : The same for one space trained on both languages.
    skxling.metrics.bli_report : Judge a fitted translator.

    Notes
    -----
    Words that the source vocabulary lacks are translated as None, and `score` counts them wrong.

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018.

    .. [2] Smith, S. L., Turban, D. H. P., Hamblin, S., Hammerla, N. Y. "Offline bilingual word
       vectors, orthogonal transformations and the inverted softmax". ICLR 2017.

    .. [3] Artetxe, M., Schwenk, H. "Margin-based parallel corpus mining with multilingual sentence
       embeddings". ACL 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.embedding import WordVectors
    >>> from skxling.translation import WordTranslator
    >>> S = np.random.default_rng(0).normal(size=(5, 3))
    >>> source = WordVectors(["house", "tree", "cat", "dog", "sun"], S)
    >>> target = WordVectors(["haus", "baum", "katze", "hund", "sonne"], S[:, ::-1])
    >>> translator = WordTranslator(source, target, n_neighbors=2)
    >>> translator.fit(["house", "tree", "cat"], ["haus", "baum", "katze"])
    WordTranslator(...)
    >>> translator.predict(["dog", "sun"])
    array(['hund', 'sonne'], dtype=object)
    >>> translator.score(["dog", "sun", "moon"], ["hund", "sonne", "mond"])
    0.666...
    """

    _parameter_constraints: dict = {
        "source_vectors": "no_validation",
        "target_vectors": "no_validation",
        "aligner": [
            HasMethods(["fit", "transform", "transform_target"]),
            StrOptions({"passthrough"}),
            None,
        ],
        "retrieval": [StrOptions(set(RETRIEVALS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "index": [FaissIndex, None],
        "device": "no_validation",  # resolve_device checks it
    }

    def __init__(
        self,
        source_vectors,
        target_vectors,
        aligner=None,
        *,
        retrieval="csls",
        n_neighbors=10,
        temperature=0.03,
        index=None,
        device="auto",
    ):
        self.source_vectors = source_vectors
        self.target_vectors = target_vectors
        self.aligner = aligner
        self.retrieval = retrieval
        self.n_neighbors = n_neighbors
        self.temperature = temperature
        self.index = index
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X=None, y=None, **fit_params):
        """Align the two spaces.

        Parameters
        ----------
        X : array-like of str, shape (n_pairs,), default=None
            Source words of the seed lexicon. Without X and y the aligner learns by itself
            (:class:`~skxling.alignment.SelfLearningAligner`).

        y : array-like of str, shape (n_pairs,), default=None
            Their translations.

        **fit_params : dict
            For the aligner's `fit`, such as `sample_weight`, one for each entry.

        Returns
        -------
        self : WordTranslator

        Raises
        ------
        ValueError
            If no entry has both words in the vocabularies.
        """
        resolve_device(self.device)
        source = as_word_vectors(self.source_vectors, "source_vectors")
        target = as_word_vectors(self.target_vectors, "target_vectors")
        lexicon = check_lexicon(X, y)
        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        if self.aligner == "passthrough":
            if fit_params:
                raise TypeError(
                    "`aligner='passthrough'` has no `fit` that keyword arguments could be for. Got "
                    f"{', '.join(sorted(fit_params))}; leave them out, or give an aligner."
                )
            aligner, n_pairs = self._pass_through(source, target, lexicon)
        else:
            fit_params = route_to_aligner(self, fit_params)
            aligner, n_pairs = self._fit_aligner(source, target, lexicon, fit_params, context)
            source = source.with_vectors(aligner.transform(source.vectors))
            target = target.with_vectors(aligner.transform_target(target.vectors))
        search = self._prepare_search(source, target)
        self.aligner_, self.n_pairs_ = aligner, n_pairs
        self.source_vectors_, self.target_vectors_ = source, target
        self.index_, self.source_statistics_, self.target_statistics_ = search
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X):
        """Look up source words in the shared space.

        Parameters
        ----------
        X : array-like of str, shape (n_words,)
            Source words.

        Returns
        -------
        vectors : ndarray of shape (n_words, n_components)
            Their vectors; zeros for words that the vocabulary lacks.
        """
        check_is_fitted(self)
        return look_up(self.source_vectors_, check_words(X, "X"))[0]

    def transform_target(self, Y):
        """Look up target words in the shared space.

        Parameters
        ----------
        Y : array-like of str, shape (n_words,)
            Target words.

        Returns
        -------
        vectors : ndarray of shape (n_words, n_components)
            Their vectors; zeros for words that the vocabulary lacks.
        """
        check_is_fitted(self)
        return look_up(self.target_vectors_, check_words(Y, "Y"))[0]

    def kneighbors(self, X, n_neighbors=10):
        """Rank the target words nearest to source words.

        Parameters
        ----------
        X : array-like of str, shape (n_words,)
            Source words.

        n_neighbors : int, default=10
            How many target words to give for each; clipped to the size of the vocabulary. The
            constructor's `n_neighbors` is another one: the size of CSLS's neighbourhoods.

        Returns
        -------
        scores : ndarray of shape (n_words, n_neighbors)
            In descending order: CSLS in [-4, 4], cosines in [-1, 1], logarithms of probabilities
            (inverted softmax), or ratios (margin); nan for words that the vocabulary lacks.

        words : ndarray of shape (n_words, n_neighbors), dtype object
            The target words; None for words that the vocabulary lacks, and where `index` found
            fewer.
        """
        return self.rank_words(self.transform(X), n_neighbors)

    def induce_lexicon(self, mutual=True):
        """Pair the two vocabularies.

        Parameters
        ----------
        mutual : bool, default=True
            Whether to keep only pairs of words that are each other's best neighbour. Otherwise
            every source word is paired with its best target word.

        Returns
        -------
        lexicon : Bunch
            `source` and `target`, ndarrays of words of shape (n_pairs,), and `score`, that of
            `kneighbors` for each pair, in the order of the source vocabulary; source words whose
            vector is zero are in no pair. Mutual pairs are searched exactly, whatever `index` is;
            what retrieval knows of each word comes from the index all the same.
        """
        check_is_fitted(self)
        S, T = self._spaces()
        source, target = word_array(self.source_vectors_), word_array(self.target_vectors_)
        x, y = statistics = self._statistics(T.device)
        if mutual:
            rows, columns = mutual_neighbors(S, T, statistics=statistics, **self._way())
            cosines = torch.cosine_similarity(S[rows], T[columns], dim=1)
            terms = None if x is None else x[rows], None if y is None else y[columns]
            scores = pair_scores(cosines, RetrievalStatistics(*terms), **self._way())
        else:
            scores, columns = (part[:, 0] for part in self._search(S, T, 1, statistics))
            rows = (columns >= 0).nonzero()[:, 0]  # an index may find nothing
            scores, columns = scores[rows], columns[rows]
        has_vector = S.any(1)[rows]  # rows of zeros are near to nothing
        rows, columns, scores = rows[has_vector], columns[has_vector], scores[has_vector]
        rows, columns = to_numpy(rows), to_numpy(columns)
        return Bunch(source=source[rows], target=target[columns], score=to_numpy(scores))

    def _pass_through(self, source, target, lexicon):
        """Take the vocabularies as they are."""
        if source.n_components != target.n_components:
            raise ValueError(
                f"`aligner='passthrough'` needs two vocabularies in one space. Got "
                f"{source.n_components} components of `source_vectors` and {target.n_components} "
                "of `target_vectors`. Give an aligner."
            )
        return None, select_pairs(lexicon, source, target, {}, "").n_pairs

    def _fit_aligner(self, source, target, lexicon, fit_params, context):
        """Fit the aligner; gives its number of pairs too."""
        way_out = "Look for differences of case or encoding, or give larger vocabularies."
        pairs = select_pairs(lexicon, source, target, fit_params, way_out)
        aligner = clone_aligner(self.aligner, has_lexicon=lexicon is not None, device=self.device)
        subcontext = context.subcontext(task_name="fit-aligner")
        return aligner, fit_aligner(aligner, pairs, source, target, self, subcontext)
