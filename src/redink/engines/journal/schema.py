"""The journal's tables, and how files of other versions are met.

Version 0 had the one table `completions(key, completion)` with a JSON text per completion; it is
brought to this version in place, in one transaction.
"""

import json
import sqlite3
import zlib
from pathlib import Path

from redink.engines.engine import Completion
from redink.errors import StorageError

APPLICATION_ID = 0x7265644B
"""`redK` in the file's header."""
VERSION = 1
# Texts of 2 KB cost 300 bytes more on disk than they have with pages of 16 KB, 980 with 4 KB.
PAGE_SIZE = 16384

# The text stands last, so that counting tokens reads no overflow pages; `crc` is over the row,
# for SQLite itself notices a damaged page only where the page's structure suffers.
COLUMNS = (
    "key", "crc", "prompt_tokens", "completion_tokens", "finish", "seconds", "model", "made_at",
    "text",
)  # fmt: skip
TABLES = (
    """CREATE TABLE completions (
        key TEXT PRIMARY KEY NOT NULL, crc INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL, finish TEXT NOT NULL, seconds REAL,
        model TEXT NOT NULL, made_at INTEGER NOT NULL, text TEXT NOT NULL)""",
    """CREATE TABLE failures (
        key TEXT PRIMARY KEY NOT NULL, reason TEXT NOT NULL, tries INTEGER NOT NULL,
        failed_at INTEGER NOT NULL)""",
    """CREATE TABLE batches (
        token TEXT PRIMARY KEY NOT NULL, url TEXT NOT NULL, model TEXT NOT NULL,
        state TEXT NOT NULL, file_id TEXT NOT NULL DEFAULT '', batch_id TEXT NOT NULL DEFAULT '',
        requests INTEGER NOT NULL, changed_at REAL NOT NULL)""",
    """CREATE TABLE batch_requests (
        token TEXT NOT NULL REFERENCES batches(token), key TEXT NOT NULL,
        PRIMARY KEY (token, key)) WITHOUT ROWID""",
)
INSERT = f"INSERT INTO completions VALUES ({','.join('?' * len(COLUMNS))}) ON CONFLICT DO NOTHING"

Row = tuple[str, int, int, int, str, float | None, str, int, str]


def to_row(key: str, completion: Completion, model: str, made_at: int) -> Row:
    """A completion as a row of the table, in the order of `COLUMNS`."""
    text = completion.text
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which no file can hold
        text = text.encode("utf-8", "replace").decode()
    counts = completion.prompt_tokens, completion.completion_tokens
    seconds = None if completion.seconds is None else float(completion.seconds)
    values = (*counts, completion.finish, seconds, model, made_at, text)
    return (key, _checksum(key, *values), *values)


def _checksum(key: str, *values: object) -> int:
    return zlib.crc32("\0".join([key, *map(str, values)]).encode())


def is_sound(row: Row) -> bool:
    """Whether a row is as it was written."""
    return row[1] == _checksum(row[0], *row[2:])


def old_row(key: str, completion: str) -> Row:
    """A row of version 0 as one of this version."""
    kept = json.loads(completion)
    names = Completion.__dataclass_fields__
    return to_row(key, Completion(**{n: v for n, v in kept.items() if n in names}), "", 0)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Makes a new file a journal, brings an old one to this version, refuses any other.

    Raises StorageError for a file of another program or a newer version, which stays untouched;
    sqlite3.Error where the file cannot be read or written.
    """
    if _version_of(connection, path) is None:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    if _version_of(connection, path) == VERSION:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        version = _version_of(connection, path)  # another process may have been first
        if version == VERSION:
            return
        if version == 0:
            connection.execute("ALTER TABLE completions RENAME TO completions_0")
        for statement in TABLES:
            connection.execute(statement)
        if version == 0:
            old = connection.execute("SELECT key, completion FROM completions_0")
            connection.executemany(INSERT, (old_row(*row) for row in old))
            connection.execute("DROP TABLE completions_0")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")


def _version_of(connection: sqlite3.Connection, path: Path) -> int | None:
    """The version of a journal's tables, None for a file without any table.

    Read as one: another process may be making them.
    """
    if connection.in_transaction:
        return _read_version(connection, path)
    connection.execute("BEGIN")
    try:
        return _read_version(connection, path)
    finally:
        connection.execute("ROLLBACK")


def _read_version(connection: sqlite3.Connection, path: Path) -> int | None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if application == APPLICATION_ID and version > VERSION:
        raise StorageError(
            f"{path}: a journal of version {version}, and this redink knows {VERSION}; update "
            "redink, or name another journal (the file was left as it is)"
        )
    if application == APPLICATION_ID and version == VERSION:
        return VERSION
    if (application, version) == (0, 0):
        if not names:
            return None
        columns = [row[1] for row in connection.execute("PRAGMA table_info(completions)")]
        if columns == ["key", "completion"]:
            return 0
    raise StorageError(
        f"{path}: a database of another program, not a journal of completions; name another "
        "file for the journal (this one was left as it is)"
    )
