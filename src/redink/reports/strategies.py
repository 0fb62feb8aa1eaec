"""What strategies came to, as blocks of the report: accuracy against tokens, tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from redink.evaluation.wording import count, counted
from redink.reports.blocks import Block, Cell, Column, Figure, Grid, Note
from redink.reports.charts import RIGHT, Scale
from redink.reports.run_folder import RunFolder
from redink.reports.strategy_table import (
    BLIND,
    EQUAL,
    HARM,
    ORACLE_NOTE,
    blind,
    by_benchmark,
    has_choice,
    over,
    rate,
)
from redink.reports.svg import Drawing, ticks
from redink.reports.written import read_written

FILE = "strategies.json"
"""What `refine` writes beside its table."""
MOST_COLOURS = 8
LEFT = 44.0
BOTTOM = 230.0


def read_strategies(run: RunFolder) -> dict[str, Mapping[str, Any]]:
    """What the finished `refine` stages of a run wrote, by stage.

    Raises DataError for a file that cannot be read.
    """
    return read_written(run, "refine", FILE)


def strategy_blocks(facts: Mapping[str, Any], first: int = 0) -> Iterator[Block]:
    """A chart and two tables for each benchmark, and how to read them.

    Args:
        facts: what `refine` wrote into `strategies.json`; nothing comes of empty ones.
        first: number of the first chart, where several stages stand on one page.
    """
    found = by_benchmark(facts)
    for number, (benchmark, rows) in enumerate(found.items(), first):
        curve = (facts.get("majority") or {}).get(benchmark) or []
        yield _figure(benchmark, rows, curve, number)
        yield _accuracy_grid(benchmark, rows)
        yield _vote_grid(benchmark, rows)
    if found:
        yield Note(HARM)
        yield Note(EQUAL)
        if has_choice(facts):
            yield Note(BLIND)
        if any(row["oracle"] for rows in found.values() for row in rows):
            yield Note(ORACLE_NOTE, marked=True)


def strategy_chart(
    rows: Sequence[Mapping[str, Any]], curve: Sequence[Mapping[str, Any]], number: int = 0
) -> Drawing:
    """Accuracy against tokens for each problem: a dot for each strategy with its 95 % interval, a
    line for the majority vote of n drafts, hollow dots for oracles.

    Args:
        rows: of one benchmark.
        curve: the majority vote at n = 1, 2, … drafts.
        number: makes the drawing's ids its own.
    """
    widest = max([row["tokens"] for row in rows] + [point["tokens"] for point in curve] + [1.0])
    across = Scale(0.0, widest * 1.05, LEFT, RIGHT)
    ends = [end for row in rows for end in row["interval"]]
    up = Scale(max(0.0, min(ends, default=0.0) - 0.03), min(1.0, max(ends) + 0.03), BOTTOM, 10.0)
    drawing = Drawing(
        f"strategies-{number}",
        "Accuracy against tokens for each problem",
        "; ".join(
            f"{row['name']}: {rate(row['accuracy'])} % with {row['tokens']:.0f} tokens"
            for row in rows
        ),
        BOTTOM + 40,
    )
    _axes(drawing, across, up)
    line = [(across(point["tokens"]), up(point["majority"])) for point in curve]
    drawing.path(line, "curve c7")
    for x, y in line:
        drawing.dot(x, y, 2.0, "f7")
    for place, row in enumerate(rows):
        x, (low, high) = across(row["tokens"]), row["interval"]
        drawing.line(x, up(low), x, up(high), f"curve {_colour(place, row)}")
    for place, row in enumerate(rows):
        x, y = across(row["tokens"]), up(row["accuracy"])
        if row["oracle"]:
            drawing.dot(x, y, 4.5, "spot open")
        else:
            drawing.dot(x, y, 4.5, f"f{place % MOST_COLOURS}")
        anchor = "end" if x > RIGHT - 60 else "start"
        drawing.text(x + (-7 if anchor == "end" else 7), y - 5, str(place + 1), "tick", anchor)
    return drawing


def _axes(drawing: Drawing, across: Scale, up: Scale) -> None:
    for value in ticks(up.low, up.high):
        drawing.line(LEFT, up(value), RIGHT, up(value), "grid")
        drawing.text(LEFT - 6, up(value) + 4, f"{100 * value:g}", "tick", "end")
    for value in ticks(across.low, across.high):
        drawing.text(across(value), BOTTOM + 17, f"{value:g}", "tick", "middle")
    drawing.line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")
    drawing.text(RIGHT, BOTTOM + 34, "tokens for each problem", "tick", "end")


def _colour(place: int, row: Mapping[str, Any]) -> str:
    return "c7" if row["oracle"] else f"c{place % MOST_COLOURS}"


def _figure(
    benchmark: str,
    rows: Sequence[Mapping[str, Any]],
    curve: Sequence[Mapping[str, Any]],
    number: int,
) -> Figure:
    drawing = strategy_chart(rows, curve, number)
    columns = tuple(map(Column, ("drafts", "tokens", "majority vote", "one right, pass@n")))
    points = tuple(
        (
            Cell(count(int(point["drafts"]))),
            Cell(f"{point['tokens']:.0f}"),
            Cell(rate(point["majority"])),
            Cell(rate(point["passes"])),
        )
        for point in curve
    )
    return Figure(
        f"Accuracy on {benchmark} in % against all tokens sampled for an answer, with 95 % "
        "intervals; the line is the majority vote of 1, 2, … drafts; hollow dots are oracles",
        drawing.finish(),
        drawing.description,
        tuple(
            (f"f{7 if row['oracle'] else place % MOST_COLOURS}", f"{place + 1} {row['name']}")
            for place, row in enumerate(rows)
        ),
        Grid("The line as a table", columns, points, folded=True),
    )


def _accuracy_grid(benchmark: str, rows: Sequence[Mapping[str, Any]]) -> Grid:
    columns = (
        Column("strategy"),
        Column("accuracy", "95 % interval"),
        Column("tokens", "for each problem"),
        Column("drafts harmed"),
        Column("drafts fixed"),
    )
    cells = tuple(
        (
            Cell(str(row["name"]), "upper bound, no result" if row["oracle"] else ""),
            Cell(f"{rate(row['accuracy'])} %", _ends(row["interval"])),
            Cell(f"{row['tokens']:.0f}"),
            Cell(count(row["harmed"])),
            Cell(count(row["fixed"])),
        )
        for row in rows
    )
    about = f"{counted(rows[0]['problems'], 'problem')}, {rows[0]['drafts_right']} drafts right"
    return Grid(f"Strategies on {benchmark}", columns, cells, about)


def _vote_grid(benchmark: str, rows: Sequence[Mapping[str, Any]]) -> Grid:
    columns = (
        Column("strategy"),
        Column("its rate"),
        Column("n", "drafts"),
        Column("maj@n"),
        Column("pass@n"),
        Column("blind choice", "among different texts"),
        Column("vote at equal tokens", "drafts"),
        Column("over that vote", "points, 95 % interval"),
    )
    cells = []
    for row in rows:
        if row["oracle"]:
            continue
        equal = row["at_equal_tokens"]
        line = [Cell(str(row["name"])), Cell(rate(row["accuracy"])), Cell(count(row["vote_of"]))]
        line += [Cell(rate(row["majority"])), Cell(rate(row["passes"])), Cell(*blind(row))]
        if equal is None:
            line += [Cell("–", "more than all drafts took"), Cell("–")]
        else:
            difference, _, ends = over(equal).partition("\n")
            line += [Cell(rate(equal["majority"]), f"{equal['drafts']:.1f}")]
            line += [Cell(difference, ends)]
        cells.append(tuple(line))
    return Grid(f"Beside a plain vote on {benchmark}", columns, tuple(cells), "in %")


def _ends(interval: Sequence[float]) -> str:
    return f"{rate(interval[0])} to {rate(interval[1])}"
