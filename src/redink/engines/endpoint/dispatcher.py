"""The dispatcher: decides in an event loop which order is sent when, and what its answer means."""

import asyncio
import random
import time
from collections.abc import Iterable
from typing import Any

import orjson

from redink.engines.budget import Budget
from redink.engines.endpoint.address import Address
from redink.engines.endpoint.client import Client
from redink.engines.endpoint.forecast import Forecast
from redink.engines.endpoint.health import Health
from redink.engines.endpoint.order import Call, Flight, Order
from redink.engines.endpoint.pacing import Pacing, Ticket
from redink.engines.endpoint.queues import Queues
from redink.engines.endpoint.rates import Rates
from redink.engines.endpoint.reply import Answer, Kind, tokens_by_length
from redink.engines.endpoint.request import (
    MAX_COMPLETION_TOKENS,
    MAX_TOKENS,
    request_body,
    request_path,
)
from redink.engines.endpoint.tally import Tally
from redink.engines.endpoint.waits import backoff
from redink.engines.endpoint.writer import Writer
from redink.engines.engine import Completion, Failure
from redink.errors import ModelError, RedinkError

MOST_UNREAD = 8192
"""Results that a caller may leave unread before nothing more is sent for it."""
GRACE_SECONDS = 30.0
"""What requests in flight are given when the endpoint as a whole is given up."""
LONGEST_RECONNECT = 5.0


