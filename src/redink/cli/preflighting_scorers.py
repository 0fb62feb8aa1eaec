"""What `redink preflight` tells of a `fit` stage: its rows, its labels, what it takes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redink.plan import Plan, PlannedStage
    from redink.scoring.labelled import LabelledRows
    from redink.scoring.report import ScorerReport
    from redink.tables import Table

Find = Callable[[str], "Table[Any] | str"]
"""From a stage's name to its table, or to what the table has to wait for."""


def fit_report(plan: "Plan", planned: "PlannedStage", find: Find) -> "ScorerReport | str":
    """A fit stage's report, or why there can be none yet.

    Args:
        plan: of the recipe.
        planned: the stage.
        find: gives tables.

    Raises what `fit` would raise of the same settings and data.
    """
    from redink.stages.fit import check_scorer, require_disjoint
    from redink.tables import join

    settings = dict(planned.stage.settings)
    names = ("kind", "method", "positions", "soft_labels")
    check_scorer(*(settings[name] for name in names))
    data = _tables(planned.stage.inputs["data"], find)
    if isinstance(data, str):
        return f"its data rests on {data}"
    apart: LabelledRows | None = None
    waiting = ""
    held = _tables(planned.stage.inputs.get("calibration", ()), find)
    if isinstance(held, str):
        waiting = f"its rows rest on {held}"
    elif held:
        calibration = join(held)
        require_disjoint(calibration, data)
        apart = _labelled([calibration], settings)
    return _report(plan, planned, _labelled(data, settings), apart, waiting)


def _tables(names: Sequence[str], find: Find) -> "list[Table[Any]] | str":
    """The tables of these stages, or what one of them waits for."""
    tables = []
    for name in names:
        found = find(name)
        if isinstance(found, str):
            return found
        tables.append(found)
    return tables


def _labelled(tables: "Sequence[Table[Any]]", settings: Any) -> "LabelledRows":
    from redink.scoring.labelled import labelled_rows

    how = {name: settings[name] for name in ("positions", "soft_labels")}
    return labelled_rows(tables, settings["kind"], **how)


def _report(
    plan: "Plan",
    planned: "PlannedStage",
    found: "LabelledRows",
    calibration: "LabelledRows | None",
    waiting: str,
) -> "ScorerReport":
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.scoring.preflight import calibration_flight, scorer_flight
    from redink.scoring.report import scorer_report
    from redink.training.batches import training_order
    from redink.training.method import method_of
    from redink.training.outlook import outlook
    from redink.training.settings import check_settings

    settings = dict(planned.stage.settings)
    check_settings(**settings, verb="fit")
    method = method_of(settings, "fit")
    base = resolve_model(_root(plan, planned))
    tokenizer = load_tokenizer(base)
    flight = scorer_flight(found, tokenizer, settings["max_tokens"])
    apart = None
    if calibration is not None:
        apart = calibration_flight(calibration, tokenizer, settings["max_tokens"])
    order = training_order(
        len(flight.rows), settings["epochs"], settings["seed"], settings["shuffle"]
    )
    ahead = outlook(base, flight.as_completions(), order, settings, method, planned.folder)
    return scorer_report(planned.name, flight, ahead, tokenizer, apart, waiting)


def _root(plan: "Plan", planned: "PlannedStage") -> str | Path:
    """The untrained model that the stage's base grew from: it has the same shape and tokens."""
    from redink.cli.estimating import root_model
    from redink.plan import model_name
    from redink.recipe import STUDENT

    name = planned.stage.inputs.get("base", (STUDENT,))[0]
    if name in plan.by_name:
        return root_model(plan, plan.by_name[name])
    return model_name(name, plan.recipe)
