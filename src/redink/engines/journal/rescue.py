"""What can still be read of a damaged journal, in a new one."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.engines.journal.journal import Journal
from redink.engines.journal.pages import table_rows
from redink.engines.journal.schema import COLUMNS, INSERT, Row, is_sound, old_row
from redink.errors import StorageError

_BESIDE = {"failures": 4, "batches": 8, "batch_requests": 2}
"""The other tables and their columns, read whole or not at all."""


@dataclass(frozen=True)
class Rescued:
    """The new journal, how many completions it holds, and what else could not be read."""

    path: Path
    completions: int
    unread: tuple[str, ...]
    """Tables of which nothing was copied; without `batches`, submitted batches are forgotten."""


def rescue(path: Path) -> Rescued:
    """Copies every completion that can be read out of a damaged journal into a new one beside it.

    The damaged file stays as it is. Raises StorageError where it or the new one cannot be opened.
    """
    target = _free_name(path)
    try:
        path.open("rb").close()
        rows = (_completion(values) for values in table_rows(path))
        beside = dict(_tables_beside(path))
        with Journal(target) as fresh:
            with fresh.transaction() as connection:
                connection.executemany(INSERT, (row for row in rows if row is not None))
                for name, values in beside.items():
                    marks = ",".join("?" * _BESIDE[name])
                    connection.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
            unread = tuple(name for name in _BESIDE if name not in beside)
            return Rescued(target, fresh.usage().completions, unread)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(
            f"{path}: cannot be read ({error.strerror or error}); name the damaged journal"
        ) from error


def _completion(values: tuple[Any, ...]) -> Row | None:
    """A row of the table `completions`, of this version or the one before, if it is sound."""
    try:
        if len(values) == len(COLUMNS):
            key, crc, prompt, completion, finish, seconds, *rest = values
            # SQLite keeps whole numbers of a REAL column as integers.
            seconds = None if seconds is None else float(seconds)
            row: Any = (key, crc, prompt, completion, finish, seconds, *rest)
            return row if is_sound(row) else None
        if len(values) == 2 and all(isinstance(value, str) for value in values):
            return old_row(*values)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    return None


def _tables_beside(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """The tables other than completions that SQLite itself can still read."""
    for name in _BESIDE:
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.Error:
            continue
        try:
            yield name, connection.execute(f"SELECT * FROM {name}").fetchall()
        except sqlite3.Error:
            continue
        finally:
            connection.close()


def _free_name(path: Path) -> Path:
    names = ["rescued", *(f"rescued-{n}" for n in range(2, 1000))]
    free = (path.with_name(f"{path.stem}-{name}{path.suffix}") for name in names)
    return next(name for name in free if not name.exists())
