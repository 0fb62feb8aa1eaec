"""The engine for OpenAI-compatible Batch APIs: answers within a day, at half the price."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from redink.engines.batch.api import BatchApi
from redink.engines.batch.campaign import Campaign
from redink.engines.batch.ledger import BatchLedger, alone
from redink.engines.batch.requests import BatchRequest, Limits, requests_for
from redink.engines.batch.settings import Settings
from redink.engines.budget import Budget
from redink.engines.endpoint.address import Address
from redink.engines.endpoint.request import (
    MAX_COMPLETION_TOKENS,
    MAX_TOKENS,
    check_extra,
)
from redink.engines.engine import Completion, Conversation, Failure, Sampling
from redink.engines.journal import Journal
from redink.engines.prices import Price
from redink.errors import UsageError

PREFIX = "batch:"
DISCOUNT = 0.5
"""What a batch costs of the same requests' price, at OpenAI, Mistral, Groq, Together and others."""


def is_batch(name: object) -> bool:
    """Whether a model's name is a Batch API's."""
    return isinstance(name, str) and name.startswith(PREFIX)


def batch_address(name: str) -> Address:
    """The address in `batch:MODEL@URL`; raises UsageError where it is none."""
    return Address.parse(f"endpoint:{name.removeprefix(PREFIX)}")


class BatchEngine:
    """Completes conversations by batches, in files of requests.

    What was submitted is written down in the journal's file, before and after. A process that is
    killed at any moment, or stopped by Ctrl-C, leaves its batches running: the same command goes
    on waiting for them and submits nothing twice. What expired or failed is submitted again, so
    many times at most. Completions have the same keys in the journal as the engine endpoint's.

    Args:
        address: the model, as `batch:MODEL@URL` or an `Address`.
        journal: SQLite file of finished completions and of the batches under way.
        poll: seconds between two looks at the batches, at first; they grow to `longest_poll`.
        longest_poll: seconds.
        tries: how often a request is submitted at most.
        limits: requests and bytes of one file.
        budget: of money and tokens; nothing is submitted beyond it. It counts half the price.
        key_env: the environment variable with the API key, in place of the host's own.
        extra: merged into every request's body.
        timeout: seconds without a byte after which a single HTTP request has failed.
        report: shows a line of progress; standard error where not given.
    """

    def __init__(
        self,
        address: Address | str,
        *,
        journal: Path | None = None,
        poll: float = 30.0,
        longest_poll: float = 300.0,
        tries: int = 3,
        limits: Limits | None = None,
        budget: Budget | None = None,
        key_env: str | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float = 60.0,
        report: Callable[[str], None] | None = None,
    ) -> None:
        if journal is None:
            raise UsageError("batch: name a journal; it remembers which batches were submitted")
        if poll <= 0 or longest_poll < poll or tries < 1 or timeout <= 0:
            raise UsageError(
                "batch: use poll and timeout above 0, longest_poll not below poll, tries 1 or more"
            )
        self.address = batch_address(address) if isinstance(address, str) else address
        self.name = f"{PREFIX}{self.address.model}@{self.address.url}"
        self.extra = check_extra(extra)
        self._path, self._journal = journal, Journal(journal)
        self._api = BatchApi(self.address, self.address.key(key_env), timeout)
        self._ledger = BatchLedger(self._journal)
        newer = self.address.host in ("api.openai.com",)
        self._settings = Settings(
            url=self.address.url,
            model=self.address.model,
            extra=self.extra,
            limits=limits or Limits(),
            tries=tries,
            poll=poll,
            longest_poll=longest_poll,
            limit_field=MAX_COMPLETION_TOKENS if newer else MAX_TOKENS,
            report=report or _to_stderr,
        )
        self._budget = budget and (budget.at(half(budget.price)) if budget.price else budget)

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion | Failure]:
        """Yields each completion, those of the journal first, or why it could not be had.

        Raises UsageError for impossible settings, ModelError where the Batch API as a whole
        fails, BudgetError at a limit of money or tokens, RunBusyError where another process waits
        for the same model's batches, StorageError where the journal fails.
        """
        wanted = requests_for(conversations, sampling, model=self.address.model, extra=self.extra)
        for key, completion in self._journal.get(list(wanted)).items():
            yield from _to_askers(completion, wanted.pop(key))
        if not wanted:
            return
        with alone(self._path, self.name):
            campaign = Campaign(
                self._api, self._ledger, self._journal, self._settings, wanted, sampling,
                self._budget,
            )  # fmt: skip
            try:
                for key, result in campaign.results():
                    yield from _to_askers(result, wanted[key])
            except KeyboardInterrupt:
                self._settings.report(self._how_to_go_on())
                raise

    def cancel(self) -> int:
        """Asks the server to cancel this model's batches; how many there were.

        What was answered before is charged, and fetched by the process that waits or the next
        that runs.
        """
        entries = self._ledger.open_entries(self.address.url, self.address.model)
        submitted = [entry.batch_id for entry in entries if entry.state == "submitted"]
        for batch_id in submitted:
            if not self._api.batch(batch_id).is_finished:
                self._api.cancel(batch_id)
        return len(submitted)

    def close(self) -> None:
        """Closes the journal."""
        self._journal.close()

    def _how_to_go_on(self) -> str:
        entries = self._ledger.open_entries(self.address.url, self.address.model)
        return (
            f"{len(entries)} batches stay submitted at {self.address.url}: run the same command "
            f"again to wait for them, or cancel them: redink journal {self._path} --cancel-batches"
        )


def half(price: Price) -> Price:
    """A price as batches are charged."""
    return Price(price.prompt * DISCOUNT, price.completion * DISCOUNT)


def _to_askers(
    result: Completion | Failure, request: BatchRequest
) -> Iterator[Completion | Failure]:
    from dataclasses import replace

    for asker, sample in request.askers:
        yield replace(result, id=asker, sample=sample)


def _to_stderr(line: str) -> None:
    clear = "\r\x1b[2K" if sys.stderr.isatty() else ""
    print(f"{clear}{time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)
