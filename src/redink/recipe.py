"""Recipes: YAML files that name a student and a graph of stages, checked whole before a run."""

import difflib
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from redink.errors import RecipeError
from redink.evaluation.seeds import arm_of
from redink.expansion import AT, expand
from redink.hardware import Hardware, read_hardware
from redink.models.resolve import short_name
from redink.refinement.strategy import arms_of
from redink.scaling.budgets import arms_at
from redink.stages.registry import VERBS, Input, Produces, Verb

STUDENT = "student"
"""The name under which stages refer to the recipe's untouched student."""
FIELDS = ("student", "about", "validation", "allow_overlap", "hardware", "report_to", "stages")


@dataclass(frozen=True)
class Stage:
    """One checked stage: its verb, settings with defaults filled in, and inputs."""

    name: str
    verb: Verb
    settings: Mapping[str, Any]
    inputs: Mapping[str, tuple[str, ...]]
    """Argument to the names given for it: stages, or models that are no stage."""
    produces: Produces


@dataclass(frozen=True)
class Recipe:
    """A checked recipe: stages in an order in which each comes after its inputs."""

    name: str
    source: str
    """`builtin:NAME` or the file's path."""
    text: str
    """The YAML as it was run, with --set applied."""
    student: str
    stages: tuple[Stage, ...]
    about: str = ""
    allow_overlap: bool = False
    """Whether checkpoints may be chosen on problems of a reported benchmark; the tables then
    carry a mark."""
    hardware: Hardware = field(default_factory=Hardware)

    def stage(self, name: str) -> Stage:
        """A stage by name; raises RecipeError naming the stages there are."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        names = [stage.name for stage in self.stages]
        raise RecipeError(f"no stage {name!r} in this recipe; {_suggest(name, names)}")


def builtin_recipes() -> dict[str, str]:
    """Name to YAML text of every recipe that ships with redink."""
    folder = importlib.resources.files("redink.recipes")
    return {
        item.name.removesuffix(".yaml"): item.read_text(encoding="utf-8")
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".yaml")
    }


def read_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Reads and checks a built-in recipe or a YAML file.

    Args:
        name: A built-in name or a path.
        overrides: `stages.problems.n=100` and the like; values are read as YAML.

    Raises:
        RecipeError: Whatever is wrong with it, naming the stage and setting.
    """
    text, source = _text(name)
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        detail = getattr(error, "problem", None) or "not YAML"
        raise RecipeError(f"{source}{line}: broken YAML ({detail}); mend the file") from None
    if not isinstance(raw, dict):
        raise RecipeError(
            f"{source}: a recipe is a mapping with student and stages; see the README"
        )
    for override in overrides:
        _override(raw, override)
    return check_recipe(raw, name if source.startswith("builtin:") else Path(name).stem, source)


def check_recipe(raw: Mapping[str, Any], name: str, source: str) -> Recipe:
    """Checks a recipe already read into plain dictionaries and puts its stages in order."""
    unknown = set(raw) - set(FIELDS)
    if unknown:
        field = sorted(map(str, unknown))[0]
        raise RecipeError(f"{source}: unknown field {field!r}; a recipe has {', '.join(FIELDS)}")
    allow_overlap = raw.get("allow_overlap", False)
    if not isinstance(allow_overlap, bool):
        raise RecipeError(f"{source}: allow_overlap must be true or false, not {allow_overlap!r}")
    hardware = read_hardware(raw.get("hardware"), source)
    trackers = {"report_to": raw["report_to"]} if "report_to" in raw else {}
    written, raw = raw, expand(raw, {**hardware.settings, **trackers})
    stages = raw.get("stages")
    if not isinstance(stages, dict) or not stages:
        raise RecipeError(f"{source}: stages is missing or empty; name at least one stage")
    student = raw.get("student", "smollm2-135m")
    if not isinstance(student, str):
        raise RecipeError(f"{source}: student must be a model's name, not {student!r}")
    drafts = {str(key): _draft(str(key), value, raw) for key, value in stages.items()}
    ordered: dict[str, Stage] = {}
    for key in _order(drafts):
        ordered[key] = _typed(drafts[key], ordered)
    return Recipe(
        name=name,
        source=source,
        text=yaml.safe_dump(dict(written), sort_keys=False, allow_unicode=True),
        student=student,
        stages=tuple(ordered.values()),
        about=str(raw.get("about", "")).strip(),
        allow_overlap=allow_overlap,
        hardware=hardware,
    )


