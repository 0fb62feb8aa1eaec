"""Each kind of error on a hand-written solution: what changes, where, and what is carried on."""

import pytest

from redink.arithmetic import WorkedSolution, holds, read_final_answer
from redink.corruption import ERROR_KINDS, corrupt_solution
from redink.errors import UsageError
from redink.records import Problem, problem_id

QUESTION = (
    "A farm has 14 rows of 25 trees. A storm fells 30 trees, and each tree that is left bears 6 "
    "baskets of pears. A basket sells for $4. How much does the farm earn?"
)
SOLUTION = (
    "There are 14 * 25 = <<14*25=350>>350 trees.\n"
    "The storm leaves 350 - 30 = <<350-30=320>>320 trees.\n"
    "These 320 trees bear 320 x 6 = <<320*6=1920>>1,920 baskets.\n"
    "So the farm earns 1,920 * $4 = $<<1920*4=7680>>7,680.\n"
    "#### 7680"
)
BARE = WorkedSolution.read(SOLUTION).text.split("\n")


def _problem(question=QUESTION, solution=SOLUTION, answer="7680"):
    return Problem(problem_id(question, answer), question, answer, solution)


def _lines(kind, seed=0, **problem):
    corruption = corrupt_solution(_problem(**problem), [kind], seed)
    assert not isinstance(corruption, str), corruption
    assert corruption.error.kind == kind
    return corruption, corruption.text.split("\n")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [k for k in ERROR_KINDS if k != "unit_conversion"])
def test_the_text_before_the_error_is_untouched_and_the_step_is_where_it_starts(kind, seed):
    corruption, lines = _lines(kind, seed)
    step = corruption.error.step
    before = [line for line in BARE if line in lines] if kind == "missing_step" else BARE
    assert lines[:step] == before[:step]
    assert lines[step] not in BARE
    assert read_final_answer(corruption.text).text == corruption.answer
    assert corruption.answer != "7680"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [k for k in ERROR_KINDS if k != "unit_conversion"])
def test_all_arithmetic_holds_but_for_a_slip_in_its_own_step(kind, seed):
    corruption, _ = _lines(kind, seed)
    solution = WorkedSolution.read(corruption.text)
    broken = [solution.step_at(e.end - 1) for e in solution.equations if not holds(e)]
    assert broken == ([corruption.error.step] if kind == "calculation_slip" else [])


def test_a_slip_is_carried_through_every_later_step():
    corruption, lines = _lines("calculation_slip", seed=3)
    assert [line for line in lines if line not in BARE] == lines[corruption.error.step :]
    solution = WorkedSolution.read(corruption.text)
    results = [e.value for e in solution.equations]
    for earlier, later in zip(solution.equations, solution.equations[1:], strict=False):
        assert earlier.value in [leaf.value for leaf in later.leaves]
    assert read_final_answer(corruption.text).value == results[-1]


def test_a_wrong_operator_keeps_the_numbers():
    corruption, lines = _lines("wrong_operator")
    (wrong,) = WorkedSolution.read(lines[corruption.error.step]).equations
    (right,) = WorkedSolution.read(BARE[corruption.error.step]).equations
    assert [leaf.value for leaf in wrong.leaves] == [leaf.value for leaf in right.leaves]
    assert wrong.worked.operator != right.worked.operator


def test_swapped_operands_change_places():
    corruption, lines = _lines("swapped_operands")
    assert corruption.error.step == 1
    assert lines[1] == "The storm leaves 30 - 350 = -320 trees."
    assert lines[2] == "These -320 trees bear -320 x 6 = -1,920 baskets."


def test_a_wrong_number_comes_from_the_question():
    corruption, _ = _lines("wrong_question_number")
    assert corruption.error.false_value in {"14", "25", "30", "6", "4"}


def test_a_wrong_earlier_result_was_worked_out_before():
    corruption, lines = _lines("wrong_earlier_result")
    before = WorkedSolution.read("\n".join(lines[: corruption.error.step]))
    assert corruption.error.false_value in [str(e.value) for e in before.equations]


