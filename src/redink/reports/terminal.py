"""Results and comparisons as tables on the terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from redink.evaluation.comparison import Comparison
from redink.evaluation.conclusion import caveat, conclusions
from redink.evaluation.difference import PairedDifference
from redink.evaluation.results import Results, measure_arms
from redink.evaluation.seeds import arm_of
from redink.evaluation.wording import count, counted, p_value, points, share_points
from redink.progress import duration
from redink.records import Score
from redink.reports.figures import accuracy_table, sample_table, seed_table
from redink.reports.grid import DAGGER, grid, plain
from redink.reports.training import Training

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid

    from redink.tables import Table


def print_comparison(
    comparison: Comparison,
    trainings: Mapping[str, Training] | None = None,
    console: "Console | None" = None,
) -> None:
    """Prints the tables of each benchmark, then a plain sentence per arm."""
    from rich.text import Text

    console = console or _console()
    for benchmark in comparison.benchmarks:
        _print_figures(console, comparison, benchmark)
        if any(row.benchmark == benchmark for row in comparison.differences):
            title = (f"Over {comparison.baseline}", benchmark, "paired, in points")
            _print_table(console, comparison, title, _difference_table(comparison, benchmark))
    if trainings:
        _print_table(console, comparison, ("Training",), _training_table(comparison, trainings))
    for sentence in conclusions(comparison):
        question, _, answer = sentence.partition("? ")
        console.print(Text.assemble((f"{question}? ", "bold"), answer))
    _print_remarks(console, comparison)


def print_scores(scores: "Table[Score]", title: str = "", console: "Console | None" = None) -> None:
    """Prints each arm's figures on each benchmark, without comparing the arms.

    Raises DataError where there are no scores or a score stands twice.
    """
    console = console or _console()
    results = measure_arms(scores.rows, title, marks_of(scores))
    for benchmark in results.benchmarks:
        _print_figures(console, results, benchmark)
    _print_remarks(console, results)


def marks_of(scores: "Table[Score]") -> tuple[str, ...]:
    """What every table of these scores must say, each once."""
    return tuple(dict.fromkeys(map(str, scores.provenance.get("marks") or ())))


def _console() -> "Console":
    from rich.console import Console

    return Console()


def _print_figures(console: "Console", results: Results, benchmark: str) -> None:
    rows = results.rows(benchmark)
    n = max(row.n_problems for row in rows)
    title: tuple[str, ...] = (results.title, benchmark, counted(n, "problem"), "rates in %")
    _print_table(console, results, title, accuracy_table(rows))
    if any(row.samples > 1 for row in rows):
        title = ("Several samples", benchmark, "± standard error")
        _print_table(console, results, title, sample_table(rows))
    if any(len(row.seeds) > 1 for row in rows):
        title = ("Training seeds", benchmark, "accuracy in %")
        _print_table(console, results, title, seed_table(rows))


def _print_table(
    console: "Console", results: Results, title: tuple[str, ...], table: "Grid"
) -> None:
    """A table under its title, which carries a dagger where the results are marked."""
    from rich.text import Text

    words = " · ".join(filter(None, title)) + (f" {DAGGER}" if results.marks else "")
    console.print(Text(words, style="bold"))
    console.print(table, "")


def _print_remarks(console: "Console", results: Results) -> None:
    """Marks, notes and the caveat."""
    from rich.text import Text

    for mark in results.marks:
        console.print(Text(f"{DAGGER} {mark}", style="bold red"))
    for note in results.notes:
        console.print(Text(note, style="yellow"))
    console.print(Text(caveat(results), style="dim"))


def _difference_table(comparison: Comparison, benchmark: str) -> "Grid":
    exact = all(d.mcnemar_p is not None for d in comparison.differences if d.benchmark == benchmark)
    test = "McNemar\np" if exact else "sign flip\np"
    headings = (
        "difference",
        "95 %\ninterval",
        test,
        "won /\nlost",
        "shown\nfrom",
        "problems\nneeded",
    )
    table = grid(headings)
    for arm in comparison.arms:
        row = comparison.difference(arm, benchmark)
        if row is not None:
            table.add_row(*plain(arm, *_difference_cells(row)))
    return table


def _difference_cells(row: PairedDifference) -> list[str]:
    if not row.n_problems:
        return ["–"] * 6
    ends = f"{points(row.interval.low)} to {points(row.interval.high)}"
    seen = "–" if row.detectable is None else f"±{share_points(row.detectable)}"
    won = f"{row.wins} / {row.losses}"
    return [points(row.difference), ends, p_value(row.p), won, seen, needed(row)]


def needed(row: PairedDifference) -> str:
    """Problems that a difference of this size needs, where it is not shown."""
    if not row.interval.holds_zero:
        return ""
    if row.problems_needed is not None:
        return count(row.problems_needed)
    return "more seeds" if row.difference and max(row.seeds) > 1 else "–"


def _training_table(comparison: Comparison, trainings: Mapping[str, Training]) -> "Grid":
    headings = ("examples", "tokens", "tokens\nwith loss", "time", "first\nloss", "last\nloss")
    table = grid(headings)
    for arm in comparison.arms:
        found = {name: training for name, training in trainings.items() if arm_of(name) == arm}
        if not found:
            table.add_row(*plain(arm, "untrained here"))
        for name, training in found.items():
            cells = [count(training.examples), count(training.tokens), count(training.loss_tokens)]
            cells += ["–" if training.seconds is None else duration(training.seconds)]
            cells += [f"{loss:.3f}" for _, loss in (training.losses[:1] + training.losses[-1:])]
            table.add_row(*plain(name, *cells))
    return table
