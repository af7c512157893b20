"""Word translation between two spaces of word vectors."""

from numbers import Integral

import numpy as np
import torch
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skxling.embedding._word_vectors import as_word_vectors
from skxling.functional import (
    csls_neighbors,
    mutual_neighbors,
    nearest_neighbors,
    neighborhood_means,
)
from skxling.translation._base import BaseTranslator
from skxling.translation._lexicon import (
    check_lexicon,
    clone_aligner,
    fit_aligner,
    look_up,
    route_to_aligner,
    select_pairs,
)
from skxling.utils import resolve_device, to_numpy, to_tensor
from skxling.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context
from skxling.utils._words import check_words


def _word_array(word_vectors):
    """Words as an array that can be indexed by an array."""
    return np.array(word_vectors.words, dtype=object)


class WordTranslator(BaseTranslator):
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

    retrieval : {"csls", "cosine"}, default="csls"
        How target words are ranked.

    n_neighbors : int, default=10
        Size of the neighbourhoods of CSLS.

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

    neighborhood_means_ : ndarray of shape (n_target_words,) or None
        Mean cosine of each target word to its nearest source words, which CSLS subtracts.

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
        "retrieval": [StrOptions({"csls", "cosine"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
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
        device="auto",
    ):
        self.source_vectors = source_vectors
        self.target_vectors = target_vectors
        self.aligner = aligner
        self.retrieval = retrieval
        self.n_neighbors = n_neighbors
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
        source = as_word_vectors(self.source_vectors)
        target = as_word_vectors(self.target_vectors)
        lexicon = check_lexicon(X, y)
        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        if self.aligner == "passthrough":
            self._pass_through(source, target, lexicon)
        else:
            fit_params = route_to_aligner(self, fit_params)
            self._align(source, target, lexicon, fit_params, context)
        self.neighborhood_means_ = None
        if self.retrieval == "csls":
            S, T = self._spaces()
            self.neighborhood_means_ = to_numpy(neighborhood_means(T, S, self.n_neighbors))  # r_S
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
            CSLS in [-4, 4], or cosines in [-1, 1], in descending order; nan for words that the
            vocabulary lacks.

        words : ndarray of shape (n_words, n_neighbors), dtype object
            The target words; None for words that the vocabulary lacks.
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
            `source` and `target`, ndarrays of words of shape (n_pairs,), and `score`, the CSLS
            or cosine of each pair, in the order of the source vocabulary.
        """
        check_is_fitted(self)
        S, T = self._spaces()
        source, target = _word_array(self.source_vectors_), _word_array(self.target_vectors_)
        if not mutual:
            scores, best = self._search(S, T, 1)
            best, score = to_numpy(best)[:, 0], to_numpy(scores)[:, 0]
            return Bunch(source=source, target=target[best], score=score)
        rows, columns = mutual_neighbors(
            S, T, retrieval=self.retrieval, n_neighbors=self.n_neighbors
        )
        score = to_numpy(self._pair_scores(S[rows], T, columns))
        return Bunch(source=source[to_numpy(rows)], target=target[to_numpy(columns)], score=score)

    def _pass_through(self, source, target, lexicon):
        """Take the vocabularies as they are."""
        if source.n_components != target.n_components:
            raise ValueError(
                f"`aligner='passthrough'` needs two vocabularies in one space. Got "
                f"{source.n_components} components of `source_vectors` and {target.n_components} "
                "of `target_vectors`. Give an aligner."
            )
        self.aligner_, self.n_pairs_ = None, 0
        if lexicon is not None:
            self.n_pairs_ = select_pairs(lexicon, source, target, {}, "").n_pairs
        self.source_vectors_, self.target_vectors_ = source, target

    def _align(self, source, target, lexicon, fit_params, context):
        """Fit the aligner and map both vocabularies."""
        way_out = "Look for differences of case or encoding, or give larger vocabularies."
        pairs = select_pairs(lexicon, source, target, fit_params, way_out)
        self.aligner_ = clone_aligner(
            self.aligner, has_lexicon=lexicon is not None, device=self.device
        )
        subcontext = context.subcontext(task_name="fit-aligner")
        self.n_pairs_ = fit_aligner(self.aligner_, pairs, source, target, self, subcontext)
        self.source_vectors_ = source.with_vectors(self.aligner_.transform(source.vectors))
        self.target_vectors_ = target.with_vectors(self.aligner_.transform_target(target.vectors))

    def _spaces(self):
        """Both vocabularies in the shared space, as tensors."""
        device = resolve_device(self.device)
        both = self.source_vectors_, self.target_vectors_
        return tuple(to_tensor(side.vectors, device=device) for side in both)

    def _search(self, queries, T, n_neighbors):
        """Rank the target words for rows of the shared space, with the scores of a pair."""
        if self.retrieval == "cosine":
            return nearest_neighbors(queries, T, n_neighbors)
        means = {
            "candidate_means": to_tensor(self.neighborhood_means_, device=T.device),
            "query_means": neighborhood_means(queries, T, self.n_neighbors),  # r_T
        }
        return csls_neighbors(queries, T, n_neighbors, **means)

    def _pair_scores(self, queries, T, columns):
        """Score of each query with one target word, its partner."""
        cosines = torch.cosine_similarity(queries, T[columns], dim=1)
        if self.retrieval == "cosine":
            return cosines
        r_S = to_tensor(self.neighborhood_means_, device=T.device)[columns]
        return 2 * cosines - neighborhood_means(queries, T, self.n_neighbors) - r_S

    def rank_words(self, vectors, n_neighbors):
        """Scores and target words nearest to rows of the shared space; rows of zeros have none."""
        if not isinstance(n_neighbors, Integral) or n_neighbors < 1:
            raise ValueError(f"`n_neighbors` must be an integer from 1 on. Got {n_neighbors!r}.")
        is_known = vectors.any(axis=1)
        shape = (len(vectors), min(n_neighbors, self.target_vectors_.n_words))
        scores = np.full(shape, np.nan, dtype=np.float32)
        words = np.full(shape, None, dtype=object)
        if is_known.any():
            _, T = self._spaces()
            queries = to_tensor(vectors[is_known], device=T.device)
            found = self._search(queries, T, n_neighbors)
            scores[is_known] = to_numpy(found.scores)
            words[is_known] = _word_array(self.target_vectors_)[to_numpy(found.indices)]
        return scores, words
