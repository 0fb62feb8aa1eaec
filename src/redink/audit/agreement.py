"""Verdicts against the grader: the confusion table, and agreement overall and by group."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from redink.audit.rate import Rate, rate
from redink.audit.row import AuditedRow

VERDICTS = ("right", "wrong", "none")
GROUPS: Mapping[str, Callable[[AuditedRow], str]] = {
    "teacher": lambda row: row.critique.teacher,
    "preset": lambda row: row.critique.preset,
    "origin": lambda row: row.response.origin,
    "subject": lambda row: row.problem.subject or "",
}
"""What agreement is split by."""


@dataclass(frozen=True)
class Confusion:
    """Critiques by verdict (`right`, `wrong`, `none`) and by the grader's outcome."""

    outcomes: tuple[str, ...]
    """`correct`, `wrong`, then whatever other outcomes there are."""
    counts: Mapping[str, Mapping[str, int]]
    """Verdict to outcome to how many."""


@dataclass(frozen=True)
class Agreement:
    """How far the verdicts of some critiques are the grader's."""

    by: str
    """`all`, or what the group shares: `teacher`, `preset`, `origin`, `subject`."""
    name: str
    critiques: int
    agrees: Rate
    """Of critiques with a verdict on a response graded correct or wrong."""
    wrong_marked_right: Rate
    """Of those whose response is wrong."""
    correct_marked_wrong: Rate
    """Of those whose response is correct."""
    without_verdict: int


def confusion(rows: Iterable[AuditedRow]) -> Confusion:
    """The confusion table of all rows."""
    counts: dict[str, dict[str, int]] = {verdict: {} for verdict in VERDICTS}
    for row in rows:
        cells = counts[row.critique.verdict or "none"]
        cells[row.outcome] = cells.get(row.outcome, 0) + 1
    seen = {outcome for cells in counts.values() for outcome in cells}
    outcomes = ("correct", "wrong", *sorted(seen - {"correct", "wrong"}))
    return Confusion(
        outcomes,
        {v: {name: counts[v].get(name, 0) for name in outcomes} for v in VERDICTS},
    )


def agreement(rows: Sequence[AuditedRow], by: str = "all", name: str = "") -> Agreement:
    """Agreement of these rows with the grader."""
    compared = [row for row in rows if row.agrees is not None]
    return Agreement(
        by,
        name,
        len(rows),
        rate((row.problem.id, row.agrees is True) for row in compared),
        rate((r.problem.id, not r.agrees) for r in compared if r.outcome == "wrong"),
        rate((r.problem.id, not r.agrees) for r in compared if r.outcome == "correct"),
        sum(row.critique.verdict is None for row in rows),
    )


def agreement_by_group(rows: Sequence[AuditedRow]) -> tuple[Agreement, ...]:
    """Agreement by teacher, preset, origin and subject, largest group first.

    What all rows share is left out: it says nothing beyond the whole.
    """
    found: list[Agreement] = []
    for by, key in GROUPS.items():
        groups: dict[str, list[AuditedRow]] = {}
        for row in rows:
            groups.setdefault(key(row), []).append(row)
        if len(groups) > 1:
            ordered = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
            found += [agreement(group, by, name) for name, group in ordered]
    return tuple(found)
