"""A warm pool of comparing processes whose members are killed on time-out.

The workers are plain child processes on pipes. multiprocessing's spawn and forkserver (and so
pebble's pool) import the caller's main module again in every worker: measured, a script without
an `if __name__ == "__main__"` guard ran its body three times and then broke the pool.
"""

import atexit
import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from redink.errors import MissingExtraError
from redink.grading.symbolic import Comparison
from redink.machine import cores

LIMIT_SECONDS = 5.0
"""Wall time for one comparison."""
START_SECONDS = 120.0
"""Wall time for a worker to load math-verify (0.4 s when idle; minutes on a starved machine)."""
MEMORY_BYTES = 2 * 1024**3
"""Address space of one worker."""

PoolAnswer = Comparison | Literal["timeout", "memory", "crash"]


class ComparisonPool:
    """Compares pairs of answers in child processes; starts them when first needed."""

    def __init__(self, workers: int | None = None, limit: float = LIMIT_SECONDS) -> None:
        self.size = workers or min(8, cores())
        self.limit = limit
        self._workers: list[_Worker] = []
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def compare(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[int, PoolAnswer]]:
        """Yields (index of the pair, answer) for every (gold, answer) pair as each is decided.

        Raises MissingExtraError where a worker cannot be started.
        """
        with self._lock:
            finished = False
            try:
                yield from self._run(deque(enumerate(pairs)))
                finished = True
            finally:
                if not finished:
                    self._kill_all()

    def close(self) -> None:
        """Ends every worker; the pool may be used again and starts new ones."""
        if self._owner == os.getpid():
            self._kill_all()

    def _run(self, waiting: deque[tuple[int, tuple[str, str]]]) -> Iterator[tuple[int, PoolAnswer]]:
        if self._owner != os.getpid():  # forked: the pipes belong to the parent
            self._owner, self._workers = os.getpid(), []
        self._workers = [worker for worker in self._workers if worker.process.poll() is None]
        running = 0
        while waiting or running:
            while len(self._workers) < min(self.size, running + len(waiting)):
                self._workers.append(_Worker(self.limit))
            for worker in self._workers:
                if waiting and worker.is_idle:
                    worker.start(*waiting.popleft())
                    running += 1
            for worker in self._wait():
                answer = worker.take_answer()
                if worker.is_dead:
                    self._workers.remove(worker)
                if answer is not None:
                    running -= 1
                    yield answer

    def _wait(self) -> "list[_Worker]":
        """Workers that have something to say or have run out of time."""
        busy = [worker for worker in self._workers if not worker.is_idle]
        patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        with selectors.DefaultSelector() as selector:
            for worker in busy:
                selector.register(worker.output, selectors.EVENT_READ, worker)
            ready = [key.data for key, _ in selector.select(patience + 0.001)]
        now = time.monotonic()
        return ready or [worker for worker in busy if worker.deadline <= now]

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers = []


class _Worker:
    """One child process: loading, then idle or busy with one pair."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        # The worker's own timer is a backstop for the case that this process is killed.
        command = [sys.executable, "-P", "-m", "redink.grading.worker"]
        self.process = subprocess.Popen(
            [*command, str(2 * limit + 1), str(MEMORY_BYTES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": _search_path()},
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.deadline = time.monotonic() + START_SECONDS
        self.is_ready = self.is_dead = False
        self.index: int | None = None

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.index is None

    def start(self, index: int, pair: tuple[str, str]) -> None:
        self.index, self.deadline = index, time.monotonic() + self.limit
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(pair).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:  # take_answer sees the end of its output
            pass

    def take_answer(self) -> tuple[int, PoolAnswer] | None:
        """The answer to the pair in work, if there is one now; a dead worker's is its end."""
        late = self.deadline <= time.monotonic()
        line = b"" if late and not self._has_output() else self.output.readline()
        if line and not self.is_ready:
            self.is_ready = True
            return None
        index, self.index = self.index, None
        if line:
            assert index is not None
            return index, json.loads(line)
        self.kill()
        if not self.is_ready:
            raise MissingExtraError(
                f"the grading worker did not start ({sys.executable} -m redink.grading.worker, "
                f"exit code {self.process.returncode}); install redink and math-verify into "
                "this Python again"
            )
        return None if index is None else (index, "timeout" if late else "crash")

    def _has_output(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            return bool(selector.select(0))

    def kill(self) -> None:
        self.is_dead = True
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _search_path() -> str:
    """PYTHONPATH with the folder that this package stands in, installed or not."""
    found = [os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[2])]
    return os.pathsep.join(filter(None, found))


_shared: ComparisonPool | None = None


def shared_pool() -> ComparisonPool:
    """The process's own pool, made at the first call and closed at exit."""
    global _shared
    if _shared is None:
        _shared = ComparisonPool()
        atexit.register(_shared.close)
    return _shared
