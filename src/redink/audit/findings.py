"""What an audit of critiques found, as data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from redink.audit.agreement import (
    Agreement,
    Confusion,
)
from redink.audit.copying import NEAR_COPY, NGRAM, Copying
from redink.audit.defects import Defects
from redink.audit.first_errors import FirstErrors
from redink.audit.leaks import Leaks
from redink.audit.lengths import Lengths
from redink.audit.row import AuditedRow


@dataclass(frozen=True)
class Findings:
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


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
