"""Scorers: the probability that a response, or each of its solution steps, is right."""

from redink.scoring.calibration import Calibration, Reliability, calibrate, reliability
from redink.scoring.critic import CriticScorer
from redink.scoring.picking import PickingQuality, picking_quality
from redink.scoring.quality import ScorerQuality, scorer_quality
from redink.scoring.scorer import Scorer, require_kind
from redink.scoring.scores import AGGREGATES, Aggregate, StepScores

__all__ = [
    "AGGREGATES",
    "Aggregate",
    "Calibration",
    "CriticScorer",
    "PickingQuality",
    "Reliability",
    "Scorer",
    "ScorerQuality",
    "StepScores",
    "calibrate",
    "picking_quality",
    "reliability",
    "require_kind",
    "scorer_quality",
]
