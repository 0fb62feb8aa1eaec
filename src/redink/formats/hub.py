"""A folder as the Hugging Face hub lays data sets out:

    README.md                               the data card
    redink.json                             where the rows come from, for machines
    data/train-00000-of-00001.parquet       flat rows, see `redink.formats.flat`

`datasets.load_dataset(FOLDER)` reads it. Nothing is uploaded.
"""

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redink.errors import DataError
from redink.files import write_atomically
from redink.formats.card import Card, card_text
from redink.formats.entry import entries_of, kind_of
from redink.formats.flat import flat_row, flat_schema
from redink.formats.public import public_facts
from redink.formats.writing import new_folder, write_rows
from redink.tables import Table, drop_counts

SIDECAR = "redink.json"
SHARD_CHARACTERS = 256 * 2**20
"""Text in one Parquet file at most, roughly; compressed it is a third of that or less."""


def write_hub(
    table: Table[Any], folder: Path, card: Card, shard_characters: int = SHARD_CHARACTERS
) -> tuple[Path, ...]:
    """Writes a table as a folder in hub layout; returns its files.

    Raises StorageError where it cannot be written; the folder is then as it was.
    """
    shards = max(1, -(-_characters(table) // shard_characters))
    shards = min(shards, len(table))
    each = -(-len(table) // shards)
    shards = -(-len(table) // each)
    kind = kind_of(table)
    names = [f"data/train-{number:05d}-of-{shards:05d}.parquet" for number in range(shards)]
    rows = (flat_row(entry) for entry in entries_of(table))
    with new_folder(folder) as building:
        for name in names:
            write_rows(building / name, itertools.islice(rows, each), flat_schema(kind))
        write_atomically(building / "README.md", card_text(table, card).encode())
        sidecar = {
            "kind": kind,
            "rows": len(table),
            "dropped": drop_counts(table.dropped),
            "provenance": public_facts(table.provenance),
        }
        text = json.dumps(sidecar, indent=2, ensure_ascii=False, sort_keys=True)
        write_atomically(building / SIDECAR, text.encode() + b"\n")
    return tuple(folder / name for name in ("README.md", SIDECAR, *names))


def is_hub_folder(folder: Path) -> bool:
    """Whether a folder was written by `write_hub`."""
    return (folder / SIDECAR).is_file() and (folder / "data").is_dir()


def hub_provenance(folder: Path) -> Mapping[str, Any]:
    """Where the rows of a hub folder come from, as far as it says. Raises DataError."""
    path = folder / SIDECAR
    if not path.is_file():
        return {}
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))["provenance"]
        return dict(provenance)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: broken ({error}); remove the file, the rows need it not"
        ) from None


def _characters(table: Table[Any]) -> int:
    return sum(
        len(entry.problem.question)
        + len(entry.problem.solution or "")
        + len(entry.response.text if entry.response else "")
        + len(entry.critique.text if entry.critique else "")
        for entry in entries_of(table)
    )
