"""One row of a table together with what it refers to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError, UsageError
from redink.formats.format import Kind
from redink.records import Critique, Problem, Response
from redink.tables import KINDS, Table


@dataclass(frozen=True)
class Entry:
    """A problem, the response to it, and the critique of that, as far as the table goes."""

    problem: Problem
    response: Response | None = None
    critique: Critique | None = None

    @property
    def kind(self) -> Kind:
        """Which table it is a row of."""
        if self.critique is not None:
            return "critiques"
        return "responses" if self.response is not None else "problems"

    @property
    def id(self) -> str:
        """The row's id."""
        return (self.critique or self.response or self.problem).id


def kind_of(table: Table[Any]) -> Kind:
    """What a table holds. Raises UsageError for one that is no data to learn from."""
    kinds: dict[type, Kind] = {
        Critique: "critiques",
        Response: "responses",
        Problem: "problems",
    }
    if table.kind not in kinds:
        raise UsageError(
            f"a table of {KINDS.get(table.kind, str(table.kind))} cannot be exported; "
            "name one of critiques, responses or problems"
        )
    return kinds[table.kind]


def entries_of(table: Table[Any]) -> Iterator[Entry]:
    """The rows of a table, in order. Raises DataError for a row that refers to a missing one."""
    kind = kind_of(table)
    for row in table:
        if kind == "problems":
            yield Entry(row)
            continue
        response = row if kind == "responses" else _found(table.responses, row.response_id, row)
        problem = _found(table.problems, response.problem_id, row)
        yield Entry(problem, response, row if kind == "critiques" else None)


def _found(records: Any, key: str, row: Any) -> Any:
    if key not in records:
        raise DataError(f"row {row.id}: {key} is not in the table; make the table again")
    return records[key]
