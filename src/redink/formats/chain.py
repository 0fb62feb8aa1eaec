"""How a stage of a run came about: the recipe's stages that lead to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Link:
    """One stage on the way to a table."""

    name: str
    verb: str
    settings: Mapping[str, Any]
    rows: int | None = None
    dropped: Mapping[str, int] | None = None


def chain_of(folder: Path) -> tuple[Link, ...]:
    """The stages that lead to the table in a stage's folder, the first one first.

    Reads the run's `run.json`; empty for a table that belongs to no run.
    """
    import yaml

    try:
        facts = json.loads((folder.resolve().parent / "run.json").read_text(encoding="utf-8"))
        sidecar = json.loads((folder / "table.json").read_text(encoding="utf-8"))
        stages = yaml.safe_load(facts["recipe_text"])["stages"]
        done = {stage["name"]: stage for stage in facts.get("stages", [])}
        last = sidecar["provenance"]["stage"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return ()
    order: dict[str, None] = {}
    _visit(stages, last, order)
    return tuple(_link(name, stages[name], done.get(name, {})) for name in order)


def _visit(stages: Mapping[str, Any], name: str, order: dict[str, None]) -> None:
    if name in order or not isinstance(stages.get(name), dict):
        return
    for value in stages[name].values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one in stages and one != name:
                _visit(stages, one, order)
    order[name] = None


def _link(name: str, stage: Mapping[str, Any], done: Mapping[str, Any]) -> Link:
    settings = {key: value for key, value in stage.items() if key != "do"}
    return Link(name, str(stage.get("do", "")), settings, done.get("rows"), done.get("dropped"))
