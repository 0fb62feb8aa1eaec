"""The verb `critique`: a teacher marks responses."""

from redink.errors import DataError, UsageError
from redink.progress import progress
from redink.records import Critique, Problem, Response
from redink.tables import Table, critique_table
from redink.teachers import TEACHERS, Style


def critique(
    responses: Table[Response], *, teacher: str = "symbolic", style: Style = "full", seed: int = 0
) -> Table[Critique]:
    """Has a teacher critique every response.

    Args:
        responses: with the problems that they answer; the symbolic teacher needs reference
            solutions.
        teacher: `symbolic` (no model, no cost).
        style: `full` remarks on each solution step, `brief` goes to the first mistake.
        seed: of the wording.

    Returns:
        One critique per response. Those in which the teacher cannot tell have verdict None.

    Raises:
        UsageError: for an unknown teacher or style.
        DataError: where a problem or its reference solution is missing.
    """
    if teacher not in TEACHERS:
        raise UsageError(f"critique: unknown teacher {teacher!r}; choose {', '.join(TEACHERS)}")
    if style not in ("full", "brief"):
        raise UsageError(f"critique: unknown style {style!r}; choose full or brief")
    marker = TEACHERS[teacher](style, seed)
    rows: list[Critique] = []
    agreed = 0
    with progress("critique", len(responses), "responses") as bar:
        for response in responses:
            rows.append(marker.critique(_problem_of(responses, response), response))
            agreed += rows[-1].agrees is True
            bar.advance(agree=f"{agreed / len(rows):.1%}")
    by_id = {response.id: response for response in responses}
    return critique_table(rows, by_id, responses.problems)


def _problem_of(responses: Table[Response], response: Response) -> Problem:
    problem = responses.problems.get(response.problem_id)
    if problem is None:
        raise DataError(
            f"critique: response {response.id} answers problem {response.problem_id}, which is "
            "not in the table; make the responses with a stage that keeps their problems"
        )
    if not (problem.solution or "").strip():
        raise DataError(
            f"critique: problem {problem.id} has no reference solution, which the symbolic "
            "teacher needs; load problems with solutions, or select those that have one"
        )
    return problem
