"""Collecting: a finished batch's files, read into the journal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redink.engines.batch.api import Batch, BatchApi
from redink.engines.batch.ledger import Entry
from redink.engines.batch.requests import BatchRequest
from redink.engines.batch.results import ResultRow, read_rows, to_completion
from redink.engines.endpoint.reply import Kind
from redink.engines.engine import Completion, Failure
from redink.engines.journal import Journal

AT_ONCE = 1000
"""Results stored in one transaction."""
DOWNLOADS = 3
"""Of a file that holds less than the server says it does."""


@dataclass(frozen=True)
class Outcome:
    """What came of one request: a completion, or why there is none."""

    key: str
    completion: Completion | None
    reason: str = ""
    final: bool = False
    """It will never be answered."""
    counts: bool = False
    """As one of its tries."""
    renames: bool = False
    """The model wants the token limit under its other name."""


class Collection:
    """Fetches the results of batches into a journal.

    Args:
        api: where the files are.
        journal: takes completions before anyone sees them.
        model: the model's name, for the journal.
        requests: by key, for the tokens of prompts that the server does not report.
    """

    def __init__(
        self, api: BatchApi, journal: Journal, model: str, requests: Mapping[str, BatchRequest]
    ) -> None:
        self._api, self._journal, self._model = api, journal, model
        self._requests = requests

    def outcomes(self, entry: Entry, batch: Batch, keys: set[str]) -> Iterator[list[Outcome]]:
        """What a batch's files say about its requests, once each.

        The output file is read again where it breaks off or holds fewer rows than the server
        counts: a row that is overlooked would be paid twice.
        """
        left, path = set(keys), self._journal.path
        target = path.with_name(f"{path.name}-batch-{entry.token}")
        try:
            for _ in range(DOWNLOADS):
                if not batch.output_file:
                    break
                torn = False
                self._api.download(batch.output_file, target)
                for rows in _groups(read_rows(target, keys)):
                    torn = torn or any(row.trouble == "torn" for row in rows)
                    yield self._stored(rows, left)
                if not torn and len(keys) - len(left) >= batch.completed:
                    break
            if batch.error_file:
                self._api.download(batch.error_file, target)
                for rows in _groups(read_rows(target, keys)):
                    yield self._stored(rows, left)
        finally:
            target.unlink(missing_ok=True)

    def note(self, failures: list[tuple[str, Failure]]) -> None:
        """Writes down why requests will not be answered."""
        if failures:
            self._journal.fail(failures)

    def _stored(self, rows: list[ResultRow], left: set[str]) -> list[Outcome]:
        """The outcomes of rows not seen before; their completions are in the journal by then."""
        found = []
        for row in rows:
            if row.key in left and row.answer:
                left.discard(row.key)
                found.append(self._outcome(row))
        made = [(outcome.key, outcome.completion) for outcome in found if outcome.completion]
        if made:
            self._journal.put(made, self._model)
        return found

    def _outcome(self, row: ResultRow) -> Outcome:
        answer = row.answer
        assert answer
        if answer.kind is Kind.DONE:
            return Outcome(row.key, to_completion(row.key, answer, self._requests.get(row.key)))
        if answer.kind is Kind.RENAME:
            return Outcome(row.key, None, answer.reason, counts=True, renames=True)
        final = answer.kind in (Kind.REFUSED, Kind.FATAL)
        return Outcome(row.key, None, answer.reason, final, counts=True)


def _groups(rows: Iterator[ResultRow]) -> Iterator[list[ResultRow]]:
    group: list[ResultRow] = []
    for row in rows:
        group.append(row)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group:
        yield group
