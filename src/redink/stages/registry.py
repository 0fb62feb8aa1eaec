"""The verbs that a recipe can name: what each takes, what it makes, where its code is.

A verb is a plain Python function; its keyword arguments are its settings. Arguments that are
tables or models come from other stages and are listed here; everything else in the function's
signature is a setting, checked against its annotation.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from redink.errors import RecipeError
from redink.records import Critique, Problem, Response, Score, StepLabels

Produces = Literal[
    "problems", "responses", "critiques", "scores", "labels", "model", "scorer", "report"
]
KIND_NAMES: dict[type, Produces] = {
    Problem: "problems",
    Response: "responses",
    Critique: "critiques",
    Score: "scores",
    StepLabels: "labels",
}
TABLES: tuple[Produces, ...] = ("problems", "responses", "critiques")


@dataclass(frozen=True)
class Input:
    """An argument that other stages fill."""

    accepts: tuple[Produces, ...]
    many: bool = False
    """Whether several stages stay apart, as a list; otherwise several tables are joined."""
    named: bool = False
    """Whether they arrive as a mapping from their names."""
    required: bool = True


@dataclass(frozen=True)
class Verb:
    """One verb: its function, its inputs and what it makes."""

    name: str
    summary: str
    produces: Callable[[Mapping[str, Any], Mapping[str, Produces]], Produces]
    """From the settings and what each input stage makes to what this stage makes."""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    version: int = 1
    """Raised whenever the same settings would give another result, as with another default."""
    models: tuple[str, ...] = ()
    """Settings that name models beside the inputs: known by the models' content, not by where
    they are."""
    incidental: frozenset[str] = frozenset()
    """Settings that change how fast, how dear or how far, never a row: not in the fingerprint."""
    light: Callable[[Mapping[str, Any]], bool] = lambda settings: False
    """From the settings to whether the stage takes seconds and runs no model."""
    misfit: Callable[[Mapping[str, Any], Mapping[str, Sequence[Produces]]], str | None] = (
        lambda settings, made: None
    )
    """From the settings and what each input's stages make to why they do not fit."""

    @property
    def function(self) -> Callable[..., Any]:
        """The Python function, imported when first asked for."""
        function: Callable[..., Any] = getattr(
            importlib.import_module(f"redink.stages.{self.name}"), self.name
        )
        return function

    @property
    def settings(self) -> dict[str, inspect.Parameter]:
        """The function's arguments that a recipe sets."""
        given_by_run = {"out", "journal", "trainings", "run_facts"}
        return {
            name: parameter
            for name, parameter in _signature(self.function).parameters.items()
            if name not in self.inputs and name not in given_by_run
        }

    @property
    def takes(self) -> frozenset[str]:
        """Names of all the function's arguments."""
        return frozenset(_signature(self.function).parameters)

    def check(self, stage: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The stage's settings, types checked, defaults filled in.

        Raises RecipeError naming the stage and the setting.
        """
        import pydantic

        settings = self.settings
        unknown = set(values) - set(settings)
        if unknown:
            known = ", ".join(sorted([*settings, *self.inputs]))
            first = sorted(unknown)[0]
            raise RecipeError(
                f"stage {stage!r}: {self.name} has no setting {first!r}; it has {known}"
            )
        try:
            checked = _model(self.name)(**values)
        except pydantic.ValidationError as error:
            worst = error.errors()[0]
            place = str(worst["loc"][0])
            missing = worst["type"] == "missing"
            problem = "is required" if missing else worst["msg"].lower()
            given = "" if missing else f" (given: {worst['input']!r})"
            raise RecipeError(
                f"stage {stage!r}, setting {place!r}: {problem}{given}; "
                f"see redink recipes --verbs for what {self.name} takes"
            ) from None
        return {name: getattr(checked, name) for name in settings}


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


@cache
def _model(verb: str) -> Any:
    import pydantic

    function = VERBS[verb].function
    hints = typing.get_type_hints(function)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in VERBS[verb].settings.items()
    }
    config = pydantic.ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, protected_namespaces=()
    )
    return pydantic.create_model(verb.capitalize(), __config__=config, **fields)


def _always(kind: Produces) -> Callable[[Mapping[str, Any], Mapping[str, Produces]], Produces]:
    return lambda settings, inputs: kind


def _light(settings: Mapping[str, Any]) -> bool:
    return True


def _needs_no_model(settings: Mapping[str, Any]) -> bool:
    return bool(settings["teacher"] == "symbolic")


def _loads(settings: Mapping[str, Any], inputs: Mapping[str, Produces]) -> Produces:
    if settings.get("format"):
        return typing.cast(Produces, settings["kind"])
    return "responses" if "response" in (settings.get("columns") or {}) else "problems"


def _same(settings: Mapping[str, Any], inputs: Mapping[str, Produces]) -> Produces:
    return inputs.get("rows", "problems")


def _refines(settings: Mapping[str, Any], inputs: Mapping[str, Produces]) -> Produces:
    """Scores of strategies on problems; responses rewritten after critiques."""
    return "responses" if {"critiques", "responses"} & set(inputs) else "scores"


def _refine_misfit(
    settings: Mapping[str, Any], made: Mapping[str, Sequence[Produces]]
) -> str | None:
    from redink.refinement.strategy import misfit

    return misfit(settings, made)


def _as_injected(settings: Mapping[str, Any]) -> bool:
    return bool(settings["source"] == "injected")


_LEARNS_FROM: dict[str, tuple[Produces, ...]] = {
    "imitate": ("problems", "responses", "critiques"),
    "critique": ("critiques",),
    "critique+solution": ("critiques",),
    "verdict": ("critiques",),
    "shuffled": ("critiques",),
    "refine-global": ("responses", "critiques"),
    "refine-local": ("labels", "responses"),
}


def _objective_misfit(
    settings: Mapping[str, Any], made: Mapping[str, Sequence[Produces]]
) -> str | None:
    data = made["data"]
    objective = settings["objective"]
    objectives = [objective] * len(data) if isinstance(objective, str) else list(objective)
    if len(objectives) != len(data):
        return f"objective names {len(objectives)}, data names {len(data)}; give one for each"
    learned = [(goal, kind, "the data are") for goal, kind in zip(objectives, data, strict=True)]
    for kind in made.get("validation", ()):
        if settings["validate_by"] == "loss":
            learned.append((objectives[0], kind, "validation by loss is on"))
        elif kind != "problems":
            return f"validation by accuracy is on problems, not on {kind}; or validate_by: loss"
    for goal, kind, what in learned:
        if kind not in _LEARNS_FROM[goal]:
            accepted = " or ".join(_LEARNS_FROM[goal])
            return f"objective {goal!r} learns from {accepted}, but {what} {kind}"
    return None


_PROBLEMS = Input(("problems",))
LIMITS = frozenset(
    {"concurrency", "rpm", "tpm", "timeout", "prices", "max_cost", "max_tokens_total"}
)
"""Of an endpoint: how fast and how far, never what."""

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "load",
            "problems from a generator, a file or the hub",
            _loads,
            {"exclude": Input(TABLES, many=True, required=False)},
            version=2,
            light=_light,
        ),
        Verb(
            "select",
            "keep rows: conditions, duplicates, test questions, shares, lengths; the dropped are "
            "kept with the reason",
            _same,
            {
                "rows": Input(TABLES),
                "against": Input(TABLES, many=True, named=True, required=False),
                "refined": Input(("responses",), required=False),
            },
            version=2,
            light=_light,
        ),
        Verb(
            "corrupt",
            "inject one typed error into reference solutions and recompute what follows",
            _always("responses"),
            {"problems": _PROBLEMS},
            light=_light,
        ),
        Verb(
            "respond",
            "a model samples responses to problems",
            _always("responses"),
            {"problems": Input(("problems", "responses")), "model": Input(("model",))},
            version=3,
            incidental=LIMITS,
        ),
        Verb(
            "critique",
            "a teacher marks responses",
            _always("critiques"),
            {"responses": Input(("responses",))},
            version=2,
            models=("teacher",),
            incidental=LIMITS,
            light=_needs_no_model,
        ),
        Verb(
            "chain",
            "merge attempts and their critiques into chains: try, find what is wrong, try again",
            _always("responses"),
            {"critiques": Input(("critiques",))},
            models=("teacher",),
            incidental=LIMITS,
            light=_needs_no_model,
        ),
        Verb(
            "pose",
            "make a share of the problems the task to judge a graded response, for reinforce",
            _always("problems"),
            {"problems": _PROBLEMS, "responses": Input(("responses",))},
            light=_light,
        ),
        Verb(
            "finetune",
            "train a student to imitate or to critique",
            _always("model"),
            {
                "data": Input((*TABLES, "labels"), many=True),
                "student": Input(("model",), required=False),
                "validation": Input(TABLES, required=False),
            },
            incidental=frozenset({"processes", "sharding", "report_to"}),
            misfit=_objective_misfit,
        ),
        Verb(
            "label",
            "say of each solution step whether it is right: by continuations, or as injected",
            _always("labels"),
            {
                "responses": Input(("responses",)),
                "model": Input(("model",), required=False),
            },
            light=_as_injected,
        ),
        Verb(
            "fit",
            "train a scorer of responses (ORM) or of their steps (SORM)",
            _always("scorer"),
            {
                "data": Input(("responses", "labels"), many=True),
                "base": Input(("model",), required=False),
                "calibration": Input(("responses", "labels"), required=False),
            },
            incidental=frozenset({"report_to"}),
        ),
        Verb(
            "refine",
            "answer by strategies: majority, best of N, refinement by scorers and critics",
            _refines,
            {
                "problems": Input(("problems",), required=False),
                "critiques": Input(("critiques",), required=False),
                "responses": Input(("responses",), required=False),
                "model": Input(("model",)),
                "orm": Input(("scorer",), required=False),
                "sorm": Input(("scorer",), required=False),
                "critic": Input(("model",), required=False),
                "global_refiner": Input(("model",), required=False),
                "local_refiner": Input(("model",), required=False),
            },
            misfit=_refine_misfit,
        ),
        Verb(
            "evaluate",
            "models answer benchmarks; every answer is graded",
            _always("scores"),
            {
                "models": Input(("model",), many=True, named=True),
                "benchmarks": Input(("problems",), many=True, named=True),
            },
            version=2,
            models=("judge",),
        ),
        Verb(
            "scale",
            "models answer benchmarks at thinking budgets; every answer is graded",
            _always("scores"),
            {
                "models": Input(("model",), many=True, named=True),
                "benchmarks": Input(("problems",), many=True, named=True),
            },
        ),
        Verb(
            "reinforce",
            "train a student on its own rollouts: RLOO with T1's terms, GRPO, ReFT's PPO",
            _always("model"),
            {
                "problems": Input(("problems", "responses")),
                "student": Input(("model",), required=False),
                "validation": Input(("problems",), required=False),
                "scorer": Input(("scorer",), required=False),
                "critic": Input(("model",), required=False),
            },
            incidental=frozenset({"processes", "sharding", "report_to", "vllm_memory"}),
        ),
        Verb(
            "compare",
            "accuracy, paired differences and intervals; the report",
            _always("report"),
            {
                "scores": Input(("scores",)),
                "critiques": Input(("critiques",), required=False),
            },
            version=2,
        ),
    )
}
