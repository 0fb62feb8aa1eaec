"""The flow of data: what went into each stage, what it kept, what it dropped and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from redink.evaluation.wording import count
from redink.progress import duration
from redink.reports.blocks import Cell, Column, Grid
from redink.reports.run_folder import RunFolder, RunStage
from redink.reports.training import Training
from redink.visible import one_line

MOST_SOURCES = 6
"""Inputs of one stage that are named."""
MOST_REASONS = 6
"""Reasons of one stage that are named."""


@dataclass(frozen=True)
class Flow:
    """One stage's counts."""

    stage: str
    verb: str
    done: bool
    inputs: tuple[str, ...]
    rows_in: int | None
    """Rows (for a training: examples) that went in; for a stage that makes its own, those made."""
    kept: int | None
    dropped: Mapping[str, int]
    seconds: float | None
    cost: float | None
    """US dollars."""
    tokens: int | None
    """Prompt and completion tokens of teachers."""
    peak_memory_gib: float | None


def flow_of(run: RunFolder, trainings: Mapping[str, Training]) -> list[Flow]:
    """Every stage's counts, in the recipe's order; trainings are named as their stages."""
    return [_flow(run, stage, trainings.get(stage.name)) for stage in run.stages]


def _flow(run: RunFolder, stage: RunStage, training: Training | None) -> Flow:
    inputs = tuple(name for names in stage.inputs.values() for name in names)
    dropped = stage.dropped
    kept = stage.rows
    rows_in = _rows_in(run, stage)
    if training is not None and training.finished:
        kept, dropped = training.examples, dict(training.dropped)
        rows_in = training.rows_in if training.rows_in is not None else rows_in
    tokens = stage.number("tokens")
    return Flow(
        stage.name, stage.verb, stage.done, inputs, rows_in, kept, dropped, stage.number("seconds"),
        stage.number("cost"), None if tokens is None else int(tokens),
        stage.number("peak_memory_gib"),
    )  # fmt: skip


def _rows_in(run: RunFolder, stage: RunStage) -> int | None:
    """Rows of the input tables; of a load, which has none, the rows made."""
    if not stage.done:
        return None
    if stage.verb == "load":
        return None if stage.rows is None else stage.rows + sum(stage.dropped.values())
    main = {
        "select": ("rows",),
        "chain": ("critiques",),
        "pose": ("problems",),
        "evaluate": ("benchmarks",),
        "scale": ("benchmarks",),
        "compare": ("scores",),
    }
    names = [
        name
        for argument, names in stage.inputs.items()
        for name in names
        if argument in main.get(stage.verb, ("problems", "responses", "data", "rows"))
    ]
    found = [source.rows for name in names if (source := run.stage(name)) is not None]
    rows = [number for number in found if number is not None]
    return sum(rows) if rows else None


def flow_grid(flows: list[Flow], title: str) -> Grid:
    """The flow as a table, each stage with a bar as long as what it kept."""
    most = max((flow.kept or 0 for flow in flows), default=0) or 1
    columns = (
        Column("stage"),
        Column("verb", prose=True),
        Column("made from", prose=True),
        Column("rows in"),
        Column("rows kept or made"),
        Column("dropped, and why", prose=True),
    )
    rows = []
    for flow in flows:
        total = sum(flow.dropped.values())
        kept = Cell(count(flow.kept), share=None if flow.kept is None else flow.kept / most)
        state = flow.verb if flow.done else f"{flow.verb}: not done"
        rows.append(
            (
                Cell(flow.stage),
                Cell(state),
                Cell(_sources(flow.inputs)),
                Cell(count(flow.rows_in)),
                kept,
                Cell(count(total) if total else "–", reasons(flow.dropped)),
            )
        )
    return Grid(title, columns, tuple(rows))


def cost_grid(flows: list[Flow], title: str) -> Grid:
    """Time, memory, tokens and money of each finished stage, and in all."""
    done = [flow for flow in flows if flow.done]
    slowest = max((flow.seconds or 0.0 for flow in done), default=0.0) or 1.0
    paid = any(flow.tokens or flow.cost for flow in done)
    columns = [Column("stage"), Column("time"), Column("memory so far", "GiB, at most")]
    columns += [Column("teacher tokens"), Column("cost", "US dollars")] if paid else []
    rows = []
    for flow in done:
        cells = [Cell(flow.stage), Cell(_time(flow.seconds), share=(flow.seconds or 0) / slowest)]
        memory = flow.peak_memory_gib
        cells += [Cell("–" if memory is None else f"{memory:.1f}")]
        cells += [Cell(count(flow.tokens)), Cell(money(flow.cost))] if paid else []
        rows.append(tuple(cells))
    peak = max((flow.peak_memory_gib or 0.0 for flow in done), default=0.0)
    whole = [Cell("all"), Cell(_time(total_seconds(done))), Cell(f"{peak:.1f}")]
    if paid:
        tokens = sum(flow.tokens or 0 for flow in done)
        whole += [Cell(count(tokens)), Cell(money(total_cost(done)))]
    return Grid(title, tuple(columns), (*rows, tuple(whole)), marked="all")


def total_seconds(flows: list[Flow]) -> float:
    """Seconds of work."""
    return sum(flow.seconds or 0.0 for flow in flows)


def total_cost(flows: list[Flow]) -> float | None:
    """US dollars; None where no stage recorded a price."""
    costs = [flow.cost for flow in flows if flow.cost is not None]
    return sum(costs) if costs else None


def reasons(dropped: Mapping[str, int]) -> str:
    """Why rows were dropped, most frequent first, the rest counted."""
    ordered = sorted(dropped.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{count(n)}: {one_line(why)}" for why, n in ordered[:MOST_REASONS]]
    rest = ordered[MOST_REASONS:]
    if rest:
        rows = sum(n for _, n in rest)
        named.append(f"{count(rows)}: {len(rest):,} other reasons")
    return "; ".join(named)


def money(dollars: float | None) -> str:
    """US dollars, cents kept where they matter."""
    if dollars is None:
        return "–"
    return f"${dollars:,.2f}" if dollars >= 0.1 or dollars == 0 else f"${dollars:.4f}"


def _sources(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_SOURCES]) or "–"
    more = len(names) - MOST_SOURCES
    return f"{shown} and {more} more" if more > 0 else shown


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.1f}s" if seconds < 10 else duration(seconds)
