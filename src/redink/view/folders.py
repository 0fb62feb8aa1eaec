"""What a run's folder holds: its stages, done or not, in the recipe's order."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from redink.errors import DataError, RedinkError

PAGED = ("problems", "responses", "critiques", "labels", "scores")
"""Kinds of tables that can be paged through."""
STEPS = "steps.jsonl"
"""What a reinforcement writes while it trains: the `STEPS` of `redink.reinforcement.rollouts`,
whose imports are kept out of the viewer."""
_FOLDER = re.compile(r"(?P<name>.+)-[0-9a-f]{10}")


@dataclass(frozen=True)
class StageFolder:
    """A stage of a run, with its folder where it is done."""

    name: str
    verb: str
    folder: Path | None
    kind: str | None
    """`problems`, `responses`, `critiques`, `labels`, `scores`, `examples`, `model`, `report`; None
    before the stage is done."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    training: Path | None = None
    """The folder in which it logs the steps of a reinforcement, done or not."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pages(self) -> bool:
        """Whether its rows can be paged through."""
        return self.kind in PAGED

    def to_json(self) -> dict[str, Any]:
        """As the page is told of it."""
        return {
            "name": self.name,
            "verb": self.verb,
            "kind": self.kind if self.pages else None,
            "makes": self.kind,
            "rows": self.facts.get("rows"),
            "dropped": dict(self.facts.get("dropped") or {}),
            "done": self.folder is not None,
            "training": self.training is not None,
        }


@dataclass(frozen=True)
class RunFolder:
    """A run, or a table on its own."""

    folder: Path
    recipe: str
    about: str
    stages: tuple[StageFolder, ...]

    def to_json(self) -> dict[str, Any]:
        """As the page is told of it."""
        return {
            "title": self.recipe or self.folder.name,
            "about": self.about,
            "recipe": self.recipe,
            "folder": str(self.folder),
            "stages": [stage.to_json() for stage in self.stages],
        }


def read_run(folder: Path) -> RunFolder:
    """Reads a run's folder, or the folder of one stage.

    Raises DataError where it is neither.
    """
    if (folder / "table.json").exists():
        stage = _stage(folder, folder.name, "")
        return RunFolder(folder, "", "", (stage,))
    if (folder / STEPS).exists():
        return RunFolder(folder, "", "", (_lone_training(folder),))
    facts = _json(folder / "run.json")
    found = _finished(folder)
    if not facts and not found and not (folder / "run.lock").exists():
        raise DataError(
            f"{folder}: no run folder; name a folder that `redink run` or `redink evaluate` made, "
            "or one stage's folder"
        )
    planned, settings, trainings = _planned(facts), _settings(facts), _trainings(folder)
    named = {str(one.get("name")): one.get("folder") for one in facts.get("stages", ())}
    verbs = {str(one.get("name")): str(one.get("verb", "")) for one in facts.get("stages", ())}
    names = dict.fromkeys([*planned, *verbs, *found, *trainings])
    stages = []
    for name in names:
        verb = planned.get(name) or verbs.get(name, "")
        place = _place(folder, named.get(name), found.get(name))
        stage = _stage(place, name, verb) if place else StageFolder(name, verb, None, None)
        logs = place and place.name == named.get(name) and (place / STEPS).exists()
        training = place if logs else trainings.get(name)
        known = settings.get(name) or stage.settings
        stages.append(replace(stage, training=training, settings=known))
    return RunFolder(folder, str(facts.get("recipe", "")), _about(facts), tuple(stages))


def _lone_training(folder: Path) -> StageFolder:
    """The one stage of a folder that a reinforcement writes to."""
    done = (folder / "stage.json").exists()
    stage = _stage(folder, folder.name, "reinforce")
    return replace(stage, folder=folder if done else None, training=folder)


def _trainings(folder: Path) -> dict[str, Path]:
    """Stage name to the folder in which its steps were logged last."""
    found: dict[str, tuple[float, Path]] = {}
    for log in folder.glob(f"*/{STEPS}"):
        match, logged = _FOLDER.fullmatch(log.parent.name), log.stat().st_mtime
        if match:
            last = found.get(match["name"], (0.0, folder))
            found[match["name"]] = max(last, (logged, log.parent))
    return {name: path for name, (_, path) in found.items()}


def _place(folder: Path, named: Any, newest: Path | None) -> Path | None:
    """The folder that the run's file names, where it does; else the stage's newest."""
    if isinstance(named, str) and _FOLDER.fullmatch(named) and "/" not in named:
        path = folder / named
        if (path / "stage.json").exists():
            return path
    return newest


def _finished(folder: Path) -> dict[str, Path]:
    """Stage name to the folder that was finished last."""
    found: dict[str, tuple[float, Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _FOLDER.fullmatch(path.name)
        if match and (path / "stage.json").is_file():
            started = _json(path / "stage.json").get("started", 0.0)
            started = float(started) if isinstance(started, int | float) else 0.0
            if match["name"] not in found or found[match["name"]][0] <= started:
                found[match["name"]] = (started, path)
    return {name: path for name, (_, path) in found.items()}


def _stage(folder: Path, name: str, verb: str) -> StageFolder:
    table, facts = _json(folder / "table.json"), _json(folder / "stage.json")
    kind = table.get("kind")
    if kind is None and (folder / "model").is_dir():
        kind = "model"
    if kind is None and (folder / "comparison.json").is_file():
        kind = "report"
    facts = {"rows": table.get("rows"), "dropped": table.get("dropped"), **facts}
    verb, settings = verb or str(facts.get("verb", "")), facts.get("settings")
    known = settings if isinstance(settings, dict) else {}
    return StageFolder(name, verb, folder, kind, facts, settings=known)


def _planned(facts: Mapping[str, Any]) -> dict[str, str]:
    """Stage name to verb, as the recipe has them."""
    recipe = _recipe(facts)
    return {stage.name: stage.verb.name for stage in recipe.stages} if recipe else {}


def _settings(facts: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Stage name to its settings."""
    recipe = _recipe(facts)
    return {stage.name: stage.settings for stage in recipe.stages} if recipe else {}


def _about(facts: Mapping[str, Any]) -> str:
    recipe = _recipe(facts)
    return str(recipe.about) if recipe else ""


def _recipe(facts: Mapping[str, Any]) -> Any:
    """The recipe as it was run; None where this version of redink cannot read it."""
    text = facts.get("recipe_text")
    if not isinstance(text, str):
        return None
    return _checked(text, str(facts.get("recipe")), str(facts.get("source")))


@lru_cache(maxsize=4)
def _checked(text: str, name: str, source: str) -> Any:
    import yaml

    from redink.recipe import check_recipe

    try:
        return check_recipe(yaml.safe_load(text), name, source)
    except (RedinkError, yaml.YAMLError, AttributeError, TypeError):
        return None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
