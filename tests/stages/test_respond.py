"""respond: graded samples of every problem."""

import pytest

from redink.errors import DataError, UsageError
from redink.records import Problem, problem_id
from redink.stages.respond import respond
from redink.tables import problem_table


def sums(count):
    rows = [(f"{n} + {n} =", str(2 * n)) for n in range(count)]
    return problem_table([Problem(problem_id(q, a), q, a) for q, a in rows])


def test_every_problem_gets_its_samples_graded_and_in_order(tiny_student):
    problems = sums(5)
    table = respond(
        problems, model=tiny_student, samples=3, temperature=1.0, max_tokens=8, batch_size=4
    )
    assert [row.problem_id for row in table] == [p.id for p in problems for _ in range(3)]
    assert [row.sampling["sample"] for row in table] == [0, 1, 2] * 5
    assert len({row.id for row in table}) == 15
    assert {row.origin for row in table} == {"respond"}
    assert all(row.finish in ("stop", "length") for row in table)
    assert all(row.outcome != "ungraded" for row in table)
    assert set(table.problems) == {p.id for p in problems}


def test_the_same_seed_gives_the_same_responses_and_another_seed_others(tiny_student, tmp_path):
    journal = tmp_path / "completions.sqlite"

    def ask(seed, journal=None):
        return respond(
            sums(3), model=tiny_student, temperature=1.0, max_tokens=8, seed=seed, journal=journal
        ).rows

    first = ask(1, journal)
    assert ask(1) == first == ask(1, journal)
    assert ask(2) != first
    assert journal.exists()


def test_no_problems_and_impossible_settings_are_refused(tiny_student):
    with pytest.raises(DataError, match="no problems"):
        respond(sums(0), model=tiny_student)
    with pytest.raises(UsageError, match="top_p"):
        respond(sums(1), model=tiny_student, top_p=1.5)
