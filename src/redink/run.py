"""Running a recipe: stage after stage, each in a folder of its own, resumable at any moment."""

import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redink.board import BOARD, Board
from redink.edits import EDITS, read_edited
from redink.errors import MissingExtraError, RunBusyError, StorageError
from redink.files import write_atomically
from redink.machine import hardware, peak_memory_gib, versions
from redink.models.memory import release_memory
from redink.models.resolve import short_name
from redink.overlaps import check_overlaps, overlap_marks
from redink.plan import MARKER, Plan, PlannedStage, model_name
from redink.progress import watched
from redink.reach import check_hardware, check_reach, hardware_notes
from redink.recipe import Stage
from redink.records import Critique, Score
from redink.tables import Table, drop_counts, join
from redink.teachers.summary import Summary

JOURNAL = "completions.sqlite"
"""The run's finished completions: whatever stage needs one again finds it there."""


@dataclass(frozen=True)
class StageResult:
    """What the command line shows of a stage."""

    name: str
    verb: str
    done_before: bool
    facts: Mapping[str, Any]


Report = Callable[[str, PlannedStage, Mapping[str, Any]], None]
"""Called with `start`, `done` or `kept`, the stage, and its facts."""
LOOK_SECONDS = 0.05
"""After which a lock is tried again: who looks whether a run is at work holds it for a moment."""


def run_plan(
    plan: Plan,
    *,
    until: str | None = None,
    force: tuple[str, ...] = (),
    journal: Path | None = None,
    report: Report = lambda event, planned, facts: None,
) -> list[StageResult]:
    """Does every stage that is not done yet.

    Args:
        plan: What to do, from `make_plan`.
        until: Stop after this stage, doing only what it needs.
        force: Stages to do again, with everything that rests on them.
        journal: SQLite file of finished completions, shared with other runs; the run's own if None.
        report: Told of each stage's start and end.

    Raises:
        RunBusyError: Another process works in the same run folder.
        RedinkError: Whatever a stage raises; finished stages stay finished.
    """
    stages = plan.upstream(until) if until else list(plan.stages)
    with locked(plan.folder):
        for name in force:
            for planned in plan.downstream(name):
                _clear(planned.folder)
        check_hardware(plan.recipe.hardware.gpus, stages)
        for note in hardware_notes(plan.recipe.hardware, stages):
            print(note, file=sys.stderr)
        _check_tracking(stages)
        check_reach(stages)
        if not all(planned.done for planned in stages):
            _write_run_file(plan)
        verbs = [(planned.name, planned.stage.verb.name) for planned in stages]
        costs = costs_of(stages)
        with Board(plan.folder / BOARD, plan.recipe.name, verbs, costs) as board, watched(board):

            def tell(event: str, planned: PlannedStage, facts: Mapping[str, Any]) -> None:
                if event == "start":
                    board.begin(planned.name, planned.folder.name)
                else:
                    board.end(planned.name, facts)
                report(event, planned, facts)

            return _do_all(plan, stages, journal or plan.folder / JOURNAL, tell)


def _clear(folder: Path) -> None:
    """Removes what a stage made; verdicts that were mended by hand are no such thing."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != EDITS:
            path.unlink(missing_ok=True)


def costs_of(stages: Iterable[PlannedStage]) -> dict[str, float | None]:
    """What the stages that are done have cost, by name: US dollars, None where unknown."""
    return {planned.name: planned.facts().get("cost") for planned in stages if planned.done}


def _do_all(
    plan: Plan, stages: Sequence[PlannedStage], journal: Path, report: Report
) -> list[StageResult]:
    results = []
    for planned in _light_first(plan, stages):
        done_before = planned.done
        if not done_before:
            if not planned.light:
                check_overlaps(plan, stages)
            report("start", planned, {})
            _do(plan, planned, journal)
            _write_run_file(plan)
        facts = planned.facts()
        report("kept" if done_before else "done", planned, facts)
        results.append(StageResult(planned.name, planned.stage.verb.name, done_before, facts))
    return results


def _check_tracking(stages: Iterable[PlannedStage]) -> None:
    """Raises MissingExtraError, naming the stage, where a tracker is not installed."""
    from redink.training.tracking import check_trackers

    for planned in stages:
        if not planned.done and planned.stage.settings.get("report_to"):
            try:
                check_trackers(planned.stage.settings["report_to"])
            except MissingExtraError as error:
                raise MissingExtraError(f"stage {planned.name!r}: {error}") from None


def _light_first(plan: Plan, stages: Sequence[PlannedStage]) -> list[PlannedStage]:
    """Stages that take seconds and wait for none that does not come first, so that a spoilt
    comparison is refused before hours of training."""

    def waits(planned: PlannedStage) -> bool:
        return not all(one.light for one in plan.upstream(planned.name))

    return sorted(stages, key=waits)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes the folder and keeps other processes out of it; RunBusyError where one is in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be made or written ({error.strerror}); choose another with --runs "
            "or --out"
        ) from None
    try:
        try:
            _take(handle)
        except BlockingIOError:
            owner = os.read(handle, 32).decode(errors="replace").strip()
            raise RunBusyError(
                f"{folder}: process {owner} is working in this run; wait for it or stop it, "
                "or use another folder with --runs"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    """Locks a file; raises BlockingIOError where another process keeps it locked."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(LOOK_SECONDS)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _do(plan: Plan, planned: PlannedStage, journal: Path) -> None:
    stage = planned.stage
    started, clock = time.time(), time.monotonic()
    arguments = dict(stage.settings)
    for argument, names in stage.inputs.items():
        arguments[argument] = _input(plan, stage, argument, names)
    if "journal" in stage.verb.takes:
        arguments["journal"] = journal
    if "out" in stage.verb.takes:
        planned.folder.mkdir(parents=True, exist_ok=True)
        arguments["out"] = planned.folder
    if "trainings" in stage.verb.takes:
        arguments["trainings"] = trainings(plan, stage)
    if "run_facts" in stage.verb.takes:
        arguments["run_facts"] = run_facts(plan)
    result = stage.verb.function(**arguments)
    if not planned.light:
        release_memory()
    facts: dict[str, Any] = {
        "stage": stage.name,
        "verb": stage.verb.name,
        "fingerprint": planned.fingerprint,
        "settings": dict(stage.settings),
        "inputs": {argument: list(names) for argument, names in stage.inputs.items()},
    }
    if isinstance(result, Table):
        _write_table(plan, planned, result, facts)
    seconds = time.monotonic() - clock
    facts |= {
        "started": started,
        "seconds": round(seconds, 2),
        "peak_memory_gib": round(peak_memory_gib(), 2),
    }
    _write_json(planned.folder / MARKER, facts)


