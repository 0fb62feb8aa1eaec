"""What the arms were trained on, read from their `training.json` files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.errors import DataError


@dataclass(frozen=True)
class Training:
    """One arm's training, as far as it was written down."""

    examples: int | None = None
    tokens: int | None = None
    """Tokens read, all epochs."""
    loss_tokens: int | None = None
    """Tokens that carried loss."""
    seconds: float | None = None
    losses: tuple[tuple[int, float], ...] = ()
    """(optimizer step, loss) as logged."""


def read_trainings(paths: Mapping[str, Path] | None) -> dict[str, Training]:
    """Arm → its training; arms without a file (an untouched student) are left out.

    Raises DataError where a file is there but cannot be read.
    """
    found = {}
    for arm, path in (paths or {}).items():
        file = Path(path)
        file = file / "training.json" if file.is_dir() else file
        if file.exists():
            found[arm] = _read(file)
    return found


def _read(file: Path) -> Training:
    try:
        facts = json.loads(file.read_text())
        return Training(
            examples=_whole(facts.get("examples")),
            tokens=_whole(facts.get("tokens")),
            loss_tokens=_whole(facts.get("loss_tokens")),
            seconds=None if facts.get("seconds") is None else float(facts["seconds"]),
            losses=tuple(_losses(facts.get("losses") or ())),
        )
    except (OSError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise DataError(
            f"{file}: cannot be read as a training record ({error}); train the arm again"
        ) from None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _losses(values: Any) -> list[tuple[int, float]]:
    """Losses given as numbers, as [step, loss] pairs or as {"step", "loss"} records."""
    losses = []
    for number, value in enumerate(values, start=1):
        if isinstance(value, Mapping):
            losses.append((int(value.get("step", number)), float(value["loss"])))
        elif isinstance(value, list | tuple):
            losses.append((int(value[0]), float(value[1])))
        else:
            losses.append((number, float(value)))
    return losses