def _text(name: str) -> tuple[str, str]:
    builtin = builtin_recipes()
    path = Path(name)
    if name in builtin and not path.is_file():
        return builtin[name], f"builtin:{name}"
    try:
        return path.read_text(encoding="utf-8"), str(path.resolve())
    except (OSError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise RecipeError(
            f"recipe {name!r}: {reason}, and no built-in recipe of that name; "
            f"built in are {', '.join(builtin)}"
        ) from None


def _override(raw: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set {override!r}: write it as stages.STAGE.SETTING=VALUE")
    *parents, last = key.split(".")
    if parents == ["hardware"]:
        raw.setdefault("hardware", {})
    place: Any = raw
    for depth, part in enumerate(parents):
        if not isinstance(place, dict) or part not in place:
            names = ", ".join(map(str, place)) if isinstance(place, dict) else "no settings"
            raise RecipeError(
                f"--set {key}: there is no {'.'.join(parents[: depth + 1])!r}; there is {names}"
            )
        place = place[part]
    if not isinstance(place, dict):
        raise RecipeError(f"--set {key}: {'.'.join(parents)!r} has no settings of its own")
    try:
        place[last] = yaml.safe_load(value)
    except yaml.YAMLError:
        raise RecipeError(f"--set {key}: the value {value!r} is not YAML; quote it") from None


def _draft(name: str, value: Any, raw: Mapping[str, Any]) -> Stage:
    """A stage with its verb and inputs split from its settings, types still unknown."""
    plain = name.replace("-", "").replace("_", "").replace("+", "").replace(AT, "", 1)
    if not plain.isalnum() or name == STUDENT:
        raise RecipeError(
            f"stage {name!r}: a name holds letters, digits, '-', '_' or '+', and is not 'student'"
        )
    if not isinstance(value, dict) or "do" not in value:
        raise RecipeError(f"stage {name!r}: must be a mapping with do: VERB; verbs: {_verbs()}")
    verb = VERBS.get(str(value["do"]))
    if verb is None:
        raise RecipeError(
            f"stage {name!r}: unknown verb {value['do']!r}; {_suggest(str(value['do']), VERBS)}"
        )
    given = {str(key): item for key, item in value.items() if key != "do"}
    if "student" in verb.inputs:
        given.setdefault("student", STUDENT)
    if "model" in verb.inputs:
        given.setdefault("model", STUDENT)
    if "base" in verb.inputs:
        given.setdefault("base", STUDENT)
    inputs = {
        argument: _names(name, argument, slot, given.pop(argument))
        for argument, slot in verb.inputs.items()
        if given.get(argument) is not None
    }
    for argument, slot in verb.inputs.items():
        if slot.required and argument not in inputs:
            raise RecipeError(
                f"stage {name!r}: {verb.name} needs {argument}: the name of a stage that makes "
                f"{' or '.join(slot.accepts)}"
            )
    return Stage(name, verb, verb.check(name, given), inputs, "problems")


def _verbs() -> str:
    return ", ".join(VERBS)


def _names(stage: str, argument: str, slot: Input, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) for item in values):
        raise RecipeError(f"stage {stage!r}: {argument} must name stages, not {value!r}")
    if len(values) > 1 and slot.accepts == ("model",) and not slot.many:
        raise RecipeError(f"stage {stage!r}: {argument} takes one model, {len(values)} are named")
    if len(set(values)) < len(values) and (slot.named or not slot.many):
        raise RecipeError(f"stage {stage!r}: {argument} names a stage twice")
    return tuple(values)


def _order(drafts: Mapping[str, Stage]) -> list[str]:
    """Stage names, each after its inputs, otherwise as written; raises on a cycle."""
    ordered: list[str] = []
    waiting: list[str] = []

    def visit(name: str) -> None:
        if name in ordered:
            return
        if name in waiting:
            ring = " -> ".join([*waiting[waiting.index(name) :], name])
            raise RecipeError(f"the stages form a cycle: {ring}; remove one of these inputs")
        waiting.append(name)
        for names in drafts[name].inputs.values():
            for other in names:
                if other in drafts:
                    visit(other)
        waiting.pop()
        ordered.append(name)

    for name in drafts:
        visit(name)
    return ordered


def _typed(draft: Stage, ordered: Mapping[str, Stage]) -> Stage:
    made: dict[str, Produces] = {}
    for argument, names in draft.inputs.items():
        accepts = draft.verb.inputs[argument].accepts
        for name in names:
            if name in ordered:
                made[argument] = ordered[name].produces
                if ordered[name].produces not in accepts:
                    raise RecipeError(
                        f"stage {draft.name!r}: {argument} needs {' or '.join(accepts)}, but "
                        f"{name!r} makes {ordered[name].produces}"
                    )
            elif accepts != ("model",):
                raise RecipeError(
                    f"stage {draft.name!r}: {argument} names no stage {name!r}; "
                    f"{_suggest(name, ordered)}"
                )
    _check_joined(draft, ordered)
    given = {
        argument: [ordered[name].produces for name in names if name in ordered]
        for argument, names in draft.inputs.items()
    }
    misfit = draft.verb.misfit(draft.settings, given)
    if misfit:
        raise RecipeError(f"stage {draft.name!r}: {misfit}")
    _check_arms(draft, ordered)
    _check_baseline(draft, ordered)
    return replace(draft, produces=draft.verb.produces(draft.settings, made))


def _check_joined(draft: Stage, ordered: Mapping[str, Stage]) -> None:
    for argument, names in draft.inputs.items():
        kinds = {ordered[name].produces for name in names if name in ordered}
        if len(kinds) > 1 and not draft.verb.inputs[argument].many:
            raise RecipeError(
                f"stage {draft.name!r}: {argument} joins the stages {', '.join(names)}, which make "
                f"different things ({', '.join(sorted(kinds))}); name stages of one kind"
            )


def _arms(stage: Stage, ordered: Mapping[str, Stage]) -> list[str]:
    """The names under which a stage's models, or strategies, are scored."""
    if stage.verb.name == "refine":
        settings = stage.settings
        return arms_of(settings["strategies"], settings["samples"], settings["oracle"])
    models = [name if name in ordered else short_name(name) for name in stage.inputs["models"]]
    if stage.verb.name == "scale":
        return arms_at(models, stage.settings["budgets"], stage.settings["unit"])
    return models


def _check_arms(draft: Stage, ordered: Mapping[str, Stage]) -> None:
    if draft.verb.name in ("evaluate", "scale"):
        arms = _arms(draft, ordered)
        twice = next((arm for arm in arms if arms.count(arm) > 1), None)
        if twice:
            raise RecipeError(
                f"stage {draft.name!r}: two models would both be called {twice!r}; rename one of "
                "their folders, or name the model once"
            )


def _check_baseline(draft: Stage, ordered: Mapping[str, Stage]) -> None:
    if draft.verb.name == "compare":
        arms = _arms(ordered[draft.inputs["scores"][0]], ordered)
        named = list(dict.fromkeys(map(arm_of, arms)))
        if draft.settings["baseline"] not in named:
            raise RecipeError(
                f"stage {draft.name!r}: baseline {draft.settings['baseline']!r} is none of the "
                f"arms evaluated ({', '.join(named)})"
            )


def _suggest(name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}there are: {', '.join(known)}"