def _write_table(
    plan: Plan, planned: PlannedStage, table: Table[Any], facts: dict[str, Any]
) -> None:
    stage = planned.stage
    provenance: dict[str, Any] = {
        **table.provenance,
        "stage": stage.name,
        "verb": stage.verb.name,
        "version": stage.verb.version,
        "settings": json.loads(json.dumps(dict(stage.settings), default=str)),
        "inputs": {
            name: plan.by_name[name].fingerprint if name in plan.by_name else name
            for names in stage.inputs.values()
            for name in names
        },
    }
    if table.kind is Score:
        provenance["marks"] = overlap_marks(plan, stage)
    replace(table, provenance=provenance).write(planned.folder)
    if table.kind is Critique:
        facts |= Summary.of(table).facts()
    facts["rows"] = len(table)
    facts["dropped"] = drop_counts(table.dropped)


def _input(plan: Plan, stage: Stage, argument: str, names: tuple[str, ...]) -> Any:
    slot = stage.verb.inputs[argument]
    is_model = slot.accepts in (("model",), ("scorer",))
    values: dict[str, Any] = {
        _name(plan, name, is_model): _model(plan, name) if is_model else _table(plan, name)
        for name in names
    }
    if slot.named:
        return values
    if slot.many:
        return list(values.values())
    return next(iter(values.values())) if is_model else join(list(values.values()))


def _name(plan: Plan, name: str, is_model: bool) -> str:
    """What a stage's function is told: `cft` for `runs/q/cft/model`, a model that is no stage."""
    return name if name in plan.by_name or not is_model else short_name(name)


def _table(plan: Plan, name: str) -> Table[Any]:
    return read_edited(plan.by_name[name].folder)


def _model(plan: Plan, name: str) -> str | Path:
    if name in plan.by_name:
        return plan.by_name[name].folder / "model"
    return model_name(name, plan.recipe)


def trainings(plan: Plan, stage: Stage) -> dict[str, Path]:
    """The training records of the arms whose scores a stage compares."""
    evaluation = plan.by_name[stage.inputs["scores"][0]].stage
    models = [
        plan.by_name[name] for name in evaluation.inputs.get("models", ()) if name in plan.by_name
    ]
    return {planned.name: planned.folder / "model" / "training.json" for planned in models}


def run_facts(plan: Plan) -> dict[str, Any]:
    """What is known of a run so far, as plain JSON: for `run.json` and the report."""
    stages = []
    for planned in plan.stages:
        facts = planned.facts()
        if facts:
            keys = ("seconds", "rows", "dropped", "peak_memory_gib", "tokens", "cost")
            stages.append(
                {
                    "name": planned.name,
                    "verb": planned.stage.verb.name,
                    "folder": planned.folder.name,
                    "inputs": {slot: list(names) for slot, names in planned.stage.inputs.items()},
                }
                | {key: facts[key] for key in keys if key in facts}
            )
    seeds = {
        planned.name: planned.stage.settings["seed"]
        for planned in plan.stages
        if "seed" in planned.stage.settings
    }
    return {
        "recipe": plan.recipe.name,
        "source": plan.recipe.source,
        "recipe_text": plan.recipe.text,
        "stages": stages,
        "versions": versions(),
        "hardware": hardware(),
        "seeds": seeds,
    }


def _write_run_file(plan: Plan) -> None:
    _write_json(plan.folder / "run.json", run_facts(plan))


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    write_atomically(path, text.encode())
