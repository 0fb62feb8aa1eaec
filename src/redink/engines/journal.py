"""The journal: finished completions on disk, so that none is ever made twice."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from redink.engines.engine import Completion
from redink.errors import StorageError


class Journal:
    """A SQLite file in WAL mode that maps keys to completions.

    A key is a content hash of everything that a completion depends on. One `put` is one
    transaction: a process killed at any moment leaves all of it or nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS completions (key TEXT PRIMARY KEY, completion TEXT)"
            )
        except (OSError, sqlite3.Error) as error:
            raise self._failure(error) from error

    def get(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions that are there already, by key."""
        found: dict[str, Completion] = {}
        try:
            for start in range(0, len(keys), 500):
                part = keys[start : start + 500]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, completion FROM completions WHERE key IN ({marks})"
                for key, text in self._connection.execute(query, part):
                    found[key] = Completion(**json.loads(text))
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise self._failure(error) from error
        return found

    def put(self, items: Iterable[tuple[str, Completion]]) -> None:
        """Stores completions in one transaction, durable when this returns."""
        rows = [(key, json.dumps(asdict(item), ensure_ascii=False)) for key, item in items]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _failure(self, error: Exception) -> StorageError:
        return StorageError(
            f"{self.path}: the journal of completions cannot be used ({error}); free disk space, "
            "or remove the file to generate them again"
        )
