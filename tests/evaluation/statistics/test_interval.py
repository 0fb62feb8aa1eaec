"""Statistics against published and hand-computed values, and their coverage."""

import random

import pytest

from redink.evaluation.statistics.interval import (
    mcnemar_exact,
    newcombe_paired,
    wilson,
    wilson_effective,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_limits(successes, n, low, high):
    interval = wilson(successes, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_wilson_stays_inside_zero_and_one():
    assert wilson(0, 0).low == 0.0
    assert wilson(0, 0).high == 1.0
    assert wilson(7, 7).high == 1.0
    assert wilson(0, 7).low == 0.0


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Airway hyper-responsiveness before and after transplantation (Bentur 2009; Fagerland,
        # Lydersen and Laake, BMC Medical Research Methodology 14 (2014)).
        ((1, 1, 7, 12), -0.507, -0.026),
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10.
        ((36, 12, 2, 0), 0.057, 0.340),
    ],
)
def test_the_paired_interval_gives_the_published_limits(table, low, high):
    interval = newcombe_paired(*table)
    assert (round(interval.low, 3), round(interval.high, 3)) == (low, high)


def test_the_paired_interval_turns_its_sign_with_the_arms():
    one, two = newcombe_paired(30, 12, 5, 20), newcombe_paired(30, 5, 12, 20)
    assert one.low == pytest.approx(-two.high)
    assert one.high == pytest.approx(-two.low)


def test_the_paired_interval_is_honest_without_discordant_problems():
    interval = newcombe_paired(30, 0, 0, 70)
    assert interval.low < 0.0 < interval.high
    assert interval.high < 0.1
    assert newcombe_paired(0, 0, 0, 0).low == -1.0


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 0, 2 / 32),
        (1, 7, 2 * (1 + 8) / 256),
        (2, 12, 2 * (1 + 14 + 91) / 16384),
        (6, 6, 1.0),
        (3, 9, 2 * (1 + 12 + 66 + 220) / 4096),
    ],
)
def test_mcnemar_is_the_exact_binomial(wins, losses, p):
    assert mcnemar_exact(wins, losses) == pytest.approx(p)
    assert mcnemar_exact(losses, wins) == pytest.approx(p)


def test_mcnemar_takes_thousands_of_discordant_problems():
    assert 0 < mcnemar_exact(900, 1100) < 1e-4


@pytest.mark.parametrize(("successes", "n"), [(81, 263), (15, 148), (1, 29)])
def test_at_the_effective_size_wilson_is_itself_for_single_answers(successes, n):
    share = successes / n
    interval = wilson_effective(share, share * (1 - share) / n, n)
    assert (interval.low, interval.high) == pytest.approx(
        (wilson(successes, n).low, wilson(successes, n).high)
    )


def test_at_the_effective_size_wilson_narrows_with_samples_and_stays_inside():
    narrow = wilson_effective(0.03, 0.0002, 30)
    assert 0.0 < narrow.low < 0.03 < narrow.high < wilson(1, 30).high
    assert wilson_effective(0.03, 0.0002, 30, freedom=2).high > narrow.high


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_spread_is_no_certainty(share):
    interval = wilson_effective(share, 0.0, 30)
    assert interval.high - interval.low == pytest.approx(wilson(0, 30).high)


@pytest.mark.parametrize("difference", [0.0, 0.1])
def test_the_paired_interval_covers_the_truth_19_times_in_20(difference):
    """200 problems, correlated arms: the shape of a quickstart evaluation."""
    rng = random.Random(7)
    covered = 0
    trials = 1500
    for _ in range(trials):
        counts = [0, 0, 0, 0]
        for _ in range(200):
            ease = rng.random()
            first = ease * 0.7 + rng.random() * 0.3 < 0.4 + difference
            second = ease * 0.7 + rng.random() * 0.3 < 0.4
            counts[3 - 2 * first - second] += 1
        both, first_only, second_only, neither = counts[0], counts[1], counts[2], counts[3]
        interval = newcombe_paired(both, first_only, second_only, neither)
        truth = chance(0.4 + difference) - chance(0.4)
        covered += interval.low <= truth <= interval.high
    assert 0.935 <= covered / trials <= 0.975


def chance(threshold: float) -> float:
    """P(0.7 u + 0.3 v < threshold) for independent uniform u, v and 0.3 <= threshold <= 0.7."""
    return (threshold - 0.15) / 0.7
