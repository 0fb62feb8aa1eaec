"""What the arms were trained on, read from their `training.json` files."""

import json
import math
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
    looks: tuple[tuple[int, float], ...] = ()
    """(optimizer step, what was measured on the validation set)."""
    validated_by: str = ""
    """`accuracy` or `loss`; empty without validation."""
    chosen_step: int | None = None
    """The step whose weights were kept, where validation chose."""
    objective: str = ""
    """What the examples were rendered for; several are joined by a plus sign."""
    rows_in: int | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    """(reason, examples that were left out for it)."""
    steps: int | None = None
    device: str = ""
    method: str = ""
    """`full`, `lora` or `qlora`; empty in old records."""
    finished: bool = True


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


def read_unfinished(folder: Path, objective: Any = "") -> Training | None:
    """What an unfinished training has logged so far; None where it has logged nothing.

    Args:
        folder: the stage's folder; a half-written last line of its log is left out.
        objective: as the recipe names it.
    """
    losses = []
    try:
        lines = (folder / "losses.jsonl").read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        try:
            fact = json.loads(line)
            losses.append((int(fact["step"]), float(fact["loss"])))
        except (ValueError, TypeError, KeyError):
            continue
    finite = tuple(pair for pair in losses if math.isfinite(pair[1]))
    if not finite:
        return None
    return Training(losses=finite, objective=_objective(objective), finished=False)


def _read(file: Path) -> Training:
    try:
        facts = json.loads(file.read_text())
        rows, validation = facts.get("rows") or {}, facts.get("validation") or {}
        by = next((by for by in ("accuracy", "loss") if by in validation), "")
        return Training(
            examples=_whole(facts.get("examples")),
            tokens=_whole(facts.get("tokens")),
            loss_tokens=_whole(facts.get("loss_tokens")),
            seconds=None if facts.get("seconds") is None else float(facts["seconds"]),
            losses=tuple(_losses(facts.get("losses") or ())),
            looks=tuple((int(look["step"]), float(look[by])) for look in _looks(validation, by)),
            validated_by=by,
            chosen_step=_whole(validation.get("chosen_step")),
            objective=_objective((facts.get("settings") or {}).get("objective")),
            rows_in=_whole(rows.get("rows_in")),
            steps=_whole(facts.get("steps")),
            device=str(facts.get("device") or ""),
            method=str(facts.get("method") or ""),
            dropped=tuple((str(why), int(n)) for why, n in (rows.get("dropped") or {}).items()),
        )
    except (OSError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise DataError(
            f"{file}: cannot be read as a training record ({error}); train the arm again"
        ) from None


def _looks(validation: Mapping[str, Any], by: str) -> list[Any]:
    return [look for look in validation.get("looks") or () if by and by in look]


def _objective(value: Any) -> str:
    return (
        " + ".join(dict.fromkeys(map(str, value)))
        if isinstance(value, list | tuple)
        else str(value or "")
    )


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
