"""pass@k against counting by hand."""

import math
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.evaluation.statistics.passes import mean_and_error, pass_at, pass_at_k, powers_up_to


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_it_is_the_share_of_choices_with_a_right_sample(samples, k):
    estimate = pass_at_k(len(samples), sum(samples), k)
    if k > len(samples):
        assert math.isnan(estimate)
        return
    choices = list(combinations(samples, k))
    assert estimate == pytest.approx(float(Fraction(sum(map(any, choices)), len(choices))))


def test_too_few_samples_are_undefined_and_never_solved():
    assert math.isnan(pass_at_k(3, 3, 4))
    assert math.isnan(pass_at_k(0, 0, 1))


@given(st.integers(1, 64), st.data())
def test_it_grows_with_k_and_with_right_samples(graded, data):
    right = data.draw(st.integers(0, graded))
    values = [pass_at_k(graded, right, k) for k in range(1, graded + 1)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(right / graded)
    assert values[-1] == float(right > 0)


def test_hundreds_of_samples_lose_no_digits():
    exact = 1 - Fraction(math.comb(1000 - 3, 100), math.comb(1000, 100))
    assert pass_at_k(1000, 3, 100) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(("graded", "right", "k"), [(2, 3, 1), (2, -1, 1), (2, 1, 0)])
def test_impossible_counts_are_refused(graded, right, k):
    with pytest.raises(ValueError, match="counts must fit"):
        pass_at_k(graded, right, k)


def test_problems_with_too_few_samples_are_left_out_and_counted():
    problems = [[(4, 4)], [(4, 0)], [(1, 1)], [(0, 0)]]
    found = pass_at(problems, 2)
    assert (found.value, found.n_problems, found.left_out) == (0.5, 2, 2)
    nothing = pass_at(problems, 8)
    assert math.isnan(nothing.value)
    assert (nothing.n_problems, nothing.left_out) == (0, 4)


def test_training_seeds_are_averaged_and_not_mixed():
    """Two seeds of 2 samples, one all right, one all wrong: mixed, pass@2 would be 5/6."""
    assert pass_at([[(2, 2), (2, 0)]], 2).value == 0.5
    assert pass_at([[(2, 2), (1, 0)]], 2).left_out == 1


@pytest.mark.parametrize(
    ("samples", "ks"), [(0, []), (1, [1]), (6, [1, 2, 4]), (16, [1, 2, 4, 8, 16])]
)
def test_the_k_reported_are_powers_of_two_up_to_the_samples(samples, ks):
    assert powers_up_to(samples) == ks


def test_mean_and_standard_error():
    assert mean_and_error([0.0, 1.0, 1.0, 0.0]) == pytest.approx((0.5, math.sqrt(1 / 12)))
    assert math.isnan(mean_and_error([0.3])[1])
    assert math.isnan(mean_and_error([])[0])
