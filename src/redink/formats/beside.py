"""What the rows of a file cannot carry, in a file beside it, for formats that bar other fields.

`NAME.jsonl.redink` holds a line for each row that needs one, found again by the row's number and
checked by the row's content:

    {"row": 3, "hash": "5d41402abc4b2a76", "rest": {"critique": {"verdict": null, "why": "both"}}}
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from redink.errors import DataError
from redink.formats.format import Row, RowError
from redink.formats.writing import writing


def beside(path: Path) -> Path:
    """Where the file beside `path` is."""
    return path.with_name(path.name + ".redink")


def write_beside(path: Path, rows: list[Row], rests: list[dict[str, Any]]) -> Path | None:
    """Writes what the rows cannot carry; returns the file, or None where nothing is needed.

    A file of an earlier export is removed then.
    """
    place = beside(path)
    if not any(rests):
        place.unlink(missing_ok=True)
        return None
    with writing(place) as stream:
        for number, (row, rest) in enumerate(zip(rows, rests, strict=True), 1):
            if rest:
                line = {"row": number, "hash": row_hash(row), "rest": rest}
                stream.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    return place


def read_beside(path: Path) -> dict[int, tuple[str, Any]]:
    """Hash and rest by row number; empty without such a file. Raises DataError for a broken one."""
    place = beside(path)
    if not place.is_file():
        return {}
    found = {}
    for number, line in enumerate(place.read_bytes().splitlines(), 1):
        try:
            fields = orjson.loads(line)
            found[int(fields["row"])] = (str(fields["hash"]), fields["rest"])
        except (ValueError, TypeError, KeyError):
            raise DataError(f"{place}, row {number}: broken; remove or restore the file") from None
    return found


def rest_beside(found: Mapping[int, tuple[str, Any]], number: int, row: Row) -> Any:
    """The rest of a row; raises RowError where the row is not the one that was written."""
    if number not in found:
        return None
    expected, rest = found[number]
    if row_hash(row) != expected:
        raise RowError(
            "the .redink file beside was written for another row here; remove that file to read "
            "the rows as they stand"
        )
    return rest


def row_hash(row: Row) -> str:
    """A row's content in 16 hexadecimal digits."""
    text = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=8).hexdigest()
