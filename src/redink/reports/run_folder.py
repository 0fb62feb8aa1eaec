"""A run's folder as a report reads it: which stages are done, what they recorded, and where.

Only its files are read, so that the run of another version, machine or data folder has a report.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from redink.errors import DataError

STAGE_FILE, RUN_FILE = "stage.json", "run.json"


@dataclass(frozen=True)
class DeclaredStage:
    """A stage as the recipe names it, done or not."""

    name: str
    verb: str
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunStage:
    """A stage of a run."""

    name: str
    verb: str
    done: bool
    folder: Path | None
    """None where nothing of it is there yet."""
    inputs: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, Any]
    """What `stage.json` holds; empty before it is done."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its settings, as recorded."""
        return _mapping(self.facts.get("settings"))

    @property
    def rows(self) -> int | None:
        """Rows kept; None for models and reports."""
        rows = self.facts.get("rows")
        return rows if isinstance(rows, int) else None

    @property
    def dropped(self) -> dict[str, int]:
        """Reason → how many rows were dropped for it."""
        found = _mapping(self.facts.get("dropped"))
        return {str(reason): n for reason, n in found.items() if isinstance(n, int)}

    def number(self, name: str) -> float | None:
        """A recorded figure: `seconds`, `peak_memory_gib`, `tokens` or `cost`."""
        value = self.facts.get(name)
        return float(value) if isinstance(value, int | float) else None


@dataclass(frozen=True)
class RunFolder:
    """A run, finished or not."""

    folder: Path
    facts: Mapping[str, Any]
    """What `run.json` holds."""
    stages: tuple[RunStage, ...]
    """In the recipe's order."""

    @property
    def name(self) -> str:
        """The recipe's name."""
        return str(self.facts.get("recipe") or self.folder.name)

    @property
    def about(self) -> str:
        """What the recipe says that it asks; empty where it says nothing."""
        return " ".join(str(self.recipe.get("about") or "").split())

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe, as far as its text can be read."""
        return _recipe(self.facts)

    def done(self, verb: str) -> list[RunStage]:
        """The finished stages of a verb."""
        return [stage for stage in self.stages if stage.verb == verb and stage.done]

    def stage(self, name: str) -> RunStage | None:
        """A stage by its name."""
        return next((stage for stage in self.stages if stage.name == name), None)


def read_run(folder: Path, declared: Sequence[DeclaredStage] = ()) -> RunFolder:
    """Reads a run's folder.

    Args:
        folder: what `redink run` made.
        declared: the recipe's stages, where they are known better than from its text.

    Raises DataError where there is no readable `run.json`.
    """
    try:
        facts = json.loads((folder / RUN_FILE).read_text())
        listed = {str(stage["name"]): stage for stage in facts.get("stages") or ()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is broken"
        raise DataError(
            f"{folder}: no run folder ({RUN_FILE}: {reason}); name a folder that `redink run` or "
            "`redink evaluate` made"
        ) from None
    stages = list(declared) or _declared(facts)
    known = {stage.name for stage in stages}
    stages += [
        DeclaredStage(name, str(stage.get("verb", "")))
        for name, stage in listed.items()
        if name not in known
    ]
    folders = _stage_folders(folder)
    return RunFolder(
        folder, facts, tuple(_stage(stage, listed.get(stage.name), folders) for stage in stages)
    )


def _stage(
    declared: DeclaredStage,
    listed: Mapping[str, Any] | None,
    folders: Mapping[str, list[tuple[Path, Mapping[str, Any]]]],
) -> RunStage:
    """The stage with the folder that the run's record speaks of, else the newest."""
    found = folders.get(declared.name, [])
    done = [(path, facts) for path, facts in found if facts]
    if listed is None or not done:
        open_ones = [path for path, facts in found if not facts]
        place = open_ones[-1] if open_ones else None
        return RunStage(declared.name, declared.verb, False, place, declared.inputs, {})
    keys = [key for key in ("seconds", "rows", "dropped") if key in listed]
    alike = [pair for pair in done if all(pair[1].get(key) == listed[key] for key in keys)]
    path, facts = (alike or done)[-1]
    inputs = {str(k): tuple(map(str, v)) for k, v in _mapping(facts.get("inputs")).items()}
    verb = str(facts.get("verb") or declared.verb)
    return RunStage(declared.name, verb, True, path, inputs, facts)


def _stage_folders(folder: Path) -> dict[str, list[tuple[Path, Mapping[str, Any]]]]:
    """Stage name → its folders with their facts, oldest first; no facts where unfinished."""
    found: dict[str, list[tuple[Path, Mapping[str, Any]]]] = {}
    for path in folder.iterdir():
        if path.is_dir() and re.fullmatch(r".+-[0-9a-f]{10}", path.name):
            found.setdefault(path.name[:-11], []).append((path, _facts(path / STAGE_FILE)))
    for folders in found.values():
        folders.sort(key=lambda pair: (float(pair[1].get("started") or 0), pair[0].stat().st_mtime))
    return found


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def _declared(facts: Mapping[str, Any]) -> list[DeclaredStage]:
    """The stages as the recipe's text names them."""
    stages = _mapping(_recipe(facts).get("stages"))
    return [
        DeclaredStage(str(name), str(_mapping(stage).get("do", "")))
        for name, stage in stages.items()
    ]


def _recipe(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return _mapping(yaml.safe_load(str(facts.get("recipe_text") or "")))
    except yaml.YAMLError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def run_of_facts(facts: Mapping[str, Any]) -> RunFolder:
    """A run as `run.json` alone tells it: the stages that were done when it was written."""
    stages = tuple(
        RunStage(
            str(stage.get("name", "")),
            str(stage.get("verb", "")),
            True,
            None,
            {str(k): tuple(map(str, v)) for k, v in _mapping(stage.get("inputs")).items()},
            stage,
        )
        for stage in facts.get("stages") or ()
    )
    return RunFolder(Path(), facts, stages)
