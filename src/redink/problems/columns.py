"""From a row of any data set to a problem, and its response where the set has one."""

from collections.abc import Mapping
from typing import Any

from redink.errors import DataError
from redink.records import Problem, Response, problem_id, response_id

DEFAULTS: dict[str, tuple[str, ...]] = {
    "question": ("question", "problem", "prompt", "Question"),
    "answer": ("answer", "final_answer", "expected_answer", "Answer"),
    "solution": ("solution", "reference_solution", "rationale"),
    "subject": ("subject", "type"),
    "level": ("level",),
}
"""Column names tried, in this order, where no mapping is given."""
FIELDS = (*DEFAULTS, "response")
FINAL_MARK = "####"


def problem_of(row: Mapping[str, Any], columns: Mapping[str, str], where: str) -> Problem:
    """The problem in a row; `where` names file and row in errors.

    GSM8K's format, a worked answer that ends in `#### ANSWER`, is split into solution and answer.
    A set of responses may have no reference answers: the answer is empty then. Raises DataError
    for a missing column or an empty or wrongly typed field.
    """
    question = _text(row, columns, "question", where)
    has_answer = "response" not in columns or _column(row, columns, "answer") not in (
        None,
        columns["response"],
    )
    answer = _text(row, columns, "answer", where) if has_answer else ""
    solution = _optional(row, columns, "solution")
    if solution is None and FINAL_MARK in answer:
        solution, answer = answer, answer.rpartition(FINAL_MARK)[2].strip()
    return Problem(
        id=problem_id(question, answer),
        question=question,
        answer=answer,
        solution=solution,
        source=where.partition(",")[0],
        subject=_optional(row, columns, "subject"),
        level=_optional(row, columns, "level"),
    )


def response_of(
    row: Mapping[str, Any], columns: Mapping[str, str], problem: Problem, where: str
) -> Response:
    """The response in a row that has one (column mapping `response`)."""
    text = _text(row, columns, "response", where)
    return Response(
        id=response_id(problem.id, text, "load"), problem_id=problem.id, text=text, origin="load"
    )


def _column(row: Mapping[str, Any], columns: Mapping[str, str], field: str) -> str | None:
    if field in columns:
        return columns[field]
    return next((name for name in DEFAULTS.get(field, ()) if name in row), None)


def _text(row: Mapping[str, Any], columns: Mapping[str, str], field: str, where: str) -> str:
    column = _column(row, columns, field)
    if column is None or column not in row:
        raise DataError(
            f"{where}: no column for the {field} ({column or ' / '.join(DEFAULTS[field])}); "
            f"there are {', '.join(map(str, row))}. Map it, for example columns: {{{field}: NAME}}"
        )
    value = row[column]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DataError(
            f"{where}, field {column!r}: the {field} must be text or a number, "
            f"not {type(value).__name__}"
        )
    text = f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
    if not text.strip():
        raise DataError(f"{where}, field {column!r}: the {field} is empty; fill or remove the row")
    return text.strip()


def _optional(row: Mapping[str, Any], columns: Mapping[str, str], field: str) -> str | None:
    column = _column(row, columns, field)
    value = row.get(column) if column else None
    return str(value).strip() or None if value is not None else None
