"""Metrics of arms and paired comparisons between them."""

from redink.evaluation.comparison import Comparison, compare_arms
from redink.evaluation.difference import PairedDifference
from redink.evaluation.metrics import ArmMetrics
from redink.evaluation.results import Results, measure_arms

__all__ = [
    "ArmMetrics",
    "Comparison",
    "PairedDifference",
    "Results",
    "compare_arms",
    "measure_arms",
]
