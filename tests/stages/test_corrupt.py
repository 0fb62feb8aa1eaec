"""The verb corrupt."""

from collections import Counter

import pytest

from redink.corruption import ERROR_KINDS
from redink.errors import UsageError
from redink.records import Problem, Response, problem_id
from redink.stages.corrupt import corrupt
from redink.tables import Table, problem_table


def _problem(n, solution=True):
    a, b, c = 12 + n, 5 + n, 3 + n % 4
    question = f"{a} boxes of {b} pens, {c} pens are lost and the rest shared by 2. Each has?"
    answer = str((a * b - c) * 2)
    text = (
        f"There are {a} * {b} = <<{a}*{b}={a * b}>>{a * b} pens.\n"
        f"Left are {a * b} - {c} = <<{a * b}-{c}={a * b - c}>>{a * b - c} pens.\n"
        f"Twice that is {a * b - c} * 2 = <<{a * b - c}*2={answer}>>{answer}.\n#### {answer}"
    )
    return Problem(problem_id(question, answer), question, answer, text if solution else None)


@pytest.fixture
def problems():
    return problem_table([_problem(n) for n in range(60)])


def test_the_share_asked_for_is_wrong_and_the_rest_untouched(problems):
    table = corrupt(problems, wrong=0.3)
    outcomes = Counter(row.outcome for row in table)
    assert outcomes == {"wrong": 18, "correct": 42}
    for row in table:
        problem = table.problems[row.problem_id]
        assert row.origin == "corrupt"
        assert "<<" not in row.text
        assert (row.error is None) == (row.outcome == "correct")
        assert (row.answer == problem.answer) == (row.outcome == "correct")


def test_responses_come_in_the_order_of_the_problems(problems):
    assert [row.problem_id for row in corrupt(problems)] == [problem.id for problem in problems]


def test_kinds_are_balanced(problems):
    counts = Counter(row.error.kind for row in corrupt(problems, wrong=1.0))
    assert set(counts) == set(ERROR_KINDS) - {"unit_conversion", "swapped_operands"}
    assert max(counts.values()) - min(counts.values()) <= 3


def test_negative_values_come_only_where_nothing_else_is_asked_for(problems):
    assert all("-" not in row.answer for row in corrupt(problems, wrong=1.0))
    swapped = corrupt(problems, wrong=1.0, kinds=["swapped_operands"])
    assert all(row.answer.startswith("-") for row in swapped)


def test_only_the_kinds_asked_for_are_injected(problems):
    table = corrupt(problems, wrong=1.0, kinds=["calculation_slip", "copy_error"])
    assert {row.error.kind for row in table} == {"calculation_slip", "copy_error"}


def test_several_responses_of_one_problem_are_different(problems):
    table = corrupt(problems, wrong=1.0, per_problem=4)
    assert len(table) == 240
    assert len({row.id for row in table}) == 240
    assert len({(row.problem_id, row.text) for row in table}) == 240


def test_annotations_can_be_kept(problems):
    assert all("<<" in row.text for row in corrupt(problems, annotations="keep"))


def test_what_cannot_be_corrupted_is_dropped_with_the_reason():
    rows = [
        _problem(1),
        _problem(2, solution=False),
        Problem("x", "What is x?", "7", "2x = 14\nx = 7\n#### 7"),
    ]
    table = corrupt(problem_table(rows), wrong=1.0)
    assert len(table) == 1
    assert {(d.id, d.reason) for d in table.dropped} == {
        (rows[1].id, "no reference solution"),
        ("x", "no equation in the reference solution"),
    }


def test_a_solution_without_a_final_line_gets_one():
    problem = Problem("p", "3 and 4 together?", "7", "3 + 4 = 7")
    (row,) = corrupt(problem_table([problem]), wrong=0.0)
    assert row.text == "3 + 4 = 7\n#### 7"


def test_the_same_seed_gives_the_same_table(problems, tmp_path):
    assert corrupt(problems, seed=3).rows == corrupt(problems, seed=3).rows
    assert corrupt(problems, seed=3).rows != corrupt(problems, seed=4).rows
    corrupt(problems, seed=3).write(tmp_path)
    assert Table.read(tmp_path).rows == corrupt(problems, seed=3).rows
    assert isinstance(Table.read(tmp_path)[0], Response)


@pytest.mark.parametrize(
    "settings",
    [
        {"wrong": 1.5},
        {"wrong": -0.1},
        {"per_problem": 0},
        {"kinds": ["typo"]},
        {"kinds": []},
        {"annotations": "hide"},
    ],
)
def test_a_wrong_setting_is_refused(problems, settings):
    with pytest.raises(UsageError):
        corrupt(problems, **settings)
