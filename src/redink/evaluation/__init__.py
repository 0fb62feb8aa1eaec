"""Metrics of arms and paired comparisons between them."""

from redink.evaluation.comparison import Comparison, PairedDifference, compare_arms
from redink.evaluation.metrics import ArmMetrics

__all__ = ["ArmMetrics", "Comparison", "PairedDifference", "compare_arms"]
