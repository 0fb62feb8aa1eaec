"""The vote of several samples."""

import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.evaluation.majority import ballot, majority, majority_at
from redink.records import Score


def sample(outcome, extracted=None, number=0):
    return Score("a", "held", "p", number, "r", outcome, extracted, "number")


def vote(*answers):
    return majority(ballot([sample(*answer) for answer in answers]))


RIGHT = ("correct", "5")


@pytest.mark.parametrize(
    ("answers", "value"),
    [
        ([RIGHT, RIGHT, ("wrong", "6")], 1.0),
        ([RIGHT, ("wrong", "6"), ("wrong", "6")], 0.0),
        ([RIGHT, ("wrong", "6")], 1 / 2),
        ([RIGHT, ("wrong", "6"), ("wrong", "7")], 1 / 3),
        ([("wrong", "6"), ("wrong", "7")], 0.0),
        ([], 0.0),
    ],
)
def test_ties_count_by_the_share_of_right_ones_among_the_tied(answers, value):
    assert vote(*answers) == pytest.approx(value)


def test_right_answers_are_one_class_however_written():
    assert vote(("correct", "1/2"), ("correct", "0.5"), ("wrong", "6")) == 1.0


def test_wrong_answers_are_classed_by_their_canonical_text():
    assert vote(RIGHT, ("wrong", "\\frac12"), ("wrong", "$\\frac{1}{2}$")) == 0.0
    assert vote(RIGHT, ("wrong", "6"), ("wrong", "7"), RIGHT) == 1.0


@pytest.mark.parametrize("outcome", ["no_answer", "truncated", "ungraded", "gold_unparsable"])
def test_samples_without_an_answer_do_not_vote(outcome):
    assert vote(RIGHT, (outcome,), (outcome,)) == 1.0
    assert vote((outcome,), (outcome,)) == 0.0


def test_an_answer_that_outlasted_the_grader_votes_for_itself():
    assert vote(RIGHT, ("grader_timeout", "9^{9^9}"), ("grader_timeout", "9^{9^9}")) == 0.0


def test_a_wrong_answer_cannot_pass_for_the_right_class():
    assert vote(RIGHT, ("wrong", "correct"), ("wrong", "correct")) == 0.0


@given(st.lists(st.sampled_from("abcR"), max_size=9))
def test_it_is_the_average_over_random_tie_breaks(letters):
    counts = Counter(letters)
    most = max(counts.values(), default=0)
    winners = [letter for letter, number in counts.items() if number == most]
    expected = Fraction(winners.count("R"), len(winners)) if winners else 0
    assert vote(*(RIGHT if x == "R" else ("wrong", x) for x in letters)) == float(expected)


def test_problems_with_too_few_samples_are_left_out_and_counted():
    full = [[sample(*RIGHT, 0), sample("wrong", "6", 1), sample("wrong", "6", 2)]]
    short = [[sample(*RIGHT, 0)]]
    found = majority_at([full, short], 3)
    assert (found.value, found.n_problems, found.left_out, found.ties) == (0.0, 1, 1, 0)
    tied = majority_at([full], 2)
    assert (tied.value, tied.ties) == (0.5, 1)
    assert math.isnan(majority_at([short], 3).value)


def test_every_training_seed_votes_on_its_own():
    one, two = [sample(*RIGHT)] * 3, [sample("wrong", "6")] * 3
    assert majority_at([[one, two]], 3).value == 0.5
