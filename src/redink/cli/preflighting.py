"""`redink preflight`: what every training of a recipe would learn from, without training."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from redink.plan import Plan, PlannedStage
    from redink.tables import Table
    from redink.training.report import Report

EPILOG = """\b
Examples:
  redink preflight quickstart
  redink preflight my-recipe.yaml --stage cft --set stages.cft.max_tokens=2048
"""

TRAININGS = ("finetune", "fit", "reinforce")
"""The verbs that train."""
FAIR = 0.10
"""Arms that differ by more than this share in steps or loss tokens are named."""


def preflight(
    recipe: Annotated[str, typer.Argument(help="A built-in recipe's name or a YAML file.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: stages.STAGE.SETTING=VALUE.", metavar="K=V"),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Only this stage.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder that holds the runs.")] = Path("runs"),
    samples: Annotated[
        bool, typer.Option("--samples/--no-samples", help="Print three rows of each training.")
    ] = True,
) -> None:
    """Show what a recipe's trainings learn from, and what they take; train none."""
    from rich.console import Console

    from redink.plan import make_plan
    from redink.recipe import read_recipe
    from redink.training.report import print_report

    read = read_recipe(recipe, tuple(overrides or ()))
    plan = make_plan(read, runs)
    console = Console()
    arms: list[Arm] = []
    tables: dict[str, Table[Any]] = {}
    unknown = []
    for planned in _trainings(plan, stage):
        if planned.stage.verb.name != "finetune":
            _show_other(plan, planned, tables, console, samples)
            continue
        found = _report(plan, planned, tables)
        if isinstance(found, str):
            print(f"{planned.name}: {found}\n")
            unknown.append(planned.name)
            continue
        print_report(found, console, samples)
        arms.append(_arm(planned.name, found))
    if stage is None and arms:
        shown = comparable(plan, arms)
        if shown:
            _print_arms(shown, console)
            baseline = _baseline(plan, shown)
            for line in unfair(shown, baseline):
                print(line)
            if unknown:
                print(f"not compared, for their data is not there yet: {', '.join(unknown)}")


@dataclass(frozen=True)
class Arm:
    """What one training, or several in a row, learns from; tokens of all epochs."""

    name: str
    rows: int
    tokens: int
    loss_tokens: int
    steps: int

    def after(self, earlier: "Arm") -> "Arm":
        """This training and one before it, together."""
        return Arm(
            self.name,
            self.rows + earlier.rows,
            self.tokens + earlier.tokens,
            self.loss_tokens + earlier.loss_tokens,
            self.steps + earlier.steps,
        )


def comparable(plan: "Plan", trainings: Sequence[Arm]) -> list[Arm]:
    """The trainings whose models are compared; one in several stages with all of its stages.

    Those are the evaluated models and those from which no other training starts. Stages that all
    of them share, such as a common warm-up, are left out. An arm with a stage that is not in
    `trainings` is left out too.
    """
    known = {arm.name: arm for arm in trainings}
    stages = [planned for planned in plan.stages if planned.stage.verb.name == "finetune"]
    chains = {planned.name: _chain(plan, planned) for planned in stages}
    started_from = {name for chain in chains.values() for name in chain[:-1]}
    evaluated = {
        name
        for planned in plan.stages
        if planned.stage.verb.name == "evaluate"
        for name in planned.stage.inputs["models"]
    }
    last = [name for name in chains if name not in started_from]
    shared = set.intersection(*(set(chains[name][:-1]) for name in last)) if last else set()
    found = []
    for name, chain in chains.items():
        own = [stage for stage in chain if stage not in shared]
        if (name not in last and name not in evaluated) or name in shared:
            continue
        if not all(stage in known for stage in own):
            continue
        total = known[name]
        for earlier in own[:-1]:
            total = total.after(known[earlier])
        found.append(total)
    return found


def unfair(arms: Sequence[Arm], baseline: Arm) -> list[str]:
    """One line for each arm whose steps or loss tokens differ from the baseline's by over 10 %."""
    lines = []
    for arm in arms:
        differences = [
            f"{_difference(value, reference):+.0%} {what}"
            for what, value, reference in (
                ("steps", arm.steps, baseline.steps),
                ("tokens with loss", arm.loss_tokens, baseline.loss_tokens),
            )
            if abs(_difference(value, reference)) > FAIR
        ]
        if differences:
            lines.append(f"{arm.name} against {baseline.name}: {', '.join(differences)}")
    if not lines:
        return [f"the arms are within {FAIR:.0%} of {baseline.name} in steps and tokens with loss"]
    return [*lines, "a difference in accuracy between these may come from how much was learned"]


def _difference(value: int, reference: int) -> float:
    return (value - reference) / reference


def _trainings(plan: "Plan", only: str | None) -> "list[PlannedStage]":
    from redink.errors import UsageError

    found = [planned for planned in plan.stages if planned.stage.verb.name in TRAININGS]
    if only is not None:
        plan.recipe.stage(only)
        found = [planned for planned in found if planned.name == only]
        if not found:
            raise UsageError(
                f"stage {only!r} trains nothing; name a finetune, fit or reinforce stage"
            )
    if not found:
        raise UsageError(
            f"recipe {plan.recipe.name!r} has no finetune, fit or reinforce stage; there is "
            "nothing to show"
        )
    return found


