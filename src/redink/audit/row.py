"""One audited row: a critique with the response that it marks and this response's problem."""

from collections.abc import Sequence
from dataclasses import dataclass

from redink.errors import DataError
from redink.grading import grade_many
from redink.records import Critique, Outcome, Problem, Response
from redink.tables import KINDS, Table

SEES_REFERENCE = "+reference"
"""Stands in the preset of a teacher that was shown the reference answer."""


@dataclass(frozen=True, slots=True)
class AuditedRow:
    """A critique beside what it is about."""

    critique: Critique
    response: Response
    problem: Problem
    outcome: Outcome
    """The response's, or what grading it for this audit gave."""

    @property
    def agrees(self) -> bool | None:
        """Whether the verdict is the grader's; None where either cannot tell."""
        if self.critique.verdict is None or self.outcome not in ("correct", "wrong"):
            return None
        return (self.critique.verdict == "right") == (self.outcome == "correct")

    @property
    def saw_reference(self) -> bool:
        """Whether the teacher was shown the reference answer."""
        return SEES_REFERENCE in self.critique.preset or self.critique.teacher == "symbolic"


def audited_rows(critiques: Table[Critique], *, grade: bool = False) -> list[AuditedRow]:
    """The rows of a table of critiques.

    Args:
        critiques: with the responses and problems that they refer to.
        grade: grades ungraded responses that have a reference answer, for this audit only; the
            table stays as it is.

    Raises DataError for another kind of table, and where a response or problem is missing.
    """
    if critiques.kind is not Critique:
        raise DataError(
            f"audit: a table of {KINDS[critiques.kind]} has no critiques; name a stage that "
            "critiques"
        )
    pairs = [_pair(critiques, critique) for critique in critiques]
    outcomes = _graded(pairs) if grade else {}
    return [
        AuditedRow(critique, response, problem, outcomes.get(response.id, response.outcome))
        for critique, (response, problem) in zip(critiques, pairs, strict=True)
    ]


def _pair(critiques: Table[Critique], critique: Critique) -> tuple[Response, Problem]:
    response = critiques.responses.get(critique.response_id)
    problem = critiques.problems.get(response.problem_id) if response else None
    if response is None or problem is None:
        missing = f"response {critique.response_id}" if response is None else "that response's"
        raise DataError(
            f"audit: critique {critique.id} marks {missing}{'' if response is None else ' problem'}"
            ", which is not in the table; make the critiques again with `redink critique`"
        )
    return response, problem


def can_be_graded(response: Response, problem: Problem) -> bool:
    """Whether a response has no outcome yet and its problem a reference answer."""
    return response.outcome == "ungraded" and bool(problem.answer.strip())


def _graded(pairs: Sequence[tuple[Response, Problem]]) -> dict[str, Outcome]:
    asked = {r.id: (r, problem) for r, problem in pairs if can_be_graded(r, problem)}
    grades = grade_many([(r.text, problem, r.finish) for r, problem in asked.values()])
    return {key: grade.outcome for key, grade in zip(asked, grades, strict=True)}
