"""The journal: finished completions on disk, so that none is ever made twice."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from redink.engines.engine import Completion
from redink.errors import StorageError


class Journal:
    """A SQLite file in WAL mode that maps keys to completions.

    A key is a content hash of everything that a completion depends on, so that one file may serve
    any number of models, settings and threads, and other processes at the same time. One `put` is
    one transaction: a process killed at any moment leaves all of it or nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = threading.Lock()
            self._connection = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
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
                with self._lock:
                    rows = self._connection.execute(query, part).fetchall()
                found |= {key: Completion(**json.loads(text)) for key, text in rows}
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise self._failure(error) from error
        return found

    def put(self, items: Iterable[tuple[str, Completion]]) -> None:
        """Stores completions in one transaction, durable when this returns."""
        rows = [(key, json.dumps(asdict(item), ensure_ascii=False)) for key, item in items]
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                insert = "INSERT OR IGNORE INTO completions VALUES (?, ?)"
                self._connection.executemany(insert, rows)
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
