"""The foreman process: `python -m redink.grading.foreman WORKERS LIMIT_SECONDS MEMORY_BYTES`.

It loads math-verify once and forks the workers from itself, so that one that had to be killed is
replaced in milliseconds and all share the memory of what was loaded. It deals pairs to idle
workers, to each caller in turn, and kills a worker that takes longer than the limit.

Lines of JSON on its standard input: `[caller, index, gold, answer]` is a pair to compare,
`[caller]` drops all that this caller still waits for. On its standard output: `[]` once it has
loaded, `[reason]` where it cannot load, and `[caller, index, outcome]` for each pair. It ends, and
its workers with it, when its input closes.
"""

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass

from redink.grading.worker import LESSONS, become_worker, learn, load

TRIES = 2
"""Workers that a pair may end (stack overflow, killed from outside) before it is given up."""

REST_SECONDS = 0.02
"""Idle time before the foreman turns to a lesson (each takes 10 to 100 ms)."""


@dataclass
class _Job:
    """One pair to compare, in whose name, and how often it has been tried."""

    caller: int
    index: int
    pair: tuple[str, str]
    tries: int = 0


class _Worker:
    """The foreman's hold on one worker process."""

    def __init__(self, limit: float, memory: int) -> None:
        questions, self.questions = os.pipe()
        self.answers, answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            become_worker(questions, answers, 2 * limit + 1, memory)
        os.close(questions)
        os.close(answers)
        self.job: _Job | None = None
        self.deadline = 0.0

    def start(self, job: _Job, limit: float) -> None:
        """Sends a pair; a worker that is gone shows it by the end of its answers."""
        job.tries += 1
        self.job, self.deadline = job, time.monotonic() + limit
        with contextlib.suppress(BrokenPipeError):
            _write(self.questions, job.pair)

    def end(self) -> None:
        """Kills the process and gives its descriptors back."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.questions)
        os.close(self.answers)


class _Foreman:
    """Deals pairs to workers until standard input closes."""

    def __init__(self, size: int, limit: float, memory: int) -> None:
        self.size, self.limit, self.memory = size, limit, memory
        self.workers: list[_Worker] = []
        self.waiting: dict[int, deque[_Job]] = {}
        """Jobs of each caller that has any; the first caller is the next to be served."""
        self.lessons = deque(LESSONS)
        self.unread = b""
        self.is_open = True
        self.selector = selectors.DefaultSelector()
        self.selector.register(0, selectors.EVENT_READ)

    def run(self) -> None:
        """Serves until its owner is gone."""
        while self.is_open:
            self._deal()
            ready = self.selector.select(self._patience())
            if not ready and not self._busy() and self.lessons:
                self._learn()
            for key, _ in ready:
                if key.data is None:
                    self._read_orders()
                elif key.data in self.workers:
                    self._take_answer(key.data)
            for worker in self._busy():
                if worker.deadline <= time.monotonic():
                    self._give_up(worker, "timeout")
        for worker in self.workers:
            worker.end()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.job]

    def _patience(self) -> float | None:
        """Seconds to wait for orders and answers: to the next deadline, the next lesson or ever."""
        deadlines = [worker.deadline for worker in self._busy()]
        if deadlines:
            return max(0.0, min(deadlines) - time.monotonic())
        return REST_SECONDS if self.lessons else None

    def _learn(self) -> None:
        """Takes a lesson; after the last, workers are forked anew from who has learned."""
        learn(self.lessons.popleft())
        if not self.lessons:
            for worker in list(self.workers):
                self._dismiss(worker)
            _share_memory()

    def _deal(self) -> None:
        idle = [worker for worker in self.workers if worker.job is None]
        while self.waiting and (idle or len(self.workers) < self.size):
            worker = idle.pop() if idle else self._hire()
            caller = next(iter(self.waiting))
            jobs = self.waiting.pop(caller)
            worker.start(jobs.popleft(), self.limit)
            if jobs:  # behind the other callers
                self.waiting[caller] = jobs

    def _hire(self) -> _Worker:
        worker = _Worker(self.limit, self.memory)
        self.workers.append(worker)
        self.selector.register(worker.answers, selectors.EVENT_READ, worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        self.selector.unregister(worker.answers)
        worker.end()

    def _read_orders(self) -> None:
        chunk = os.read(0, 1 << 20)
        self.is_open = bool(chunk)
        *lines, self.unread = (self.unread + chunk).split(b"\n")
        for line in lines:
            caller, *rest = json.loads(line)
            if rest:
                index, gold, answer = rest
                self.waiting.setdefault(caller, deque()).append(_Job(caller, index, (gold, answer)))
            else:
                self._drop(caller)

    def _drop(self, caller: int) -> None:
        self.waiting.pop(caller, None)
        for worker in self._busy():
            if worker.job is not None and worker.job.caller == caller:
                self._dismiss(worker)

    def _take_answer(self, worker: _Worker) -> None:
        line = os.read(worker.answers, 1 << 10)  # shorter than what a pipe passes in one piece
        if not line:
            self._give_up(worker, "crash")
            return
        outcome, stays = json.loads(line)
        job, worker.job = worker.job, None
        if job is not None:
            self._answer(job, outcome)
        if not stays:
            self._dismiss(worker)
            self._hire()

    def _give_up(self, worker: _Worker, outcome: str) -> None:
        job = worker.job
        self._dismiss(worker)
        if job is None:
            return
        self._hire()
        if outcome == "crash" and job.tries < TRIES:
            self.waiting.setdefault(job.caller, deque()).appendleft(job)
        else:
            self._answer(job, outcome)

    def _answer(self, job: _Job, outcome: str) -> None:
        try:
            _write(1, [job.caller, job.index, outcome])
        except BrokenPipeError:  # the owner is gone
            self.is_open = False


def _write(descriptor: int, message: object) -> None:
    unwritten = memoryview(json.dumps(message).encode() + b"\n")
    while unwritten:
        unwritten = unwritten[os.write(descriptor, unwritten) :]


def _share_memory() -> None:
    """Workers share what there is for as long as nothing, the collector included, touches it."""
    gc.collect()
    gc.freeze()


def main() -> None:
    """Loads, says so, and serves."""
    size, limit, memory = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides what an interrupt ends
    try:
        load()
    except ImportError as error:
        _write(1, [str(error)])
        return
    _write(1, [])
    _share_memory()
    _Foreman(size, limit, memory).run()


if __name__ == "__main__":
    main()