def _show_other(
    plan: "Plan",
    planned: "PlannedStage",
    tables: "dict[str, Table[Any]]",
    console: "Console",
    samples: bool,
) -> None:
    """Shows a stage that learns from no examples: scorers' and policies' trainings."""
    from redink.cli.preflighting_policies import policy_report
    from redink.cli.preflighting_scorers import fit_report
    from redink.errors import RedinkError
    from redink.reach import hardware_notes
    from redink.reinforcement.report import print_outlook
    from redink.scoring.report import ScorerReport, print_scorer_report

    report = fit_report if planned.stage.verb.name == "fit" else policy_report
    try:
        found = report(plan, planned, lambda name: _found(plan, name, tables))
    except RedinkError as error:
        raise type(error)(f"stage {planned.name!r}: {error}") from None
    if isinstance(found, str):
        print(f"{planned.name}: {found}\n")
        return
    if isinstance(found, ScorerReport):
        print_scorer_report(found, console, samples)
    else:
        print_outlook(planned.name, found, console)
    for note in hardware_notes(plan.recipe.hardware, [planned]):
        print(f"{note}\n")


def _found(plan: "Plan", name: str, tables: "dict[str, Table[Any]]") -> "Table[Any] | str":
    """A stage's table, or what it waits for."""
    from redink.cli.estimating import NotYetKnown, table_of

    try:
        return table_of(plan, name, tables)
    except NotYetKnown:
        return f"stage {_waiting_for(plan, name)}, which runs a model and has not run yet"


def _report(
    plan: "Plan", planned: "PlannedStage", tables: "dict[str, Table[Any]]"
) -> "Report | str":
    """The stage's report, or why there can be none yet."""
    from redink.cli.estimating import root_model
    from redink.errors import RedinkError
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.training.batches import training_order
    from redink.training.method import method_of
    from redink.training.outlook import outlook
    from redink.training.preflight import preflight as encode_all
    from redink.training.rendering import examples_from
    from redink.training.report import report_of
    from redink.training.settings import check_settings

    settings = dict(planned.stage.settings)
    data = []
    for name in planned.stage.inputs["data"]:
        table = _found(plan, name, tables)
        if isinstance(table, str):
            return f"its data rests on {table}"
        data.append(table)
    goals = settings["objective"]
    objectives: list[Any] = [goals] * len(data) if isinstance(goals, str) else list(goals)
    try:
        check_settings(**settings)
        method = method_of(settings)
        examples = [
            example
            for table, goal in zip(data, objectives, strict=True)
            for example in examples_from(table, goal)
        ]
        student = resolve_model(root_model(plan, planned))
        tokenizer = load_tokenizer(student)
        flight = encode_all(
            examples, tokenizer, settings["max_tokens"], settings.get("over_length", "drop")
        )
        order = training_order(
            len(flight.rows), settings["epochs"], settings["seed"], settings["shuffle"]
        )
        watched = "validation" in planned.stage.inputs
        ahead = outlook(
            student,
            flight,
            order,
            settings,
            method,
            planned.folder,
            validation=watched,
            processes=settings["processes"],
            sharding=settings["sharding"],
        )
    except RedinkError as error:
        raise type(error)(f"stage {planned.name!r}: {error}") from None
    return report_of(planned.name, flight, ahead, tokenizer)


def _waiting_for(plan: "Plan", name: str) -> str:
    """The first stage on the way to `name` that needs a model and is not done."""
    return next(
        f"{planned.name!r} ({planned.stage.verb.name})"
        for planned in plan.upstream(name)
        if not planned.done and not planned.light
    )


def _arm(name: str, report: "Report") -> Arm:
    ahead = report.outlook
    return Arm(name, len(report.flight.rows), ahead.tokens, ahead.loss_tokens, ahead.steps)


def _chain(plan: "Plan", planned: "PlannedStage") -> list[str]:
    """The trainings that lead to a stage's model, itself last."""
    chain = [planned.name]
    while (name := plan.by_name[chain[0]].stage.inputs.get("student", ("",))[0]) in plan.by_name:
        chain.insert(0, name)
    return chain


def _baseline(plan: "Plan", arms: Sequence[Arm]) -> Arm:
    """The arm that the recipe compares with; the one of median loss tokens where it names none."""
    named = [
        planned.stage.settings["baseline"]
        for planned in plan.stages
        if planned.stage.verb.name == "compare"
    ]
    for arm in arms:
        if arm.name in named:
            return arm
    middle = statistics.median_low(arm.loss_tokens for arm in arms)
    return next(arm for arm in arms if arm.loss_tokens == middle)


def _print_arms(arms: Sequence[Arm], console: "Console") -> None:
    from rich.table import Table as Grid

    grid = Grid("arm", "rows", "tokens", "with loss", "steps", box=None, header_style="bold")
    for column in grid.columns[1:]:
        column.justify = "right"
    for arm in arms:
        figures = (arm.rows, arm.tokens, arm.loss_tokens, arm.steps)
        grid.add_row(arm.name, *(f"{figure:,}" for figure in figures))
    console.print(grid)
    console.print()
