"""Joined tables: every row once, with all that the rows refer to."""

import pytest

from redink.errors import DataError
from redink.records import Problem, Response
from redink.tables import join, problem_table, response_table

PROBLEMS = [Problem(f"p{i}", f"{i} + 1?", str(i + 1), meta={"i": i}) for i in range(4)]


def test_a_row_in_two_tables_stands_once():
    joined = join([problem_table(PROBLEMS[:3]), problem_table(PROBLEMS[1:])])
    assert list(joined) == PROBLEMS
    assert set(joined.problems) == {"p0", "p1", "p2", "p3"}


def test_joined_responses_bring_all_their_problems():
    by_id = {p.id: p for p in PROBLEMS}
    tables = [response_table([Response(f"r{i}", f"p{i}", "x", "load")], by_id) for i in (0, 2)]
    joined = join(tables)
    assert set(joined.problems) == {"p0", "p2"}
    assert set(joined.responses) == {"r0", "r2"}


def test_tables_of_different_kinds_are_not_joined():
    responses = response_table([Response("r", "p0", "x", "load")], {"p0": PROBLEMS[0]})
    with pytest.raises(DataError, match="problems and responses"):
        join([problem_table(PROBLEMS), responses])
