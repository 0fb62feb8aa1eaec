"""Printing above what is redrawn: the terminal's streams, while a display has the last lines."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment


@contextmanager
def above(console: Console) -> Iterator[None]:
    """Puts what is printed to the terminal above what `console` redraws, while the block runs.

    Lines go there as they are, once they have ended. (rich's own way reads colours out of them and
    markup, and lets other consoles print into what is redrawn.) A stream that is no terminal's is
    left alone.
    """
    before = sys.stdout, sys.stderr
    proxies = [Above(stream, console) for stream in before if stream.isatty()]
    instead = {id(proxy.stream): cast(TextIO, proxy) for proxy in proxies}
    sys.stdout, sys.stderr = (instead.get(id(stream), stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for proxy in proxies:
            proxy.end()


class Above:
    """Stands for a stream of the terminal.

    Args:
        stream: what it stands for.
        console: what redraws the terminal's last lines.
    """

    def __init__(self, stream: TextIO, console: Console) -> None:
        self.stream, self.console = stream, console
        self._begun = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Prints the lines that have ended; keeps the beginning of the next."""
        with self._lock:
            lines, end, self._begun = (self._begun + text).rpartition("\n")
            if end:
                self._print(lines + end)
        return len(text)

    def flush(self) -> None:
        """Lines have gone out already."""

    def end(self) -> None:
        """Prints a line that has not ended."""
        begun, self._begun = self._begun, ""
        if begun:
            self._print(f"{begun}\n")

    def _print(self, text: str) -> None:
        self.console.print(_Raw(text), soft_wrap=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Raw:
    """Text that goes to the terminal as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.text)
