"""`redink run --dry-run`: stages, what is done, and an estimate of tokens and time.

Stages that take seconds and run no model (load, select, corrupt, critique) are worked out in
memory, so that training tokens are counted with the student's tokenizer, not guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid

from redink.edits import read_edited
from redink.errors import RedinkError
from redink.evaluation.presets import preset_named
from redink.machine import cores
from redink.plan import Plan, PlannedStage, model_name
from redink.progress import duration
from redink.recipe import STUDENT
from redink.run import JOURNAL
from redink.tables import Table, join

if TYPE_CHECKING:
    from redink.reinforcement.policy import Policy

TRAINED_PER_SECOND = 300.0
"""Tokens trained a second: the quickstart's five trainings ran at 283 to 318 on two cores."""
SAMPLED_PER_SECOND = 400.0
"""Tokens sampled a second: the quickstart's 1,200 answers, some 61,000 tokens, took 147 s there."""
READING = 3
"""A token that is only read takes a third of the operations of one that is trained on."""

MADE_BY_TRAINING = (("model",), ("scorer",))
"""What an argument accepts that is no table."""


@dataclass(frozen=True)
class Estimate:
    """Rows and tokens of a stage that is not done; None where they cannot be known yet."""

    rows: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    at_most: bool = False
    cost: float | None = None
    """US dollars, where an endpoint asks for them."""


def show_estimate(plan: Plan, until: str | None, journal: Path | None = None) -> None:
    """Prints one line a stage and the total time of what is not done."""
    stages = plan.upstream(until) if until else list(plan.stages)
    tables: dict[str, Table[Any]] = {}
    columns = ("stage", "verb", "state", "rows", "tokens", "time", "cost")
    grid = Grid(*columns, box=None, header_style="bold")
    for column in grid.columns[3:]:
        column.justify = "right"
    total, cost, unknown = 0.0, 0.0, False
    for planned in stages:
        if planned.done:
            rows = planned.facts().get("rows", "")
            grid.add_row(planned.name, planned.stage.verb.name, "done", str(rows), "", "", "")
            continue
        estimate = _estimate(plan, planned, tables, journal or plan.folder / JOURNAL)
        unknown |= estimate.seconds is None
        total += estimate.seconds or 0.0
        cost += estimate.cost or 0.0
        grid.add_row(planned.name, planned.stage.verb.name, "to do", *_cells(estimate))
    Console().print(grid)
    more = ", and stages whose size is not known yet (?)" if unknown else ""
    paid = f", and ${cost:,.2f} for endpoints" if cost else ""
    print(f"\nto do: about {duration(total)} on this machine{paid}{more}; run folder {plan.folder}")


def _cells(estimate: Estimate) -> tuple[str, ...]:
    bound = "<= " if estimate.at_most else ""
    return (
        "?" if estimate.rows is None else str(estimate.rows),
        "?" if estimate.tokens is None else f"{bound}{estimate.tokens:,}",
        "?" if estimate.seconds is None else bound + duration(estimate.seconds),
        "" if estimate.cost is None else f"${estimate.cost:,.2f}",
    )


def _estimate(
    plan: Plan, planned: PlannedStage, tables: dict[str, Table[Any]], journal: Path
) -> Estimate:
    verb = planned.stage.verb
    if verb.name == "compare":
        return Estimate(0, 0, 2.0)
    try:
        inputs = {
            argument: [table_of(plan, name, tables) for name in names]
            for argument, names in planned.stage.inputs.items()
            if verb.inputs[argument].accepts not in MADE_BY_TRAINING
        }
    except NotYetKnown:
        return Estimate()
    if planned.light:
        table = table_of(plan, planned.name, tables)
        return Estimate(len(table), 0, 1.0)
    if verb.name == "critique":
        return _critiques(planned, inputs, journal)
    return _MODEL_STAGES[verb.name](plan, planned, inputs)


class NotYetKnown(Exception):
    """A table that only a model can make."""