def test_a_missing_step_is_gone_and_its_result_replaced_by_what_it_started_from():
    corruption, lines = _lines("missing_step")
    assert len(lines) == len(BARE) - 1
    assert all(corruption.error.true_value not in line for line in lines)


def test_a_hallucinated_quantity_stands_nowhere_in_the_problem():
    for seed in range(8):
        corruption, lines = _lines("hallucinated_quantity", seed)
        (wrong,) = WorkedSolution.read(lines[corruption.error.step]).equations
        added = abs(int(corruption.error.false_value) - int(corruption.error.true_value))
        assert added in [leaf.value for leaf in wrong.leaves]
        assert str(added) not in QUESTION.split()


def test_a_copy_error_leaves_the_step_that_it_copies_from_as_it_was():
    corruption, lines = _lines("copy_error")
    before = WorkedSolution.read("\n".join(lines[: corruption.error.step]))
    true = corruption.error.true_value.replace(",", "")
    assert true in [str(e.value) for e in before.equations]


def test_a_wrong_selection_reports_a_value_from_the_way():
    corruption, lines = _lines("wrong_final_selection")
    assert lines[:-1] == BARE[:-1]
    assert corruption.error.step == 4
    assert corruption.answer in {"350", "320", "1920"}


def test_a_conversion_factor_is_replaced_where_its_units_occur():
    question = "A tap loses 5 drops a minute. How many drops does it lose in 3 hours?"
    solution = "3 hours have 3 * 60 = 180 minutes.\nIt loses 180 * 5 = 900 drops.\n#### 900"
    corruption, lines = _lines(
        "unit_conversion", question=question, solution=solution, answer="900"
    )
    assert corruption.error.true_value == "60"
    assert lines[0].startswith(f"3 hours have 3 * {corruption.error.false_value} = ")


def test_no_factor_is_converted_where_no_unit_is_spoken_of():
    assert isinstance(corrupt_solution(_problem(), ["unit_conversion"]), str)


def test_annotations_are_kept_and_recomputed():
    corruption = corrupt_solution(_problem(), ["calculation_slip"], 3, keep_annotations=True)
    bare = corrupt_solution(_problem(), ["calculation_slip"], 3)
    read = WorkedSolution.read(corruption.text)
    assert read.text == bare.text
    for note, equation in zip(read.annotations, read.equations, strict=True):
        left, right = note.text.split("=")
        assert int(right) == equation.value
        assert left == "*".join(str(leaf.value) for leaf in equation.leaves) or "-" in left


def test_numbers_keep_their_style():
    corruption, lines = _lines("wrong_operator", seed=1)
    changed = next(line for line in lines if line.startswith("So the farm earns"))
    assert "$" in changed
    assert corruption.answer.isdigit()


def test_the_same_seed_gives_the_same_corruption_and_another_seed_others():
    assert corrupt_solution(_problem(), None, 7) == corrupt_solution(_problem(), None, 7)
    assert len({corrupt_solution(_problem(), None, seed).text for seed in range(12)}) > 6


@pytest.mark.parametrize(
    ("solution", "answer", "reason"),
    [
        (None, "7", "no reference solution"),
        ("It is obvious.\n#### 7", "7", "no equation"),
        ("3 + 4 = 7\n#### 7", "8", "does not end in the reference answer"),
        ("2x = 14\nx = 7\n#### 7", "7", "no equation"),
        ("3 + 4 = 7\n#### x", "x", "no number"),
    ],
)
def test_what_cannot_be_corrupted_honestly_comes_with_the_reason(solution, answer, reason):
    problem = Problem("p", "How many?", answer, solution)
    assert reason in corrupt_solution(problem)


def test_a_step_in_algebra_stops_the_corruption_from_being_carried_past_it():
    solution = "3 + 4 = 7\n2x = 7 + 5\nx = 6\n#### 6"
    assert isinstance(corrupt_solution(Problem("p", "?", "6", solution), ["calculation_slip"]), str)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="calculation_slip"):
        corrupt_solution(_problem(), ["typo"])
