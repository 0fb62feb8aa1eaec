"""`select` keeps what was asked for and gives a reason for everything else."""

import pytest

from redink.errors import UsageError
from redink.records import Critique, Problem, Response
from redink.stages.select import select
from redink.tables import critique_table, drop_counts, problem_table, response_table

PROBLEMS = {"p": Problem("p", "2 + 2?", "4")}
RESPONSES = [
    Response("r1", "p", "4", "load", outcome="correct"),
    Response("r2", "p", "5", "load", outcome="wrong"),
    Response("r3", "p", "five and a half", "load", outcome="no_answer"),
]
CRITIQUES = [
    Critique("c1", "r1", "fine", "right", agrees=True),
    Critique("c2", "r2", "fine", "right", agrees=False),
    Critique("c3", "r3", "hm", None),
]


def test_responses_are_kept_by_outcome_and_the_rest_is_counted():
    kept = select(response_table(RESPONSES, PROBLEMS), outcome=["correct", "wrong"])
    assert [r.id for r in kept] == ["r1", "r2"]
    assert drop_counts(kept.dropped) == {"outcome no_answer": 1}


def test_critiques_are_kept_by_verdict_agreement_and_outcome():
    table = critique_table(CRITIQUES, {r.id: r for r in RESPONSES}, PROBLEMS)
    assert [c.id for c in select(table, verdict="right")] == ["c1", "c2"]
    assert [c.id for c in select(table, verdict="unreadable")] == ["c3"]
    assert [c.id for c in select(table, agrees=True)] == ["c1"]
    assert [c.id for c in select(table, outcome="wrong")] == ["c2"]
    assert set(select(table, agrees=True).responses) == {"r1"}


def test_length_and_number_bound_what_is_kept():
    table = response_table(RESPONSES, PROBLEMS)
    assert [r.id for r in select(table, max_chars=5)] == ["r1", "r2"]
    assert [r.id for r in select(table, min_chars=5)] == ["r3"]
    assert drop_counts(select(table, n=1).dropped) == {"beyond the first 1": 2}


def test_nothing_is_lost_between_kept_and_dropped():
    table = response_table(RESPONSES, PROBLEMS)
    kept = select(table, outcome="correct", max_chars=3)
    assert {r.id for r in kept} | {d.id for d in kept.dropped} == {r.id for r in RESPONSES}


def test_conditions_that_do_not_apply_are_refused():
    with pytest.raises(UsageError, match="verdict"):
        select(response_table(RESPONSES, PROBLEMS), verdict="right")
    with pytest.raises(UsageError, match="outcome"):
        select(problem_table(list(PROBLEMS.values())), outcome="correct")
