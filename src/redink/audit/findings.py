"""The audit of a table of critiques: everything that can be known without reading them all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from redink.audit.agreement import (
    Agreement,
    Confusion,
    agreement,
    agreement_by_group,
    confusion,
)
from redink.audit.copying import NEAR_COPY, NGRAM, Copying, measure_copying
from redink.audit.defects import Defects, find_defects
from redink.audit.first_errors import FirstErrors, compare_first_errors
from redink.audit.leaks import Leaks, find_leaks
from redink.audit.lengths import Lengths, measure_lengths
from redink.audit.row import AuditedRow, audited_rows, can_be_graded
from redink.records import Critique
from redink.tables import Table


@dataclass(frozen=True)
class Audit:
    """What an audit found; `rows` are its critiques in the table's order."""

    critiques: int
    responses: int
    problems: int
    ungraded: int
    """Responses without an outcome."""
    gradable: int
    """Of these, responses whose problem has a reference answer."""
    graded_here: int
    """Responses that were graded for this audit only."""
    confusion: Confusion
    agreement: Agreement
    groups: tuple[Agreement, ...]
    defects: Defects
    lengths: Lengths
    first_errors: FirstErrors | None
    copying: tuple[Copying, ...]
    leaks: Leaks
    provenance: Mapping[str, Any] = field(repr=False)
    rows: tuple[AuditedRow, ...] = field(repr=False)

    @property
    def disagreements(self) -> tuple[AuditedRow, ...]:
        """The rows whose verdict is not the grader's, in the table's order."""
        return tuple(row for row in self.rows if row.agrees is False)

    def to_json(self) -> dict[str, Any]:
        """All figures, with the ids of the rows behind them, as plain JSON values."""
        figures = {
            name: _plain(getattr(self, name))
            for name in self.__dataclass_fields__
            if name not in ("rows", "provenance")
        }
        disagreements = [
            {
                "id": row.critique.id,
                "response_id": row.response.id,
                "problem_id": row.problem.id,
                "verdict": row.critique.verdict,
                "outcome": row.outcome,
            }
            for row in self.disagreements
        ]
        return figures | {
            "disagreements": disagreements,
            "settings": {"ngram_words": NGRAM, "near_copy_from": NEAR_COPY},
            "provenance": dict(self.provenance),
        }

    def lines(self) -> list[str]:
        """The report as plain lines of text, safe to print."""
        from redink.audit.sections import sections_of

        return [line for section in sections_of(self) for line in [*section.lines(), ""]][:-1]


def audit(critiques: Table[Critique], *, grade: bool = False) -> Audit:
    """Audits a table of critiques.

    Args:
        critiques: with their responses and problems.
        grade: grades ungraded responses that have a reference answer, for this audit only; the
            table stays as it is.

    Returns the figures and the rows. Raises DataError where the table is empty, holds no
    critiques, or lacks a response or problem; MissingExtraError where grading cannot start.
    """
    rows = tuple(audited_rows(critiques, grade=grade))
    responses = {row.response.id: row for row in rows}
    before = [row for row in responses.values() if row.response.outcome == "ungraded"]
    without = [row for row in before if row.outcome == "ungraded"]
    return Audit(
        critiques=len(rows),
        responses=len(responses),
        problems=len({row.problem.id for row in rows}),
        ungraded=len(without),
        gradable=sum(can_be_graded(row.response, row.problem) for row in without),
        graded_here=len(before) - len(without),
        confusion=confusion(rows),
        agreement=agreement(rows),
        groups=agreement_by_group(rows),
        defects=find_defects(rows),
        lengths=measure_lengths(rows),
        first_errors=compare_first_errors(rows),
        copying=measure_copying(rows),
        leaks=find_leaks(rows),
        provenance=critiques.provenance,
        rows=rows,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
