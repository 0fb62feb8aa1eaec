"""The sign-flip test."""

import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.evaluation.statistics.interval import mcnemar_exact
from redink.evaluation.statistics.permutation import sign_flip_p


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (5, 0), (1, 7), (2, 12), (6, 6)])
def test_with_one_sample_it_is_mcnemars_exact_test(wins, losses):
    differences = [1.0] * wins + [-1.0] * losses + [0.0] * 30
    assert sign_flip_p(differences) == pytest.approx(mcnemar_exact(wins, losses))


@pytest.mark.parametrize(("wins", "losses"), [(30, 20), (60, 30), (200, 180)])
def test_random_flips_come_close_to_the_exact_test(wins, losses):
    differences = [1.0] * wins + [-1.0] * losses
    exact = mcnemar_exact(wins, losses)
    assert sign_flip_p(differences) == pytest.approx(
        exact, abs=4 * math.sqrt(exact / 20_000) + 1e-4
    )


@given(st.lists(st.integers(-8, 8), max_size=9))
def test_few_problems_are_counted_through(eighths):
    values = [eighth / 8 for eighth in eighths]
    sums = [abs(sum(s * abs(v) for s, v in zip(signs, values, strict=True)))
            for signs in product((1, -1), repeat=len(values))]  # fmt: skip
    expected = sum(total >= abs(sum(values)) for total in sums) / len(sums)
    assert sign_flip_p(values) == pytest.approx(expected)


def test_the_same_scores_give_the_same_p_in_any_order_and_unit():
    rng = random.Random(3)
    values = [rng.randint(-8, 10) / 8 for _ in range(300)]
    shuffled = rng.sample(values, len(values))
    assert sign_flip_p(values) == sign_flip_p(shuffled) == sign_flip_p([v / 300 for v in values])
    assert sign_flip_p(values) == sign_flip_p([-v for v in values])


def test_p_is_never_zero():
    assert sign_flip_p([1.0] * 500) == pytest.approx(1 / 20_001)
