"""`select`: keep some rows of a table; what is dropped is kept beside it with the reason."""

from collections.abc import Callable, Sequence
from typing import Any

from redink.errors import UsageError
from redink.records import Critique, Outcome, Problem, Response
from redink.tables import Dropped, Table, critique_table, drop, problem_table, response_table


def select(
    rows: Table[Any],
    *,
    outcome: Outcome | Sequence[Outcome] | None = None,
    verdict: str | Sequence[str] | None = None,
    agrees: bool | None = None,
    min_chars: int | None = None,
    max_chars: int | None = None,
    n: int | None = None,
) -> Table[Any]:
    """Keeps the rows that pass every condition given.

    Args:
        rows: Problems, responses or critiques.
        outcome: Outcomes of the response to keep (`correct`, `wrong`, ...).
        verdict: Verdicts to keep: `right`, `wrong`, `unreadable` (a critique without a verdict).
        agrees: Keep critiques whose verdict matches the grader (true) or contradicts it (false).
        min_chars: Least length of the text (question, response or critique), in characters.
        max_chars: Greatest length of the text, in characters.
        n: Keep the first n that pass.

    Returns:
        A table of the same kind; `dropped` holds the others with the reason.

    Raises:
        UsageError: A condition that does not apply to this kind of row.
    """
    conditions = _conditions(rows, outcome, verdict, agrees)
    conditions.append(lambda row: _too_short_or_long(row, min_chars, max_chars))
    kept: list[Any] = []
    dropped: list[Dropped] = []
    for row in rows:
        reason = next((why for check in conditions if (why := check(row))), None)
        if reason is None and n is not None and len(kept) >= n:
            reason = f"beyond the first {n}"
        if reason is None:
            kept.append(row)
        else:
            dropped.append(drop(row, reason))
    return _rebuilt(rows, kept, dropped)


def _conditions(
    rows: Table[Any],
    outcome: Outcome | Sequence[Outcome] | None,
    verdict: str | Sequence[str] | None,
    agrees: bool | None,
) -> list[Callable[[Any], str | None]]:
    checks: list[Callable[[Any], str | None]] = []
    if outcome is not None:
        if rows.kind is Problem:
            raise UsageError("outcome: problems have no outcome; select responses or critiques")
        wanted = _listed(outcome)
        checks.append(lambda row: _unwanted("outcome", _response(rows, row).outcome, wanted))
    if (verdict is not None or agrees is not None) and rows.kind is not Critique:
        raise UsageError("verdict, agrees: only critiques have a verdict; select critiques")
    if verdict is not None:
        verdicts = _listed(verdict)
        checks.append(lambda row: _unwanted("verdict", row.verdict or "unreadable", verdicts))
    if agrees is not None:
        expected = (str(agrees).lower(),)
        checks.append(lambda row: _unwanted("agrees", str(row.agrees).lower(), expected))
    return checks


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _unwanted(name: str, value: str, wanted: Sequence[str]) -> str | None:
    return None if value in wanted else f"{name} {value}"


def _response(rows: Table[Any], row: Any) -> Response:
    return row if isinstance(row, Response) else rows.responses[row.response_id]


def _too_short_or_long(row: Any, least: int | None, most: int | None) -> str | None:
    length = len(row.question if isinstance(row, Problem) else row.text)
    if least is not None and length < least:
        return f"shorter than {least} characters"
    if most is not None and length > most:
        return f"longer than {most} characters"
    return None


def _rebuilt(rows: Table[Any], kept: list[Any], dropped: list[Dropped]) -> Table[Any]:
    if rows.kind is Problem:
        return problem_table(kept, dropped)
    if rows.kind is Response:
        return response_table(kept, rows.problems, dropped)
    if rows.kind is Critique:
        return critique_table(kept, rows.responses, rows.problems, dropped)
    raise UsageError(
        f"rows: {rows.kind.__name__} rows cannot be selected; give problems, responses or critiques"
    )
