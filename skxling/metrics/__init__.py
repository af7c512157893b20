"""Judging translations among the nearest words, the shapes of spaces, and predicted spans."""

from skxling.metrics._bli import (
    bli_report,
    coverage_score,
    mean_reciprocal_rank_score,
    precision_at_k_score,
)
from skxling.metrics._hubness import hubness_report, hubness_score
from skxling.metrics._isomorphism import (
    eigenvector_similarity,
    gromov_hausdorff_distance,
    relational_similarity,
)
from skxling.metrics._plot import FrequencyBandDisplay, IsomorphismDisplay, NeighborhoodDisplay
from skxling.metrics._resampling import ConfidenceInterval
from skxling.metrics._scorer import make_bli_scorer
from skxling.metrics._significance import bli_confidence_interval, compare_translators
from skxling.metrics._spans import (
    Span,
    extract_spans,
    span_f1_score,
    span_precision_score,
    span_recall_score,
    span_report,
)

__all__ = [
    "ConfidenceInterval",
    "FrequencyBandDisplay",
    "IsomorphismDisplay",
    "NeighborhoodDisplay",
    "Span",
    "bli_confidence_interval",
    "bli_report",
    "compare_translators",
    "coverage_score",
    "eigenvector_similarity",
    "extract_spans",
    "gromov_hausdorff_distance",
    "hubness_report",
    "hubness_score",
    "make_bli_scorer",
    "mean_reciprocal_rank_score",
    "precision_at_k_score",
    "relational_similarity",
    "span_f1_score",
    "span_precision_score",
    "span_recall_score",
    "span_report",
]
