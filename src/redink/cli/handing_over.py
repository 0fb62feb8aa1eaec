"""`redink hand-over`: a reinforce stage as a folder that OpenRLHF trains from."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from redink.handover.handing import HandedOver
    from redink.plan import Plan, PlannedStage
    from redink.tables import Table

EPILOG = """\b
Examples:
  redink hand-over t1-qwen2.5-14b --stage policy -o t1 --drop reference --drop penalty_form
  redink hand-over reft-codellama-7b --stage reft -o reft --gpus 8 --drop method \\
    --set stages.reft.learning_rate=3e-7
\b
Run the stages before it first: redink run t1-qwen2.5-14b --until hard
Then, where OpenRLHF is installed: bash t1/train.sh. FOLDER/README.md says what is different there
and how the trained model goes back into the recipe.
"""


def hand_over(
    recipe: Annotated[str, typer.Argument(help="A built-in recipe's name or a YAML file.")],
    stage: Annotated[str, typer.Option(help="The reinforce stage.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    to: Annotated[str, typer.Option(help="The engine: openrlhf.")] = "openrlhf",
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Give up this setting, which the engine has no counterpart of."),
    ] = None,
    gpus: Annotated[
        int | None, typer.Option(help="GPUs of a machine; else the recipe's hardware, or 8.")
    ] = None,
    nodes: Annotated[int, typer.Option(help="Machines.")] = 1,
    tensor_parallel: Annotated[int, typer.Option(help="GPUs that one vLLM engine takes.")] = 1,
    offload: Annotated[
        bool, typer.Option("--offload", help="Keep Adam's state in the machine's memory.")
    ] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: stages.STAGE.SETTING=VALUE.", metavar="K=V"),
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder that holds the runs.")] = Path("runs"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a folder written before.")
    ] = False,
) -> None:
    """Write what OpenRLHF trains a reinforce stage from, on Ray and many GPUs."""
    from redink.handover.handing import Origin
    from redink.handover.handing import hand_over as write
    from redink.handover.placement import Placement
    from redink.plan import make_plan
    from redink.recipe import read_recipe

    changes = tuple(overrides or ())
    plan = make_plan(read_recipe(recipe, changes), runs)
    planned = _reinforcing(plan, stage)
    tables = _tables(plan, planned, recipe)
    options = _arguments(recipe, stage, out, drop or (), changes)
    origin = Origin(stage, options, _again(recipe, changes), tuple(_returns(plan, stage)))
    result = write(
        tables["problems"],
        planned.stage.settings,
        _student(plan, planned, recipe),
        out,
        to=to,  # type: ignore[arg-type]
        validation=tables.get("validation"),
        drop=drop or (),
        placement=Placement(
            gpus or plan.recipe.hardware.gpus or 8, nodes, tensor_parallel, offload
        ),
        origin=origin,
        overwrite=overwrite,
    )
    _show(result)


def _reinforcing(plan: "Plan", name: str) -> "PlannedStage":
    from redink.errors import UsageError

    stages = [one.name for one in plan.stages if one.stage.verb.name == "reinforce"]
    if name not in stages:
        there = f"there are {', '.join(stages)}" if stages else "this recipe has none"
        raise UsageError(f"--stage {name}: is no reinforce stage of the recipe; {there}")
    return plan.by_name[name]


def _tables(plan: "Plan", planned: "PlannedStage", recipe: str) -> dict[str, "Table[Any]"]:
    """The stage's problems and, where it has any, those of validation."""
    from redink.edits import read_edited
    from redink.tables import join

    found = {}
    for argument in ("problems", "validation"):
        names = planned.stage.inputs.get(argument, ())
        for name in names:
            _require_done(plan, name, recipe)
        if names:
            found[argument] = join([read_edited(plan.by_name[name].folder) for name in names])
    return found


def _student(plan: "Plan", planned: "PlannedStage", recipe: str) -> str | Path:
    from redink.plan import model_name

    (name,) = planned.stage.inputs["student"]
    if name not in plan.by_name:
        return model_name(name, plan.recipe)
    _require_done(plan, name, recipe)
    return plan.by_name[name].folder / "model"


def _require_done(plan: "Plan", name: str, recipe: str) -> None:
    from redink.errors import UsageError

    if not plan.by_name[name].done:
        raise UsageError(
            f"stage {name!r} is not done yet, and what is handed over rests on it; first: "
            f"redink run {recipe} --until {name} (with the same --set and --runs)"
        )


def _returns(plan: "Plan", name: str) -> list[str]:
    """`--set` options that name the trained model where the stage was named."""
    options = []
    for planned in plan.stages:
        for argument, names in planned.stage.inputs.items():
            if name in names:
                shown = ["{model}" if one == name else one for one in names]
                value = f"[{', '.join(shown)}]" if len(shown) > 1 else shown[0]
                options.append(f"stages.{planned.name}.{argument}={value}")
    return options


def _again(recipe: str, changes: Sequence[str]) -> str:
    """The recipe with the changes that it was read with, as `redink run` is given them."""
    return shlex.join([recipe, *(part for change in changes for part in ("--set", change))])


def _arguments(
    recipe: str, stage: str, out: Path, drop: Sequence[str], changes: Sequence[str]
) -> str:
    dropped = [part for name in drop for part in ("--drop", name)]
    changed = [part for change in changes for part in ("--set", change)]
    words = ["redink", "hand-over", recipe, "--stage", stage, "-o", str(out), *dropped, *changed]
    return shlex.join(words)


def _show(result: "HandedOver") -> None:
    print(f"{result.folder}: {result.prompts:,} prompts, train.sh, reward.py, README.md")
    for gap in result.dropped:
        print(f"dropped {gap.name}: {gap.becomes}; {gap.changes}")
    for remark in result.remarks:
        print(f"note: {remark}")
    print(f"then: bash {result.folder}/train.sh    the model: {result.model}")
