"""Conditions that each row meets or fails by itself: outcome, verdict, agreement, length."""

from collections.abc import Callable, Sequence
from typing import Any

from redink.errors import UsageError
from redink.records import Critique, Problem
from redink.selection.row import own_part, text_of, value_of
from redink.tables import Table

Condition = Callable[[Any], str | None]
"""From a row to why it fails, None where it does not."""


def conditions(
    table: Table[Any],
    *,
    outcome: str | Sequence[str] | None = None,
    verdict: str | Sequence[str] | None = None,
    agrees: bool | None = None,
    min_chars: int | None = None,
    max_chars: int | None = None,
    length_of: str | None = None,
) -> list[Condition]:
    """What rows of `table` must meet; the arguments are those of `redink.select`.

    Raises UsageError for a condition that does not apply to this kind of row.
    """
    checks: list[Condition] = []
    if outcome is not None:
        if table.kind is Problem:
            raise UsageError("outcome: problems have no outcome; select responses or critiques")
        outcomes = _listed(outcome)
        checks.append(lambda row: _unwanted("outcome", value_of(table, row, "outcome"), outcomes))
    if (verdict is not None or agrees is not None) and table.kind is not Critique:
        raise UsageError("verdict, agrees: only critiques have a verdict; select critiques")
    if verdict is not None:
        verdicts = _listed(verdict)
        checks.append(lambda row: _unwanted("verdict", value_of(table, row, "verdict"), verdicts))
    if agrees is not None:
        expected = (str(agrees).lower(),)
        checks.append(lambda row: _unwanted("agrees", str(row.agrees).lower(), expected))
    if min_chars is not None or max_chars is not None:
        part = length_of or own_part(table)
        checks.append(
            lambda row: _too_short_or_long(len(text_of(table, row, part)), min_chars, max_chars)
        )
    return checks


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _unwanted(name: str, value: str, wanted: Sequence[str]) -> str | None:
    return None if value in wanted else f"{name} {value}"


def _too_short_or_long(length: int, least: int | None, most: int | None) -> str | None:
    if least is not None and length < least:
        return f"shorter than {least} characters"
    if most is not None and length > most:
        return f"longer than {most} characters"
    return None
