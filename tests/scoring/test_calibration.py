"""A temperature is found where it is known; reliability is what a hand count gives."""

import math
import random

import pytest

from redink.errors import DataError
from redink.scoring.calibration import (
    COLDEST,
    HOTTEST,
    calibrate,
    fitted_temperature,
    probabilities,
    reliability,
)


def drawn(temperature, count=20_000):
    """Logits that are too sure by `temperature`, and labels drawn at their true probability."""
    generator = random.Random(1)
    logits = [generator.gauss(0, 3) for _ in range(count)]
    labels = [float(generator.random() < 1 / (1 + math.exp(-z / temperature))) for z in logits]
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature):
    assert fitted_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_is_where_cross_entropy_is_least():
    logits, labels = drawn(1.7, 500)

    def loss(temperature):
        chances = probabilities(logits, temperature)
        return -sum(math.log(p if y else 1 - p) for p, y in zip(chances, labels, strict=True))

    best = fitted_temperature(logits, labels)
    assert loss(best) < min(loss(best * 0.98), loss(best * 1.02))


def test_calibration_mends_what_was_too_sure():
    found = calibrate(*drawn(3.0))
    assert found.before.ece > 0.1
    assert found.after.ece < 0.02
    assert found.after.brier < found.before.brier


def test_logits_that_separate_fully_get_the_coldest_and_useless_ones_the_hottest():
    assert fitted_temperature([-1.0, 1.0], [0.0, 1.0]) == COLDEST
    assert fitted_temperature([-1.0, 1.0], [1.0, 0.0]) == HOTTEST


def test_reliability_is_what_a_hand_count_gives():
    found = reliability([0.1, 0.3, 0.8, 0.9], [0.0, 1.0, 1.0, 1.0], bins=2)
    low, high = found.bins
    assert (low.count, low.confidence, low.observed) == (2, pytest.approx(0.2), 0.5)
    assert (high.count, high.confidence, high.observed) == (2, pytest.approx(0.85), 1.0)
    assert found.ece == pytest.approx((2 * 0.3 + 2 * 0.15) / 4)
    assert found.brier == pytest.approx((0.01 + 0.49 + 0.04 + 0.01) / 4)


def test_a_certain_prediction_stands_in_the_last_bin():
    found = reliability([1.0, 0.0], [1.0, 0.0])
    assert [each.count for each in found.bins] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found.bins[4].confidence is None
    assert found.ece == 0.0


def test_extreme_logits_overflow_nothing():
    assert probabilities([-1e4, 0.0, 1e4]) == [0.0, 0.5, 1.0]


def test_soft_targets_are_matched_by_their_mean():
    assert fitted_temperature([2.0] * 10, [0.75] * 10) == pytest.approx(2 / math.log(3), rel=1e-3)


def test_no_label_at_all_is_refused():
    with pytest.raises(DataError, match="no labelled step"):
        calibrate([], [])
