"""Aggregates of step scores, and the first step that is called wrong."""

import pytest

from redink.errors import UsageError
from redink.scoring.scores import AGGREGATES, StepScores


def test_aggregates_are_last_least_mean_and_product():
    scores = StepScores((0.5, 0.25, 1.0))
    assert (scores.last, scores.min, scores.product) == (1.0, 0.25, 0.125)
    assert scores.mean == pytest.approx(1.75 / 3)
    assert [scores.aggregate(name) for name in AGGREGATES] == [
        scores.last,
        scores.min,
        scores.mean,
        scores.product,
    ]


def test_a_response_without_steps_is_never_picked():
    assert [StepScores(()).aggregate(name) for name in AGGREGATES] == [0.0] * 4
    assert StepScores(()).first_error() is None


def test_the_first_error_is_the_first_step_below_the_threshold():
    scores = StepScores((0.9, 0.5, 0.4, 0.1))
    assert scores.first_error() == 2
    assert scores.first_error(0.6) == 1
    assert scores.first_error(0.05) is None


def test_an_unknown_aggregate_is_refused():
    with pytest.raises(UsageError, match="last, min, mean or product"):
        StepScores((1.0,)).aggregate("median")
