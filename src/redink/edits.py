"""Verdicts mended by hand: `edits.jsonl` beside a table of critiques.

One JSON object a line, only ever appended:

    {"key": "5e0f…", "id": "c91b…", "old": "wrong", "new": "right", "author": "ada",
     "time": "2026-11-22T09:12:31.204+00:00", "reason": "recomputed", "undoes": null}

To undo is to append a line whose `undoes` is the key of the line that is taken back. The newest
line of a critique that was not taken back stands. Reviewers write at the same time, from as many
processes as they like; the table itself is never changed.
"""

import fcntl
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from redink.errors import DataError, StorageError, UsageError
from redink.records import Critique, Verdict
from redink.tables import Table

EDITS = "edits.jsonl"
Judgement = Literal["right", "wrong", "unsure"]
UNREADABLE = "unreadable"
"""The old verdict of a critique that had none."""
_VERDICTS: Mapping[str, Verdict] = {"right": "right", "wrong": "wrong"}
LONGEST_AUTHOR, LONGEST_REASON = 100, 4000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of the file."""

    id: str
    """The critique's."""
    old: str
    new: str
    """A judgement; of an undoing line the verdict that stands again."""
    author: str
    time: str
    """UTC, ISO 8601."""
    reason: str
    key: str
    undoes: str | None = None


@dataclass(frozen=True)
class Edits:
    """The lines of one or more readings of a file."""

    lines: tuple[Edit, ...] = ()
    broken: tuple[int, ...] = ()
    """1-based numbers of lines that are no edit: half a line that a crash left, say."""
    undone: frozenset[str] = field(default_factory=frozenset)
    """Keys of the lines that were taken back."""

    def standing(self) -> dict[str, Edit]:
        """Critique id to the edit that stands."""
        return {
            edit.id: edit
            for edit in self.lines
            if edit.undoes is None and edit.key not in self.undone
        }

    def of(self, critique_id: str) -> list[Edit]:
        """Every line about a critique, in order."""
        return [edit for edit in self.lines if edit.id == critique_id]


def read_edits(folder: Path) -> Edits:
    """The edits beside a table; none where there is no file. Raises StorageError where it cannot
    be read."""
    return _Reader(folder / EDITS).read()


def edits_fingerprint(folder: Path) -> str | None:
    """A 16-hex-digit hash of the verdicts that stand and differ from the table's own; None where
    there are none: who only confirms verdicts makes nothing anew."""
    edits = read_edits(folder)
    own: dict[str, str] = {}
    for edit in edits.lines:
        own.setdefault(edit.id, edit.old)
    standing = edits.standing()
    pairs = sorted((key, edit.new) for key, edit in standing.items() if edit.new != own[key])
    text = json.dumps(pairs)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest() if pairs else None


def apply_edits(table: Table[Critique], edits: Edits) -> Table[Critique]:
    """The table with the verdicts that stand; what they agree with is worked out anew.

    Raises DataError for a table of another kind.
    """
    if table.kind is not Critique:
        raise DataError("edits are about critiques; name a stage that critiques")
    standing = edits.standing()
    if not standing:
        return table
    rows = tuple(
        _edited(row, standing[row.id], table) if row.id in standing else row for row in table
    )
    return replace(table, rows=rows)


def read_edited(folder: Path) -> Table[Any]:
    """A table with the edits beside it applied; tables of other kinds as they are."""
    table = Table.read(folder)
    return apply_edits(table, read_edits(folder)) if table.kind is Critique else table


def _edited(critique: Critique, edit: Edit, table: Table[Critique]) -> Critique:
    verdict = _VERDICTS.get(edit.new)
    response = table.responses.get(critique.response_id)
    outcome = response.outcome if response else None
    known = verdict is not None and outcome in ("correct", "wrong")
    return replace(
        critique,
        verdict=verdict,
        agrees=(verdict == "right") == (outcome == "correct") if known else None,
        first_error=None if verdict == "right" else critique.first_error,
        why="" if verdict else f"unsure, says {edit.author}",
    )


