"""The audit of a table of critiques: everything that can be known without reading them all."""

from dataclasses import dataclass

from redink.audit.agreement import agreement, agreement_by_group, confusion
from redink.audit.copying import measure_copying
from redink.audit.defects import find_defects
from redink.audit.findings import Findings
from redink.audit.first_errors import compare_first_errors
from redink.audit.leaks import find_leaks
from redink.audit.lengths import measure_lengths
from redink.audit.row import audited_rows, can_be_graded
from redink.audit.sections import sections_of
from redink.records import Critique
from redink.tables import Table


@dataclass(frozen=True)
class Audit(Findings):
    """What an audit found, and how it reads."""

    def lines(self) -> list[str]:
        """The report as plain lines of text, safe to print."""
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
