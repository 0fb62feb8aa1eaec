"""Reading data files row by row, without holding them whole in memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from redink.errors import DataError
from redink.formats.format import Row
from redink.problems.files import hub_rows, read_rows

SUFFIXES = (".jsonl", ".json", ".parquet", ".csv")
CHUNK_CHARACTERS = 1 << 20
BATCH_ROWS = 1000
_SPACE = " \t\r\n"


class Unreadable(str):
    """Stands for a row that cannot be read: the reason."""


def rows_in(source: str, split: str = "train") -> Iterator[tuple[int, Row | Unreadable]]:
    """Yields (1-based number, row) of a file, a folder in hub layout, or `hf:ORG/NAME[:CONFIG]`.

    `split` is that of a data set on the hub.
    A row of JSON Lines that is broken, and any row that is no object, is yielded as Unreadable.
    Raises DataError where the source as a whole cannot be read or is empty.
    """
    if source.startswith("hf:"):
        name, _, config = source[3:].partition(":")
        yield from hub_rows(name, split, config or None)
        return
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path (it is relative to where you are)")
    empty = True
    try:
        for number, row in _rows(path):
            empty = False
            yield number, row
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error}); convert it and try again") from None
    if empty:
        raise DataError(f"{path}: holds no rows; name a file with at least one")


def _rows(path: Path) -> Iterator[tuple[int, Row | Unreadable]]:
    if path.is_dir():
        return _folder(path)
    readers = {".jsonl": _jsonl, ".json": _json, ".parquet": _parquet, ".csv": read_rows}
    if path.suffix not in readers:
        raise DataError(f"{path}: unknown kind of file; use one of {', '.join(SUFFIXES)}")
    return readers[path.suffix](path)


def _folder(folder: Path) -> Iterator[tuple[int, Row | Unreadable]]:
    shards = sorted(folder.glob("data/train-*.parquet"))
    if not shards:
        raise DataError(
            f"{folder}: no data/train-*.parquet in it; name a file, or a folder in hub layout"
        )
    number = 0
    for shard in shards:
        for _, row in _parquet(shard):
            number += 1
            yield number, row


def _jsonl(path: Path) -> Iterator[tuple[int, Row | Unreadable]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield number, _object(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                yield number, Unreadable(f"broken JSON ({error.msg} at column {error.colno})")


def _json(path: Path) -> Iterator[tuple[int, Row | Unreadable]]:
    """Rows of a JSON list, decoded one by one."""
    decode = json.JSONDecoder().raw_decode
    with path.open(encoding="utf-8", newline="") as stream:
        text, place, number = stream.read(CHUNK_CHARACTERS).lstrip(_SPACE + "\ufeff"), 1, 0
        if not text.startswith("["):
            raise DataError(f"{path}: must hold a list of objects; name a .jsonl file otherwise")
        while True:
            place = _past_space(text, place)
            if text[place : place + 1] == "]":
                return
            try:
                row, end = decode(text, place)
                after = _past_space(text, end)
                if text[after : after + 1] not in (",", "]"):
                    raise json.JSONDecodeError("no comma between rows", text, after)
            except json.JSONDecodeError as error:
                # Where a row is longer than what was read, twice as much is read each time.
                more = stream.read(max(CHUNK_CHARACTERS, len(text) - place))
                if more:
                    text, place = text[place:] + more, 0
                    continue
                raise DataError(
                    f"{path}, row {number + 1}: broken JSON ({error.msg}); mend the file"
                ) from None
            number += 1
            yield number, _object(row)
            place = after + (text[after] == ",")


def _past_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _parquet(path: Path) -> Iterator[tuple[int, Row | Unreadable]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})") from None


def _object(row: Any) -> Row | Unreadable:
    if isinstance(row, dict):
        return row
    return Unreadable(f"a row must be an object with named fields, not {type(row).__name__}")
