"""What a recipe says in short, written out: seeds, benchmarks by name, validation, hardware.

`seed: [1, 2, 3]` of a finetune or reinforce stage makes three stages `NAME@1` … `NAME@3`, and an
evaluate stage that names `NAME` names all three. A benchmark of the catalogue named where a stage
of problems is wanted becomes a load stage of its name. `validation:` names the problems on which
each of these stages chooses its checkpoint; `hardware:` is what each of them trains on.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from redink.errors import RecipeError

AT = "@"
"""Between an arm's name and its training seed."""
PROBLEM_INPUTS = ("benchmarks", "validation")
TRAININGS = ("finetune", "reinforce")
"""Verbs that train a student."""


def expand(
    raw: Mapping[str, Any], training: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """The recipe with everything written out; wrong types are left for the checks that follow.

    Args:
        raw: the recipe as read.
        training: settings of every finetune and reinforce stage that does not set them itself.

    Raises RecipeError for a stage with several seeds that is named where one model is needed.
    """
    stages = raw.get("stages")
    if not isinstance(stages, Mapping) or not all(isinstance(s, Mapping) for s in stages.values()):
        return dict(raw)
    drafts: dict[str, dict[str, Any]] = {str(name): dict(stage) for name, stage in stages.items()}
    validation = raw.get("validation")
    common = {**training, **({} if validation is None else {"validation": validation})}
    for name, stage in drafts.items():
        if stage.get("do") in TRAININGS:
            drafts[name] = {**common, **stage}
    drafts = _with_seeds(drafts)
    return {**raw, "stages": _with_benchmarks(drafts)}


def _with_seeds(drafts: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    copies: dict[str, list[str]] = {}
    found: dict[str, dict[str, Any]] = {}
    for name, stage in drafts.items():
        seeds = stage.get("seed")
        if stage.get("do") not in TRAININGS or not isinstance(seeds, list):
            found[name] = stage
            continue
        if not seeds or len(set(map(str, seeds))) < len(seeds):
            raise RecipeError(f"stage {name!r}: seed: name each seed once, at least one")
        copies[name] = [f"{name}{AT}{seed}" for seed in seeds]
        found |= {f"{name}{AT}{seed}": {**stage, "seed": seed} for seed in seeds}
    for name, stage in found.items():
        for argument, value in stage.items():
            if argument == "models":
                names = value if isinstance(value, list) else [value]
                stage[argument] = [n for given in names for n in copies.get(given, [given])]
            elif argument in ("student", "model") and value in copies:
                raise RecipeError(
                    f"stage {name!r}: {argument} {value!r} is trained with several seeds; name "
                    f"one of them, such as {copies[value][0]!r}"
                )
    return found


def _with_benchmarks(drafts: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    from redink.evaluation.benchmarks.catalogue import catalogue

    known = catalogue()
    named: dict[str, dict[str, Any]] = {}
    for stage in drafts.values():
        for argument in PROBLEM_INPUTS:
            value = stage.get(argument)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name in known and name not in drafts:
                    named[name] = {"do": "load", "source": name}
    return {**named, **drafts}
