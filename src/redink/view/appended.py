"""The whole lines of a file that grows, each read once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

CHUNK = 1 << 22
"""Bytes that are read at a time."""
TAIL = 256
"""Bytes before the end of what was read by which the same file is known again."""


class Source:
    """An open file; what is read is of this file, though another may have taken its name since."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb", buffering=0)
        self.facts = os.fstat(self._file.fileno())

    @property
    def size(self) -> int:
        """Bytes, now."""
        return os.fstat(self._file.fileno()).st_size

    def read(self, place: int, size: int) -> bytes:
        """At most `size` bytes from `place`."""
        return os.pread(self._file.fileno(), size, place)


class Appended:
    """A log of lines that another process appends to, or replaces by a shorter one.

    Args:
        path: of the file, which need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source: Source | None = None
        """The file as it was found last; None while there is none."""
        self.end = 0
        """Bytes that were read."""
        self._tail = b""

    def is_another(self) -> bool:
        """Whether what was read does not stand any more: the file was cut, replaced or removed.

        It is then read from its beginning again.
        """
        if self.source is not None and self._stands(self.source):
            return False
        had, self.source, self.end, self._tail = self.source, None, 0, b""
        try:
            self.source = Source(self.path)
        except OSError:
            return had is not None
        return had is not None

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The whole lines that were not read before, each with its place in bytes.

        A last line without its end is left for the next time.
        """
        if self.source is None:
            return
        rest = b""
        while chunk := self.source.read(self.end + len(rest), CHUNK):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                place = self.end
                self.end += len(line) + 1
                yield place, line
        start = max(0, self.end - TAIL)
        self._tail = self.source.read(start, self.end - start)

    def _stands(self, source: Source) -> bool:
        try:
            named = self.path.stat()
        except OSError:
            return False
        if not os.path.samestat(named, source.facts) or source.size < self.end:
            return False
        return source.read(self.end - len(self._tail), len(self._tail)) == self._tail
