"""The report's charts of arms. Each arm has a row of its own: its name above, its mark below."""

from collections.abc import Callable, Mapping

from redink.evaluation.comparison import Comparison
from redink.evaluation.metrics import ArmMetrics
from redink.evaluation.statistics.interval import Interval
from redink.evaluation.wording import percent, points
from redink.records import Outcome
from redink.reports.svg import WIDTH, Drawing, ticks

OUTCOMES: dict[Outcome, str] = {
    "correct": "correct",
    "wrong": "wrong",
    "no_answer": "no answer",
    "truncated": "truncated",
    "grader_timeout": "grader time-out",
    "gold_unparsable": "reference unreadable",
    "ungraded": "ungraded",
}
ROW = 44
"""Height of one arm's row."""
LEFT, RIGHT = 10.0, WIDTH - 10.0


class Scale:
    """A linear map from values to horizontal positions."""

    def __init__(self, low: float, high: float, start: float = LEFT, end: float = RIGHT) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def accuracy_chart(comparison: Comparison, benchmark: str, number: int = 0) -> Drawing:
    """Accuracy per arm with its 95 % interval, and a dot per training seed where an arm has
    several.

    Args:
        comparison: what is drawn.
        benchmark: the row of the comparison that is drawn.
        number: makes the drawing's ids its own.
    """
    rows = comparison.rows(benchmark)
    finite = [row for row in rows if row.n_problems]
    highest = [s.accuracy for row in finite for s in row.seeds]
    top = max([row.interval.high for row in finite] + highest, default=1.0)
    scale = Scale(0.0, min(1.0, max(0.05, top) * 1.05))
    drawing = Drawing(
        f"accuracy-{number}",
        "Accuracy per arm with 95 % intervals",
        "; ".join(
            f"{row.model}: {percent(row.accuracy)} {_ends(row.interval, percent)}{_seed_words(row)}"
            for row in rows
            if row.n_problems
        ),
        ROW * len(rows) + 18,
    )
    _grid(drawing, scale, len(rows), lambda value: f"{100 * value:g} %")
    for place, row in enumerate(rows):
        interval = _ends(row.interval, percent)
        kind = "base" if row.model == comparison.baseline else "arm"
        label = f"{percent(row.accuracy)} {interval}" if row.n_problems else "no problem counts"
        _label(drawing, place, row.model, label)
        if row.n_problems:
            ends = scale(row.interval.low), scale(row.interval.high)
            _whisker(drawing, place, ends, scale(row.accuracy), kind)
            for seed in row.seeds if len(row.seeds) > 1 else ():
                drawing.dot(scale(seed.accuracy), ROW * place + 39, 2.5, f"seed {kind}")
    return drawing


def forest_chart(comparison: Comparison, benchmark: str, number: int = 0) -> Drawing:
    """Paired differences to the baseline with 95 % intervals; arguments as `accuracy_chart`."""
    found = [comparison.difference(arm, benchmark) for arm in comparison.arms]
    rows = [row for row in found if row is not None and row.n_problems]
    reach = max((abs(end) for r in rows for end in (r.interval.low, r.interval.high)), default=0.1)
    reach = min(1.0, max(0.02, reach) * 1.08)
    scale = Scale(-reach, reach)
    drawing = Drawing(
        f"differences-{number}",
        f"Paired difference to {comparison.baseline} with 95 % intervals",
        "; ".join(
            f"{row.arm}: {points(row.difference)} points {_ends(row.interval, points)}"
            for row in rows
        ),
        ROW * len(rows) + 18,
    )
    _grid(drawing, scale, len(rows), lambda value: points(value).removesuffix(".0"))
    for place, row in enumerate(rows):
        drawing.line(scale(0), ROW * place + 22, scale(0), ROW * place + 36, "zero")
        interval = _ends(row.interval, points)
        _label(drawing, place, row.arm, f"{points(row.difference)} points {interval}")
        ends = scale(row.interval.low), scale(row.interval.high)
        kind = "open" if row.interval.holds_zero else "arm"
        _whisker(drawing, place, ends, scale(row.difference), kind)
    return drawing


def outcome_chart(comparison: Comparison, benchmark: str, number: int = 0) -> Drawing:
    """How each arm's answers ended, as bars of equal length; arguments as `accuracy_chart`."""
    rows = comparison.rows(benchmark)
    drawing = Drawing(
        f"outcomes-{number}",
        "Outcomes of each arm's answers",
        "; ".join(f"{row.model}: {_outcome_words(row.outcomes)}" for row in rows),
        ROW * len(rows) + 4,
    )
    for place, row in enumerate(rows):
        total = sum(row.outcomes.values())
        _label(drawing, place, row.model, f"{total} answers")
        x = LEFT
        for outcome in OUTCOMES:
            width = row.share(outcome) * (RIGHT - LEFT)
            drawing.rectangle(x, ROW * place + 22, width, 14, f"o-{outcome}")
            if width > 26:
                count = str(row.outcomes.get(outcome, 0))
                drawing.text(x + 5, ROW * place + 33, count, f"in t-{outcome}")
            x += width
    return drawing


def _grid(drawing: Drawing, scale: Scale, rows: int, name: Callable[[float], str]) -> None:
    """Ticks of the scale behind each row's mark, named below the last row."""
    for value in ticks(scale.low, scale.high):
        x = scale(value)
        for row in range(rows):
            drawing.line(x, ROW * row + 22, x, ROW * row + 36, "grid")
        anchor = "start" if x < LEFT + 12 else "end" if x > RIGHT - 14 else "middle"
        drawing.text(x, ROW * rows + 12, name(value), "tick", anchor)
    for row in range(rows):
        drawing.line(scale.start, ROW * row + 29, scale.end, ROW * row + 29, "grid")


def _label(drawing: Drawing, row: int, name: str, value: str) -> None:
    name = name if len(name) <= 24 else name[:23] + "…"
    drawing.text(LEFT, ROW * row + 16, name, "name")
    drawing.text(RIGHT, ROW * row + 16, value, "value", "end")


def _whisker(
    drawing: Drawing, row: int, ends: tuple[float, float], middle: float, kind: str
) -> None:
    y = ROW * row + 29
    drawing.line(ends[0], y, ends[1], y, f"whisker {kind}")
    for end in ends:
        drawing.line(end, y - 4, end, y + 4, f"whisker {kind}")
    drawing.dot(middle, y, 5, f"spot {kind}")


def _ends(interval: Interval, words: Callable[[float], str]) -> str:
    return f"({words(interval.low)} to {words(interval.high)})"


def _outcome_words(outcomes: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{outcomes[key]} {word}" for key, word in OUTCOMES.items() if key in outcomes)


def _seed_words(row: ArmMetrics) -> str:
    if len(row.seeds) < 2:
        return ""
    return f" (training seeds {', '.join(percent(seed.accuracy) for seed in row.seeds)})"
