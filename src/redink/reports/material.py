"""What a report is made from, gathered from run folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redink.edits import apply_edits, read_edits
from redink.errors import DataError, UsageError
from redink.evaluation.comparison import Comparison, compare_arms
from redink.evaluation.seeds import arm_of
from redink.records import Critique, Score
from redink.reports.fitted_scorers import FittedScorer, read_scorers
from redink.reports.reinforcement import Steps, read_reinforcements
from redink.reports.run_folder import RunFolder, RunStage, run_of_facts
from redink.reports.scaling import read_scalings
from redink.reports.strategies import read_strategies
from redink.reports.terminal import marks_of
from redink.reports.training import Training, read_trainings, read_unfinished
from redink.tables import Table, join


@dataclass(frozen=True)
class Material:
    """Everything that a report may show; every part may be missing."""

    title: str
    comparison: Comparison | None = None
    scores: Table[Score] | None = None
    critiques: Mapping[str, Table[Critique]] = field(default_factory=dict)
    """Stage → its table; with several runs RUN/STAGE."""
    trainings: Mapping[str, Training] = field(default_factory=dict)
    """Arm or training stage → what it read."""
    strategies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Stage → what its strategies came to."""
    scalings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Stage → what models came to at their thinking budgets."""
    reinforcements: Mapping[str, Steps] = field(default_factory=dict)
    """Stage → its steps."""
    scorers: Mapping[str, FittedScorer] = field(default_factory=dict)
    """Stage → the scorer that it fitted; with several runs RUN/STAGE."""
    runs: tuple[RunFolder, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not to be had, in plain words."""


def material_of(
    comparison: Comparison,
    scores: Table[Score],
    critiques: Table[Critique] | None = None,
    trainings: Mapping[str, Training] | None = None,
    run_facts: Mapping[str, Any] | None = None,
) -> Material:
    """The material of a comparison whose run is still going on, or of none.

    Args:
        comparison: of the arms.
        scores: what it compares.
        critiques: a table to audit.
        trainings: arm → what it read.
        run_facts: what `run.json` would hold by now.
    """
    facts = run_facts or {}
    return Material(
        title=comparison.title or str(facts.get("recipe") or ""),
        comparison=comparison,
        scores=scores,
        critiques={} if critiques is None else {"critiques": critiques},
        trainings=trainings or {},
        strategies={"": told} if (told := scores.provenance.get("strategies")) else {},
        scalings={"": told} if (told := scores.provenance.get("scaling")) else {},
        runs=(run_of_facts(facts),) if facts else (),
    )


def gather(run: RunFolder, comparison: str | None = None, baseline: str | None = None) -> Material:
    """The material of one run.

    Args:
        run: finished or not.
        comparison: the compare stage whose arms are reported; else the last one. Without one, the
            scores of every finished evaluation are compared with `baseline`.
        baseline: an arm; else the comparison's own, or the first arm.

    Raises UsageError for an unknown comparison or baseline, DataError for a broken table.
    """
    notes: list[str] = []
    stage = _comparison_stage(run, comparison, notes)
    scores = _scores(run, stage, notes)
    found = None
    if scores is not None and len(scores):
        own = str(stage.settings["baseline"]) if stage and "baseline" in stage.settings else None
        chosen = baseline or own or _declared_baseline(run, scores)
        if not chosen:
            chosen = arm_of(scores[0].model)
            notes.append(f"No baseline is named; the first arm, {chosen}, serves as one.")
        title = str(stage.settings.get("title") or run.name) if stage else run.name
        found = compare_arms(scores.rows, chosen, title, marks=marks_of(scores))
    waiting = [one.name for one in run.stages if not one.done]
    if waiting:
        notes.append(
            f"The run is not finished: {len(waiting)} of {len(run.stages)} stages are to come "
            f"({_first(waiting)})."
        )
    return Material(
        title=found.title if found else run.name,
        comparison=found,
        scores=scores,
        critiques=_critiques(run, stage, notes),
        trainings=trainings_of(run),
        strategies=read_strategies(run),
        scalings=read_scalings(run),
        reinforcements=read_reinforcements(run),
        scorers=read_scorers(run),
        runs=(run,),
        notes=tuple(notes),
    )


def gather_across(
    runs: Sequence[RunFolder], comparison: Comparison, scores: Table[Score]
) -> Material:
    """The material of several runs whose scores are compared.

    A training belongs to the arm that has its name; to RUN/ARM where another run's arm took it.
    """
    trainings: dict[str, Training] = {}
    critiques: dict[str, Table[Critique]] = {}
    scorers: dict[str, FittedScorer] = {}
    models = {score.model for score in scores}
    notes: list[str] = []
    for run in runs:
        for name, training in trainings_of(run).items():
            own = f"{run.folder.name}/{name}"
            trainings[own if own in models or name in trainings else name] = training
        for name, table in _critiques(run, None, notes).items():
            critiques[f"{run.folder.name}/{name}"] = table
        scorers |= {f"{run.folder.name}/{name}": s for name, s in read_scorers(run).items()}
    return Material(
        comparison.title,
        comparison,
        scores,
        critiques,
        trainings,
        scorers=scorers,
        runs=tuple(runs),
        notes=tuple(notes),
    )