class EditLog:
    """The edits beside one table, read again whenever the file has grown."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / EDITS
        self._reader = _Reader(self._path)
        self._lock = threading.Lock()

    def edits(self) -> Edits:
        """Every edit so far, other processes' too."""
        with self._lock:
            return self._reader.read()

    def add(
        self, critique_id: str, verdict: str | None, new: str, *, author: str, reason: str = ""
    ) -> Edit:
        """Appends a judgement.

        Args:
            critique_id: A critique of the table.
            verdict: The table's own verdict of it.
            new: `right`, `wrong` or `unsure`; the verdict that stands confirms it.
            author: Who judges.
            reason: Why, in a few words or many.

        Raises UsageError for another judgement, no author or texts that are too long.
        """
        author = _checked(new, author, reason)
        with self._locked() as edits:
            standing = edits.standing().get(critique_id)
            old = standing.new if standing else verdict or UNREADABLE
            return self._append(_line(critique_id, old, new, author, reason))

    def undo(self, critique_id: str, verdict: str | None, *, author: str) -> Edit:
        """Takes back the author's newest judgement of a critique that stands.

        Raises UsageError where there is none.
        """
        with self._locked() as edits:
            mine = [
                edit
                for edit in edits.of(critique_id)
                if edit.undoes is None and edit.key not in edits.undone
            ]
            last = next((edit for edit in reversed(mine) if edit.author == author.strip()), None)
            if last is None:
                others = sorted({edit.author for edit in mine})
                whose = f"; it was judged by {', '.join(others)}" if others else ""
                raise UsageError(
                    f"{critique_id}: no judgement of {author!r} to take back{whose}; judge it anew"
                )
            left = [edit.new for edit in mine if edit is not last]
            old, new = mine[-1].new, left[-1] if left else verdict or UNREADABLE
            return self._append(_line(critique_id, old, new, author.strip(), "undo", last.key))

    @contextmanager
    def _locked(self) -> Iterator[Edits]:
        """The edits of this moment; no other process appends while the block runs."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise _unwritable(self._path, error) from None
        try:
            with self._lock:
                fcntl.flock(handle, fcntl.LOCK_EX)
                self._handle = handle
                yield self._reader.read()
        finally:
            os.close(handle)

    def _append(self, edit: Edit) -> Edit:
        line = json.dumps(asdict(edit), ensure_ascii=True) + "\n"
        try:
            if self._reader.unfinished:
                line = "\n" + line
            data = line.encode()
            while data:
                data = data[os.write(self._handle, data) :]
            os.fsync(self._handle)
        except OSError as error:
            raise _unwritable(self._path, error) from None
        return edit


class _Reader:
    """Reads a growing file, each line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()

    def _forget(self) -> None:
        self._place = self._count = 0
        self._identity: tuple[int, int] | None = None
        self._edits = Edits()
        self.unfinished = False
        """Whether the file's last line has no end."""

    def read(self) -> Edits:
        try:
            with self._path.open("rb") as stream:
                status = os.fstat(stream.fileno())
                identity = (status.st_dev, status.st_ino)
                if identity != self._identity or status.st_size < self._place:
                    self._forget()
                    self._identity = identity
                stream.seek(self._place)
                data = stream.read()
        except (FileNotFoundError, NotADirectoryError):
            self._forget()
            return self._edits
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot be read ({error.strerror}); check its permissions"
            ) from None
        whole, end, _ = data.rpartition(b"\n")
        self.unfinished = len(data) > len(whole) + len(end)
        if end:
            self._place += len(whole) + 1
            self._edits = self._with(whole.split(b"\n"))
        return self._edits

    def _with(self, lines: Sequence[bytes]) -> Edits:
        found: list[Edit] = []
        broken: list[int] = []
        for line in lines:
            self._count += 1
            edit = _parsed(line)
            if edit:
                found.append(edit)
            elif line.strip():
                broken.append(self._count)
        before = self._edits
        return Edits(
            (*before.lines, *found),
            (*before.broken, *broken),
            before.undone | {edit.undoes for edit in found if edit.undoes},
        )


def _parsed(line: bytes) -> Edit | None:
    try:
        row: Any = json.loads(line)
    except ValueError:
        return None
    names = Edit.__dataclass_fields__
    if not isinstance(row, Mapping) or any(
        not isinstance(row.get(name), str) for name in names if name != "undoes"
    ):
        return None
    undoes = row.get("undoes")
    if undoes is None and row["new"] not in get_args(Judgement):
        return None
    texts = {name: row[name] for name in names if name != "undoes"}
    return Edit(**texts, undoes=undoes if isinstance(undoes, str) else None)


def _line(
    critique_id: str, old: str, new: str, author: str, reason: str, undoes: str | None = None
) -> Edit:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Edit(critique_id, old, new, author, now, reason, secrets.token_hex(6), undoes)


def _checked(new: str, author: str, reason: str) -> str:
    if new not in get_args(Judgement):
        raise UsageError(f"new: {new!r} is no judgement; give right, wrong or unsure")
    author = author.strip()
    if not author or len(author) > LONGEST_AUTHOR:
        raise UsageError(f"author: give a name of 1 to {LONGEST_AUTHOR} characters")
    if len(reason) > LONGEST_REASON:
        raise UsageError(
            f"reason: {len(reason)} characters are too many; give at most {LONGEST_REASON}"
        )
    return author


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: cannot be written ({error.strerror}); check the folder's permissions and space"
    )
