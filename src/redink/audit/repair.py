"""Asking again for critiques that failed; all others stay as they are.

What a second answer is kept for decides what a repair does to the data. A critique that could not
be read, or was cut off, is replaced by one that can be read, whatever its verdict. A critique that
disagrees with the grader is replaced only by one that agrees: this selects on the grader, keeps
teachers' honest disagreements out, and makes agreement say nothing afterwards.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redink.audit.row import AuditedRow, audited_rows
from redink.records import Critique
from redink.tables import Table

DISAGREES = "disagrees with the grader"
TRUNCATED = "cut off"
EMPTY = "empty"
REPAIRED = "repaired"
"""Where a table's provenance lists its repairs."""


@dataclass(frozen=True)
class Question:
    """A response to be critiqued again."""

    row: AuditedRow
    reason: str
    attempt: int
    """1 for the first repair of a table, 2 for a repair of the result: the sample index."""

    @property
    def needs_room(self) -> bool:
        """Whether the critique was cut off, so that it needs more tokens, not another draw."""
        return self.reason == TRUNCATED


Ask = Callable[[Sequence[Question]], Mapping[str, Critique]]
"""Asks teachers again: from questions to new critiques, by the old critique's id; those that could
not be had are left out."""


@dataclass(frozen=True)
class Repair:
    """A repaired table, and what was done."""

    table: Table[Critique]
    asked: Mapping[str, int]
    """Reason to rows asked again."""
    mended: Mapping[str, int]
    """Reason to rows replaced."""
    unanswered: int
    """Rows asked again for which no critique could be had."""


def fault_of(row: AuditedRow, *, disagreements: bool = False) -> str | None:
    """Why a row should be asked again; None where it is fine.

    Rows of the symbolic teacher are never asked again: it would write the same.
    """
    critique = row.critique
    if critique.teacher == "symbolic":
        return None
    if critique.finish == "length" or critique.why == "truncated":
        return TRUNCATED
    if not critique.text.strip():
        return EMPTY
    if critique.verdict is None:
        return f"no verdict: {critique.why or 'no reason recorded'}"
    return DISAGREES if disagreements and row.agrees is False else None


def questions_of(
    critiques: Table[Critique], *, disagreements: bool = False, grade: bool = False
) -> list[Question]:
    """What has to be asked again, in the table's order."""
    attempt = len(critiques.provenance.get(REPAIRED) or ()) + 1
    return [
        Question(row, reason, attempt)
        for row in audited_rows(critiques, grade=grade)
        if (reason := fault_of(row, disagreements=disagreements)) is not None
    ]


def repair(
    critiques: Table[Critique], ask: Ask, *, disagreements: bool = False, grade: bool = False
) -> Repair:
    """Asks again for the rows that fail and puts what is better in their place.

    Args:
        critiques: stays as it is.
        ask: asks the teachers.
        disagreements: also rows whose verdict is not the grader's.
        grade: grades ungraded responses first, for this repair alone.

    Returns the new table, its rows in the old order; a row that was fine, or could not be
    mended, is the same record. Its provenance says under `repaired` what was asked and mended.
    """
    questions = questions_of(critiques, disagreements=disagreements, grade=grade)
    answers = ask(questions) if questions else {}
    better = {
        question.row.critique.id: answers[question.row.critique.id]
        for question in questions
        if question.row.critique.id in answers
        and _is_mended(question, answers[question.row.critique.id])
    }
    asked = Counter(question.reason for question in questions)
    mended = Counter(q.reason for q in questions if q.row.critique.id in better)
    unanswered = sum(question.row.critique.id not in answers for question in questions)
    noted: dict[str, Any] = {
        "asked": dict(asked),
        "mended": dict(mended),
        "unanswered": unanswered,
        "selected_on_grader": disagreements,
    }
    earlier = list(critiques.provenance.get(REPAIRED) or ())
    table = replace(
        critiques,
        rows=tuple(better.get(row.id, row) for row in critiques),
        provenance={**critiques.provenance, REPAIRED: [*earlier, noted]},
    )
    return Repair(table, dict(asked), dict(mended), unanswered)


def _is_mended(question: Question, answer: Critique) -> bool:
    new = replace(question.row, critique=answer)
    if fault_of(new) is not None:
        return False
    return question.reason != DISAGREES or new.agrees is True
