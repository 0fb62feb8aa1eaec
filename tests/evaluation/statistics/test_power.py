"""Problems needed, and what can be seen."""

import math

import numpy as np
import pytest

from redink.evaluation.statistics.interval import newcombe_paired
from redink.evaluation.statistics.power import detectable_difference, problems_needed


def test_the_formula_by_hand():
    """psi 0.3, d 0.1: (1.95996 * 0.547723 + 0.841621 * 0.538516)^2 / 0.01 = 233.04."""
    assert problems_needed(0.1, 0.3) == 234
    assert problems_needed(-0.1, 0.3) == 234


@pytest.mark.parametrize(("difference", "discordant"), [(0.1, 0.3), (0.05, 0.2), (0.15, 0.2)])
def test_the_difference_is_shown_in_four_of_five_evaluations(difference, discordant):
    n = problems_needed(difference, discordant)
    wins, losses = (discordant + difference) / 2, (discordant - difference) / 2
    both = (1 - discordant) / 2
    counts = np.random.default_rng(1).multinomial(n, [both, wins, losses, both], size=1500)
    shown = sum(newcombe_paired(*map(int, row)).low > 0 for row in counts)
    assert 0.76 <= shown / 1500 <= 0.86


def test_no_number_of_problems_shows_no_difference():
    assert problems_needed(0.0, 0.3) is None
    assert problems_needed(math.nan, 0.3) is None


def test_chance_in_training_takes_more_problems_or_more_seeds():
    """The seeds' variance leaves less of the difference to the problems, or nothing at all."""
    alone = problems_needed(0.1, 0.3)
    spread = 2.801585218  # 1.96 + 0.84
    assert problems_needed(0.1, 0.3, 0.1**2 / spread**2 / 2) == pytest.approx(2 * alone, abs=2)
    assert problems_needed(0.1, 0.3, 0.1**2 / spread**2) is None


@pytest.mark.parametrize("n", [30, 200, 1000, 5000])
@pytest.mark.parametrize("mean_square", [0.05, 0.3])
def test_what_can_be_seen_is_the_inverse_of_what_is_needed(n, mean_square):
    seen = detectable_difference(n, mean_square, grain=0.125)
    needed = problems_needed(seen, max(mean_square, 0.125 * seen))
    assert n * 0.99 - 1 <= needed <= n


def test_identical_answers_still_cannot_show_everything():
    """Without any discordance d points need at least d discordant problems: 7.85 / n about."""
    assert detectable_difference(1000, 0.0) == pytest.approx(0.00784, abs=2e-4)
    assert detectable_difference(1, 0.5) is None
    assert detectable_difference(0, 0.5) is None
    assert detectable_difference(100, math.nan) is None
