"""A running foreman with its workers, as its owner sees them: pairs go in, answers come out."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

MEMORY_BYTES = 1024**3
"""Address space of one worker (it starts with 70 MiB)."""

Inbox = SimpleQueue["tuple[int, Any] | None"]
"""A caller's answers as (index, outcome); None once the crew is lost."""


class Crew:
    """One foreman process and the thread that puts its answers into the callers' inboxes."""

    def __init__(self, size: int, limit: float) -> None:
        command = [sys.executable, "-P", "-m", "redink.grading.foreman"]
        self.process = subprocess.Popen(
            [*command, str(size), str(limit), str(MEMORY_BYTES)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": _search_path()},
        )
        self.has_loaded = self.is_lost = False
        self.reason = ""
        """Why it could not load, in the words of the import system."""
        self._inboxes: dict[int, Inbox] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._hand_out, name="redink-grading", daemon=True)
        self._thread.start()

    def enter(self) -> "Call":
        """A new caller's line to the foreman."""
        with self._lock:
            call = Call(self, next(self._numbers))
            self._inboxes[call.number] = call.inbox
            if self.is_lost:
                call.inbox.put(None)
        return call

    def forget(self, caller: int) -> None:
        """Hands nothing more to a caller."""
        with self._lock:
            self._inboxes.pop(caller, None)

    def end(self) -> None:
        """Ends the foreman and its workers."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        self._close_pipes()

    def abandon(self) -> None:
        """After a fork, in the child: lets go of what belongs to the parent."""
        self._lock = threading.Lock()
        self.process.returncode = 0
        self._close_pipes()
        self._lose()

    def send(self, lines: str) -> None:
        """Writes to the foreman; to no purpose once the crew is lost."""
        assert self.process.stdin is not None
        unwritten = memoryview(lines.encode())
        # A closed or broken pipe: the inboxes say that the crew is lost.
        with self._lock, contextlib.suppress(BrokenPipeError, ValueError):
            while unwritten:
                unwritten = unwritten[self.process.stdin.write(unwritten) or 0 :]

    def _hand_out(self) -> None:
        assert self.process.stdout is not None
        unread = b""
        with contextlib.suppress(OSError, ValueError):
            while chunk := self.process.stdout.read(1 << 16):
                *lines, unread = (unread + chunk).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        self._lose()

    def _take(self, message: list[Any]) -> None:
        if len(message) == 3:
            caller, index, outcome = message
            inbox = self._inboxes.get(caller)
            if inbox is not None:
                inbox.put((index, outcome))
        elif message:
            self.reason = message[0]
        else:
            self.has_loaded = True

    def _lose(self) -> None:
        with self._lock:
            self.is_lost = True
            for inbox in self._inboxes.values():
                inbox.put(None)

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Call:
    """One caller's share in a crew."""

    def __init__(self, crew: Crew, number: int) -> None:
        self.crew, self.number = crew, number
        self.inbox: Inbox = SimpleQueue()

    def submit(self, jobs: Iterable[tuple[int, tuple[str, str]]]) -> None:
        """Queues (index, (gold, answer)) jobs."""
        lines = [json.dumps([self.number, index, *pair]) + "\n" for index, pair in jobs]
        self.crew.send("".join(lines))

    def answers(self, *, wait: bool) -> "Iterator[tuple[int, Any] | None]":
        """The answers that are there, or None at their end where the crew is lost.

        Waits for the first where told to.
        """
        with contextlib.suppress(Empty):
            while (message := self.inbox.get(block=wait)) is not None:
                wait = False
                yield message
            yield None

    def leave(self) -> None:
        """Drops what is still waited for."""
        self.crew.forget(self.number)
        self.crew.send(json.dumps([self.number]) + "\n")


def _search_path() -> str:
    """PYTHONPATH with the folder that this package stands in, installed or not."""
    found = [os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[2])]
    return os.pathsep.join(filter(None, found))
