"""Batch files for runners that read and write files, and their results into the journal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.engines.batch.requests import (
    BatchRequest,
    Limits,
    in_files,
    requests_for,
    requests_missing,
)
from redink.engines.batch.results import ResultRow, read_rows, to_completion
from redink.engines.endpoint.reply import Kind
from redink.engines.endpoint.request import MAX_TOKENS
from redink.engines.engine import Completion, Conversation, Failure, Sampling
from redink.engines.journal import Journal
from redink.errors import UsageError
from redink.files import write_atomically

AT_ONCE = 1000
"""Results stored in one transaction."""
SHOWN = 8
"""Row numbers named in a report."""


@dataclass(frozen=True)
class BatchFiles:
    """What was written."""

    paths: tuple[Path, ...]
    requests: int
    kept: int
    """Completions that were in the journal already and were not asked for."""

    def report(self) -> str:
        """In one line."""
        names = ", ".join(map(str, self.paths)) or "no file"
        return f"{self.requests} requests in {names}; {self.kept} were in the journal already"


@dataclass(frozen=True)
class BatchResults:
    """What was read: good rows are in the journal, the others are counted here."""

    stored: int
    """Completions that are new in the journal."""
    kept: int
    """Completions that were in it already."""
    failed: dict[str, str]
    """Reasons by place, `results.jsonl:12`."""
    unknown: tuple[str, ...]
    """Places of rows that answer none of the requests."""
    broken: tuple[str, ...]
    """Places of rows that are not JSON or have no custom id."""
    torn: tuple[str, ...]
    """Places of last lines that break off."""
    missing: int
    """Requests without a completion in the journal after this."""

    def report(self) -> list[str]:
        """One line of each kind that occurs."""
        lines = [f"{self.stored} completions read, {self.kept} were in the journal already"]
        reasons = Counter(self.failed.values()).most_common(SHOWN)
        lines += [f"{count} failed: {reason}" for reason, count in reasons]
        told = {
            "failed": tuple(self.failed),
            "answer no request of these": self.unknown,
            "cannot be read": self.broken,
            "break off (the file is not complete)": self.torn,
        }
        for what, places in told.items():
            if places:
                more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
                lines.append(f"{len(places)} rows {what}: {', '.join(places[:SHOWN])}{more}")
        if self.missing:
            lines.append(f"{self.missing} requests have no completion yet")
        return lines


def write_batch_file(
    path: Path,
    conversations: Sequence[Conversation],
    sampling: Sampling,
    *,
    model: str,
    journal: Path | None = None,
    extra: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    limit_field: str = MAX_TOKENS,
) -> BatchFiles:
    """Writes the requests whose completions are not in the journal, for a batch runner.

    Beyond the limits of one file there are several, `OUT-001.jsonl`, `OUT-002.jsonl`, ….

    Args:
        path: where to; a file that is there is replaced.
        conversations: what is asked.
        sampling: how.
        model: the name that the runner knows the model by.
        journal: SQLite file of finished completions.
        extra: merged into every request's body.
        limits: of one file.
        limit_field: the body's field with the token limit.

    Raises UsageError for impossible settings or where numbered files of an earlier time are left,
    StorageError where a file cannot be written.
    """
    wanted = requests_for(conversations, sampling, model=model, extra=extra)
    missing = wanted
    if journal is not None and journal.exists():
        with Journal(journal) as opened:
            missing = requests_missing(
                conversations, sampling, model=model, journal=opened, extra=extra
            )
    lines = (
        (key, request.line(model, sampling, extra, limit_field))
        for key, request in sorted(missing.items(), key=lambda item: item[1].url)
    )
    written = _write(path, lines, limits or Limits())
    return BatchFiles(written, len(missing), len(wanted) - len(missing))


def _write(path: Path, lines: Any, limits: Limits) -> tuple[Path, ...]:
    """Writes one file, or numbered ones: the first is renamed when a second is needed."""
    left = sorted(path.parent.glob(f"{path.stem}-[0-9][0-9][0-9]{path.suffix}"))
    if left:
        raise UsageError(
            f"{left[0]}: left from an earlier time, and running it again might be paid twice; "
            "read its results and remove it, or choose another name"
        )
    written: list[Path] = []
    for group in in_files(lines, limits):
        name = path
        if written:
            name = _numbered(path, len(written) + 1)
            if written[0] == path:
                written[0] = path.rename(_numbered(path, 1))
        write_atomically(name, b"".join(group.values()))
        written.append(name)
    if not written and path.exists():
        write_atomically(path, b"")  # what it asked for is there, and must not be asked again
    return tuple(written)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number:03d}{path.suffix}")


def read_batch_results(
    paths: Path | Sequence[Path],
    conversations: Sequence[Conversation],
    sampling: Sampling,
    *,
    model: str,
    journal: Path,
    extra: Mapping[str, Any] | None = None,
) -> BatchResults:
    """Reads result files into the journal.

    Rows that failed, answer none of the requests, cannot be read or break off cost no other row.

    Args:
        paths: result files of a batch runner, error files among them.
        conversations: what was asked.
        sampling: how.
        model: as when the requests were written.
        journal: SQLite file that takes the completions and the reasons of failures.
        extra: as when the requests were written.

    Raises DataError where a file cannot be read, StorageError where the journal cannot be written.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    wanted = requests_for(conversations, sampling, model=model, extra=extra)
    with Journal(journal) as opened:
        before = len(opened.get(list(wanted)))
        reading = _Reading(opened, wanted, model)
        for path in files:
            for row in read_rows(path, wanted):
                reading.take(row, f"{path.name}:{row.number}")
        reading.flush()
        after = len(opened.get(list(wanted)))
        troubles = reading.troubles
        return BatchResults(
            stored=after - before,
            kept=reading.completions - (after - before),
            failed=reading.failed,
            unknown=tuple(troubles["unknown"]),
            broken=tuple(troubles["broken"]),
            torn=tuple(troubles["torn"]),
            missing=len(wanted) - after,
        )


class _Reading:
    """Rows on their way into a journal."""

    def __init__(self, journal: Journal, wanted: Mapping[str, BatchRequest], model: str) -> None:
        self.journal, self.wanted, self.model = journal, wanted, model
        self.completions = 0
        self.failed: dict[str, str] = {}
        self.troubles: dict[str, list[str]] = {"unknown": [], "broken": [], "torn": []}
        self._good: list[tuple[str, Completion]] = []
        self._bad: list[tuple[str, Failure]] = []

    def take(self, row: ResultRow, place: str) -> None:
        if row.trouble:
            self.troubles[row.trouble].append(place)
        elif row.answer and row.answer.kind is Kind.DONE:
            self.completions += 1
            self._good.append((row.key, to_completion(row.key, row.answer, self.wanted[row.key])))
        elif row.answer:
            self.failed[place] = row.answer.reason
            self._bad.append((row.key, Failure(row.key, 0, row.answer.reason)))
        if len(self._good) + len(self._bad) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._good:
            self.journal.put(self._good, self.model)
        if self._bad:
            self.journal.fail(self._bad)
        self._good, self._bad = [], []
