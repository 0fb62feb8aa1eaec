"""The engine: conversations in, completions out, by way of an OpenAI-compatible endpoint."""

import math
import queue
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from redink.engines.budget import Budget
from redink.engines.endpoint.address import Address
from redink.engines.endpoint.order import Call, Order, Result
from redink.engines.endpoint.request import check_extra, request_key
from redink.engines.engine import Completion, Conversation, Failure, Sampling
from redink.engines.items import Item, check
from redink.engines.journal import Journal
from redink.errors import ModelError, RedinkError, StorageError, UsageError

TRIES = 6
LINGER_SECONDS = 10.0
"""What requests in flight are given when the process ends."""
PART = 500
"""Completions read from the journal at a time."""


class EndpointEngine:
    """Completes conversations with a model behind any OpenAI-compatible chat endpoint.

    Requests are made in a thread of their own, as many at a time as the endpoint bears
    (`pacing.py`), and every completion is in the journal before it is yielded: what is there is
    never asked for again, and equal requests of several callers are sent once. A conversation's
    raw text goes to `/completions`, messages to `/chat/completions`; k samples are k requests.
    A reasoning model's thoughts are no part of the text. Tokens are the server's `usage`; where it
    reports none they are counted as characters / 3.5.

    A request that fails (5xx, a broken or cut-off reply, wrong JSON, no choices, a time-out) is
    sent again up to `tries` times and then yields a Failure; 429 waits as long as the server asks
    and counts as no try; what the server refuses (400, 413, 422) is a Failure at once. Budgets and
    caps count a failed try as far as the server reports its usage.

    Args:
        address: the model and its URL, or `endpoint:MODEL@URL`.
        concurrency: most requests in flight.
        rpm: requests a minute at most.
        tpm: prompt and completion tokens a minute at most.
        timeout: seconds for one request, to its last byte.
        budget: limit of money and tokens; BudgetError is raised at it.
        key_env: environment variable with the API key; None takes the host's own
            (`keys.KEY_OF_HOST`) or REDINK_API_KEY, "" none.
        extra: merged into every request's body; a None in it removes a field.
        journal: SQLite file of finished completions, to be shared at will.
        tries: how often one request may fail.

    Raises UsageError for an impossible setting, or where there is no key for a host that wants one.
    """

    def __init__(
        self,
        address: Address | str,
        *,
        concurrency: int = 256,
        rpm: float | None = None,
        tpm: float | None = None,
        timeout: float = 600.0,
        budget: Budget | None = None,
        key_env: str | None = None,
        extra: Mapping[str, Any] | None = None,
        journal: Path | None = None,
        tries: int = TRIES,
    ) -> None:
        self.address = Address.parse(address) if isinstance(address, str) else address
        for name, number in (("concurrency", concurrency), ("tries", tries)):
            if number < 1:
                raise UsageError(f"{name} {number}: use 1 or more")
        for name, limit in (("rpm", rpm), ("tpm", tpm), ("timeout", timeout)):
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError(f"{name} {limit}: use a number above 0")
        self.name = f"endpoint:{self.address.model}"
        self.budget, self.extra = budget, check_extra(extra)
        self._key = self.address.key(key_env)
        self._journal = Journal(journal) if journal else None
        self._settings = (concurrency, rpm, tpm, timeout, tries)
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion | Failure]:
        """Yields each of every conversation's completions, or why it could not be had.

        Those in the journal come first, others as they arrive. Where the caller stops early,
        nothing new is sent; what is in flight still goes to the journal while the process lasts,
        and for 10 s at its end, unless it was interrupted.

        Raises UsageError for impossible sampling settings, ModelError where the endpoint as a
        whole fails (a refused key, an unknown model, no answer at all), BudgetError at the budget,
        StorageError where the journal cannot be written; what has arrived by then is kept.
        """
        check(sampling)
        running, call = self._started(), Call()
        waiting: dict[str, list[Item]] = {}
        orders = []
        for conversation in conversations:
            for item in self._items(conversation, sampling):
                if item.key in waiting:
                    waiting[item.key].append(item)
                else:
                    waiting[item.key] = [item]
                    orders.append(Order(item.key, conversation, sampling, item.sample, [call]))
        try:
            found = self._begin(running, call, orders)
            for key, result in self._results(running, call, found, len(waiting)):
                for item in waiting.pop(key):
                    yield replace(result, id=item.id, sample=item.sample)
        except BaseException as error:
            if _is_interrupt(error):
                running.linger = 0.0
            raise
        finally:
            running.worker.tell(partial(running.worker.dispatcher.withdraw, call))

    def status(self) -> Mapping[str, str]:
        """What is going on, in a few figures for a line of progress."""
        running = self._running
        return running.worker.dispatcher.tally.status() if running else {}

    def close(self, linger: float = math.inf) -> None:
        """Ends the engine's threads; what is in flight is given 10 s, or `linger`, to arrive."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.linger = min(linger, running.linger)
            running.finalizer()

    def _items(self, conversation: Conversation, sampling: Sampling) -> Iterator[Item]:
        for sample in range(sampling.samples):
            key = request_key(self.address.model, conversation, sampling, self.extra, sample)
            yield Item(conversation.id, sample, (), key)

    def _started(self) -> "_Running":
        with self._lock:
            if self._running is not None and not self._running.is_alive:
                self._running.finalizer()
                self._running = None
            if self._running is None:
                running = _Running(self.address, self._key, self._journal, self)
                running.finalizer = weakref.finalize(self, running.close)
                self._running = running
            return self._running

    def _begin(self, running: "_Running", call: Call, orders: list[Order]) -> list[str]:
        """Registers a call's orders, has those sent that the journal lacks, returns the others.

        The order of it matters where several callers ask for the same: whatever had arrived before
        an order was registered is in the journal after `flush`; whatever arrives later comes to
        all who are registered.
        """
        dispatcher = running.worker.dispatcher
        new = running.worker.ask(lambda: dispatcher.register(orders, call))
        found: set[str] = set()
        try:
            if self._journal is not None:
                running.writer.flush()
                for start in range(0, len(new), PART):
                    found.update(self._journal.get(new[start : start + PART]))
        except BaseException:
            call.is_closed = True
            raise
        finally:
            running.worker.ask(lambda: dispatcher.release(new, found, call))
        return [key for key in new if key in found]

    def _results(
        self, running: "_Running", call: Call, found: list[str], total: int
    ) -> Iterator[tuple[str, Result]]:
        for start in range(0, len(found), PART):
            assert self._journal is not None
            yield from self._journal.get(found[start : start + PART]).items()
        left = total - len(found)
        while left:
            try:
                delivery = call.deliveries.get(timeout=2.0)
            except queue.Empty:
                if not running.is_alive:
                    raise ModelError(f"{self.name}: the engine was closed; open it again") from None
                continue
            if isinstance(delivery, BaseException):
                raise delivery
            for key, result in delivery:
                yield key, result
                call.consumed += 1
            left -= len(delivery)


class _Running:
    """An engine's threads; it does not know the engine, so that dropping that one ends them."""

    finalizer: "weakref.finalize[Any, Any]"

    def __init__(
        self, address: Address, key: str | None, journal: Journal | None, engine: EndpointEngine
    ) -> None:
        from redink.engines.endpoint.client import Client
        from redink.engines.endpoint.dispatcher import Dispatcher
        from redink.engines.endpoint.health import Health
        from redink.engines.endpoint.pacing import Pacing
        from redink.engines.endpoint.rates import Rates
        from redink.engines.endpoint.sockets import allowed
        from redink.engines.endpoint.worker import Worker
        from redink.engines.endpoint.writer import Writer

        concurrency, rpm, tpm, timeout, tries = engine._settings
        budget, extra = engine.budget, engine.extra
        self.linger = LINGER_SECONDS
        self.writer = Writer(journal, address.model, self._fail)

        def make() -> Dispatcher:
            return Dispatcher(
                address,
                Client(address, key, timeout),
                self.writer,
                pacing=Pacing(allowed(concurrency), timeout),
                rates=Rates(rpm, tpm),
                health=Health(),
                budget=budget,
                extra=extra,
                tries=tries,
            )

        self.worker = Worker(make)

    @property
    def is_alive(self) -> bool:
        """Whether both threads run."""
        return self.worker.is_alive and self.writer.is_alive

    def close(self) -> None:
        """Ends both threads."""
        is_interrupted = isinstance(getattr(sys, "last_value", None), KeyboardInterrupt)
        try:
            self.worker.close(0.0 if is_interrupted else self.linger)
        finally:
            self.writer.close()

    def _fail(self, error: BaseException) -> None:
        problem = error if isinstance(error, RedinkError) else StorageError(f"journal: {error!r}")
        self.worker.tell(partial(self.worker.dispatcher.fail, problem))


def _is_interrupt(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__context__
    return False
