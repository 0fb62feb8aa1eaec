"""The bootstrap over problems and seeds."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redink.evaluation.statistics.bootstrap import (
    Stratum,
    bootstrap_interval,
    estimate,
    resampled,
    variance,
)
from redink.evaluation.statistics.student import student_t

SHARES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=2, max_size=20)


def random_shares(n, seed, chance=0.5, samples=4):
    rng = random.Random(seed)
    return [sum(rng.random() < chance for _ in range(samples)) / samples for _ in range(n)]


def test_the_same_scores_give_the_same_interval_in_any_order():
    first, second = random_shares(100, 1), random_shares(100, 2)
    order = random.Random(3).sample(range(100), 100)
    shuffled = Stratum([[first[i] for i in order]], [[second[i] for i in order]])
    assert bootstrap_interval([Stratum([first], [second])]) == bootstrap_interval([shuffled])


@settings(max_examples=40)
@given(SHARES, st.data())
def test_it_holds_the_estimate_and_stays_within_100_points(first, data):
    strata = [Stratum([first], [data.draw(st.permutations(first))])]
    interval = bootstrap_interval(strata, resamples=2000)
    if interval is None:
        assert len({*map(float.__sub__, first, strata[0].second[0])}) == 1
        return
    assert -1.0 <= interval.low <= estimate(strata) <= interval.high <= 1.0


def test_it_turns_its_sign_with_the_arms():
    first, second = random_shares(200, 1, 0.6), random_shares(200, 2)
    there = bootstrap_interval([Stratum([first], [second])])
    back = bootstrap_interval([Stratum([second], [first])])
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=0.005)


def test_many_problems_give_the_normal_interval():
    values = random_shares(2000, 5)
    interval = bootstrap_interval([Stratum([values])])
    half = 1.96 * np.std(values, ddof=1) / math.sqrt(2000)
    assert interval.low == pytest.approx(np.mean(values) - half, abs=4e-4)
    assert interval.high == pytest.approx(np.mean(values) + half, abs=4e-4)
    assert interval.method == "bootstrap over problems"


def test_the_variance_is_that_of_a_mean():
    values = [0.0, 1.0, 0.5, 0.5]
    found = variance([Stratum([values])])
    assert (found.problems, found.seeds, found.freedom) == pytest.approx((1 / 24, 0.0, 3.0))


def test_the_resamples_have_the_estimates_variance():
    """Two seeds and four problems: a plain bootstrap would have half and three quarters of it."""
    arm, base = [[0.0, 1.0, 0.5, 0.5], [1.0, 1.0, 1.0, 0.5]], [[0.0, 0.0, 1.0, 0.5]]
    for strata in (
        [Stratum(arm[:1], base)],
        [Stratum(arm, base)],
        [Stratum(arm, base, 0.25), Stratum(base * 2, base, 0.75)],
    ):
        draws = resampled(strata, 200_000)
        assert draws.var() == pytest.approx(variance(strata).total, rel=0.02)
        assert draws.mean() == pytest.approx(estimate(strata), abs=0.002)


def test_the_variance_of_seeds_adds_up():
    found = variance([Stratum([[0.0, 0.5], [0.5, 1.0]], [[0.0, 0.0]])])
    assert found.seeds == pytest.approx(0.5**2 / 2 / 2)
    assert found.problems == pytest.approx(0.5**2 / 2 / 2)
    assert found.freedom == pytest.approx(2.0)


def test_benchmarks_are_resampled_apart_and_weighted():
    """A benchmark that all solve and one that none solve: no spread, however they are mixed."""
    apart = [Stratum([[1.0] * 10], weight=0.25), Stratum([[0.0] * 30], weight=0.75)]
    assert estimate(apart) == 0.25
    assert bootstrap_interval(apart) is None
    mixed = bootstrap_interval([Stratum([[1.0] * 10 + [0.0] * 30])])
    assert mixed.high - mixed.low > 0.2


def test_nothing_is_claimed_without_spread_or_with_one_problem():
    assert bootstrap_interval([Stratum([[0.0] * 30])]) is None
    assert bootstrap_interval([Stratum([[1.0]], [[0.0]])]) is None


def test_training_seeds_that_differ_widen_the_interval():
    rows = [random_shares(200, seed, chance) for seed, chance in ((1, 0.4), (2, 0.5), (3, 0.6))]
    base = random_shares(200, 9)
    averaged = [sum(column) / 3 for column in zip(*rows, strict=True)]
    with_seeds = bootstrap_interval([Stratum(rows, [base])])
    without = bootstrap_interval([Stratum([averaged], [base])])
    assert with_seeds.high - with_seeds.low > 2 * (without.high - without.low)
    assert with_seeds.method == "bootstrap over problems and seeds"


def test_two_seeds_each_cover_the_truth_where_training_decides_most():
    """Training moves accuracy by 8 points (s.d.): problems alone would cover under half."""
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        sides = [
            (rng.random((2, 400)) < (0.5 + rng.normal(0, 0.08, (2, 1)))).astype(float).tolist()
            for _ in range(2)
        ]
        interval = bootstrap_interval([Stratum(sides[0], sides[1])], resamples=500)
        covered += interval.low <= 0.0 <= interval.high
    assert covered / 300 >= 0.92


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.30265), (5, 2.57058), (29, 2.04523), (1e3, 1.96234), (math.inf, 1.95996)],
)
def test_students_t_gives_the_tables_values(freedom, quantile):
    assert student_t(freedom) == pytest.approx(quantile, abs=2e-5)
