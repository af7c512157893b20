"""Precision by how frequent the asked word is."""

from numbers import Integral, Real

import numpy as np

from skxling.metrics._bands import judge_bands
from skxling.metrics._bli import check_k, check_predictions
from skxling.metrics._judge import first_hits, hits_at_k, judge
from skxling.metrics._plot._axes import get_axes
from skxling.utils._sklearn import Interval, StrOptions, validate_params
from skxling.utils._words import check_words

_BAND_CONSTRAINTS = {
    "k": [Interval(Integral, 1, None, closed="left")],
    "n_bands": [Interval(Integral, 1, None, closed="left")],
    "edges": ["array-like", None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
}


class FrequencyBandDisplay:
    """Precision at k by the frequency of the query word, with confidence bars.

    A mean over a lexicon hides that frequent words are easy and rare ones hard, and two systems
    with one mean may differ at both ends. Made by :meth:`from_estimator` or
    :meth:`from_predictions`.

    Parameters
    ----------
    bands : ndarray of shape (n_bands, 2)
        First and last frequency rank of each band; rank 1 is the most frequent word.

    precision : ndarray of shape (n_bands,)
        P@k of each band, in [0, 1]; nan where it has no query.

    intervals : ndarray of shape (n_bands, 2)
        Lower and upper end of Wilson's confidence interval, which is never without width, not
        even where all queries are right.

    n_queries : ndarray of shape (n_bands,)
        Number of queries in each band.

    k : int, default=1
        Predictions of each query that count.

    confidence_level : float, default=0.95
        Of the intervals.

    name : str, default=None
        For the legend; without it there is none.

    Attributes
    ----------
    errorbar_ : matplotlib ErrorbarContainer
        Points, bars, and the line.

    ax_ : matplotlib Axes
        What was drawn on.

    figure_ : matplotlib Figure
        Its figure.

    See Also
    --------
    skxling.metrics.bli_report : The mean over all bands.

    Examples
    --------
    >>> from skxling.metrics import FrequencyBandDisplay
    >>> y_true = [f"word{i}" for i in range(200)]
    >>> y_pred = y_true[:90] + ["wrong"] * 110
    >>> display = FrequencyBandDisplay.from_predictions(
    ...     y_true, y_pred, frequency_ranks=range(1, 201), n_bands=4
    ... )
    >>> display.precision
    array([1. , 0.8, 0. , 0. ])
    >>> display.bands.tolist()
    [[1, 50], [51, 100], [101, 150], [151, 200]]
    """

    def __init__(
        self, *, bands, precision, intervals, n_queries, k=1, confidence_level=0.95, name=None
    ):
        self.bands = bands
        self.precision = precision
        self.intervals = intervals
        self.n_queries = n_queries
        self.k = k
        self.confidence_level = confidence_level
        self.name = name

    def plot(self, ax=None, *, name=None, shift=0.0, errorbar_kwargs=None):
        """Draw the bands from left to right.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a figure. To compare displays, give them the axes of the
            first, bands of the same `edges`, and a `shift` each.

        name : str, default=None
            For the legend, instead of that of the display.

        shift : float, default=0.0
            To the right, in bands: 0.1 keeps the bars of a second display from covering those of
            a first.

        errorbar_kwargs : dict, default=None
            For ``Axes.errorbar``.

        Returns
        -------
        display : FrequencyBandDisplay
        """
        ax = get_axes(ax, figsize=(6.4, 4))
        name = self.name if name is None else name
        style = {"marker": "o", "ms": 7, "lw": 1.2, "elinewidth": 1.6, "capsize": 4}
        if name is not None:
            style["label"] = name
        places = np.arange(len(self.bands))
        below_above = np.abs(self.intervals.T - self.precision)
        self.errorbar_ = ax.errorbar(
            places + shift, self.precision, below_above, **{**style, **(errorbar_kwargs or {})}
        )
        labels = [
            f"{first:,}\N{EN DASH}{last:,}\n{n:,} queries"
            for (first, last), n in zip(self.bands.tolist(), self.n_queries.tolist(), strict=True)
        ]
        ax.set_xticks(places, labels, fontsize=9)
        top = ax.dataLim.ymax  # of all displays on these axes
        ax.set(
            xlabel="frequency rank of the query word",
            ylabel=f"P@{self.k}, with {100 * self.confidence_level:g}% intervals",
            xlim=(-0.5, len(places) - 0.5),
            ylim=(-0.03 * top, 1.05 * top),
        )
        ax.grid(axis="y", color="0.9", lw=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        if name is not None:
            ax.legend(frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    @validate_params(
        {"oov": [StrOptions({"wrong", "skip", "copy"})], **_BAND_CONSTRAINTS},
        prefer_skip_nested_validation=True,
    )
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        k=1,
        oov="wrong",
        name=None,
        n_bands=5,
        edges=None,
        confidence_level=0.95,
        ax=None,
        shift=0.0,
        errorbar_kwargs=None,
    ):
        """Judge a fitted estimator of words on a lexicon, and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted, such as :class:`~skxling.translation.WordTranslator`. The order of its source
            vocabulary tells the frequency ranks.

        X, y : array-like of str, shape (n_pairs,)
            The lexicon. A source word counts once, and any of its translations counts. Words that
            the source vocabulary lacks have no rank and are left out.

        k : int, default=1
            Predictions of each query that count.

        oov : {"wrong", "skip", "copy"}, default="wrong"
            What becomes of queries whose translations the target vocabulary lacks, as in
            :func:`~skxling.metrics.make_bli_scorer`.

        name : str, default=None
            For the legend; None is the name of the class.

        n_bands, edges, confidence_level, ax, shift, errorbar_kwargs
            As in :meth:`from_predictions`.

        Returns
        -------
        display : FrequencyBandDisplay

        Raises
        ------
        ValueError
            If the source vocabulary has none of the words.
        """
        if not (hasattr(estimator, "kneighbors") and hasattr(estimator, "induce_lexicon")):
            raise TypeError(
                "`estimator` must be one of words, whose source vocabulary tells how frequent they "
                f"are. Got {type(estimator).__name__}: use from_predictions."
            )
        found = judge(estimator, X, y, n_predictions=k)
        queries = list(dict.fromkeys(check_words(X)))  # in the order in which they are judged
        ranks = estimator.source_vectors_.index(queries, missing="ignore") + 1
        hits = hits_at_k(np.where(found.covered, found.ranks, found.copied & (oov == "copy")), k)
        if oov == "skip":
            ranks = np.where(found.covered, ranks, 0)
        return cls._from_hits(
            hits,
            ranks,
            n_bands=n_bands,
            edges=edges,
            k=k,
            confidence_level=confidence_level,
            name=type(estimator).__name__ if name is None else name,
        ).plot(ax, shift=shift, errorbar_kwargs=errorbar_kwargs)

    @classmethod
    @validate_params(
        {"y_true": ["array-like"], "y_pred": ["array-like"], **_BAND_CONSTRAINTS},
        prefer_skip_nested_validation=True,
    )
    def from_predictions(
        cls,
        y_true,
        y_pred,
        *,
        frequency_ranks,
        k=1,
        n_bands=5,
        edges=None,
        confidence_level=0.95,
        name=None,
        ax=None,
        shift=0.0,
        errorbar_kwargs=None,
    ):
        """Judge ranked predictions, and draw.

        Parameters
        ----------
        y_true : sequence of length n_queries
            The gold of each query: a word (or an index), or a list or set of several.

        y_pred : array-like of shape (n_queries,) or (n_queries, n_predictions)
            Predictions, best first, as in :func:`~skxling.metrics.precision_at_k_score`.

        frequency_ranks : array-like of int, shape (n_queries,)
            Rank of each query word in its vocabulary, from 1 for the most frequent; queries of
            rank 0 are left out.

        k : int, default=1
            Predictions of each query that count.

        n_bands : int, default=5
            Number of bands, with about as many queries each; fewer where ranks are.

        edges : array-like of int, default=None
            Last rank of each band but the last, instead of `n_bands`: ``(1_000, 5_000)`` makes
            three bands.

        confidence_level : float, default=0.95
            Of the bars, in (0, 1).

        name : str, default=None
            For the legend; without it there is none.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a figure.

        shift : float, default=0.0
            To the right, in bands.

        errorbar_kwargs : dict, default=None
            For ``Axes.errorbar``.

        Returns
        -------
        display : FrequencyBandDisplay
        """
        y_pred = check_predictions(y_true, y_pred)
        check_k(k, y_pred)
        ranks = np.asarray(frequency_ranks)
        if ranks.shape != (len(y_pred),) or ranks.dtype.kind not in "iu" or (ranks < 0).any():
            raise ValueError(
                f"`frequency_ranks` must be {len(y_pred)} integers from 0 on, one for each query. "
                f"Got shape {ranks.shape} of type {ranks.dtype}."
            )
        return cls._from_hits(
            hits_at_k(first_hits(y_true, y_pred), k),
            ranks,
            n_bands=n_bands,
            edges=edges,
            k=k,
            confidence_level=confidence_level,
            name=name,
        ).plot(ax, shift=shift, errorbar_kwargs=errorbar_kwargs)

    @classmethod
    def _from_hits(cls, hits, ranks, *, n_bands, edges, k, confidence_level, name):
        """Cut queries into bands and judge each."""
        return cls(
            **judge_bands(hits, ranks, n_bands, edges, confidence_level)._asdict(),
            k=k,
            confidence_level=confidence_level,
            name=name,
        )
