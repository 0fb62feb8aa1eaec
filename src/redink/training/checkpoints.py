"""Checkpoints that a killed process can rely on.

A checkpoint counts once its marker is written, after everything else in it; a folder without one
is the leftover of a kill while saving, and is removed.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from redink.files import sync_folder, write_atomically
from redink.records import Json

MARKER = "complete.json"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint: its folder and the facts noted with it."""

    folder: Path
    step: int
    facts: Json


def newest_checkpoint(folder: Path, key: str) -> Checkpoint | None:
    """The newest complete checkpoint of the training `key`; everything else is removed.

    Args:
        folder: where the trainer saves `checkpoint-<step>` folders.
        key: hash of the settings and data; checkpoints of another training are of no use.
    """
    found = []
    for path in sorted(folder.glob("checkpoint-*")):
        facts = _read_marker(path / MARKER)
        if facts is not None and facts.get("key") == key:
            found.append(Checkpoint(path, int(facts["step"]), facts))
        else:
            shutil.rmtree(path)
    found.sort(key=lambda checkpoint: checkpoint.step)
    for older in found[:-1]:
        shutil.rmtree(older.folder)
    return found[-1] if found else None


def mark_complete(checkpoint: Path, key: str, step: int, **facts: float | str) -> None:
    """Declares a saved checkpoint complete and removes the older ones beside it."""
    text = json.dumps({"key": key, "step": step, **facts})
    write_atomically(checkpoint / MARKER, text.encode())
    sync_folder(checkpoint.parent)
    for other in checkpoint.parent.glob("checkpoint-*"):
        if other != checkpoint:
            shutil.rmtree(other)


def _read_marker(path: Path) -> Json | None:
    try:
        facts = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None
