"""Progress of long work: a live line on a terminal, a plain line now and then elsewhere.

Who wants to show or keep more than a line watches: it is told of each piece of work that begins
and ends, and looks at the figures in between when it likes.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

PLAIN_SECONDS = 10.0
"""Between lines where output is not a terminal."""
LIVE_SECONDS = 0.1
"""Between two states of the live line."""
KEPT_SECONDS = 1.0
"""Between two states of a file that tells of progress."""


class Progress:
    """A running count with a few named figures beside it.

    Args:
        label: what is being done.
        total: how much there is to do, None where nobody knows.
        unit: what is counted.
        keep: JSON file by which another process learns of it.
    """

    def __init__(
        self, label: str, total: int | None, unit: str, *, keep: Path | None = None
    ) -> None:
        self.label, self.total, self.unit, self.keep = label, total, unit, keep
        self.done = self._first = 0
        self.started = self._advanced = time.monotonic()
        self.figures: dict[str, str] = {}
        self.curve: list[float] = []
        """How a figure has run, such as a training's loss; left empty by most work."""
        self._kept = 0.0

    def begin(self, done: int) -> None:
        """Starts the clock anew, with `done` of the work done before."""
        self.done = self._first = done
        self.started = self._advanced = time.monotonic()

    def advance(self, count: int = 1, **figures: str) -> None:
        """Adds `count` to what is done and replaces the named figures."""
        self.done += count
        self.figures.update(figures)
        self._advanced = time.monotonic()
        self._show()
        if self.keep is not None and self._advanced - self._kept >= KEPT_SECONDS:
            self._kept = self._advanced
            put(self.keep, self.facts())

    def _show(self) -> None:
        pass

    @property
    def left(self) -> float | None:
        """Seconds until all is done at the pace so far; None where that cannot be told."""
        done = self.done - self._first
        # Rows arrive in batches: the first row of one says nothing about the pace.
        if not self.total or done <= 0 or self.done >= self.total:
            return None
        if done < (self.total - self._first) / 20:
            return None
        pace = (self._advanced - self.started) / done
        since = time.monotonic() - self._advanced
        return max(0.0, pace * (self.total - self.done) - since)

    @property
    def cost(self) -> float | None:
        """US dollars, where a figure tells them."""
        try:
            return float(self.figures["cost"].removeprefix("$").replace(",", ""))
        except (KeyError, ValueError):
            return None

    def facts(self) -> dict[str, Any]:
        """The state as plain JSON; `left` in seconds, None where nobody can tell."""
        left = self.left
        return {
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "figures": self.figures.copy(),
            "left": None if left is None else round(left),
        }

    def line(self) -> str:
        """The state as one line of text."""
        total = f"/{self.total}" if self.total else ""
        parts = [f"{self.label}: {self.done}{total} {self.unit}"]
        parts += [f"{name} {value}" for name, value in self.figures.items()]
        left = self.left
        if left is None:
            parts.append(duration(time.monotonic() - self.started))
        else:
            parts.append(f"{duration(left)} left")
        return shown("  ".join(parts))


class _PlainProgress(Progress):
    _last = 0.0

    def _show(self) -> None:
        now = time.monotonic()
        if now - max(self._last, self.started) >= PLAIN_SECONDS:
            self._last = now
            print(self.line(), file=sys.stderr, flush=True)


class _LiveProgress(Progress):
    _last = 0.0

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._last >= LIVE_SECONDS:
            self._last = now
            line = _fitting(self.line(), sys.stderr)
            print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)


class Watcher:
    """Is told of work as it begins and ends; this one does nothing with it."""

    draws = False
    """Whether it shows the work on the terminal, so that nothing else does."""

    def opened(self, bar: Progress) -> None:
        """A piece of work begins; pieces within it begin later and end before it."""

    def closed(self, bar: Progress) -> None:
        """A piece of work has ended, or was given up."""

    def left_to(self, path: Path) -> None:
        """Other processes take over: they use the terminal, and `path` tells how they do."""

    def taken_back(self) -> None:
        """They have ended."""


_watchers: list[Watcher] = []


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Tells `watcher` of all work that begins in this process while the block runs."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def progress(
    label: str, total: int | None = None, unit: str = "rows", *, keep: Path | None = None
) -> Iterator[Progress]:
    """Shows progress on standard error, or to whoever watches, while the block runs."""
    drawn = any(watcher.draws for watcher in _watchers)
    live = not drawn and is_live(sys.stderr)
    kind = Progress if drawn else _LiveProgress if live else _PlainProgress
    bar = kind(label, total, unit, keep=keep)
    told = list(_watchers)
    for watcher in told:
        watcher.opened(bar)
    try:
        yield bar
    finally:
        for watcher in told:
            watcher.closed(bar)
        if live:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


@contextmanager
def left_to_others(path: Path) -> Iterator[None]:
    """For work of other processes that print for themselves and keep their progress in `path`."""
    told = list(_watchers)
    path.unlink(missing_ok=True)
    for watcher in told:
        watcher.left_to(path)
    try:
        yield
    finally:
        for watcher in told:
            watcher.taken_back()
        path.unlink(missing_ok=True)


def put(path: Path, facts: Any) -> None:
    """Writes JSON that a reader never sees half of, and that may be lost with the machine.

    Progress is no result: no disk is waited for, and where it cannot be written nothing is said.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(json.dumps(facts, ensure_ascii=False, default=str), encoding="utf-8")
        os.replace(partial, path)
    except (OSError, ValueError):
        partial.unlink(missing_ok=True)


def shown(text: str) -> str:
    """`text` on one line with control and invisible characters as escapes, none of them obeyed."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def is_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can redraw a line."""
    if os.environ.get("TERM", "").lower() in ("", "dumb", "unknown"):
        return False
    return stream.isatty()


def _fitting(line: str, stream: TextIO) -> str:
    """The line, cut to the terminal's width: what wraps cannot be drawn over."""
    from rich.cells import cell_len, set_cell_size

    try:
        columns = os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        columns = 80
    return line if cell_len(line) < columns else set_cell_size(line, max(1, columns - 2)) + "…"


def duration(seconds: float) -> str:
    """Seconds in words: `8s`, `3m05s`, `2h10m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
