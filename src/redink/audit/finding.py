"""Where the critiques of a path are: a stage's folder, or a run's with one such stage."""

import json
from pathlib import Path

from redink.errors import DataError
from redink.records import Critique
from redink.tables import KINDS


def find_critiques(path: Path) -> Path:
    """The folder of a table of critiques.

    Args:
        path: such a folder, or one that holds exactly one of them (a run).

    Raises DataError, naming the candidates, where there is no such table or there are several.
    """
    if (path / "table.json").exists():
        return path
    if not path.is_dir():
        raise DataError(f"{path}: no such folder; name a stage folder of critiques, or a run")
    found = [table.parent for table in sorted(path.glob("*/table.json")) if _is_critiques(table)]
    if not found:
        raise DataError(
            f"{path}: holds no table of critiques; name a stage that critiques, or run it first"
        )
    if len(found) > 1:
        names = "\n  ".join(map(str, found))
        raise DataError(f"{path}: holds {len(found)} tables of critiques; name one of\n  {names}")
    return found[0]


def _is_critiques(table: Path) -> bool:
    try:
        return bool(json.loads(table.read_text(encoding="utf-8"))["kind"] == KINDS[Critique])
    except (OSError, ValueError, KeyError, TypeError):
        return False
