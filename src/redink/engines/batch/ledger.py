"""The ledger: which batches were submitted with which requests, kept in the journal's file.

A batch is written down before it is uploaded and again before it is made, so that a process
killed anywhere between leaves enough to find the batch again, if there is one.
"""

import fcntl
import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from redink.engines.journal import Journal
from redink.errors import RunBusyError, StorageError

State = Literal["uploading", "creating", "submitted", "done", "refused"]


@dataclass(frozen=True)
class Entry:
    """A batch in the ledger."""

    token: str
    """Ours; the batch carries it too."""
    url: str
    model: str
    state: State
    """`uploading`: nothing is made yet; `creating`: it may be; `submitted`: it is."""
    file_id: str
    batch_id: str
    requests: int
    changed_at: float
    """Seconds since the epoch."""


class BatchLedger:
    """The batches of one journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def open_entries(self, url: str | None = None, model: str | None = None) -> list[Entry]:
        """Batches that are not done, oldest first."""
        rows = self._journal.read(
            "SELECT token, url, model, state, file_id, batch_id, requests, changed_at FROM batches "
            "WHERE state IN ('uploading', 'creating', 'submitted') ORDER BY rowid"
        )
        entries = [Entry(*row) for row in rows]
        return [e for e in entries if url in (None, e.url) and model in (None, e.model)]

    def keys(self, token: str) -> list[str]:
        """The requests of a batch that is not done."""
        rows = self._journal.read("SELECT key FROM batch_requests WHERE token = ?", [token])
        return [key for (key,) in rows]

    def uploading(self, token: str, url: str, model: str, keys: Sequence[str]) -> None:
        """Writes down a batch that is about to be uploaded."""
        with self._journal.transaction() as connection:
            connection.execute(
                "INSERT INTO batches (token, url, model, state, requests, changed_at) "
                "VALUES (?, ?, ?, 'uploading', ?, ?)",
                (token, url, model, len(keys), time.time()),
            )
            insert = "INSERT INTO batch_requests VALUES (?, ?)"
            connection.executemany(insert, ((token, key) for key in keys))

    def creating(self, token: str, file_id: str) -> None:
        """Writes down that the batch is about to be made of its uploaded file."""
        self._set(token, "creating", file_id=file_id)

    def submitted(self, token: str, batch_id: str) -> None:
        """Writes down the server's name of the batch."""
        self._set(token, "submitted", batch_id=batch_id)

    def close(self, token: str, state: State = "done") -> None:
        """Writes down that nothing more comes of a batch; its requests are free again."""
        with self._journal.transaction() as connection:
            connection.execute("DELETE FROM batch_requests WHERE token = ?", (token,))
            connection.execute(
                "UPDATE batches SET state = ?, changed_at = ? WHERE token = ?",
                (state, time.time(), token),
            )

    def forget(self, token: str) -> None:
        """Removes a batch that was never made."""
        with self._journal.transaction() as connection:
            connection.execute("DELETE FROM batch_requests WHERE token = ?", (token,))
            connection.execute("DELETE FROM batches WHERE token = ?", (token,))

    def _set(self, token: str, state: State, **names: str) -> None:
        columns = "".join(f", {name} = ?" for name in names)
        with self._journal.transaction() as connection:
            connection.execute(
                f"UPDATE batches SET state = ?, changed_at = ?{columns} WHERE token = ?",
                (state, time.time(), *names.values(), token),
            )


@contextmanager
def alone(journal: Path, name: str) -> Iterator[None]:
    """Keeps a second process from submitting the same batches; raises RunBusyError in it."""
    mark = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    path = journal.with_name(f"{journal.name}-batches-{mark}.lock")
    try:
        handle = path.open("w")
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunBusyError(
                f"{journal}: another process waits for batches of {name}; wait for it to end, or "
                "stop it (the batches go on) and run this again"
            ) from error
        yield