class Dispatcher:
    """Sends orders and hands their results to the writer; everything here runs in one event loop.

    Args:
        address: the endpoint.
        client: how to reach it.
        writer: takes results.
        pacing: how many requests are in flight.
        rates: how many a minute.
        health: when the endpoint is given up.
        budget: limit of money and tokens.
        extra: merged into every body.
        tries: how often one request may fail.
    """

    def __init__(
        self,
        address: Address,
        client: Client,
        writer: Writer,
        *,
        pacing: Pacing,
        rates: Rates,
        health: Health,
        budget: Budget | None,
        extra: dict[str, Any],
        tries: int,
    ) -> None:
        self._address, self._client, self._writer = address, client, writer
        self._pacing, self._rates, self._health = pacing, rates, health
        self._budget, self._extra, self._tries = budget, extra, tries
        self._loop = asyncio.get_running_loop()
        self._queues, self._forecast = Queues(), Forecast(extra)
        self._open: dict[str, Order] = {}
        self._calls: set[Call] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held = 0
        self._limit_field = MAX_TOKENS
        self._stopping: RedinkError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.tally = Tally(pacing, self._tasks)

    # What callers' threads ask for, by way of the loop.

    def register(self, orders: Iterable[Order], call: Call) -> list[str]:
        """Takes a call's orders without sending them yet; returns the keys that are new.

        The others are under way already, for another call, and will come to this one as well.
        """
        if not self._open:
            self._health.start(self._loop.time())
        self._calls.add(call)
        new = []
        for order in orders:
            known = self._open.get(order.key)
            if known is None:
                self._open[order.key] = order
                new.append(order.key)
            else:
                known.calls.append(call)
        return new

    def release(self, keys: Iterable[str], found: set[str], call: Call) -> None:
        """Sends the new orders, but for those that the journal was found to hold."""
        for key in keys:
            order = self._open.get(key)
            if order is None or call not in order.calls:
                continue
            if key not in found:
                self._queues.add(order)
                continue
            order.calls.remove(call)
            del self._open[key]
            self._writer.recall(key, tuple(order.calls))
        self.pump()

    def withdraw(self, call: Call) -> None:
        """A caller wants no more; what is in flight still arrives and is kept."""
        call.is_closed = True
        self._calls.discard(call)
        self.pump()

    # Sending.

    def pump(self) -> None:
        """Sends as much as there is room for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stopping is not None:
            self._end_if_idle()
            return
        now = self._loop.time()
        while len(self._tasks) + self._held < self._pacing.limit:
            order = self._queues.next(now)
            if order is None:
                break
            if not order.is_wanted:
                self._open.pop(order.key, None)
                continue
            pause = self._send(order, now)
            if self._stopping is not None:
                return
            if pause is not None:
                self._queues.put_back(order)
                self._wake_in(pause)
                return
        due = self._queues.next_due()
        if due is not None and len(self._tasks) + self._held < self._pacing.limit:
            self._wake_in(max(0.0, due - now))

    def _send(self, order: Order, now: float) -> float | None:
        """Sends an order, or says how long to wait before asking again."""
        if all(call.unread > MOST_UNREAD for call in order.calls):
            return 0.05
        pause = self._rates.wait(now)
        if pause > 0:
            return pause
        expected = self._forecast.expected(order)
        if self._budget is not None and not self._budget.reserve(*expected):
            if not self._tasks and self._budget.is_exhausted:
                self._stop(self._budget.error())
            # Requests in flight may take less than was set aside for them.
            return 0.2 if not self._tasks else 60.0
        flight = Flight(
            order,
            expected,
            self._rates.take(sum(expected)),
            self._pacing.ticket(now),
            self._limit_field,
        )
        task = self._loop.create_task(self._ask(flight))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return None

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            problem = ModelError(f"{self._address.name}: the client failed ({error!r}); report it")
            problem.__cause__ = error
            self._stop(problem)
        self.pump()

    async def _ask(self, flight: Flight) -> None:
        order, used = flight.order, (0, 0)
        flight.sent = self._loop.time()
        try:
            body = request_body(
                self._address.model,
                order.conversation,
                order.sampling,
                self._extra,
                order.sample,
                limit=flight.limit_field,
            )
            path = request_path(order.conversation)
            answer, headers = await self._client.ask(path, orjson.dumps(body))
            now = self._loop.time()
            if headers:
                self._health.answered(now)
                self._rates.heard(flight.marks, headers, now, time.time())
            used = self._used(order, answer)
        finally:
            if self._budget is not None:
                self._budget.settle(*flight.expected, *used)
            self._rates.settle(sum(flight.expected), sum(used))
        self._take(flight, answer, used, now)

    def _used(self, order: Order, answer: Answer) -> tuple[int, int]:
        """Tokens, by length where a completion came without usage."""
        prompt, completion = answer.prompt_tokens, answer.completion_tokens
        if answer.kind is Kind.DONE and (prompt is None or completion is None):
            self.tally.by_length += 1
            prompt = tokens_by_length(order.characters) if prompt is None else prompt
            completion = tokens_by_length(len(answer.text)) if completion is None else completion
        return prompt or 0, completion or 0

    # What an answer means for its order.

    def _take(self, flight: Flight, answer: Answer, used: tuple[int, int], now: float) -> None:
        order, took = flight.order, now - flight.sent
        if answer.kind is Kind.DONE:
            self._health.succeeded(now)
            is_full = len(self._tasks) + self._held >= 0.8 * self._pacing.level
            self._pacing.succeeded(flight.ticket, took, now, is_full=is_full)
            self._forecast.seen(order, *used)
            self._finish(order, _completion(order, answer, used, took))
            self.tally.done()
            return
        if answer.is_overload:
            self._hold(flight.ticket, self._pacing.hold(took))
        if answer.kind is Kind.LATER:
            self._push_back(flight, answer, now)
        elif answer.kind is Kind.UNREACHABLE:
            self._reconnect(flight, answer, now)
        elif answer.kind is Kind.AGAIN:
            self._fail(order, answer, now)
        elif answer.kind is Kind.RENAME and flight.limit_field == MAX_TOKENS:
            self._limit_field = MAX_COMPLETION_TOKENS
            self._queues.put_back(order)
        elif answer.kind is Kind.FATAL:
            self._give_up(answer.reason)
        else:
            self._finish(order, Failure(order.conversation.id, order.sample, answer.reason))

    def _push_back(self, flight: Flight, answer: Answer, now: float) -> None:
        order = flight.order
        self.tally.pushed_back += 1
        order.pushed_back += 1
        wait = answer.wait
        if wait is None:
            # Where others are answered meanwhile, the level in flight sees to the load: waits that
            # double took 54 s instead of 33 s over 20,000 requests of which 20 % were pushed back.
            is_up = self._health.is_up(since=flight.sent)
            wait = backoff(min(order.pushed_back, 2) if is_up else order.pushed_back)
        self._queues.delay(order, now + wait * random.uniform(1.0, 1.05))
        self._give_up(self._health.pushed_back(now, wait, answer.reason))

    def _reconnect(self, flight: Flight, answer: Answer, now: float) -> None:
        order = flight.order
        if self._health.is_up(since=flight.sent):
            self._fail(order, answer, now)
            return
        # Nothing answers anybody: that is no failure of this one order.
        order.pushed_back += 1
        self._queues.delay(order, now + min(LONGEST_RECONNECT, backoff(order.pushed_back)))
        self._give_up(self._health.unreachable(now, answer.reason))

    def _fail(self, order: Order, answer: Answer, now: float) -> None:
        self.tally.failed_tries += 1
        order.tries += 1
        if order.tries < self._tries:
            wait = max(backoff(order.tries), answer.wait or 0.0)
            self._queues.delay(order, now + wait)
            return
        reason = f"{answer.reason} ({order.tries} tries)"
        self._finish(order, Failure(order.conversation.id, order.sample, reason))
        self._give_up(self._health.failed(now, answer.reason))

    def _finish(self, order: Order, result: Completion | Failure) -> None:
        self._open.pop(order.key, None)
        self._writer.put(order.key, result, tuple(order.calls))

    def _hold(self, ticket: Ticket, seconds: float) -> None:
        """Keeps a pushed-back request's place for a while; only then does it count."""
        if seconds > 0.001:
            self._held += 1
            self._loop.call_later(seconds, self._let_go, ticket)
        else:
            self._pacing.pushed_back(ticket, self._loop.time())

    def _let_go(self, ticket: Ticket) -> None:
        self._held -= 1
        self._pacing.pushed_back(ticket, self._loop.time())
        self.pump()

    def _wake_in(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self.pump)

    # Stopping.

    def _give_up(self, reason: str | None) -> None:
        if reason is not None:
            where = f"endpoint {self._address.model} at {self._address.url}"
            tail = "what is done is kept: run the same again to go on"
            self._stop(ModelError(f"{where}: {reason}; {tail}"))
            self._loop.call_later(GRACE_SECONDS, self._cancel, self._stopping)

    def fail(self, error: RedinkError) -> None:
        """Gives up because of something outside, such as the journal."""
        self._stop(error)
        self._cancel(error)

    def _stop(self, error: RedinkError) -> None:
        if self._stopping is None:
            self._stopping = error
        self._loop.call_soon(self._end_if_idle)

    def _cancel(self, why: RedinkError | None) -> None:
        if why is not None and self._stopping is why:
            for task in self._tasks:
                task.cancel()

    def _end_if_idle(self) -> None:
        """Once nothing is in flight, every caller learns why; a later call starts afresh."""
        if self._stopping is None or self._tasks:
            return
        error, self._stopping = self._stopping, None
        self._queues.clear()
        self._open.clear()
        for call in self._calls:
            self._writer.end(error, call)
        self._calls.clear()

    async def drain(self, seconds: float) -> None:
        """Waits for what is in flight, so long at most, and abandons the rest."""
        self._stop(ModelError(f"{self._address.name}: the engine was closed; open it again"))
        if self._tasks and seconds > 0:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in set(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=1.0)
        self._end_if_idle()
        await self._client.close()


def _completion(order: Order, answer: Answer, used: tuple[int, int], seconds: float) -> Completion:
    text, finish = answer.text, answer.finish
    cuts = [at for stop in order.sampling.stop if stop and (at := text.find(stop)) >= 0]
    if cuts:
        text, finish = text[: min(cuts)], "stop"
    return Completion(order.conversation.id, order.sample, text, *used, finish, seconds)
