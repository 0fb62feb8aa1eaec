"""LLaMA-Factory's `dataset_info.json`: which data sets there are, and how their rows read.

One entry:

    {"cft": {"file_name": "cft.json", "formatting": "alpaca",
             "columns": {"prompt": "instruction", "query": "input", "response": "output"}}}
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redink.errors import DataError, UsageError
from redink.files import write_atomically

FILE_NAME = "dataset_info.json"


def with_entry(
    folder: Path, name: str, file: str, registered: Mapping[str, Any], overwrite: bool
) -> dict[str, Any]:
    """The folder's `dataset_info.json` with an entry for one more file; others stay as they are.

    Args:
        folder: where the data lies.
        name: what the data set is called in LLaMA-Factory's settings.
        file: the file's name in the folder.
        registered: formatting, columns and tags.
        overwrite: whether an entry of that name that says something else may be replaced.

    Raises DataError where the file there is none that could be added to, UsageError where the
    name is taken.
    """
    path = folder / FILE_NAME
    entries: Any = {}
    if path.exists():
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path}: broken JSON ({error}); mend the file") from None
        if not isinstance(entries, dict):
            raise DataError(f"{path}: must hold an object; mend the file or write elsewhere")
    entry = {"file_name": file, **registered}
    if name in entries and entries[name] != entry and not overwrite:
        raise UsageError(f"{path}: {name!r} is another data set; choose a name with --name")
    return {**entries, name: entry}


def write_entries(folder: Path, entries: Mapping[str, Any]) -> Path:
    """Writes `dataset_info.json`; returns its path."""
    path = folder / FILE_NAME
    write_atomically(path, json.dumps(entries, indent=2, ensure_ascii=False).encode() + b"\n")
    return path
