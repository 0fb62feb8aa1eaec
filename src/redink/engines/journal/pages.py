"""The rows in a SQLite file's pages, read without its trees.

SQLite gives up on a table whose tree is damaged; the pages that hold rows stand for themselves
(https://www.sqlite.org/fileformat2.html, sections 1.6, 2.1 and 4), so that a damaged or missing
page costs its own rows alone.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redink.engines.journal.schema import PAGE_SIZE

_TABLE_LEAF = 13
_INTEGER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def table_rows(path: Path) -> Iterator[tuple[Any, ...]]:
    """Every row of every table that a file and its write-ahead log hold, the log's first.

    Rows that were deleted, are damaged in their text or stand in both may be among them: the
    caller has to know its own. Raises OSError where the file cannot be read.
    """
    data = path.read_bytes()
    size = _page_size(data)
    pages = {n: data[n * size : (n + 1) * size] for n in range(-(-len(data) // size))}
    logged = list(_logged_pages(path.with_name(f"{path.name}-wal"), size))
    newest = pages | dict(logged)
    for _, page in reversed(logged):
        yield from _leaf_rows(page, newest, size)
    for number, page in pages.items():
        yield from _leaf_rows(page, pages, size, 100 if number == 0 else 0)
        if number in newest and logged:
            yield from _leaf_rows(page, newest, size, 100 if number == 0 else 0)


def _page_size(data: bytes) -> int:
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    if data[:15] == b"SQLite format 3" and size >= 512 and size & (size - 1) == 0:
        return size
    return PAGE_SIZE


def _logged_pages(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Pages of a write-ahead log, 0-based numbers, in the order in which they were written."""
    log = path.read_bytes() if path.exists() else b""
    for start in range(32, len(log), 24 + size):
        frame = log[start : start + 24 + size]
        if len(frame) == 24 + size and frame[8:16] == log[16:24]:
            yield int.from_bytes(frame[:4], "big") - 1, frame[24:]


def _leaf_rows(
    page: bytes, pages: dict[int, bytes], size: int, start: int = 0
) -> Iterator[tuple[Any, ...]]:
    """The rows of a page that is a table's leaf."""
    if len(page) < start + 8 or page[start] != _TABLE_LEAF:
        return
    (count,) = struct.unpack_from(">H", page, start + 3)
    for place in range(count):
        try:
            (at,) = struct.unpack_from(">H", page, start + 8 + 2 * place)
            yield _record(_payload(page, at, pages, size))
        except (IndexError, KeyError, ValueError, struct.error):
            continue


def _payload(page: bytes, at: int, pages: dict[int, bytes], size: int) -> bytes:
    length, at = _varint(page, at)
    _, at = _varint(page, at)  # the row's number
    most, least = size - 35, (size - 12) * 32 // 255 - 23
    if length <= most:
        return page[at : at + length]
    local = least + (length - least) % (size - 4)
    local = local if local <= most else least
    parts, (following,) = [page[at : at + local]], struct.unpack_from(">I", page, at + local)
    left = length - local
    while left > 0:
        overflow = pages[following - 1]
        parts.append(overflow[4 : 4 + min(left, size - 4)])
        left -= size - 4
        (following,) = struct.unpack_from(">I", overflow)
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind >= 12:
        length = (kind - 12) // 2
        data = payload[at : at + length]
        if len(data) < length:
            raise ValueError("cut off")
        return (data.decode() if kind % 2 else data), at + length
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    length = _INTEGER_SIZES.get(kind, 0)
    if length:
        return int.from_bytes(payload[at : at + length], "big", signed=True), at + length
    return {8: 0, 9: 1}.get(kind), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9
