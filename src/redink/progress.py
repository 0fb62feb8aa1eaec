"""Progress of long work: a live bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PLAIN_SECONDS = 10.0
"""Seconds between lines where output is not a terminal."""


class Progress:
    """A running count with a few named figures beside it."""

    def __init__(self, label: str, total: int | None, unit: str) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done = 0
        self.started = time.monotonic()
        self.figures: dict[str, str] = {}

    def advance(self, count: int = 1, **figures: str) -> None:
        """Adds `count` to what is done and replaces the named figures."""
        self.done += count
        self.figures.update(figures)
        self._show()

    def _show(self) -> None:
        pass

    def line(self) -> str:
        """The state as one line of text."""
        seconds = time.monotonic() - self.started
        total = f"/{self.total}" if self.total else ""
        parts = [f"{self.label}: {self.done}{total} {self.unit}"]
        parts += [f"{name} {value}" for name, value in self.figures.items()]
        # Rows arrive in batches: the first row of one says nothing about the pace.
        if self.total and self.total / 20 <= self.done < self.total:
            left = seconds / self.done * (self.total - self.done)
            parts.append(f"{duration(left)} left")
        else:
            parts.append(duration(seconds))
        return "  ".join(parts)


class _PlainProgress(Progress):
    _last = 0.0

    def _show(self) -> None:
        now = time.monotonic()
        if now - max(self._last, self.started) >= PLAIN_SECONDS:
            self._last = now
            print(self.line(), file=sys.stderr, flush=True)


class _LiveProgress(Progress):
    def _show(self) -> None:
        print(f"\r\x1b[2K{self.line()}", end="", file=sys.stderr, flush=True)


@contextmanager
def progress(label: str, total: int | None = None, unit: str = "rows") -> Iterator[Progress]:
    """Shows progress on standard error while the block runs."""
    live = sys.stderr.isatty()
    bar = (_LiveProgress if live else _PlainProgress)(label, total, unit)
    try:
        yield bar
    finally:
        if live:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Seconds in words: `8s`, `3m05s`, `2h10m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
