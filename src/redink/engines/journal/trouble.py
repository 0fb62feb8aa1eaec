"""What SQLite's errors mean for a journal, and what to do about each."""

import sqlite3
from pathlib import Path

from redink.errors import StorageError

_WRITING = "may not be written; choose another folder or change its permissions"
_KEPT = "then run the same command again (what was finished is kept)"
_REMEDIES = {
    sqlite3.SQLITE_FULL: f"the disk is full; free disk space, {_KEPT}",
    sqlite3.SQLITE_IOERR: f"the disk failed or is full; free disk space, {_KEPT}",
    sqlite3.SQLITE_READONLY: _WRITING,
    sqlite3.SQLITE_CANTOPEN: _WRITING,
    sqlite3.SQLITE_PERM: _WRITING,
    sqlite3.SQLITE_AUTH: _WRITING,
    sqlite3.SQLITE_BUSY: f"another process holds it; wait for that one to end, {_KEPT}",
    sqlite3.SQLITE_NOTADB: "this is no journal; name another file for the journal, or, if it was "
    "one, copy what can be read into a new one: redink journal {path} --rescue",
    sqlite3.SQLITE_CORRUPT: "it is damaged and was left as it is; copy what can be read into a "
    "new one: redink journal {path} --rescue",
}


def storage_error(path: Path, error: Exception) -> StorageError:
    """The error to raise for what SQLite or the operating system said about a journal."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, OSError):
        code = sqlite3.SQLITE_CANTOPEN
    elif code is None and isinstance(error, sqlite3.OperationalError):
        code = sqlite3.SQLITE_CORRUPT  # a text that is not UTF-8
    remedy = _REMEDIES.get((code or 0) & 0xFF, f"look at what SQLite says, {_KEPT}")
    said = f"the journal of completions cannot be used ({error})"
    return StorageError(f"{path}: {said}; {remedy.format(path=path)}")


def damaged(path: Path, what: str) -> StorageError:
    """The error to raise where a row is not as it was written."""
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return storage_error(path, error)
