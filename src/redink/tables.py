"""Tables: records of one type, with the records that they refer to, on disk as Parquet.

A table's folder holds `<kind>.parquet` for its own rows, the problems and responses these refer
to, `dropped.parquet` for what a filter kept out (with the reason), and `table.json`, a small
sidecar of provenance. So a folder can be read, copied or sent alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from redink.errors import DataError
from redink.files import write_atomically
from redink.records import (
    Critique,
    Example,
    Problem,
    Response,
    Score,
    StepLabels,
    arrow_schema,
    from_row,
    to_row,
)

R = TypeVar("R")
KINDS: dict[type, str] = {
    Problem: "problems",
    Response: "responses",
    Critique: "critiques",
    Example: "examples",
    Score: "scores",
    StepLabels: "labels",
}


@dataclass(frozen=True)
class Dropped:
    """A record that was kept out, and why."""

    id: str
    reason: str
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Table(Sequence[R], Generic[R]):
    """Rows of one record type and what they refer to.

    `problems` and `responses` map ids to the records that the rows point at (for a table of
    problems or responses, these hold the rows themselves as well).
    """

    kind: type[R]
    rows: tuple[R, ...]
    problems: Mapping[str, Problem] = field(default_factory=dict, repr=False)
    responses: Mapping[str, Response] = field(default_factory=dict, repr=False)
    dropped: tuple[Dropped, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows)

    def write(self, folder: Path) -> None:
        """Writes the table into `folder`; the same rows always give the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind, rows in self._parts().items():
            _write_parquet(folder / f"{KINDS[kind]}.parquet", kind, rows)
        if self.dropped:
            _write_dropped(folder / "dropped.parquet", self.dropped)
        sidecar = {
            "kind": KINDS[self.kind],
            "rows": len(self.rows),
            "dropped": drop_counts(self.dropped),
            "provenance": dict(self.provenance),
        }
        text = json.dumps(sidecar, indent=2, ensure_ascii=False, sort_keys=True)
        write_atomically(folder / "table.json", text.encode())

    @classmethod
    def read(cls, folder: Path) -> "Table[Any]":
        """Reads a folder written by `write`.

        Raises DataError where the folder is no table or a file in it is broken.
        """
        sidecar_path = folder / "table.json"
        try:
            sidecar = json.loads(sidecar_path.read_text())
        except (OSError, ValueError) as error:
            raise DataError(
                f"{folder} is not a redink table ({sidecar_path.name}: {error}); "
                "name a stage folder of a run"
            ) from None
        kind = next((k for k, name in KINDS.items() if name == sidecar.get("kind")), None)
        if kind is None:
            raise DataError(f"{sidecar_path}: unknown kind {sidecar.get('kind')!r}")
        rows: tuple[Any, ...] = _read_parquet(folder / f"{KINDS[kind]}.parquet", kind)
        return cls(
            kind=kind,
            rows=rows,
            problems=_index(rows if kind is Problem else _read_optional(folder, Problem)),
            responses=_index(rows if kind is Response else _read_optional(folder, Response)),
            dropped=_read_dropped(folder / "dropped.parquet"),
            provenance=sidecar.get("provenance", {}),
        )

    def _parts(self) -> dict[type, Sequence[Any]]:
        parts: dict[type, Sequence[Any]] = {}
        if self.problems and self.kind is not Problem:
            parts[Problem] = tuple(self.problems.values())
        if self.responses and self.kind is not Response:
            parts[Response] = tuple(self.responses.values())
        parts[self.kind] = self.rows
        return parts


def problem_table(rows: Sequence[Problem], dropped: Sequence[Dropped] = ()) -> Table[Problem]:
    """A table of problems."""
    return Table(Problem, tuple(rows), problems=_index(rows), dropped=tuple(dropped))


def response_table(
    rows: Sequence[Response], problems: Mapping[str, Problem], dropped: Sequence[Dropped] = ()
) -> Table[Response]:
    """A table of responses with the problems that they answer."""
    used = dict.fromkeys(row.problem_id for row in rows)
    return Table(
        Response,
        tuple(rows),
        problems={key: problems[key] for key in used},
        responses=_index(rows),
        dropped=tuple(dropped),
    )


