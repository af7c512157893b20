"""Judging whether the right translation is among the nearest words."""

from skxling.metrics._bli import (
    bli_report,
    coverage_score,
    mean_reciprocal_rank_score,
    precision_at_k_score,
)
from skxling.metrics._scorer import make_bli_scorer

__all__ = [
    "bli_report",
    "coverage_score",
    "make_bli_scorer",
    "mean_reciprocal_rank_score",
    "precision_at_k_score",
]
