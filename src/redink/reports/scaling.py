"""Accuracy against the thinking budget, as blocks of the report: curves and tables."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from redink.evaluation.wording import count, counted
from redink.reports.blocks import Block, Cell, Column, Figure, Grid, Note
from redink.reports.charts import RIGHT, Scale
from redink.reports.run_folder import RunFolder
from redink.reports.scaling_table import HOW, by_benchmark, gain_of
from redink.reports.strategy_table import rate
from redink.reports.svg import Drawing, ticks
from redink.reports.written import read_written
from redink.scaling.figures import FILE

MOST_MODELS = 8
"""Models of one chart: as many as there are colours that can be told apart."""
LEFT = 44.0
BOTTOM = 230.0
APART = 5.0
"""Between the intervals of two models at one budget."""


def read_scalings(run: RunFolder) -> dict[str, Mapping[str, Any]]:
    """What the finished `scale` stages of a run wrote, by stage.

    Raises DataError for a file that cannot be read.
    """
    return read_written(run, "scale", FILE)


def scaling_blocks(facts: Mapping[str, Any], first: int = 0) -> Iterator[Block]:
    """A chart and a table for each benchmark, and how to read them.

    Args:
        facts: what `scale` wrote into `scaling.json`; nothing comes of empty ones.
        first: number of the first chart, where several stages stand on one page.
    """
    found = by_benchmark(facts)
    number = first
    for benchmark, rows in found.items():
        for part in _parts(rows):
            yield _figure(benchmark, part, number)
            number += 1
        yield _grid(benchmark, rows, facts)
    if found:
        yield Note(HOW)


def chart_count(facts: Mapping[str, Any]) -> int:
    """How many charts `scaling_blocks` draws."""
    return sum(len(list(_parts(rows))) for rows in by_benchmark(facts).values())


def scaling_chart(rows: Sequence[Mapping[str, Any]], number: int = 0) -> Drawing:
    """Accuracy over the budget, each twice as wide as the last at equal distances; a line for each
    model, at each budget its 95 % interval.

    Args:
        rows: of one benchmark.
        number: makes the drawing's ids its own.
    """
    models = _models(rows)
    budgets = sorted({row["budget"] for row in rows})
    ends = [end for row in rows for end in row["interval"]]
    up = Scale(max(0.0, min(ends) - 0.03), min(1.0, max(ends) + 0.03), BOTTOM, 10.0)
    low, high = math.log2(budgets[0]), math.log2(budgets[-1])
    room = APART * len(models) / 2 + 14
    across = Scale(low, high if high > low else low + 1, LEFT + room, RIGHT - room)
    drawing = Drawing(
        f"scaling-{number}",
        "Accuracy against the thinking budget",
        "; ".join(f"{name}: {_words(found)}" for name, found in models.items()),
        BOTTOM + 40,
    )
    for value in ticks(up.low, up.high):
        drawing.line(LEFT, up(value), RIGHT, up(value), "grid")
        drawing.text(LEFT - 6, up(value) + 4, f"{100 * value:g}", "tick", "end")
    for budget in budgets:
        drawing.text(across(math.log2(budget)), BOTTOM + 17, f"{budget:,}", "tick", "middle")
    drawing.line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")
    drawing.text(RIGHT, BOTTOM + 34, "thinking budget in tokens", "tick", "end")
    for place, found in enumerate(models.values()):
        aside = (place - (len(models) - 1) / 2) * APART
        spots = [(across(math.log2(row["budget"])) + aside, up(row["accuracy"])) for row in found]
        drawing.path(spots, f"curve c{place}")
        for (x, y), row in zip(spots, found, strict=True):
            bottom, top = row["interval"]
            drawing.line(x, up(bottom), x, up(top), f"curve c{place}")
            drawing.dot(x, y, 4.0, f"f{place}")
    return drawing


def _parts(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Rows of as many models as one chart holds."""
    models = iter(_models(rows).values())
    while part := list(islice(models, MOST_MODELS)):
        yield [row for found in part for row in found]


def _models(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Model → its rows, from the smallest budget to the largest."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["model"]), []).append(row)
    return {name: sorted(own, key=lambda row: row["budget"]) for name, own in found.items()}


def _words(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{rate(row['accuracy'])} % at {row['budget']:,}" for row in rows)


def _figure(benchmark: str, rows: Sequence[Mapping[str, Any]], number: int) -> Figure:
    drawing = scaling_chart(rows, number)
    models = _models(rows)
    budgets = sorted({row["budget"] for row in rows})
    at = {(str(row["model"]), row["budget"]): row for row in rows}
    cells = tuple(
        (Cell(name), *(_accuracy(at.get((name, budget))) for budget in budgets)) for name in models
    )
    columns = (Column("model"), *(Column(f"{budget:,}", "tokens") for budget in budgets))
    return Figure(
        f"Accuracy on {benchmark} in % over the thinking budget, with 95 % intervals",
        drawing.finish(),
        drawing.description,
        tuple((f"f{place}", name) for place, name in enumerate(models)),
        Grid("The same as a table", columns, cells, folded=True),
    )


def _accuracy(row: Mapping[str, Any] | None) -> Cell:
    if row is None:
        return Cell("–")
    return Cell(rate(row["accuracy"]), _ends(row["interval"]))


def _grid(benchmark: str, rows: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> Grid:
    columns = (
        Column("model"),
        Column("budget", "tokens"),
        Column("accuracy", "95 % interval"),
        Column("gain", "points, 95 % interval"),
        Column("ended", "by itself"),
        Column("asked", "for its answer"),
        Column("answered"),
        Column("tokens", "for each answer"),
    )
    cells = []
    for row in rows:
        difference, _, ends = gain_of(facts, row).partition("\n")
        cells.append(
            (
                Cell(str(row["model"])),
                Cell(count(row["budget"])),
                Cell(f"{rate(row['accuracy'])} %", _ends(row["interval"])),
                Cell(difference, ends),
                Cell(f"{rate(row['ended'])} %"),
                Cell(f"{rate(row['asked'])} %"),
                Cell(f"{rate(row['answered'])} %"),
                Cell("–" if row["tokens"] is None else f"{row['tokens']:.0f}"),
            )
        )
    about = counted(rows[0]["problems"], "problem")
    return Grid(f"Thinking budgets on {benchmark}", columns, tuple(cells), about)


def _ends(interval: Sequence[float]) -> str:
    return f"{rate(interval[0])} to {rate(interval[1])}"