def critique_table(
    rows: Sequence[Critique],
    responses: Mapping[str, Response],
    problems: Mapping[str, Problem],
    dropped: Sequence[Dropped] = (),
) -> Table[Critique]:
    """A table of critiques with the responses that they mark and these responses' problems."""
    used = {key: responses[key] for key in dict.fromkeys(row.response_id for row in rows)}
    needed = dict.fromkeys(response.problem_id for response in used.values())
    return Table(
        Critique,
        tuple(rows),
        problems={key: problems[key] for key in needed},
        responses=used,
        dropped=tuple(dropped),
    )


def label_table(
    rows: Sequence[StepLabels],
    responses: Mapping[str, Response],
    problems: Mapping[str, Problem],
    dropped: Sequence[Dropped] = (),
    continuations: Sequence[Response] = (),
) -> Table[StepLabels]:
    """A table of step labels with the responses that they are of, these responses' problems, and
    the continuations of their prefixes, which stand among the responses too."""
    used = {key: responses[key] for key in dict.fromkeys(row.response_id for row in rows)}
    used |= _index(continuations)
    needed = dict.fromkeys(response.problem_id for response in used.values())
    return Table(
        StepLabels,
        tuple(rows),
        problems={key: problems[key] for key in needed},
        responses=used,
        dropped=tuple(dropped),
    )


def join(tables: Sequence[Table[Any]]) -> Table[Any]:
    """Several tables of one kind as one; a row that two of them hold stands once.

    Raises DataError for tables of different kinds.
    """
    if len(tables) == 1:
        return tables[0]
    kinds = {table.kind for table in tables}
    if len(kinds) > 1:
        names = " and ".join(sorted(KINDS[kind] for kind in kinds))
        raise DataError(f"{names} cannot be joined in one table; name stages of one kind")
    rows = dict.fromkeys(row for table in tables for row in _keyed(table))
    return Table(
        kind=kinds.pop(),
        rows=tuple(row.record for row in rows),
        problems={key: value for table in tables for key, value in table.problems.items()},
        responses={key: value for table in tables for key, value in table.responses.items()},
    )


@dataclass(frozen=True)
class _Keyed:
    """A record that is compared by its id: records with JSON fields have no hash."""

    id: str
    record: Any = field(compare=False)


def _keyed(table: Table[Any]) -> Iterator[_Keyed]:
    return (_Keyed(getattr(row, "id", str(row)), row) for row in table)


def drop(record: Any, reason: str) -> Dropped:
    """Keeps a record that is being dropped, with the reason."""
    return Dropped(id=record.id, reason=reason, record=to_row(record))


def drop_counts(dropped: Sequence[Dropped]) -> dict[str, int]:
    """How many records were dropped for each reason, most frequent first."""
    counts: dict[str, int] = {}
    for item in dropped:
        counts[item.reason] = counts.get(item.reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _index(rows: Sequence[Any]) -> dict[str, Any]:
    return {row.id: row for row in rows}


def _write_parquet(path: Path, kind: type, rows: Sequence[Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist([to_row(row) for row in rows], schema=arrow_schema(kind))
    pq.write_table(table, sink, compression="zstd")
    write_atomically(path, sink.getvalue().to_pybytes())


def _read_parquet(path: Path, kind: type[R]) -> tuple[R, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).to_pylist()
        return tuple(from_row(kind, row) for row in rows)
    except (OSError, pa.ArrowException, TypeError, KeyError) as error:
        raise DataError(
            f"{path}: cannot be read as {KINDS[kind]} ({error}); make the stage again with --force"
        ) from None


def _read_optional(folder: Path, kind: type[R]) -> tuple[R, ...]:
    path = folder / f"{KINDS[kind]}.parquet"
    return _read_parquet(path, kind) if path.exists() else ()


def _write_dropped(path: Path, dropped: Sequence[Dropped]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"id": d.id, "reason": d.reason, "record": json.dumps(d.record, sort_keys=True)}
        for d in dropped
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink, compression="zstd")
    write_atomically(path, sink.getvalue().to_pybytes())


def _read_dropped(path: Path) -> tuple[Dropped, ...]:
    import pyarrow.parquet as pq

    if not path.exists():
        return ()
    rows = pq.read_table(path).to_pylist()
    return tuple(Dropped(r["id"], r["reason"], json.loads(r["record"])) for r in rows)
