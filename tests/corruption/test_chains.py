"""Properties of corruption over generated chains of sums."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from redink.arithmetic import WorkedSolution, holds, read_final_answer
from redink.corruption import ERROR_KINDS, corrupt_solution
from redink.records import Problem, Response
from redink.teachers import SymbolicTeacher


@st.composite
def chains(draw):
    terms = draw(st.lists(st.integers(2, 99), min_size=3, max_size=6))
    signs = draw(st.lists(st.sampled_from("+-*"), min_size=len(terms) - 1, max_size=len(terms) - 1))
    total, lines = terms[0], []
    for sign, term in zip(signs, terms[1:], strict=True):
        result = {"+": total + term, "-": total - term, "*": total * term}[sign]
        lines.append(f"{total} {sign} {term} = {result}")
        total = result
    expression = str(terms[0]) + "".join(
        f" {sign} {term}" for sign, term in zip(signs, terms[1:], strict=True)
    )
    solution = "\n".join([*lines, f"#### {total}"])
    return Problem("p", f"Work out, from left to right: {expression}", str(total), solution)


@settings(deadline=None, max_examples=150)
@given(chains(), st.sampled_from(ERROR_KINDS), st.integers(0, 50))
def test_an_error_is_where_its_record_says_and_everything_after_it_is_consistent(
    problem, kind, seed
):
    corruption = corrupt_solution(problem, [kind], seed)
    if isinstance(corruption, str):
        return
    step = corruption.error.step
    lines, before = corruption.text.split("\n"), problem.solution.split("\n")
    if kind != "missing_step":
        assert lines[:step] == before[:step]
        assert lines[step] != before[step]
    solution = WorkedSolution.read(corruption.text)
    for equation in solution.equations:
        if kind == "calculation_slip" and solution.step_at(equation.start) == step:
            assert not holds(equation)
        else:
            assert holds(equation)
    final = read_final_answer(corruption.text)
    assert final.value != int(problem.answer)
    if kind not in ("wrong_final_selection", "copy_error"):
        assert final.value == solution.equations[-1].value
    chained = solution.equations[step + 1 :]
    for earlier, later in pairwise(chained):
        assert earlier.value in [leaf.value for leaf in later.leaves]


@settings(deadline=None, max_examples=100)
@given(chains(), st.integers(0, 50))
def test_the_teacher_calls_every_corruption_wrong_and_the_solution_right(problem, seed):
    teacher = SymbolicTeacher()
    right = Response("a", problem.id, problem.solution, "load", outcome="correct")
    assert teacher.critique(problem, right).verdict == "right"
    corruption = corrupt_solution(problem, None, seed)
    if not isinstance(corruption, str):
        wrong = Response("b", problem.id, corruption.text, "corrupt", outcome="wrong")
        assert teacher.critique(problem, wrong).verdict == "wrong"
