"""Problems that must not be on two sides: trained on or chosen on, and reported."""

from collections.abc import Iterable, Mapping
from typing import Any

from redink.errors import DataError
from redink.plan import Plan, PlannedStage
from redink.problems.overlap import overlap
from redink.recipe import Stage
from redink.tables import Table

PROBLEMS = ("problems",)


MODELS = ("models", "model", "critic", "global_refiner", "local_refiner", "orm", "sorm")
"""Arguments that name what answers benchmarks, or chooses among answers."""


def check_overlaps(plan: Plan, stages: Iterable[PlannedStage]) -> None:
    """Refuses what would spoil the numbers, as far as the tables are there already.

    Problems are compared by question (see `redink.problems.overlap`). Raises DataError where a
    model would be evaluated on a problem that it, or what it grew from, was trained on; and where
    its checkpoint would be chosen on one, unless the recipe says `allow_overlap: true`.
    """
    for planned in stages:
        if planned.stage.produces == "scores":
            benchmarks = _benchmarks(plan, planned.stage)
            for trained in _trainings(plan, planned.stage):
                _check_data(plan, planned.stage, trained, benchmarks)
            marks = overlap_marks(plan, planned.stage)
            if marks and not plan.recipe.allow_overlap:
                raise DataError(
                    f"stage {planned.name!r}: {marks[0]}; a checkpoint chosen on test problems "
                    "flatters the model. Choose on other problems (another split, exclude), or "
                    "say allow_overlap: true in the recipe, and every table will carry the mark"
                )


def overlap_marks(plan: Plan, stage: Stage) -> list[str]:
    """One sentence for each validation set that shares problems with one of the benchmarks."""
    marks: dict[str, None] = {}
    benchmarks = _benchmarks(plan, stage)
    for trained in _trainings(plan, stage):
        for name in trained.stage.inputs.get("validation", ()):
            if plan.by_name[name].done:
                chosen = Table.read(plan.by_name[name].folder).problems.values()
                for benchmark, table in benchmarks.items():
                    if shared := overlap(table, chosen):
                        reason = _why(plan, name, benchmark)
                        marks[_mark(name, len(shared), len(table), benchmark) + reason] = None
    return list(marks)


def _mark(validation: str, shared: int, problems: int, benchmark: str) -> str:
    return (
        f"checkpoints are chosen on {validation!r}, which holds {shared} of the {problems} "
        f"problems of benchmark {benchmark!r}"
    )


def _why(plan: Plan, validation: str, benchmark: str) -> str:
    from redink.evaluation.benchmarks.catalogue import subset_of

    first, second = (
        str(plan.by_name[name].stage.settings.get("source", name))
        for name in (validation, benchmark)
    )
    reason = subset_of(first, second)
    return f" ({reason})" if reason else ""


def _trainings(plan: Plan, stage: Stage) -> list[PlannedStage]:
    """The trainings behind the models and scorers that a stage evaluates."""
    found = {
        planned.name: planned
        for slot in MODELS
        for model in stage.inputs.get(slot, ())
        if model in plan.by_name
        for planned in plan.upstream(model)
        if planned.stage.verb.name in ("finetune", "fit", "reinforce")
    }
    return list(found.values())


def _benchmarks(plan: Plan, stage: Stage) -> dict[str, Table[Any]]:
    slot = "benchmarks" if "benchmarks" in stage.inputs else "problems"
    planned = [plan.by_name[name] for name in stage.inputs[slot]]
    return {p.name: Table.read(p.folder) for p in planned if p.done}


def _check_data(
    plan: Plan, stage: Stage, trained: PlannedStage, benchmarks: Mapping[str, Table[Any]]
) -> None:
    for source in trained.stage.inputs.get("data") or trained.stage.inputs["problems"]:
        if not plan.by_name[source].done:
            continue
        problems = Table.read(plan.by_name[source].folder).problems
        for name, table in benchmarks.items():
            shared = overlap(problems.values(), table)
            if shared:
                raise DataError(
                    f"stage {stage.name!r}: {len(shared)} problems of benchmark {name!r} are in "
                    f"{source!r}, on which {trained.name!r} was trained (first: {min(shared)}); "
                    "load them with another split or with exclude"
                )
