"""A campaign: all the batches of one call, from the first upload to the last result."""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from redink.engines.batch.api import Batch, BatchApi, Unanswered
from redink.engines.batch.collection import Collection, Outcome
from redink.engines.batch.ledger import BatchLedger, Entry
from redink.engines.batch.requests import BatchRequest, in_files
from redink.engines.batch.settings import Settings
from redink.engines.budget import Budget
from redink.engines.endpoint.reply import tokens_by_length
from redink.engines.endpoint.request import MAX_COMPLETION_TOKENS
from redink.engines.engine import Completion, Failure, Sampling
from redink.engines.journal import Journal
from redink.errors import ModelError

ORPHAN_SECONDS = 30.0
"""A batch that was made is in the server's list after so long at the latest."""
CREATE_TRIES = 3


@dataclass
class _Open:
    """A batch under way."""

    entry: Entry
    keys: set[str]
    runs: bool
    """Whether it was seen running, so that cancelling it means: stop."""


class Campaign:
    """Submits requests, waits for their batches, submits again what expired or failed.

    Args:
        api: the server's.
        ledger: which batches were submitted.
        journal: takes results before anyone sees them.
        settings: of the engine.
        wanted: the requests that have no completion yet, by key.
        sampling: how they are to be answered.
        budget: nothing is submitted beyond it.
    """

    def __init__(
        self,
        api: BatchApi,
        ledger: BatchLedger,
        journal: Journal,
        settings: Settings,
        wanted: dict[str, BatchRequest],
        sampling: Sampling,
        budget: Budget | None,
    ) -> None:
        self._api, self._ledger, self._settings = api, ledger, settings
        self._wanted, self._sampling, self._budget = wanted, sampling, budget
        self._collection = Collection(api, journal, settings.model, wanted)
        self._fresh = dict(wanted)
        """Requests to be submitted."""
        self._open: dict[str, _Open] = {}
        self._tries: Counter[str] = Counter()
        self._reserved: dict[str, tuple[int, int]] = {}
        self._limits, self._limit_field = settings.limits, settings.limit_field
        self._most_open: int | None = None
        self._shown = ""
        self._doubtful = ""
        """The batch of which nobody knows whether it was made."""

    def results(self) -> Iterator[tuple[str, Completion | Failure]]:
        """Results as batches end, each in the journal before it is yielded.

        Raises ModelError where the server as a whole refuses, BudgetError at a limit.
        """
        self._find_again()
        pause = self._settings.poll
        while True:
            self._submit()
            if not self._open:
                if self._fresh and self._budget:
                    raise self._budget.error()
                return
            ended = False
            for token, batch in self._looks():
                ended = True
                yield from self._end(self._open.pop(token), batch)
            pause = self._settings.poll if ended else pause
            if not ended or self._most_open is not None:
                time.sleep(pause)
                pause = min(self._settings.longest_poll, pause * 1.5)

    def _find_again(self) -> None:
        """Takes up the batches that an earlier process left, if they hold what is wanted."""
        for entry in self._ledger.open_entries(self._settings.url, self._settings.model):
            keys = set(self._ledger.keys(entry.token))
            if keys.isdisjoint(self._wanted):
                continue
            if entry.state == "uploading":
                self._ledger.forget(entry.token)
                continue
            if entry.state == "creating":
                made = self._look_for(entry)
                if made is None:
                    self._ledger.forget(entry.token)
                    continue
                self._ledger.submitted(entry.token, made.id)
                entry = replace(entry, state="submitted", batch_id=made.id)
            self._settings.report(f"batch {entry.batch_id} was submitted before; waiting for it")
            self._open[entry.token] = _Open(entry, keys, runs=False)
            for key in keys:
                self._fresh.pop(key, None)

    def _submit(self) -> None:
        while self._fresh and (self._most_open is None or len(self._open) < self._most_open):
            url = next(iter(self._fresh.values())).url
            lines = (
                (key, request.line(
                    self._settings.model, self._sampling, self._settings.extra, self._limit_field
                ))
                for key, request in self._fresh.items()
                if request.url == url
            )  # fmt: skip
            group = self._affordable(next(in_files(lines, self._limits)))
            if not group:
                return
            self._submit_one(url, group)

    def _affordable(self, group: dict[str, bytes]) -> dict[str, bytes]:
        """The first requests of a group that the budget has room for."""
        if self._budget is None:
            return group
        afforded: dict[str, bytes] = {}
        for key, line in group.items():
            prompt = tokens_by_length(self._wanted[key].characters)
            if not self._budget.reserve(prompt, self._sampling.max_tokens):
                break
            self._reserved[key] = (prompt, self._sampling.max_tokens)
            afforded[key] = line
        return afforded

    def _submit_one(self, url: str, group: dict[str, bytes]) -> None:
        token, settings = uuid.uuid4().hex, self._settings
        self._ledger.uploading(token, settings.url, settings.model, list(group))
        try:
            file_id = self._api.upload(f"redink-{token}.jsonl", group.values())
            self._ledger.creating(token, file_id)
            batch = self._create(token, file_id, url)
        except ModelError:
            if self._doubtful != token:
                self._ledger.forget(token)
            raise
        self._ledger.submitted(token, batch.id)
        entry = next(e for e in self._ledger.open_entries() if e.token == token)
        settings.report(f"batch {batch.id} submitted: {len(group)} requests")
        self._open[token] = _Open(entry, set(group), runs=True)
        for key in group:
            del self._fresh[key]

    def _create(self, token: str, file_id: str, url: str) -> Batch:
        """Makes the batch; where the answer is lost, looks for it before making it again."""
        for _ in range(CREATE_TRIES):
            try:
                return self._api.create(file_id, url, token)
            except Unanswered as error:
                reason = str(error)
                entry = next(e for e in self._ledger.open_entries() if e.token == token)
                self._doubtful = token
                made = self._look_for(replace(entry, changed_at=time.time()))
                self._doubtful = ""
                if made:
                    return made
        raise ModelError(
            f"{self._settings.url}: no batch could be made ({reason}); nothing was submitted: try "
            "later, or use the engine endpoint"
        )

    def _look_for(self, entry: Entry) -> Batch | None:
        """The batch that was made of an entry's file, if there is one in the server's list."""
        while True:
            late = time.time() >= entry.changed_at + ORPHAN_SECONDS
            for batch in self._api.batches():
                if batch.token == entry.token or batch.input_file == entry.file_id != "":
                    return batch
            if late:
                return None
            time.sleep(min(ORPHAN_SECONDS / 5, self._settings.poll))

    def _looks(self) -> Iterator[tuple[str, Batch]]:
        """Looks at all open batches; yields those that have ended."""
        looks = {token: self._api.batch(o.entry.batch_id) for token, o in self._open.items()}
        total = sum(self._open[token].entry.requests for token in looks)
        done = sum(batch.completed for batch in looks.values())
        failed = sum(batch.failed for batch in looks.values())
        states = ", ".join(f"{n} {s}" for s, n in Counter(b.status for b in looks.values()).items())
        line = f"batches: {states}; {done}/{total} requests done, {failed} failed"
        if line != self._shown:
            self._shown = line
            self._settings.report(line)
        for token, batch in looks.items():
            if batch.is_finished:
                yield token, batch
            elif batch.status != "cancelling":
                self._open[token].runs = True

    def _end(self, ended: _Open, batch: Batch) -> Iterator[tuple[str, Completion | Failure]]:
        """Fetches what a batch brought and decides about the rest."""
        token = ended.entry.token
        if batch.status == "failed" and not batch.output_file:
            self._ledger.close(token, "refused")
            self._refused(ended, batch)
            return
        self._most_open = None
        left = set(ended.keys)
        stop = batch.status == "cancelled" and ended.runs
        for outcomes in self._collection.outcomes(ended.entry, batch, ended.keys):
            left.difference_update(outcome.key for outcome in outcomes)
            yield from self._decided([replace(o, final=o.final or stop) for o in outcomes])
        reason = f"batch {batch.status} without an answer"
        rest = [Outcome(key, None, reason, final=stop, counts=True) for key in left]
        yield from self._decided(rest)
        self._ledger.close(token)

    def _decided(self, outcomes: list[Outcome]) -> Iterator[tuple[str, Completion | Failure]]:
        """Results that are final; the other requests are put back to be submitted again."""
        failures: list[tuple[str, Failure]] = []
        for outcome in outcomes:
            self._settle(outcome)
            self._tries[outcome.key] += outcome.counts
            if outcome.completion:
                if outcome.key in self._wanted:
                    yield outcome.key, outcome.completion
                continue
            if outcome.renames:
                self._limit_field = MAX_COMPLETION_TOKENS
            if outcome.final or self._tries[outcome.key] >= self._settings.tries:
                tried = self._tries[outcome.key]
                reason = outcome.reason + (f" (tried {tried} times)" if tried > 1 else "")
                failures.append((outcome.key, Failure(outcome.key, 0, reason)))
            else:
                self._again(outcome.key)
        self._collection.note(failures)
        yield from (pair for pair in failures if pair[0] in self._wanted)

    def _again(self, key: str) -> None:
        if key in self._wanted:
            self._fresh[key] = self._wanted[key]

    def _settle(self, outcome: Outcome) -> None:
        if self._budget is None:
            return
        made = outcome.completion
        reserved = self._reserved.pop(outcome.key, None)
        if reserved:
            used = (made.prompt_tokens, made.completion_tokens) if made else (0, 0)
            self._budget.settle(*reserved, *used)
        elif made:
            self._budget.record(made)

    def _refused(self, ended: _Open, batch: Batch) -> None:
        """A batch that the server would not run: too much at once, or wrong altogether."""
        said = "; ".join(message for _, message in batch.errors[:3]) or "no reason given"
        for key in ended.keys:
            self._settle(Outcome(key, None, said))
            self._again(key)
        codes = {code for code, _ in batch.errors}
        if codes & {"token_limit_exceeded", "request_limit_exceeded", "rate_limit_exceeded"}:
            self._most_open = max(1, len(self._open))
            if self._open:
                return
            if len(ended.keys) > 1:
                # Alone, and still more than the account may have waiting: half of it.
                self._limits = replace(self._limits, requests=(len(ended.keys) + 1) // 2)
                return
        raise ModelError(
            f"{self._settings.url}: batch {batch.id} was refused ({said}); nothing of it was "
            "charged: correct what it says and run the same command again"
        )
