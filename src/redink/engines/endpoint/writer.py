"""The writer: a thread that puts what arrives into the journal, then hands it to the callers."""

import queue
import threading
import time
from collections.abc import Callable

from redink.engines.endpoint.order import Call, Result
from redink.engines.engine import Completion, Failure
from redink.engines.journal import Journal

GATHER_SECONDS = 0.02
"""What arrives within so long shares one commit."""

Item = tuple[str, Result | BaseException | None, tuple[Call, ...]]
"""A key, its result, and who waits; None stands for a result that the journal holds."""


class _Flush(Exception):
    """Delivered when everything before it is stored; never raised."""


class Writer:
    """Commits results in groups; nobody sees a result before it is on the disk.

    Args:
        journal: where completions and failures go, if anywhere.
        model: the model's name, for the journal.
        failed: called with the error, in the writer's thread, when the journal fails.
    """

    def __init__(
        self, journal: Journal | None, model: str, failed: Callable[[BaseException], None]
    ) -> None:
        self._journal, self._model, self._failed = journal, model, failed
        self._is_broken = False
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="redink-journal", daemon=True)
        self._thread.start()

    def put(self, key: str, result: Result, calls: tuple[Call, ...]) -> None:
        """Takes a result to be stored and delivered to those who wait for it."""
        self._queue.put((key, result, calls))

    def recall(self, key: str, calls: tuple[Call, ...]) -> None:
        """Delivers a result that the journal holds."""
        if calls:
            self._queue.put((key, None, calls))

    def end(self, error: BaseException, call: Call) -> None:
        """Tells a caller, after all results so far, that there will be no more."""
        self._queue.put(("", error, (call,)))

    @property
    def is_alive(self) -> bool:
        """Whether results are still stored: it ends where the journal fails."""
        return self._thread.is_alive() and not self._is_broken

    def flush(self) -> None:
        """Returns when all results so far are stored."""
        barrier = Call()
        self._queue.put(("", _Flush(), (barrier,)))
        while True:
            try:
                delivery = barrier.deliveries.get(timeout=1.0)
            except queue.Empty:
                if not self._thread.is_alive():
                    return
                continue
            if isinstance(delivery, _Flush):
                return
            if isinstance(delivery, BaseException):
                raise delivery

    def close(self, timeout: float = 30.0) -> None:
        """Stores what has come and stops; waits so many seconds at most."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            items = self._gathered()
            if not self._store([item for item in items if item is not None]):
                return
            if None in items:
                return

    def _gathered(self) -> list[Item | None]:
        items = [self._queue.get()]
        if items[0] is not None and not isinstance(items[0][1], _Flush) and self._queue.empty():
            time.sleep(GATHER_SECONDS)
        while True:
            try:
                items.append(self._queue.get_nowait())
            except queue.Empty:
                return items

    def _store(self, items: list[Item]) -> bool:
        try:
            if self._journal is not None:
                completions = [(k, r) for k, r, _ in items if isinstance(r, Completion)]
                failures = [(k, r) for k, r, _ in items if isinstance(r, Failure)]
                if completions:
                    self._journal.put(completions, self._model)
                if failures:
                    self._journal.fail(failures)
            items = [self._recalled(item) for item in items]
        except BaseException as error:
            self._is_broken = True
            for call in {call for _, _, calls in items for call in calls}:
                call.deliveries.put(error)
            self._failed(error)
            return False
        self._deliver(items)
        return True

    def _recalled(self, item: Item) -> Item:
        key, result, calls = item
        if result is None and self._journal is not None:
            result = self._journal.get([key])[key]
        return key, result, calls

    def _deliver(self, items: list[Item]) -> None:
        parts: dict[Call, list[tuple[str, Result]]] = {}
        for key, result, calls in items:
            for call in calls:
                if isinstance(result, BaseException):
                    call.deliveries.put(parts.pop(call, []))
                    call.deliveries.put(result)
                elif result is not None and not call.is_closed:
                    call.delivered += 1
                    parts.setdefault(call, []).append((key, result))
        for call, part in parts.items():
            call.deliveries.put(part)
