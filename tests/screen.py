"""A terminal's screen, for tests: what a program's output leaves on it."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios

CODE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])")


class Screen:
    """Rows of text, as a terminal of `columns` shows them; what scrolls off the top stays.

    Codes other than those that rich's live display needs are kept in `unknown`.
    """

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0
        self.cursor = True
        self.unknown: list[str] = []
        self._rest = ""

    def feed(self, text: str) -> "Screen":
        text = self._rest + text
        # A code that has not ended waits for its end.
        start = text.rfind("\x1b")
        ended = start < 0 or CODE.match(text, start) or len(text) - start > 12
        cut = len(text) if ended else start
        text, self._rest = text[:cut], text[cut:]
        place = 0
        while place < len(text):
            code = CODE.match(text, place)
            if code:
                self._obey(code[1], code[2])
                place = code.end()
            else:
                self._put(text[place])
                place += 1
        return self

    @property
    def lines(self) -> list[str]:
        found = ["".join(row).rstrip() for row in self.rows]
        while found and not found[-1]:
            found.pop()
        return found

    def _put(self, character: str) -> None:
        if character == "\n":
            self.column = 0  # as the system's line discipline has it
            self.row += 1
            if self.row == len(self.rows):
                self.rows.append([])
        elif character == "\r":
            self.column = 0
        elif character < " " or character == "\x7f":
            self.unknown.append(character)
        else:
            if self.column >= self.columns:
                self._put("\n")
            row = self.rows[self.row]
            row.extend(" " * (self.column + 1 - len(row)))
            row[self.column] = character
            self.column += 1

    def _obey(self, numbers: str, letter: str) -> None:
        if letter == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif letter == "K" and numbers == "2":
            self.rows[self.row] = []
        elif numbers == "?25":
            self.cursor = letter == "h"
        elif letter != "m":
            self.unknown.append(f"[{numbers}{letter}")


def open_terminal(columns: int = 80, rows: int = 24) -> tuple[int, str]:
    """The near end of a new terminal, and the path of the far end."""
    near, far = pty.openpty()
    resize(near, columns, rows)
    path = os.ttyname(far)
    # The far end stays open here, so that the near one can be read whenever.
    return near, path


def resize(near: int, columns: int, rows: int = 24) -> None:
    """Changes a terminal's size; who runs there is told by the system."""
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def typed_on_terminal(arguments: list[str], path: str, environment: dict[str, str]) -> None:
    """redink as a user types it on the terminal at `path`, for `forked`."""
    from redink.cli import main

    os.setsid()
    handle = os.open(path, os.O_RDWR)
    fcntl.ioctl(handle, termios.TIOCSCTTY, 0)
    for place in (0, 1, 2):
        os.dup2(handle, place)
    for name in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    for place, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        mode = "r" if place == 0 else "w"
        setattr(sys, name, os.fdopen(place, mode, encoding="utf-8", buffering=1, closefd=False))
    sys.argv = ["redink", *arguments]
    main()
