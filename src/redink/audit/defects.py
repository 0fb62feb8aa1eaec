"""Critiques that cannot be used as they stand: without verdict, cut off, empty, repeated."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redink.audit.row import AuditedRow
from redink.records import Critique

UNEXPLAINED = "no reason recorded"


@dataclass(frozen=True)
class Defects:
    """How many critiques have which fault; a critique may have several."""

    without_verdict: Mapping[str, int]
    """Reason (`Critique.why`) to how many have no verdict for it."""
    cut_off: int
    """`finish` is `length`, whatever the verdict."""
    filtered: int
    """`finish` is `filter`."""
    empty: int
    repeated_texts: int
    """Critiques whose text, white space folded, stands before under another response."""
    repeated_rows: int
    """Critiques of a response by one teacher whose text was there before."""
    most_repeated: str
    """Id of the critique whose text is repeated most often; empty where none is."""
    stale_agreement: int
    """Critiques whose recorded `agrees` is not what verdict and outcome say."""


def find_defects(rows: Sequence[AuditedRow]) -> Defects:
    """Counts the faults."""
    reasons = Counter(_reason(row.critique) for row in rows if row.critique.verdict is None)
    by_text: dict[str, list[AuditedRow]] = {}
    for row in rows:
        text = " ".join(row.critique.text.split())
        if text:
            by_text.setdefault(text, []).append(row)
    repeated = [group for group in by_text.values() if len(group) > 1]
    within = sum(len(group) - len(set(map(_place, group))) for group in repeated)
    across = sum(len({row.response.id for row in group}) - 1 for group in repeated)
    most = max(repeated, key=len, default=[])
    return Defects(
        without_verdict=dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        cut_off=sum(row.critique.finish == "length" for row in rows),
        filtered=sum(row.critique.finish == "filter" for row in rows),
        empty=sum(not row.critique.text.strip() for row in rows),
        repeated_texts=across,
        repeated_rows=within,
        most_repeated=most[0].critique.id if most else "",
        stale_agreement=sum(
            row.response.outcome == row.outcome and row.critique.agrees != row.agrees
            for row in rows
        ),
    )


def _reason(critique: Critique) -> str:
    return critique.why or UNEXPLAINED


def _place(row: AuditedRow) -> tuple[str, str]:
    return row.response.id, row.critique.teacher
