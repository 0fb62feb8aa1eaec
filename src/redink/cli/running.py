"""`redink run`: shows stages as they go, and where time went."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from redink.machine import peak_memory_gib
from redink.plan import Plan, PlannedStage, make_plan
from redink.progress import duration, is_live, shown, watched
from redink.recipe import Recipe, read_recipe
from redink.run import Report, StageResult, costs_of, run_plan, trainings


def run_command(
    name: str,
    overrides: tuple[str, ...],
    runs: Path,
    until: str | None,
    force: tuple[str, ...],
    dry_run: bool,
    journal: Path | None = None,
) -> None:
    """Checks the whole recipe, then runs it (or shows what would be run)."""
    recipe = read_recipe(name, overrides)
    for stage in (*force, *([until] if until else [])):
        recipe.stage(stage)
    plan = make_plan(recipe, runs)
    if dry_run:
        from redink.cli.estimating import show_estimate

        show_estimate(plan, until, journal)
        return
    _run(plan, until, force, journal)


def run_recipe(recipe: Recipe, runs: Path) -> None:
    """Runs a recipe that a command put together."""
    _run(make_plan(recipe, runs))


def _run(
    plan: Plan,
    until: str | None = None,
    force: tuple[str, ...] = (),
    journal: Path | None = None,
) -> None:
    print(f"redink run {plan.recipe.name} in {plan.folder}", file=sys.stderr)
    with _reporter(plan, until, force) as report:
        results = run_plan(plan, until=until, force=force, journal=journal, report=report)
    _show_times(results)
    _show_scores(plan, results)
    _show_reports(plan, results)


@contextmanager
def _reporter(plan: Plan, until: str | None, force: tuple[str, ...]) -> Iterator[Report]:
    """What tells of stages: a live display on a terminal, plain lines elsewhere."""
    if not is_live(sys.stderr):
        yield _announce
        return
    from redink.cli.display import Display

    stages = plan.upstream(until) if until else plan.stages
    again = {planned.name for name in force for planned in plan.downstream(name)}
    verbs = [(planned.name, planned.stage.verb.name) for planned in stages]
    costs = costs_of(planned for planned in stages if planned.name not in again)
    with Display(verbs, costs) as display, watched(display):

        def show(event: str, planned: PlannedStage, facts: Mapping[str, Any]) -> None:
            if event == "start":
                display.begin(planned.name, planned.folder.name)
                return
            display.end(planned.name, facts)
            what = "already done" if event == "kept" else _counts(facts).removeprefix(": ")
            seconds = None if event == "kept" else facts["seconds"]
            display.say(planned.name, planned.stage.verb.name, what, seconds)
            if event == "done":
                _show_critiques(planned)

        yield show


def _announce(event: str, planned: PlannedStage, facts: Mapping[str, Any]) -> None:
    if event == "start":
        text = f"[{planned.name}] {planned.stage.verb.name} ..."
    elif event == "kept":
        text = f"[{planned.name}] already done"
    else:
        text = f"[{planned.name}] done in {duration(facts['seconds'])}{_counts(facts)}"
    print(shown(text), file=sys.stderr, flush=True)
    if event == "done":
        _show_critiques(planned)


def _show_critiques(planned: PlannedStage) -> None:
    """What a model's critiques came to."""
    if planned.stage.verb.name != "critique" or planned.light:
        return
    from redink.tables import Table
    from redink.teachers.summary import Summary

    for label, figure in Summary.of(Table.read(planned.folder)).rows():
        print(f"    {shown(label)}: {shown(figure)}", file=sys.stderr)


def _counts(facts: Mapping[str, Any]) -> str:
    if "rows" not in facts:
        return ""
    dropped = facts["dropped"]
    kept_out = "; ".join(f"{count} {reason}" for reason, count in dropped.items())
    return f": {facts['rows']} rows" + (f", dropped: {kept_out}" if kept_out else "")


def _show_times(results: Sequence[StageResult]) -> None:
    grid = Grid("stage", "verb", "rows", "dropped", "time", "", box=None, header_style="bold")
    for column in grid.columns[2:5]:
        column.justify = "right"
    for result in results:
        facts = result.facts
        grid.add_row(
            result.name,
            result.verb,
            str(facts.get("rows", "")),
            str(sum(facts.get("dropped", {}).values()) or ""),
            duration(facts["seconds"]),
            "kept" if result.done_before else "",
        )
    now = sum(r.facts["seconds"] for r in results if not r.done_before)
    print()
    Console().print(grid)
    print(f"\n{duration(now)} of work now, peak memory {peak_memory_gib():.1f} GiB")


def _show_scores(plan: Plan, results: Sequence[StageResult]) -> None:
    """Prints the scores that no comparison prints."""
    compared = {
        name
        for planned in plan.stages
        if planned.stage.verb.name == "compare"
        for name in planned.stage.inputs["scores"]
    }
    for result in results:
        if result.verb == "evaluate" and result.name not in compared:
            from redink.reports import print_scores
            from redink.tables import Table

            print()
            print_scores(Table.read(plan.by_name[result.name].folder))


def _show_reports(plan: Plan, results: Sequence[StageResult]) -> None:
    """Names each report; a comparison made earlier is printed again."""
    is_new = any(not result.done_before for result in results)
    for result in results:
        if result.verb == "compare":
            if result.done_before:
                _show_comparison(plan, result.name)
            page = plan.by_name[result.name].folder / "report.html"
            if is_new:
                _write_whole(plan, result.name, page)
            print(f"report: {page}")


def _write_whole(plan: Plan, comparison: str, page: Path) -> None:
    """Writes a comparison's report with what other stages made: curves, budgets, votes."""
    from redink.cli.reporting import open_run
    from redink.reports.formats import write_report
    from redink.reports.material import gather

    write_report(gather(open_run(plan.folder), comparison), page, "html")


def _show_comparison(plan: Plan, name: str) -> None:
    from redink.evaluation.comparison import compare_arms
    from redink.reports import marks_of, print_comparison, read_trainings
    from redink.tables import Table

    stage = plan.by_name[name].stage
    scores = Table.read(plan.by_name[stage.inputs["scores"][0]].folder)
    settings = stage.settings
    comparison = compare_arms(
        scores.rows, settings["baseline"], settings["title"], marks=marks_of(scores)
    )
    print()
    print_comparison(comparison, read_trainings(trainings(plan, stage)))
