"""A reinforcement as the server holds it: its curves, its rollouts, the problems behind them."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redink.live import thinned
from redink.view.appended import Appended
from redink.view.folders import STEPS
from redink.view.questions import Questions
from redink.view.rollouts import FILE, RolloutIndex, Rollouts, number_of, parsed
from redink.visible import one_line

LOOKS = "validation.jsonl"
"""Accuracy on the validation problems, a line for each look."""
MOST_POINTS = 1000
"""Of a curve that is shown; a longer one is thinned out."""
MOST_CURVES = 100
_COUNTS = ("step", "rollouts", "problems", "problems_drawn")
"""Figures of a step that are no curve."""
_WITHIN = ("parts", "faults", "seconds_by_part")
"""Figures by name within a step's figures."""


class ViewedTraining:
    """A training that logs its steps, going on or not.

    Args:
        folder: of the training.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = Appended(folder / STEPS)
        self._lines: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._index = RolloutIndex(folder / FILE)
        self.questions = Questions(folder)
        """The problems that rollouts are drawn for."""

    def rollouts(self) -> Rollouts:
        """All rollouts so far."""
        return self._index.now()

    def lines(self) -> list[dict[str, Any]]:
        """The figures of every step so far, in order."""
        with self._lock:
            if self._log.is_another():
                self._lines = []
            for _, text in self._log.lines():
                line = parsed(text)
                while line and self._lines and self._lines[-1]["step"] >= line["step"]:
                    self._lines.pop()
                self._lines += [line] if line else []
            return list(self._lines)

    def looks(self, updates: int) -> list[list[float]]:
        """Step and accuracy of each look at the validation problems.

        Args:
            updates: optimizer steps on each step's rollouts: looks are counted in the former.
        """
        try:
            text = (self.folder / LOOKS).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        found = [parsed(line.encode()) for line in text.splitlines()]
        pairs = [(look["step"], number_of(look.get("accuracy"))) for look in found if look]
        return [[step / updates, value] for step, value in pairs if value is not None]

    def to_json(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Every figure over the steps.

        Args:
            settings: of the stage, as far as they are known.

        `curves` has pairs of step and value under each figure's name; those within `parts`,
        `faults` and `seconds_by_part` are `parts.correct` and so on, those on the validation
        problems `validation`.
        """
        mark, lines = mark_of(self.folder), self.lines()
        looks = self.looks(_count(settings.get("updates")) or 1)
        curves = curves_of(lines) | ({"validation": looks} if looks else {})
        algorithm = settings.get("algorithm")
        return {
            "folder": self.folder.name,
            "mark": mark,
            "algorithm": one_line(algorithm) if isinstance(algorithm, str) else None,
            "planned": _count(settings.get("steps")),
            "steps": len(lines),
            "last": lines[-1]["step"] if lines else 0,
            "rollouts": int(sum(number_of(line.get("rollouts")) or 0 for line in lines)),
            "curves": {
                name: thinned(points, MOST_POINTS)
                for name, points in list(curves.items())[:MOST_CURVES]
            },
        }


def curves_of(lines: list[dict[str, Any]]) -> dict[str, list[list[float]]]:
    """Pairs of step and value of every figure; a value that is not known is left out.

    A kind of fault that a step does not name did not occur in it.
    """
    kinds = dict.fromkeys(kind for line in lines for kind in _group(line, "faults"))
    curves: dict[str, list[list[float]]] = {}
    for line in lines:
        values = {name: value for name, value in line.items() if name not in _COUNTS}
        for group in _WITHIN:
            within = _group(line, group)
            if group == "faults" and isinstance(line.get(group), dict):
                within = dict.fromkeys(kinds, 0.0) | within
            values |= {f"{group}.{name}": value for name, value in within.items()}
        for name, value in values.items():
            known = number_of(value)
            if known is not None:
                curves.setdefault(name, []).append([line["step"], known])
    return {one_line(name): points for name, points in curves.items()}


def _group(line: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = line.get(name)
    return found if isinstance(found, dict) else {}


def _count(value: Any) -> int | None:
    """A whole number above 0, else None."""
    return value if type(value) is int and value > 0 else None


def mark_of(folder: Path) -> str | None:
    """What changes whenever a training logs a step or a look; None where it has logged none."""
    marks = []
    for name in (STEPS, LOOKS):
        try:
            facts = (folder / name).stat()
            marks.append(f"{facts.st_size}-{facts.st_mtime_ns}")
        except OSError:
            marks.append("")
    return "/".join(marks) if marks[0] else None


def logs_of(folder: Path) -> dict[str, str]:
    """The mark of every training in a run's folder (or of the folder itself), by its folder."""
    own = mark_of(folder)
    if own is not None:
        return {folder.name: own}
    marks = {path.parent.name: mark_of(path.parent) for path in folder.glob(f"*/{STEPS}")}
    return {name: mark for name, mark in sorted(marks.items()) if mark is not None}
