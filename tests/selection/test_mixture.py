"""Mixtures take the shares asked for, as many rows as they allow, and say what does not fit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.errors import DataError, UsageError
from redink.selection.mixture import quotas, read_mixture

OUTCOMES = ["correct"] * 50 + ["wrong"] * 30 + ["no_answer"] * 5


def shares(**given):
    return read_mixture(None, {"by": "outcome", "shares": given})[1]


def test_shares_limit_how_many_rows_there_can_be():
    assert quotas(OUTCOMES, "outcome", shares(correct=0.44, wrong=0.56), None) == {
        "correct": 23,
        "wrong": 30,
    }
    assert quotas(OUTCOMES, "outcome", shares(correct=1, wrong=1), None) == {
        "correct": 30,
        "wrong": 30,
    }


def test_a_number_of_rows_is_met_exactly():
    assert quotas(OUTCOMES, "outcome", shares(correct=0.44, wrong=0.56), 25) == {
        "correct": 11,
        "wrong": 14,
    }
    assert sum(quotas(OUTCOMES, "outcome", None, 7).values()) == 7


def test_too_many_rows_are_refused_with_what_is_possible():
    with pytest.raises(DataError, match=r"need 34 with outcome 'wrong', there are 30.* at most 53"):
        quotas(OUTCOMES, "outcome", shares(correct=0.44, wrong=0.56), 60)


def test_a_value_that_no_row_has_is_named_with_those_there_are():
    with pytest.raises(UsageError, match=r"'corect'; the rows have correct \(50\), wrong \(30\)"):
        quotas(OUTCOMES, "outcome", shares(corect=1, wrong=1), None)
    with pytest.raises(UsageError, match="none is left"):
        quotas([], "outcome", shares(correct=1), None)


def test_balance_of_outcomes_and_verdicts_is_between_the_two_that_matter():
    half = Fraction(1, 2)
    assert read_mixture("outcome", None) == ("outcome", {"correct": half, "wrong": half})
    assert read_mixture("verdict", None) == ("verdict", {"right": half, "wrong": half})
    assert read_mixture("teacher", None) == ("teacher", None)


@pytest.mark.parametrize(
    "mixture",
    [
        {"by": "outcome"},
        {"by": "outcome", "shares": {}},
        {"by": "outcome", "shares": {"correct": 0}},
        {"by": "outcome", "shares": {"correct": "half"}},
        {"by": "outcome", "shares": {"correct": True}},
        {"by": "outcome", "shares": [1, 2]},
    ],
)
def test_malformed_mixtures_are_refused(mixture):
    with pytest.raises(UsageError, match="mixture"):
        read_mixture(None, mixture)


def test_balance_and_mixture_together_are_refused():
    with pytest.raises(UsageError, match="give one of them"):
        read_mixture("outcome", {"by": "outcome", "shares": {"correct": 1}})


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 60), min_size=1),
    st.lists(st.integers(1, 99), min_size=4, max_size=4),
)
def test_the_largest_mixture_fits_and_one_row_more_does_not_reach_the_shares(counts, weights):
    values = [value for value, count in counts.items() for _ in range(count)]
    given_shares = dict(zip(counts, (weight / 100 for weight in weights), strict=False))
    parts = read_mixture(None, {"by": "level", "shares": given_shares})[1]
    taken = quotas(values, "level", parts, None)
    total = sum(taken.values())
    assert all(taken[value] <= counts[value] for value in taken)
    assert all(abs(taken[value] - parts[value] * total) < 1 for value in taken)
    assert any(parts[value] * (total + 1) > counts[value] for value in taken)