def trainings_of(run: RunFolder) -> dict[str, Training]:
    """Training stage → what it read, as far as it went."""
    paths: dict[str, Path] = {}
    unfinished: dict[str, Training] = {}
    for stage in run.stages:
        if stage.verb not in ("finetune", "fit", "reinforce") or stage.folder is None:
            continue
        if stage.done:
            paths[stage.name] = stage.folder / "model" / "training.json"
        elif (training := read_unfinished(stage.folder, _objective(run, stage.name))) is not None:
            unfinished[stage.name] = training
    return read_trainings(paths) | unfinished


def _objective(run: RunFolder, name: str) -> Any:
    """What the recipe names for a training stage, which may be one seed of several."""
    stages = run.recipe.get("stages")
    if not isinstance(stages, Mapping):
        return ""
    stage = stages.get(name, stages.get(arm_of(name)))
    return stage.get("objective", "") if isinstance(stage, Mapping) else ""


def _comparison_stage(run: RunFolder, name: str | None, notes: list[str]) -> RunStage | None:
    done = run.done("compare")
    if name is not None:
        named = next((stage for stage in done if stage.name == name), None)
        if named is None:
            known = ", ".join(stage.name for stage in done) or "none"
            raise UsageError(
                f"{run.folder}: no finished compare stage {name!r}; there are: {known}"
            )
        return named
    if len(done) > 1:
        others = ", ".join(stage.name for stage in done[:-1])
        notes.append(f"Other comparisons of this run: {others}; --comparison NAME shows one.")
    return done[-1] if done else None


def _scores(run: RunFolder, stage: RunStage | None, notes: list[str]) -> Table[Score] | None:
    done = [one for verb in ("evaluate", "refine", "scale") for one in run.done(verb)]
    evaluations = [one for one in done if _scored(one)]
    if stage is not None:
        names = stage.inputs.get("scores", ())
        evaluations = [one for one in evaluations if one.name in names]
    tables: list[Table[Score]] = []
    seen: set[tuple[str, str]] = set()
    for one in evaluations:
        table = _table(one, Score)
        keys = {(score.model, score.benchmark) for score in table}
        if seen & keys:
            twice = _clash(seen & keys)
            notes.append(f"The scores of {one.name} are left out: {twice} stand twice.")
            continue
        seen |= keys
        tables.append(table)
    if not tables:
        return None
    marks = [mark for table in tables for mark in table.provenance.get("marks") or ()]
    joined: Table[Score] = join(tables)
    return Table(
        Score, joined.rows, joined.problems, joined.responses, joined.dropped, {"marks": marks}
    )


def _scored(stage: RunStage) -> bool:
    return stage.folder is not None and (stage.folder / "scores.parquet").exists()


def _clash(keys: set[tuple[str, str]]) -> str:
    arm, benchmark = sorted(keys)[0]
    return f"answers of {arm} on {benchmark}"


def _declared_baseline(run: RunFolder, scores: Table[Score]) -> str | None:
    """The baseline of a comparison that is not done yet, if its arm has answers."""
    arms = {arm_of(score.model) for score in scores}
    stages = run.recipe.get("stages")
    for stage in stages.values() if isinstance(stages, Mapping) else ():
        named = stage.get("baseline") if isinstance(stage, Mapping) else None
        if stage and isinstance(named, str) and named in arms:
            return named
    return None


def _critiques(
    run: RunFolder, stage: RunStage | None, notes: list[str]
) -> dict[str, Table[Critique]]:
    """The critiques of every critique stage with the verdicts that were mended in them, those that
    the comparison names first."""
    named = stage.inputs.get("critiques", ()) if stage else ()
    stages = [run.stage(name) for name in named] + list(run.done("critique"))
    found: dict[str, Table[Critique]] = {}
    for one in stages:
        if one is not None and one.done and one.name not in found and _kind(one) == "critiques":
            found[one.name] = _edited(one, notes)
    return found


def _edited(stage: RunStage, notes: list[str]) -> Table[Critique]:
    table: Table[Critique] = _table(stage, Critique)
    assert stage.folder is not None
    edits = read_edits(stage.folder)
    standing = edits.standing()
    changed = sum(row.id in standing and standing[row.id].new != row.verdict for row in table)
    if standing:
        notes.append(
            f"{stage.name}: {len(standing)} verdicts were looked over by hand, {changed} of them "
            "changed; what is shown of the critiques is as they stand now."
        )
    return apply_edits(table, edits)


def _kind(stage: RunStage) -> Any:
    assert stage.folder is not None
    return "critiques" if (stage.folder / "critiques.parquet").exists() else ""


def _table(stage: RunStage, kind: type) -> Table[Any]:
    if stage.folder is None:
        raise DataError(f"stage {stage.name} has no folder; run it again")
    table: Table[Any] = Table.read(stage.folder)
    if table.kind is not kind:
        raise DataError(
            f"{stage.folder}: not a table of {kind.__name__.lower()}s; run the stage again with "
            f"--force {stage.name}"
        )
    return table


def _first(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
