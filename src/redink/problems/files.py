"""Rows from JSONL, JSON, CSV and Parquet files, and from data sets in hub layout.

One raw row of GSM8K's own JSONL, which is recognised without a column mapping:

    {"question": "Natalia sold clips to 48 of her friends in April, and then ...",
     "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\\n...\\n#### 72"}
"""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from redink.errors import DataError

Row = dict[str, Any]
SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yields (1-based row number, row) of a data file.

    Raises DataError naming the file and the row for a missing or empty file, an unknown suffix,
    a broken line, or a row that is no object.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path (it is relative to where you are)")
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path}: unknown kind of file; use one of {', '.join(SUFFIXES)}")
    readers = {".jsonl": _jsonl, ".json": _json, ".csv": _csv, ".parquet": _parquet}
    empty = True
    try:
        for number, row in readers[path.suffix](path):
            empty = False
            yield number, row
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error}); convert it and try again") from None
    if empty:
        raise DataError(f"{path}: the file holds no rows; name a file with at least one problem")


def _jsonl(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, _object(path, number, line)


def _object(path: Path, number: int, line: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, row {number}: broken JSON ({error.msg} at column {error.colno}); "
            "mend or remove this line"
        ) from None
    return _checked(path, number, row)


def _checked(path: Path, number: int, row: Any) -> Row:
    if not isinstance(row, dict):
        raise DataError(
            f"{path}, row {number}: a row must be an object with named fields, "
            f"not {type(row).__name__}"
        )
    return row


def _json(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}: broken JSON ({error.msg}); mend the file"
        ) from None
    if not isinstance(rows, list):
        raise DataError(f"{path}: must hold a list of objects, not {type(rows).__name__}")
    for number, row in enumerate(rows, 1):
        yield number, _checked(path, number, row)


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for number, row in enumerate(reader, 1):
            if None in row or None in row.values():
                raise DataError(
                    f"{path}, row {number}: the row has not as many fields as the header "
                    f"({', '.join(reader.fieldnames or ())}); check quotes and commas"
                )
            yield number, dict(row)


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})") from None
    yield from enumerate(rows, 1)


def hub_rows(name: str, split: str, config: str | None) -> Iterable[tuple[int, Row]]:
    """Rows of a data set on the Hugging Face hub, or of a local folder in hub layout.

    `name` is ORG/NAME or a folder. Raises DataError where it cannot be loaded.
    """
    import datasets

    datasets.disable_progress_bars()
    try:
        dataset = datasets.load_dataset(name, config, split=split)
    except Exception as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise DataError(
            f"hf:{name}: split {split!r} cannot be loaded ({type(error).__name__}: {first_line}); "
            "check the name, the split and the network, or name a local file"
        ) from None
    for column, feature in (dataset.features or {}).items():
        if isinstance(feature, datasets.Image):
            dataset = dataset.cast_column(column, datasets.Image(decode=False))
    return enumerate(dataset, 1)
