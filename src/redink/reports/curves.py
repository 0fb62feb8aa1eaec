"""Training curves: loss over optimizer steps, and what was measured on the validation set."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from redink.evaluation.seeds import by_arm
from redink.evaluation.wording import count
from redink.progress import duration
from redink.reports.blocks import Cell, Column, Figure, Grid
from redink.reports.charts import RIGHT, Scale
from redink.reports.svg import Drawing, ticks
from redink.reports.training import Training

MOST_POINTS = 160
"""Points of a curve; longer ones are averaged in blocks."""
MOST_ARMS = 8
"""Arms of one chart: as many as there are colours that can be told apart."""
Curve = Sequence[tuple[int, float]]


def curve_figures(trainings: Mapping[str, Training]) -> Iterator[Figure]:
    """A chart of the losses for each objective, since losses of different texts have different
    scales, then one of the validation."""
    groups: dict[str, dict[str, Curve]] = {}
    for name, training in trainings.items():
        if training.losses:
            groups.setdefault(training.objective, {})[name] = training.losses
    number = 0
    for objective, curves in groups.items():
        for part in _parts(curves):
            about = f", objective {objective}" if objective else ""
            yield _figure(f"Training loss over optimizer steps{about}", part, number)
            number += 1
    for by in dict.fromkeys(t.validated_by for t in trainings.values() if t.looks):
        looks = {n: t.looks for n, t in trainings.items() if t.looks and t.validated_by == by}
        for part in _parts(looks):
            yield _figure(f"Validation {by} over optimizer steps", part, number)
            number += 1


def training_grid(trainings: Mapping[str, Training]) -> Grid | None:
    """What each training read, on what, and how long it took; None without a finished one."""
    done = {name: training for name, training in trainings.items() if training.finished}
    if not done:
        return None
    columns = (
        Column("model"),
        Column("objective", prose=True),
        Column("examples"),
        Column("steps"),
        Column("tokens", "with loss"),
        Column("time"),
        Column("device", "method"),
    )
    return Grid("Trainings", columns, tuple(_training_row(n, t) for n, t in done.items()))


def _training_row(name: str, training: Training) -> tuple[Cell, ...]:
    seconds = training.seconds
    return (
        Cell(name),
        Cell(training.objective or "–"),
        Cell(count(training.examples)),
        Cell(count(training.steps)),
        Cell(count(training.tokens), count(training.loss_tokens)),
        Cell("–" if seconds is None else duration(seconds)),
        Cell(training.device or "–", training.method),
    )


def loss_chart(
    curves: Mapping[str, Curve], title: str = "Training loss", number: int = 0
) -> Drawing:
    """Curves over optimizer steps, trainings of one arm in one colour.

    Raises ValueError where no curve has a point.
    """
    thin = {name: _thin(list(curve)) for name, curve in curves.items() if curve}
    if not thin:
        raise ValueError("no curve has a point")
    values = [value for curve in thin.values() for _, value in curve]
    last = max(step for curve in thin.values() for step, _ in curve)
    bottom, height = 200.0, 230.0
    across = Scale(0, max(1, last), 44.0, RIGHT)
    low = min(0.0, *values)
    high = max(0.0, *values) * 1.05 or (0.0 if low else 1.0)
    up = Scale(low, high, bottom, 10.0)
    drawing = Drawing(f"curves-{number}", title, _ends(thin), height)
    for value in ticks(low, high):
        drawing.line(44, up(value), RIGHT, up(value), "grid")
        drawing.text(38, up(value) + 4, f"{value:g}", "tick", "end")
    for step in ticks(0, last):
        drawing.text(across(step), bottom + 17, f"{step:g}", "tick", "middle")
    drawing.line(44, bottom, RIGHT, bottom, "axis")
    for colour, models in enumerate(by_arm(thin).values()):
        for model in models:
            spots = [(across(step), up(value)) for step, value in thin[model]]
            drawing.path(spots, f"curve c{colour % MOST_ARMS}")
            drawing.dot(*spots[-1], 2.5, f"f{colour % MOST_ARMS}")
    return drawing


def _parts(curves: Mapping[str, Curve]) -> Iterator[dict[str, Curve]]:
    arms = iter(by_arm(curves).values())
    while part := list(islice(arms, MOST_ARMS)):
        yield {model: curves[model] for models in part for model in models}


def _figure(caption: str, curves: Mapping[str, Curve], number: int) -> Figure:
    drawing = loss_chart(curves, caption, number)
    rows = tuple(
        (Cell(name), Cell(f"{curve[-1][0]:,}"), Cell(f"{curve[0][1]:.3f}"),
         Cell(f"{min(value for _, value in curve):.3f}"), Cell(f"{curve[-1][1]:.3f}"))
        for name, curve in curves.items()
    )  # fmt: skip
    columns = tuple(map(Column, ("arm", "last step", "first", "lowest", "last")))
    return Figure(
        caption,
        drawing.finish(),
        drawing.description,
        tuple((f"f{colour}", arm) for colour, arm in enumerate(by_arm(curves))),
        Grid("The same as a table", columns, rows, folded=True),
    )


def _ends(curves: Mapping[str, Curve]) -> str:
    return "; ".join(f"{name}: {c[0][1]:.2f} to {c[-1][1]:.2f}" for name, c in curves.items())


def _thin(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The curve by averages of equal blocks, where it has too many points to see."""
    size = -(-len(curve) // MOST_POINTS)
    if size <= 1:
        return curve
    blocks = [curve[start : start + size] for start in range(0, len(curve), size)]
    return [(block[-1][0], sum(value for _, value in block) / len(block)) for block in blocks]