def table_of(plan: Plan, name: str, tables: dict[str, Table[Any]]) -> Table[Any]:
    planned = plan.by_name[name]
    if name not in tables:
        if planned.done:
            tables[name] = read_edited(planned.folder)
        elif planned.light:
            tables[name] = _light(plan, planned, tables)
        else:
            raise NotYetKnown
    return tables[name]


def _light(plan: Plan, planned: PlannedStage, tables: dict[str, Table[Any]]) -> Table[Any]:
    stage = planned.stage
    arguments = dict(stage.settings)
    for argument, names in stage.inputs.items():
        if stage.verb.inputs[argument].accepts in MADE_BY_TRAINING:
            continue
        values = [table_of(plan, name, tables) for name in names]
        arguments[argument] = values if stage.verb.inputs[argument].many else join(values)
    try:
        result: Table[Any] = stage.verb.function(**arguments)
    except RedinkError as error:
        raise type(error)(f"stage {stage.name!r}: {error}") from None
    return result


def _training(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.training.preflight import preflight
    from redink.training.rendering import examples_from

    settings = planned.stage.settings
    tables = inputs["data"]
    objective = settings["objective"]
    objectives: list[Any] = [objective] * len(tables)
    if not isinstance(objective, str):
        objectives = list(objective)
    examples = [
        example
        for table, goal in zip(tables, objectives, strict=True)
        for example in examples_from(table, goal)
    ]
    tokenizer = load_tokenizer(resolve_model(root_model(plan, planned)))
    counts = preflight(
        examples, tokenizer, settings["max_tokens"], settings["over_length"]
    ).counts()
    tokens = round(counts["tokens"] * settings["epochs"])
    rate = TRAINED_PER_SECOND * max(1, cores() / 2)
    return Estimate(counts["rows_kept"], tokens, tokens / rate)


def root_model(plan: Plan, planned: PlannedStage) -> str | Path:
    """The untrained model that a stage's student grew from."""
    name = planned.stage.inputs.get("student", (STUDENT,))[0]
    while name in plan.by_name:
        name = plan.by_name[name].stage.inputs.get("student", (STUDENT,))[0]
    return model_name(name, plan.recipe)


def _sampling(rows: Iterable[Table[Any]], repeats: int, max_tokens: int) -> Estimate:
    count = sum(len(table) for table in rows) * repeats
    tokens = count * max_tokens
    rate = SAMPLED_PER_SECOND * max(1, cores() / 2)
    return Estimate(count, tokens, tokens / rate, at_most=True)


def _responses(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    settings = planned.stage.settings
    return _sampling(inputs["problems"], settings["samples"], settings["max_tokens"])


def _evaluation(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    settings = planned.stage.settings
    preset = preset_named(settings["preset"]).sampling if settings["preset"] else None
    samples = preset.samples if preset else settings["samples"]
    max_tokens = preset.max_tokens if preset else settings["max_tokens"]
    answers = len(planned.stage.inputs["models"]) * samples
    return _sampling(inputs["benchmarks"], answers, max_tokens)


def _scaling(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    from redink.scaling.budgets import budgets_of

    settings = planned.stage.settings
    budgets = budgets_of(settings["budgets"], settings["unit"])
    tokens = budgets[-1] + len(budgets) * settings["answer_tokens"]
    names = planned.stage.inputs["models"]
    models = len(names) + sum(_kept_steps(plan, name) for name in names if settings["along"])
    return _sampling(inputs["benchmarks"], models * settings["samples"], tokens)


def _kept_steps(plan: Plan, name: str) -> int:
    """Models of steps on the way that a training keeps."""
    planned = plan.by_name.get(name)
    return len(planned.stage.settings.get("keep_steps") or ()) if planned else 0


def _rollouts(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    """Every rollout is written once, read for its log-probabilities and trained on; where
    checkpoints are compared, the validation problems are answered too."""
    from redink.reinforcement.policy import policy_of

    given = planned.stage.settings
    policy, scale = policy_of(given), max(1, cores() / 2)
    count = policy.settings.steps * policy.rollouts
    tokens = count * policy.max_tokens
    trained = tokens * (policy.updates + _reads(policy) / READING)
    watched = sum(len(table) for table in inputs.get("validation", ()))
    looks = 1 + -(-policy.settings.steps // policy.validate_every)
    answers = watched * looks * max(1, policy.validate_samples)
    sampled = tokens + answers * policy.validate_tokens
    seconds = (sampled / SAMPLED_PER_SECOND + trained / TRAINED_PER_SECOND) / scale
    return Estimate(count, tokens, seconds, at_most=True)


def _reads(policy: "Policy") -> int:
    """Passes over each rollout without training: the policy's own and the reference's."""
    if policy.algorithm == "ppo":
        return 2
    reads = int(policy.settings.beta > 0)
    return reads + int(policy.updates > 1 or (reads and policy.algorithm == "rloo"))


def _chains(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    settings = planned.stage.settings
    problems = len({key for table in inputs["critiques"] for key in table.problems})
    tokens = problems * settings["per_problem"] * settings["max_tokens"]
    rate = SAMPLED_PER_SECOND * max(1, cores() / 2)
    return Estimate(problems * settings["per_problem"], tokens, tokens / rate, at_most=True)


def _critiques(
    planned: PlannedStage, inputs: dict[str, list[Table[Any]]], journal: Path
) -> Estimate:
    from redink.teachers.estimate import estimate

    found = estimate(join(inputs["responses"]), **planned.stage.settings, journal=journal)
    tokens = found.prompt_tokens + found.completion_tokens
    return Estimate(found.requests + found.kept, tokens, 0.0, cost=found.cost)


def _labels(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    from redink.steps import solution_steps

    settings = planned.stage.settings
    rows = [row for table in inputs["responses"] for row in table]
    if settings["source"] == "auto":
        rows = [row for row in rows if row.error is None]
    prefixes = sum(max(0, len(solution_steps(row.text)) - 1) for row in rows)
    tokens = prefixes * settings["samples"] * settings["max_tokens"]
    rate = SAMPLED_PER_SECOND * max(1, cores() / 2)
    return Estimate(len(rows), tokens, tokens / rate, at_most=True)


def _fitting(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    """Tokens are not counted: the rows' texts are, at four characters a token."""
    tables = inputs["data"]
    responses = {key: row for table in tables for key, row in table.responses.items()}
    ids = {getattr(row, "response_id", row.id) for table in tables for row in table}
    problems = {key: row for table in tables for key, row in table.problems.items()}
    texts = [responses[key] for key in ids]
    characters = sum(len(row.text) + len(problems[row.problem_id].question) for row in texts)
    tokens = round(characters / 4 * planned.stage.settings["epochs"])
    rate = TRAINED_PER_SECOND * max(1, cores() / 2)
    return Estimate(len(ids), tokens, tokens / rate)


def _refinement(plan: Plan, planned: PlannedStage, inputs: dict[str, list[Table[Any]]]) -> Estimate:
    from redink.refinement.strategy import completions_at_most

    settings = planned.stage.settings
    if "problems" not in inputs:
        rows = inputs.get("critiques") or inputs["responses"]
        return _sampling(rows, settings["samples"], settings["max_tokens"])
    answers, critiques = completions_at_most(settings["strategies"], settings["samples"])
    found = _sampling(inputs["problems"], answers, settings["max_tokens"])
    judged = _sampling(inputs["problems"], critiques, settings["critique_tokens"])
    tokens, seconds = (found.tokens or 0) + (judged.tokens or 0), found.seconds or 0.0
    return Estimate(found.rows, tokens, seconds + (judged.seconds or 0.0), at_most=True)


_MODEL_STAGES = {
    "label": _labels,
    "fit": _fitting,
    "refine": _refinement,
    "finetune": _training,
    "respond": _responses,
    "evaluate": _evaluation,
    "scale": _scaling,
    "reinforce": _rollouts,
    "chain": _chains,
}
