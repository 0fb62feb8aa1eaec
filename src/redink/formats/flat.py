"""redink's own tables as one flat file: a row for each critique, with all that it refers to.

One row, shortened:

    {"problem_id": "p1f0c...", "question": "What is 3 + 4?", "answer": "7", "source": "gsm8k",
     "response_id": "r93ab...", "response": "3 + 4 = 8.", "origin": "corrupt", "outcome": "wrong",
     "critique_id": "c77d1...", "critique": "3 + 4 is 7.", "verdict": "wrong", "agrees": true,
     "teacher": "symbolic", "preset": "cft", "cost": 0.0003}

Files of others are read by the same names, or by a mapping of columns; question, response and
critique must be there, ids and the rest need not.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from redink.errors import UsageError
from redink.formats.entry import Entry
from redink.formats.format import Kind, Row
from redink.formats.wording import Parts
from redink.records import Critique, Problem, Response, arrow_schema, field_names, to_row

if TYPE_CHECKING:
    import pyarrow

SUFFIXES = (".parquet", ".jsonl", ".json")
RECORDS: dict[str, type] = {"problem": Problem, "response": Response, "critique": Critique}
_NAMES = {
    ("response", "text"): "response",
    ("critique", "text"): "critique",
    ("response", "n_tokens"): "response_tokens",
}
_LINKS = (("response", "problem_id"), ("critique", "response_id"))


def records_of(kind: Kind) -> dict[str, type]:
    """The record types that stand in a row of this kind."""
    count = {"problems": 1, "responses": 2, "critiques": 3}[kind]
    return dict(list(RECORDS.items())[:count])


@cache
def columns_of(kind: Kind) -> dict[str, tuple[str, str]]:
    """Each column, with the record and the field that it holds."""
    owners: dict[str, int] = {}
    for record in RECORDS.values():
        for field in field_names(record):
            owners[field] = owners.get(field, 0) + 1
    columns = {}
    for name, record in records_of(kind).items():
        for field in field_names(record):
            if (name, field) in _LINKS:
                continue
            plain = field if owners[field] == 1 or (name, field) in _OWN else f"{name}_{field}"
            columns[_NAMES.get((name, field), plain)] = (name, field)
    return columns


_OWN = (("problem", "answer"),)


def flat_row(entry: Entry) -> Row:
    """An entry as one row."""
    records = {name: getattr(entry, name) for name in records_of(entry.kind)}
    rows = {name: to_row(record) for name, record in records.items()}
    return {column: rows[name][field] for column, (name, field) in columns_of(entry.kind).items()}


def flat_parts(row: Mapping[str, Any], kind: Kind, columns: Mapping[str, str]) -> Parts:
    """The fields in a row; `columns` says what a column of ours is called there."""
    parts: Parts = {name: {} for name in records_of(kind)}
    for column, (name, field) in columns_of(kind).items():
        value = row.get(columns.get(column, column))
        if value is not None:
            parts[name][field] = value
    return parts


def kind_in(names: Any, columns: Mapping[str, str]) -> Kind:
    """What a file holds, by the names of its columns."""
    there = set(names)
    if columns.get("critique", "critique") in there:
        return "critiques"
    return "responses" if columns.get("response", "response") in there else "problems"


def check_columns(columns: Mapping[str, str]) -> None:
    """Raises UsageError for a mapping of a column that there is not."""
    known = columns_of("critiques")
    unknown = sorted(set(columns) - set(known))
    if unknown:
        raise UsageError(f"column {unknown[0]!r} is unknown; map one of {', '.join(known)}")


def flat_schema(kind: Kind) -> "pyarrow.Schema":
    """The Arrow schema of a flat file."""
    import pyarrow as pa

    fields = []
    for column, (name, field) in columns_of(kind).items():
        fields.append(pa.field(column, arrow_schema(RECORDS[name]).field(field).type))
    return pa.schema(fields)
