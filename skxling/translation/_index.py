"""Approximate search by faiss."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted

from skxling.functional import unit_rows
from skxling.utils import as_vectors, to_numpy, to_tensor
from skxling.utils._sklearn import Interval, StrOptions, _fit_context


def _import_faiss():
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "FaissIndex needs faiss, which is not installed. Install it, pip install "
            "'skxling[faiss]', or search without an index, which is exact: index=None."
        ) from error
    return faiss


def _check_rows(X):
    """Rows as an array of two dimensions without nan."""
    return check_array(as_vectors(X), dtype=[np.float32, np.float64], input_name="X")


def _unit_array(vectors):
    """Rows of length 1 as faiss takes them."""
    return np.ascontiguousarray(to_numpy(unit_rows(to_tensor(vectors).float())))


class FaissIndex(BaseEstimator):
    """Index of the rows of a space, which proposes the nearest ones without looking at all.

    For :class:`WordTranslator`: the index proposes a few words for each query by their cosine, and
    these are ranked as `retrieval` says.

    Parameters
    ----------
    kind : {"ivf", "hnsw", "flat"}, default="ivf"
        "ivf" cuts the space into cells and looks into the nearest; "hnsw" walks along a graph of
        neighbours [1]_, faster to ask and much slower to build; "flat" looks at all rows.

    n_candidates : int, default=100
        How many rows are proposed for each query, before they are ranked.

    n_lists : int, default=None
        Number of cells of "ivf", at least 1; clipped to the number of rows. None is the square
        root of that.

    n_probes : int, default=32
        Number of cells of "ivf" to look into, at least 1. The more, the more exact and the slower.

    n_links : int, default=32
        Number of links of each row in the graph of "hnsw", at least 2.

    n_explored : int, default=200
        Length of the list of rows that "hnsw" keeps on its walk, at least 1. The more, the more
        exact and the slower.

    Attributes
    ----------
    index_ : faiss.Index
        The index; it holds a copy of the rows.

    n_features_in_ : int
        Number of components of the rows.

    See Also
    --------
    skxling.functional.nearest_neighbors : Exact search.

    References
    ----------
    .. [1] Malkov, Y. A., Yashunin, D. A. "Efficient and robust approximate nearest neighbor search
       using hierarchical navigable small world graphs". IEEE Transactions on Pattern Analysis and
       Machine Intelligence 42, 2020.
    """

    _parameter_constraints: dict = {
        "kind": [StrOptions({"ivf", "hnsw", "flat"})],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "n_lists": [Interval(Integral, 1, None, closed="left"), None],
        "n_probes": [Interval(Integral, 1, None, closed="left")],
        "n_links": [Interval(Integral, 2, None, closed="left")],
        "n_explored": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        kind="ivf",
        *,
        n_candidates=100,
        n_lists=None,
        n_probes=32,
        n_links=32,
        n_explored=200,
    ):
        self.kind = kind
        self.n_candidates = n_candidates
        self.n_lists = n_lists
        self.n_probes = n_probes
        self.n_links = n_links
        self.n_explored = n_explored

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Build the index.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components) or WordVectors
            The rows to choose from; they need not have length 1.

        y : Ignored
            Present by convention.

        Returns
        -------
        self : FaissIndex

        Raises
        ------
        ImportError
            If faiss is not installed.
        """
        faiss = _import_faiss()
        X = _unit_array(_check_rows(X))
        build = {"ivf": self._build_ivf, "hnsw": self._build_hnsw, "flat": self._build_flat}
        self.index_ = build[self.kind](faiss, X)
        self.index_.add(X)
        self.n_features_in_ = X.shape[1]
        return self

    def kneighbors(self, X, n_neighbors=None):
        """Propose the rows with the largest cosine to each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_components)
            Queries; they need not have length 1.

        n_neighbors : int, default=None
            How many rows to propose; clipped to what exists. None is `n_candidates`.

        Returns
        -------
        cosines : ndarray of shape (n_queries, n_neighbors), float32
            In descending order; -inf where the index found no more rows.

        indices : ndarray of shape (n_queries, n_neighbors), int64
            The rows; -1 where the index found no more.
        """
        check_is_fitted(self)
        if n_neighbors is not None and not (isinstance(n_neighbors, Integral) and n_neighbors >= 1):
            raise ValueError(f"`n_neighbors` must be an integer from 1 on. Got {n_neighbors!r}.")
        k = min(self.n_candidates if n_neighbors is None else n_neighbors, self.index_.ntotal)
        X = _check_rows(X)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"`X` has {X.shape[1]} components, and the index holds rows of "
                f"{self.n_features_in_}."
            )
        cosines, indices = self.index_.search(_unit_array(X), int(k))
        return np.where(indices < 0, np.float32(-np.inf), cosines), indices

    def _build_flat(self, faiss, X):
        return faiss.IndexFlatIP(X.shape[1])

    def _build_ivf(self, faiss, X):
        n_lists = min(self.n_lists or round(len(X) ** 0.5), len(X))
        cells = faiss.IndexFlatIP(X.shape[1])
        index = faiss.IndexIVFFlat(cells, X.shape[1], n_lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1  # else it writes warnings to the terminal
        index.nprobe = min(self.n_probes, n_lists)
        index.train(X)
        return index

    def _build_hnsw(self, faiss, X):
        index = faiss.IndexHNSWFlat(X.shape[1], self.n_links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efSearch = max(self.n_explored, self.n_candidates)
        return index
