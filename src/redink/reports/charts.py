"""The report's charts. Each arm has a row of its own: its name above, its mark below."""

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from redink.evaluation.comparison import Comparison
from redink.evaluation.metrics import ArmMetrics
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
MOST_POINTS = 160
"""Points of a loss curve; longer ones are averaged in blocks."""


class Scale:
    """A linear map from values to horizontal positions."""

    def __init__(self, low: float, high: float, start: float = LEFT, end: float = RIGHT) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def accuracy_chart(comparison: Comparison) -> Markup:
    """Accuracy per arm with its 95 % interval, and a dot per training seed where an arm has
    several, on the headline benchmark."""
    rows = comparison.rows(comparison.headline)
    finite = [row for row in rows if row.n_problems]
    highest = [s.accuracy for row in finite for s in row.seeds]
    top = max([row.interval.high for row in finite] + highest, default=1.0)
    scale = Scale(0.0, min(1.0, max(0.05, top) * 1.05))
    drawing = Drawing(
        "accuracy",
        "Accuracy per arm with 95 % intervals",
        "; ".join(f"{row.model}: {percent(row.accuracy)}{_seed_words(row)}" for row in rows),
        ROW * len(rows) + 18,
    )
    _grid(drawing, scale, len(rows), lambda value: f"{100 * value:g} %")
    for number, row in enumerate(rows):
        interval = f"({percent(row.interval.low)} to {percent(row.interval.high)})"
        kind = "base" if row.model == comparison.baseline else "arm"
        label = f"{percent(row.accuracy)} {interval}" if row.n_problems else "no problem counts"
        _label(drawing, number, row.model, label)
        if row.n_problems:
            ends = scale(row.interval.low), scale(row.interval.high)
            _whisker(drawing, number, ends, scale(row.accuracy), kind)
            for seed in row.seeds if len(row.seeds) > 1 else ():
                drawing.dot(scale(seed.accuracy), ROW * number + 39, 2.5, f"seed {kind}")
    return drawing.finish()


def forest_chart(comparison: Comparison) -> Markup:
    """Paired differences to the baseline with 95 % intervals, on the headline benchmark."""
    found = [comparison.difference(arm, comparison.headline) for arm in comparison.arms]
    rows = [row for row in found if row is not None and row.n_problems]
    reach = max((abs(end) for r in rows for end in (r.interval.low, r.interval.high)), default=0.1)
    reach = min(1.0, max(0.02, reach) * 1.08)
    scale = Scale(-reach, reach)
    drawing = Drawing(
        "differences",
        f"Paired difference to {comparison.baseline} with 95 % intervals",
        "; ".join(f"{row.arm}: {points(row.difference)} points" for row in rows),
        ROW * len(rows) + 18,
    )
    _grid(drawing, scale, len(rows), lambda value: points(value).removesuffix(".0"))
    for number, row in enumerate(rows):
        drawing.line(scale(0), ROW * number + 22, scale(0), ROW * number + 36, "zero")
        interval = f"({points(row.interval.low)} to {points(row.interval.high)})"
        _label(drawing, number, row.arm, f"{points(row.difference)} points {interval}")
        ends = scale(row.interval.low), scale(row.interval.high)
        kind = "open" if row.interval.holds_zero else "arm"
        _whisker(drawing, number, ends, scale(row.difference), kind)
    return drawing.finish()


def outcome_chart(comparison: Comparison) -> Markup:
    """How each arm's answers ended, as bars of equal length."""
    rows = comparison.rows(comparison.headline)
    drawing = Drawing(
        "outcomes",
        "Outcomes of each arm's answers",
        "; ".join(f"{row.model}: {_outcome_words(row.outcomes)}" for row in rows),
        ROW * len(rows) + 4,
    )
    for number, row in enumerate(rows):
        total = sum(row.outcomes.values())
        _label(drawing, number, row.model, f"{total} answers")
        x = LEFT
        for outcome in OUTCOMES:
            width = row.share(outcome) * (RIGHT - LEFT)
            drawing.rectangle(x, ROW * number + 22, width, 14, f"o-{outcome}")
            if width > 26:
                count = str(row.outcomes.get(outcome, 0))
                drawing.text(x + 5, ROW * number + 33, count, f"in t-{outcome}")
            x += width
    return drawing.finish()


def loss_chart(losses: Mapping[str, Sequence[tuple[int, float]]]) -> Markup | None:
    """Training loss of each arm over its optimizer steps; None without any logged loss."""
    curves = {arm: _thin(list(curve)) for arm, curve in losses.items() if curve}
    if not curves:
        return None
    values = [loss for curve in curves.values() for _, loss in curve]
    last = max(step for curve in curves.values() for step, _ in curve)
    bottom, height = 200.0, 230.0
    across = Scale(0, max(1, last), 44.0, RIGHT)
    low, high = min(0.0, *values), max(values) * 1.05 or 1.0
    up = Scale(low, high, bottom, 10.0)
    ends = "; ".join(f"{a}: {c[0][1]:.2f} to {c[-1][1]:.2f}" for a, c in curves.items())
    drawing = Drawing("losses", "Training loss per arm", ends, height)
    for value in ticks(low, high):
        drawing.line(44, up(value), RIGHT, up(value), "grid")
        drawing.text(38, up(value) + 4, f"{value:g}", "tick", "end")
    for step in ticks(0, last):
        drawing.text(across(step), bottom + 17, f"{step:g}", "tick", "middle")
    drawing.line(44, bottom, RIGHT, bottom, "axis")
    for number, curve in enumerate(curves.values()):
        spots = [(across(step), up(loss)) for step, loss in curve]
        drawing.path(spots, f"curve c{number % 8}")
        drawing.dot(*spots[-1], 2.5, f"f{number % 8}")
    return drawing.finish()


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


def _outcome_words(outcomes: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{outcomes[key]} {word}" for key, word in OUTCOMES.items() if key in outcomes)


def _seed_words(row: ArmMetrics) -> str:
    if len(row.seeds) < 2:
        return ""
    return f" (training seeds {', '.join(percent(seed.accuracy) for seed in row.seeds)})"


def _thin(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The curve by averages of equal blocks, where it has too many points to see."""
    size = -(-len(curve) // MOST_POINTS)
    if size <= 1:
        return curve
    blocks = [curve[start : start + size] for start in range(0, len(curve), size)]
    return [(block[-1][0], sum(loss for _, loss in block) / len(block)) for block in blocks]
