"""The first wrong solution step that critiques name, against the one that was injected."""

from collections.abc import Iterable
from dataclasses import dataclass

from redink.audit.rate import Rate, rate
from redink.audit.row import AuditedRow


@dataclass(frozen=True)
class FirstErrors:
    """Critiques of responses whose first error is known, because it was injected.

    The four rates are of all of these, and add up to one.
    """

    exact: Rate
    off_by_one: Rate
    elsewhere: Rate
    """Further off."""
    missing: Rate
    """No step is named."""
    missing_but_wrong: int
    """Among the missing: the verdict is `wrong` all the same."""
    exact_of_named: Rate
    """Exact ones, of those that name a step."""


def compare_first_errors(rows: Iterable[AuditedRow]) -> FirstErrors | None:
    """The comparison; None where no response's first error is known."""
    known = [
        (row, row.critique.first_error, row.response.error.step)
        for row in rows
        if row.response.error is not None
    ]
    if not known:
        return None
    off = [(row, None if named is None else abs(named - step)) for row, named, step in known]
    missing = [row for row, distance in off if distance is None]
    return FirstErrors(
        exact=rate((row.problem.id, distance == 0) for row, distance in off),
        off_by_one=rate((row.problem.id, distance == 1) for row, distance in off),
        elsewhere=rate((row.problem.id, (distance or 0) > 1) for row, distance in off),
        missing=rate((row.problem.id, distance is None) for row, distance in off),
        missing_but_wrong=sum(row.critique.verdict == "wrong" for row in missing),
        exact_of_named=rate((r.problem.id, d == 0) for r, d in off if d is not None),
    )
