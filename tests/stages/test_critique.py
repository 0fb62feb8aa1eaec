"""The verb critique."""

from dataclasses import replace

import pytest

from redink.errors import DataError, UsageError
from redink.records import Problem, Response
from redink.stages.corrupt import corrupt
from redink.stages.critique import critique
from redink.tables import Table, problem_table, response_table


def _problem(n):
    solution = f"{n} + 7 = {n + 7}\n{n + 7} * 3 = {(n + 7) * 3}\n#### {(n + 7) * 3}"
    return Problem(f"p{n}", f"Add 7 to {n}, then take it 3 times.", str((n + 7) * 3), solution)


@pytest.fixture
def responses():
    return corrupt(problem_table([_problem(n) for n in range(11, 41)]))


def test_every_response_gets_a_critique_that_agrees(responses):
    table = critique(responses)
    assert [row.response_id for row in table] == [row.id for row in responses]
    assert all(row.agrees for row in table)
    assert table.problems.keys() == responses.problems.keys()


def test_it_finds_the_injected_step(responses):
    table = critique(responses, style="brief")
    for row in table:
        error = table.responses[row.response_id].error
        assert row.first_error == (error.step if error else None)


def test_critiques_without_a_verdict_stay(responses):
    silent = replace(responses[0], id="silent", text="I do not know.", outcome="no_answer")
    table = critique(response_table([silent, *responses], responses.problems))
    assert (table[0].verdict, table[0].agrees) == (None, None)
    assert len(table) == len(responses) + 1


def test_the_same_seed_gives_the_same_table(responses, tmp_path):
    first = critique(responses, seed=5)
    assert critique(responses, seed=5).rows == first.rows
    assert critique(responses, seed=6).rows != first.rows
    first.write(tmp_path)
    assert Table.read(tmp_path).rows == first.rows


def test_an_unknown_teacher_is_refused_with_the_known_ones(responses):
    with pytest.raises(UsageError, match="choose symbolic"):
        critique(responses, teacher="oracle")


def test_an_unknown_style_is_refused(responses):
    with pytest.raises(UsageError, match="choose full or brief"):
        critique(responses, style="long")


def test_a_response_without_its_problem_is_refused():
    table = Table(Response, (Response("r", "gone", "#### 1", "load"),))
    with pytest.raises(DataError, match="gone"):
        critique(table)


def test_a_problem_without_a_solution_is_refused():
    problem = Problem("p", "1 + 1?", "2")
    table = response_table([Response("r", "p", "#### 2", "load")], {"p": problem})
    with pytest.raises(DataError, match="no reference solution"):
        critique(table)
