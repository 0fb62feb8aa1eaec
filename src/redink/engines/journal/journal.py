"""A SQLite file that maps keys to completions."""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from redink.engines.engine import Completion, Failure
from redink.engines.journal.schema import COLUMNS, INSERT, is_sound, prepare, to_row
from redink.engines.journal.trouble import damaged, storage_error

BUSY_SECONDS = 60.0
"""How long a process waits for another one's transaction."""
_PART = 900
"""Keys asked for in one query; older SQLite takes 999 values."""


@dataclass(frozen=True)
class Usage:
    """What completions took, in tokens."""

    completions: int
    prompt_tokens: int
    completion_tokens: int


class Journal:
    """A SQLite file in WAL mode that maps keys to completions.

    A key is a content hash of everything that a completion depends on, so that one file may serve
    any number of models, settings, runs and threads, and other processes at the same time. One
    `put` is one transaction: a process killed at any moment leaves all of it or nothing, and what
    was put is on the disk when `put` returns. Failures are kept with their reason, apart from
    completions, and go when their completion comes.

    A journal of version 0 is brought up to date where it lies. StorageError is raised for a file
    that is no journal or one of a newer version, for a full disk, a folder that may not be
    written and a damaged file; what was put before stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise storage_error(path, error) from error
        try:
            prepare(self._connection, path)
        except sqlite3.Error as error:
            self._connection.close()
            raise storage_error(path, error) from error
        except (ValueError, TypeError) as error:
            self._connection.close()
            raise damaged(path, f"a row of version 0: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    def get(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions that are there already, by key; their ids are the keys.

        Raises StorageError where the file is damaged.
        """
        found: dict[str, Completion] = {}
        for row in self._rows(f"SELECT {', '.join(COLUMNS)} FROM completions WHERE key", keys):
            if not is_sound(row):
                raise damaged(self.path, f"the completion {row[0]} is not as it was written")
            key, _, prompt, completion, finish, seconds, _, _, text = row
            found[key] = Completion(key, 0, text, prompt, completion, finish, seconds)
        return found

    def put(self, items: Iterable[tuple[str, Completion]], model: str = "") -> None:
        """Stores completions in one transaction, durable when this returns.

        The first completion of a key stays. Failures of the same keys are forgotten.
        """
        now = int(time.time())
        rows = [to_row(key, completion, model, now) for key, completion in items]
        with self.transaction() as connection:
            connection.executemany(INSERT, rows)
            forget = "DELETE FROM failures WHERE key = ?"
            connection.executemany(forget, ((row[0],) for row in rows))

    def fail(self, items: Iterable[tuple[str, Failure]]) -> None:
        """Notes why completions could not be had; those that are there stay as they are."""
        now = int(time.time())
        rows = [(key, failure.reason, now, key) for key, failure in items]
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO failures SELECT ?, ?, 1, ? WHERE NOT EXISTS "
                "(SELECT 1 FROM completions WHERE key = ?) ON CONFLICT(key) DO UPDATE SET "
                "reason = excluded.reason, tries = tries + 1, failed_at = excluded.failed_at",
                rows,
            )

    def failures(self, keys: Sequence[str]) -> dict[str, Failure]:
        """The failures noted for keys that have no completion; their ids are the keys."""
        rows = self._rows("SELECT key, reason FROM failures WHERE key", keys)
        return {key: Failure(key, 0, reason) for key, reason in rows}

    def usage(self, keys: Sequence[str] | None = None) -> Usage:
        """Tokens of the completions under `keys`, or of all."""
        total = "SELECT count(*), sum(prompt_tokens), sum(completion_tokens) FROM completions"
        rows = self._rows(f"{total} WHERE key", keys) if keys is not None else self.read(total)
        sums = [sum(value or 0 for value in column) for column in zip(*rows, strict=True)]
        return Usage(*sums) if sums else Usage(0, 0, 0)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction on the file: all of it or nothing, for state kept beside."""
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
        except sqlite3.Error as error:
            raise storage_error(self.path, error) from error

    def read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows that a query finds."""
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise storage_error(self.path, error) from error

    def _rows(self, query: str, keys: Sequence[str]) -> Iterator[Any]:
        for start in range(0, len(keys), _PART):
            part = keys[start : start + _PART]
            yield from self.read(f"{query} IN ({','.join('?' * len(part))})", part)
