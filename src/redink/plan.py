"""A run's plan: for each stage its fingerprint, its folder, and whether it is done.

A fingerprint is the content hash of the settings that are not the verb's defaults, of what its
inputs' fingerprints are, of verdicts in them that were mended by hand, and of the verb's code
version: a changed setting makes a new folder beside the old one, and everything after it too; what
is unchanged is found again, also where the verb has a new setting since.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from redink.edits import edits_fingerprint
from redink.errors import RecipeError, RedinkError
from redink.recipe import STUDENT, Recipe, Stage

MARKER = "stage.json"
"""Written last into a stage's folder: a folder that holds it is finished."""


@dataclass(frozen=True)
class PlannedStage:
    """A stage with its place in the run."""

    stage: Stage
    fingerprint: str
    folder: Path

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.stage.name

    @property
    def done(self) -> bool:
        """Whether the stage was finished before."""
        return (self.folder / MARKER).exists()

    @property
    def light(self) -> bool:
        """Whether it takes seconds and runs no model."""
        return self.stage.verb.light(self.stage.settings)

    def facts(self) -> dict[str, Any]:
        """What was recorded when the stage was finished; empty before."""
        if not self.done:
            return {}
        facts: dict[str, Any] = json.loads((self.folder / MARKER).read_text())
        return facts


@dataclass(frozen=True)
class Plan:
    """All stages of a recipe within one run folder."""

    recipe: Recipe
    folder: Path
    stages: tuple[PlannedStage, ...]

    @cached_property
    def by_name(self) -> Mapping[str, PlannedStage]:
        """Stages by name."""
        return {planned.name: planned for planned in self.stages}

    def upstream(self, name: str) -> list[PlannedStage]:
        """A stage and everything that it rests on, in order."""
        self.recipe.stage(name)
        wanted = {name}
        for planned in reversed(self.stages):
            if planned.name in wanted:
                wanted |= {n for names in planned.stage.inputs.values() for n in names}
        return [planned for planned in self.stages if planned.name in wanted]

    def downstream(self, name: str) -> list[PlannedStage]:
        """A stage and everything that rests on it, in order."""
        self.recipe.stage(name)
        return [p for p in self.stages if name in {s.name for s in self.upstream(p.name)}]


def make_plan(recipe: Recipe, runs: Path, folder: Path | None = None) -> Plan:
    """Fingerprints every stage and finds its folder under `runs`, or in the run's own `folder`.

    Raises RecipeError, naming the stage, where a file or model that it names cannot be had.
    """
    identity = hashlib.blake2b(recipe.source.encode(), digest_size=4).hexdigest()
    folder = folder or runs / f"{recipe.name}-{identity}"
    planned: dict[str, PlannedStage] = {}
    for stage in recipe.stages:
        fingerprint = _fingerprint(stage, recipe, planned)
        planned[stage.name] = PlannedStage(
            stage, fingerprint, folder / f"{stage.name}-{fingerprint}"
        )
    return Plan(recipe, folder, tuple(planned.values()))


def model_name(name: str, recipe: Recipe) -> str:
    """The model behind a name that is no stage: the student's own, or the name itself."""
    return recipe.student if name == STUDENT else name


def _fingerprint(stage: Stage, recipe: Recipe, planned: Mapping[str, PlannedStage]) -> str:
    try:
        inputs = {
            argument: [
                [name, _as_edited(planned[name])]
                if name in planned
                else [name, _model_fingerprint(model_name(name, recipe))]
                for name in names
            ]
            for argument, names in stage.inputs.items()
        }
        files = _file_fingerprints(stage)
        models = [_named_models(stage.settings[name]) for name in stage.verb.models]
    except RedinkError as error:
        raise RecipeError(f"stage {stage.name!r}: {error}") from None
    named = {argument: slot.named for argument, slot in stage.verb.inputs.items()}
    content = {
        "verb": [stage.verb.name, stage.verb.version],
        "settings": {
            name: stage.settings[name]
            for name, parameter in stage.verb.settings.items()
            if name not in (*stage.verb.incidental, *stage.verb.models)
            and stage.settings[name] != parameter.default
        },
        "inputs": {
            argument: pairs if named[argument] else [fingerprint for _, fingerprint in pairs]
            for argument, pairs in inputs.items()
        },
        "models": models,
        "files": files,
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def _as_edited(planned: PlannedStage) -> str:
    """A stage's fingerprint, and that of the verdicts that were mended in what it made."""
    mended = edits_fingerprint(planned.folder)
    return f"{planned.fingerprint}+{mended}" if mended else planned.fingerprint


def _model_fingerprint(name: str) -> str:
    """Of a model's files; a model behind an endpoint is known by its name alone, so that another
    address of the same model makes nothing anew."""
    from redink.models.resolve import resolve_model
    from redink.models.source import fingerprint
    from redink.teachers.llm import address_of

    address = address_of(name)
    if address is not None:
        return f"endpoint:{address.model}"
    return fingerprint(resolve_model(name))


def _named_models(named: str | Mapping[str, float] | None) -> list[Any]:
    shares = {named: 1.0} if isinstance(named, str) else named or {}
    return [
        [name if name == "symbolic" else _model_fingerprint(name), share]
        for name, share in sorted(shares.items())
    ]


def _file_fingerprints(stage: Stage) -> Any:
    """Of the files that a stage reads beside its inputs."""
    if stage.verb.name == "load":
        path = _source_file(stage.settings)
        return path and _hash(path)
    if stage.verb.name == "select":
        return _benchmark_fingerprints(stage.settings)
    if stage.verb.name == "critique":
        prompt = stage.settings.get("prompt")
        return prompt and _hash(_existing(Path(prompt), "prompt"))
    return None


def _benchmark_fingerprints(settings: Mapping[str, Any]) -> list[str]:
    from redink.evaluation.benchmarks import benchmark_file

    named = settings["decontaminate"] or ()
    names = [named] if isinstance(named, str) else named
    files = [benchmark_file(name, settings["data"]) for name in names]
    return [_hash(path) for path in files if path is not None]


def _existing(path: Path, setting: str) -> Path:
    if not path.is_file():
        raise RecipeError(
            f"{setting} {str(path)!r}: no such file; check the path (relative to where you are)"
        )
    return path


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _source_file(settings: Mapping[str, Any]) -> Path | None:
    """The file that a load stage reads; None for generators and the hub."""
    from redink.evaluation.benchmarks import benchmark_file, is_benchmark

    source = str(settings["source"])
    if is_benchmark(source):
        return benchmark_file(source, settings["data"], settings["split"])
    if source.startswith(("gym:", "hf:")):
        return None
    path = Path(source)
    if not path.is_file():
        raise RecipeError(
            f"source {source!r}: no such file (nor a benchmark, gym:NAME or hf:ORG/NAME); "
            "check the path, it is relative to where you are"
        )
    return path
