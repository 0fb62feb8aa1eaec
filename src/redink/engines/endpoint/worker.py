"""The thread with the event loop in which an endpoint's requests are made."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from redink.engines.endpoint.dispatcher import Dispatcher

T = TypeVar("T")
CALL_SECONDS = 60.0


class Worker:
    """Runs a dispatcher in an event loop in a thread of its own.

    Args:
        make: makes the dispatcher, called in the loop.
    """

    def __init__(self, make: Callable[[], Dispatcher]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="redink-endpoint", daemon=True)
        self._thread.start()
        self.dispatcher = self.ask(make)

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def ask(self, function: Callable[[], T]) -> T:
        """Calls a function in the loop and returns what it returns."""

        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(CALL_SECONDS)

    def tell(self, function: Callable[[], None]) -> None:
        """Has a function called in the loop soon; nothing happens once it is closed."""
        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(function)
            except RuntimeError:
                # It was closed between the two lines.
                return

    def close(self, linger: float) -> None:
        """Waits `linger` seconds at most for what is in flight, then ends the thread."""
        if not self._thread.is_alive() or threading.current_thread() is self._thread:
            self.tell(self._loop.stop)
            return
        try:
            draining = self.dispatcher.drain(linger)
            asyncio.run_coroutine_threadsafe(draining, self._loop).result(linger + 5)
        finally:
            self.tell(self._loop.stop)
            self._thread.join(5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
