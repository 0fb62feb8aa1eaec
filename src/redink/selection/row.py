"""What a row of any kind says: its text, its response and problem, the values it is sorted by."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from redink.errors import UsageError
from redink.records import Critique, Problem, Response
from redink.tables import Table

By = Literal[
    "outcome", "verdict", "origin", "model", "teacher", "preset", "subject", "level", "source"
]
"""What rows can be sorted by."""
Part = Literal["question", "response", "critique"]
"""The texts of a row."""
_OWNER: Mapping[str, type] = {
    "outcome": Response,
    "origin": Response,
    "model": Response,
    "verdict": Critique,
    "teacher": Critique,
    "preset": Critique,
    "subject": Problem,
    "level": Problem,
    "source": Problem,
}
_PARTS: Mapping[str, type] = {"question": Problem, "response": Response, "critique": Critique}
_HOLDS = {
    Problem: (Problem,),
    Response: (Problem, Response),
    Critique: (Problem, Response, Critique),
}


def record_behind(table: Table[Any], row: Any, kind: type) -> Any:
    """The problem, response or critique that a row is or points at."""
    if isinstance(row, kind):
        return row
    if isinstance(row, Critique):
        row = table.responses[row.response_id]
        if kind is Response:
            return row
    return table.problems[row.problem_id]


def problem_of(table: Table[Any], row: Any) -> Problem:
    """The problem that a row is or that it answers."""
    problem: Problem = record_behind(table, row, Problem)
    return problem


def own_part(table: Table[Any]) -> str:
    """The text that a table's rows are about: question, response or critique."""
    return next(part for part, kind in _PARTS.items() if kind is table.kind)


def text_of(table: Table[Any], row: Any, part: str) -> str:
    """A row's question, response or critique."""
    record = record_behind(table, row, _PARTS[part])
    text: str = record.question if isinstance(record, Problem) else record.text
    return text


def check_part(table: Table[Any], part: str | None, setting: str) -> None:
    """Raises UsageError where the table's rows have no such text."""
    if part is not None and _PARTS.get(part) not in _HOLDS[table.kind]:
        known = ", ".join(name for name, kind in _PARTS.items() if kind in _HOLDS[table.kind])
        raise UsageError(f"{setting}: these rows have no {part}; use {known}")


def check_by(table: Table[Any], by: str, setting: str) -> None:
    """Raises UsageError where the table's rows have no such value."""
    if by not in _OWNER:
        raise UsageError(f"{setting}: {by!r} is unknown; use {', '.join(get_args(By))}")
    if _OWNER[by] not in _HOLDS[table.kind]:
        known = ", ".join(name for name, kind in _OWNER.items() if kind in _HOLDS[table.kind])
        raise UsageError(f"{setting}: these rows have no {by}; use {known}")


def value_of(table: Table[Any], row: Any, by: str) -> str:
    """A row's value of `by`; `unreadable` for no verdict, `none` for what is not known."""
    value = getattr(record_behind(table, row, _OWNER[by]), by)
    return str(value) if value else ("unreadable" if by == "verdict" else "none")
