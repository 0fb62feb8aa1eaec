"""The scorers of a run, as blocks of the report: what each learned from, how far it can be trusted.

A reliability diagram shows the share that was right against the mean score of the responses or
steps that were scored alike: a scorer that can be taken at its word stands on the diagonal.
"""

from collections.abc import Iterator, Mapping

from redink.evaluation.wording import count, counted, percent
from redink.reports.blocks import Block, Cell, Column, Figure, Grid, Note
from redink.reports.charts import RIGHT, Scale
from redink.reports.fitted_scorers import FittedScorer
from redink.reports.flow import reasons
from redink.reports.svg import Drawing
from redink.scoring.calibration import HOTTEST, Bin, Reliability

LEFT, TOP, BOTTOM = 44.0, 10.0, 210.0
LARGEST, SMALLEST = 8.0, 2.0
"""Radii of the dots of the fullest and of the emptiest bin."""
READING = (
    "ECE, the expected calibration error, is the mean distance of a score from the share that was "
    "right among those scored alike; the Brier score is the mean squared distance of a score from "
    "0 or 1, 0.25 where everything is given 0.5. A temperature changes no order of scores, and no "
    "side of 0.5."
)
UNCALIBRATED = "not calibrated: its scores are as they were learned"
CHANCE = "tells right from wrong no better than chance"


def scorer_blocks(scorers: Mapping[str, FittedScorer]) -> Iterator[Block]:
    """Two tables of the scorers, then a reliability diagram of each that was calibrated.

    Args:
        scorers: stage → its scorer; nothing comes of none.
    """
    if not scorers:
        return
    yield _learning_grid(scorers)
    yield _calibration_grid(scorers)
    measured = [(n, s) for n, s in scorers.items() if s.before and s.after]
    if measured:
        yield Note(READING)
    for number, (name, scorer) in enumerate(measured):
        assert scorer.before is not None
        assert scorer.after is not None
        yield _figure(name, scorer.before, scorer.after, number)


def reliability_chart(
    name: str, before: Reliability, after: Reliability, number: int = 0
) -> Drawing:
    """Observed shares against mean scores: hollow dots before the temperature, filled ones after.

    Args:
        name: of the scorer.
        before: its reliability without the temperature.
        after: the same with it; a dot is the larger, the more labels its bin holds.
        number: makes the drawing's ids its own.
    """
    across, up = Scale(0.0, 1.0, LEFT, RIGHT), Scale(0.0, 1.0, BOTTOM, TOP)
    drawing = Drawing(
        f"reliability-{number}",
        f"Reliability of the scorer {name}",
        "; ".join(
            f"mean score {each.confidence:.2f}: {percent(each.observed)} of {each.count} right"
            for each in after.bins
            if each.confidence is not None and each.observed is not None
        ),
        BOTTOM + 40,
    )
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawing.line(LEFT, up(value), RIGHT, up(value), "grid")
        drawing.text(LEFT - 6, up(value) + 4, f"{100 * value:g}", "tick", "end")
        drawing.text(across(value), BOTTOM + 17, f"{value:g}", "tick", "middle")
    drawing.line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")
    drawing.text(RIGHT, BOTTOM + 34, "mean score", "tick", "end")
    drawing.line(across(0), up(0), across(1), up(1), "zero")
    for found, kind in ((before, "spot open"), (after, "f0")):
        fullest = max((each.count for each in found.bins), default=1) or 1
        for each in found.bins:
            if each.confidence is not None and each.observed is not None:
                radius = SMALLEST + (LARGEST - SMALLEST) * (each.count / fullest) ** 0.5
                drawing.dot(across(each.confidence), up(each.observed), radius, kind)
    return drawing


def _learning_grid(scorers: Mapping[str, FittedScorer]) -> Grid:
    columns = (
        Column("scorer"),
        Column("kind", "labels stand at", prose=True),
        Column("base", prose=True),
        Column("responses"),
        Column("dropped, and why", prose=True),
        Column("labels", "right"),
        Column("steps", "of the optimizer"),
    )
    rows = tuple(
        (
            Cell(name),
            Cell(one.kind.upper(), f"{one.positions} step"),
            Cell(one.base, one.method),
            Cell(count(one.rows)),
            Cell(
                count(sum(n for _, n in one.dropped)) if one.dropped else "–",
                reasons(dict(one.dropped)),
            ),
            Cell(count(one.labels), _share(one.positive_share)),
            Cell(count(one.steps)),
        )
        for name, one in scorers.items()
    )
    return Grid("What the scorers learned from", columns, rows)


def _calibration_grid(scorers: Mapping[str, FittedScorer]) -> Grid:
    columns = (
        Column("scorer"),
        Column("labels", "of other problems"),
        Column("temperature"),
        Column("ECE", "before"),
        Column("ECE", "after"),
        Column("Brier score", "before"),
        Column("Brier score", "after"),
    )
    return Grid(
        "How far their scores can be taken at their word",
        columns,
        tuple(_calibration_row(name, one) for name, one in scorers.items()),
    )


def _calibration_row(name: str, one: FittedScorer) -> tuple[Cell, ...]:
    if one.before is None or one.after is None:
        return (Cell(name, UNCALIBRATED), *[Cell("–")] * 6)
    figures = (one.before.ece, one.after.ece, one.before.brier, one.after.brier)
    return (
        Cell(name, CHANCE if one.temperature >= HOTTEST else ""),
        Cell(count(one.after.count)),
        Cell(f"{one.temperature:.2f}"),
        *(Cell(f"{figure:.3f}") for figure in figures),
    )


def _figure(name: str, before: Reliability, after: Reliability, number: int) -> Figure:
    drawing = reliability_chart(name, before, after, number)
    columns = (
        Column("scores"),
        Column("labels", "before"),
        Column("mean score"),
        Column("right"),
        Column("labels", "after"),
        Column("mean score"),
        Column("right"),
    )
    rows = tuple(
        (Cell(f"{one.low:.1f} to {one.high:.1f}"), *_bin_cells(one), *_bin_cells(other))
        for one, other in zip(before.bins, after.bins, strict=False)
    )
    return Figure(
        f"{name}: share that was right, in %, against the mean score of "
        f"{counted(after.count, 'label')} on other problems; larger dots stand for more of them",
        drawing.finish(),
        drawing.description,
        (("f7", "hollow: before the temperature"), ("f0", "filled: after it")),
        Grid("The same as a table", columns, rows, folded=True),
    )


def _bin_cells(one: Bin) -> tuple[Cell, ...]:
    score = "–" if one.confidence is None else f"{one.confidence:.2f}"
    return Cell(count(one.count)), Cell(score), Cell(_share(one.observed) or "–")


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)
