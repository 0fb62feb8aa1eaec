"""A warm pool of comparing processes whose members are killed on time-out.

The processes are plain children on pipes (`foreman.py`, `worker.py`). multiprocessing's spawn and
forkserver (and so pebble's pool) import the caller's main module again in every worker: measured,
a script without an `if __name__ == "__main__"` guard ran its body three times and then broke the
pool.
"""

import atexit
import itertools
import os
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Literal

from redink.errors import MissingExtraError
from redink.grading.crew import Call, Crew
from redink.grading.symbolic import Comparison
from redink.machine import cores

LIMIT_SECONDS = 5.0
"""Wall time for one comparison."""
MOST_WORKERS = 8
WINDOW = 256
"""Pairs of one caller that are with the foreman at a time."""
MOST_LOSSES = 2
"""Crews that one caller may lose without an answer in between before it gives its pairs up."""

PoolAnswer = Comparison | Literal["timeout", "memory", "crash"]


class ComparisonPool:
    """Compares pairs of answers in child processes; starts them when first needed.

    Any number of threads may call it at once: they share the workers in turn. A forked child
    starts processes of its own. It blocks its caller, so in asyncio use `asyncio.to_thread`.
    """

    def __init__(self, workers: int | None = None, limit: float = LIMIT_SECONDS) -> None:
        self.size = workers or min(MOST_WORKERS, cores())
        self.limit = limit
        self._crew: Crew | None = None
        self._lock = threading.Lock()
        _pools.add(self)

    def __enter__(self) -> "ComparisonPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Starts loading in the background, so that the first comparison need not wait for it."""
        self._running_crew()

    def compare(self, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[int, PoolAnswer]]:
        """Yields (index of the pair, answer) for every (gold, answer) pair as each is decided.

        `pairs` is read only so far ahead that the workers stay busy: what makes the pairs may run
        beside them. A caller that stops iterating, or is interrupted, frees the workers at once.

        Raises MissingExtraError where math-verify cannot be loaded.
        """
        flying: dict[int, tuple[str, str]] = {}
        losses = 0
        call: Call | None = None
        try:
            for job in itertools.chain(enumerate(pairs), itertools.repeat(None)):
                if job is not None:
                    call = call or self._running_crew().enter()
                    flying[job[0]] = job[1]
                    call.submit([job])
                if call is None or not flying:
                    return
                for message in call.answers(wait=job is None or len(flying) >= WINDOW):
                    if message is not None:
                        losses = 0
                        del flying[message[0]]
                        yield message
                        continue
                    losses += 1
                    call = self._after_loss(call, losses)
                    if losses > MOST_LOSSES:
                        yield from ((index, "crash") for index in flying)
                        flying.clear()
                    call.submit(flying.items())
        finally:
            if call is not None:
                call.leave()

    def close(self) -> None:
        """Ends every process; the pool may be used again and starts new ones."""
        with self._lock:
            crew, self._crew = self._crew, None
        if crew is not None:
            crew.end()

    def _running_crew(self) -> Crew:
        with self._lock:
            if self._crew is not None and self._crew.is_lost:
                self._crew.end()
                self._crew = None
            if self._crew is None:
                self._crew = Crew(self.size, self.limit)
            return self._crew

    def _after_loss(self, lost: Call, losses: int) -> Call:
        lost.leave()
        crew = lost.crew
        if not crew.has_loaded and (crew.reason or losses > MOST_LOSSES):
            raise MissingExtraError(
                f"the grading workers cannot start ({crew.reason or 'they ended at once'}); "
                f"install redink and math-verify into {sys.executable} again"
            )
        return self._running_crew().enter()

    def _forget(self) -> None:
        """After a fork, in the child: the processes and the lock's holder are the parent's."""
        self._lock = threading.Lock()
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.abandon()


_pools: "weakref.WeakSet[ComparisonPool]" = weakref.WeakSet()


def _forget_after_fork() -> None:
    for pool in list(_pools):
        pool._forget()


os.register_at_fork(after_in_child=_forget_after_fork)

_shared: ComparisonPool | None = None


def shared_pool() -> ComparisonPool:
    """The process's own pool, made at the first call and closed at exit."""
    global _shared
    if _shared is None:
        _shared = ComparisonPool()
        atexit.register(_shared.close)
    return _shared
