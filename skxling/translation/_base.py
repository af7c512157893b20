"""What all estimators that translate words have in common."""

from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from skxling.alignment import ProcrustesAligner
from skxling.metrics import make_bli_scorer
from skxling.utils._sklearn import CallbackSupportMixin


class BaseTranslator(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Base of estimators whose samples are lexicon entries and whose part is an aligner.

    A child has the parameter `aligner`, the attributes `source_vectors_` and `target_vectors_`,
    and the method `kneighbors`.
    """

    def predict(self, X):
        """Translate source words.

        Parameters
        ----------
        X : array-like of str, shape (n_words,)
            Source words.

        Returns
        -------
        words : ndarray of shape (n_words,), dtype object
            The best target word for each; None where `transform` has no vector but zeros.
        """
        return self.kneighbors(X, n_neighbors=1)[1][:, 0]

    def score(self, X, y):
        """P@1 on a lexicon; words outside the vocabularies count wrong.

        A source word that is not in ``source_vectors_`` counts wrong even where a vector composed
        of its n-grams finds the translation: so the score can be compared with that of models
        without n-grams.

        Parameters
        ----------
        X : array-like of str, shape (n_pairs,)
            Source words; one that stands in several entries is one query.

        y : array-like of str, shape (n_pairs,)
            Their translations; any of a query's translations counts.

        Returns
        -------
        score : float
            In [0, 1].
        """
        check_is_fitted(self)
        return make_bli_scorer()(self, X, y)

    def get_metadata_routing(self):
        """Tell scikit-learn which keyword arguments of `fit` are the aligner's.

        Returns
        -------
        routing : MetadataRouter
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        if not isinstance(self.aligner, str):  # "passthrough" takes nothing
            aligner = ProcrustesAligner() if self.aligner is None else self.aligner
            mapping = MethodMapping().add(caller="fit", callee="fit")
            router.add(aligner=aligner, method_mapping=mapping)
        return router

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags
