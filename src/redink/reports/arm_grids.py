"""The arms' figures on one benchmark, as the report's tables."""

from collections.abc import Iterator, Mapping

from redink.evaluation.comparison import Comparison
from redink.evaluation.difference import PairedDifference
from redink.evaluation.majority import MajorityAt
from redink.evaluation.metrics import ArmMetrics
from redink.evaluation.seeds import arm_of
from redink.evaluation.statistics.passes import PassAt
from redink.evaluation.wording import count, counted, p_value, percent, points, share_points
from redink.reports.blocks import Cell, Column, Figure, Grid
from redink.reports.charts import OUTCOMES, accuracy_chart, forest_chart, outcome_chart
from redink.reports.grid import DAGGER
from redink.reports.terminal import needed
from redink.reports.training import Training


def benchmark_grids(
    comparison: Comparison, benchmark: str, trainings: Mapping[str, Training]
) -> Iterator[Grid]:
    """Accuracy; pass@k and maj@k where there are several samples; paired differences."""
    rows = comparison.rows(benchmark)
    yield _accuracy_grid(comparison, benchmark, rows, trainings)
    sampled = [row for row in rows if row.samples > 1]
    if sampled:
        yield _sample_grid(comparison, benchmark, sampled)
    differences = [d for d in comparison.differences if d.benchmark == benchmark]
    if differences:
        yield _difference_grid(comparison, benchmark, differences)


def benchmark_figures(comparison: Comparison, benchmark: str) -> Iterator[Figure]:
    """Accuracy with a dot per seed, the forest plot of differences, outcomes."""
    number = comparison.benchmarks.index(benchmark)
    dagger = dagger_of(comparison)
    dots = "; a small dot for each training seed" if comparison.has_seeds else ""
    drawing = accuracy_chart(comparison, benchmark, number)
    caption = f"Accuracy on {benchmark}, with 95 % intervals{dots}{dagger}"
    yield Figure(caption, drawing.finish(), drawing.description)
    if any(d.benchmark == benchmark and d.n_problems for d in comparison.differences):
        drawing = forest_chart(comparison, benchmark, number)
        caption = (
            f"Paired difference to {comparison.baseline} on {benchmark} in points, with 95 % "
            f"intervals; hollow where the interval holds zero{dagger}"
        )
        yield Figure(caption, drawing.finish(), drawing.description)
    drawing = outcome_chart(comparison, benchmark, number)
    seen = [key for key in OUTCOMES if any(key in m.outcomes for m in comparison.metrics)]
    rows = tuple(
        (Cell(row.model), *(Cell(count(row.outcomes.get(key, 0))) for key in seen))
        for row in comparison.rows(benchmark)
    )
    columns = (Column("arm"), *(Column(OUTCOMES[key]) for key in seen))
    yield Figure(
        f"How the answers on {benchmark} ended{dagger}",
        drawing.finish(),
        drawing.description,
        tuple((f"o-{key}", OUTCOMES[key]) for key in seen),
        Grid("The same as a table", columns, rows, folded=True),
    )


def dagger_of(comparison: Comparison) -> str:
    """What stands in the title of every table and chart of marked results."""
    return f" {DAGGER}" if comparison.marks else ""


def _accuracy_grid(
    comparison: Comparison,
    benchmark: str,
    rows: list[ArmMetrics],
    trainings: Mapping[str, Training],
) -> Grid:
    ks = {row.samples for row in rows} - {0}
    k = "" if ks <= {1} else f", avg@{ks.pop() if len(ks) == 1 else 'k'}"
    late = any(row.outcomes.get("grader_timeout") for row in rows)
    judged = any(row.judged for row in rows)
    columns = [Column("arm"), Column(f"accuracy{k}", "95 % interval"), Column("± s.e.")]
    columns += [Column("s.d. of training seeds", "each")] if comparison.has_seeds else []
    columns += [Column("no answer"), Column("cut off")]
    columns += [Column("grader time-out")] if late else []
    columns += [Column("judged")] if judged else []
    columns += [Column("tokens per answer", "± s.e.")]
    if trainings:
        columns += [Column("training examples"), Column("training tokens", "with loss")]
    cells = []
    for row in rows:
        line = [Cell(row.model), Cell(percent(row.accuracy), _interval(row))]
        line += [Cell(share_points(row.standard_error))]
        line += [_seeds(row)] if comparison.has_seeds else []
        line += [Cell(percent(row.share("no_answer"))), Cell(percent(row.share("truncated")))]
        line += [Cell(percent(row.share("grader_timeout")))] if late else []
        line += [Cell(percent(row.judged_share))] if judged else []
        line += [_tokens(row)]
        line += _training(row.model, trainings) if trainings else []
        cells.append(tuple(line))
    n = max((row.n_problems for row in rows), default=0)
    return Grid(
        f"{benchmark}{dagger_of(comparison)}",
        tuple(columns),
        tuple(cells),
        counted(n, "problem"),
        comparison.baseline,
    )


def _sample_grid(comparison: Comparison, benchmark: str, rows: list[ArmMetrics]) -> Grid:
    ks = [at.k for at in max(rows, key=lambda row: row.samples).passes]
    columns = (
        Column("arm"),
        Column("samples"),
        *(Column(f"pass@{k}") for k in ks),
        Column("maj@k", "with all samples"),
    )
    cells = []
    for row in rows:
        passes = {at.k: at for at in row.passes}
        estimates = [*(passes.get(k) for k in ks), row.majority]
        cells.append((Cell(row.model), Cell(str(row.samples)), *map(_estimate, estimates)))
    return Grid(
        f"{benchmark}{dagger_of(comparison)}",
        columns,
        tuple(cells),
        "several samples, ± standard error",
        comparison.baseline,
    )


def _difference_grid(
    comparison: Comparison, benchmark: str, differences: list[PairedDifference]
) -> Grid:
    columns = (
        Column("arm"),
        Column(f"points over {comparison.baseline}", "95 % interval"),
        Column("p", "test"),
        Column("won / lost"),
        Column("both / neither"),
        Column("shown from", "points"),
        Column("problems needed", "for this size"),
    )
    return Grid(
        f"{benchmark}{dagger_of(comparison)}",
        columns,
        tuple(map(_difference, differences)),
        f"paired with {comparison.baseline}",
    )


def _difference(row: PairedDifference) -> tuple[Cell, ...]:
    if not row.n_problems:
        return (Cell(row.arm), Cell("–", "no problem counts in both"), *(Cell("–"),) * 5)
    return (
        Cell(row.arm),
        Cell(points(row.difference), f"{points(row.interval.low)} to {points(row.interval.high)}"),
        Cell(p_value(row.p), row.test),
        Cell(f"{row.wins} / {row.losses}"),
        Cell(f"{row.both} / {row.neither}"),
        Cell(f"±{share_points(row.detectable)}"),
        Cell(needed(row) or "shown"),
    )


def _interval(row: ArmMetrics) -> str:
    ends = f"{percent(row.interval.low)} to {percent(row.interval.high)}"
    return ends if row.n_problems else ""


def _seeds(row: ArmMetrics) -> Cell:
    if len(row.seeds) < 2:
        return Cell("one seed")
    each = " ".join(share_points(seed.accuracy) for seed in row.seeds)
    return Cell(share_points(row.seeds_deviation), each)


def _tokens(row: ArmMetrics) -> Cell:
    if row.mean_tokens is None:
        return Cell("–")
    return Cell(
        f"{row.mean_tokens:,.0f}",
        "" if row.tokens_error is None else f"± {row.tokens_error:.1f}",
    )


def _training(arm: str, trainings: Mapping[str, Training]) -> list[Cell]:
    """What one of the arm's seeds read, since all read the same."""
    found = next((t for name, t in trainings.items() if arm_of(name) == arm), None)
    if found is None:
        return [Cell("–"), Cell("–")]
    return [Cell(count(found.examples)), Cell(count(found.tokens), count(found.loss_tokens))]


def _estimate(found: PassAt | MajorityAt | None) -> Cell:
    if found is None:
        return Cell("")
    if not found.n_problems:
        return Cell("–", "too few samples")
    left_out = f", {found.left_out} left out" if found.left_out else ""
    return Cell(percent(found.value), f"± {share_points(found.standard_error)}{left_out}")
