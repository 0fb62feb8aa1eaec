"""The comparison as a table on the terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from redink.evaluation.comparison import Comparison
from redink.evaluation.conclusion import caveat, conclusions
from redink.evaluation.metrics import ArmMetrics
from redink.evaluation.wording import count, p_value, percent, points
from redink.progress import duration
from redink.reports.training import Training

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_comparison(
    comparison: Comparison,
    trainings: Mapping[str, Training] | None = None,
    console: "Console | None" = None,
) -> None:
    """Prints one table per benchmark, then a plain sentence per arm."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    for benchmark in comparison.benchmarks:
        console.print(_table(comparison, benchmark), "")
    if trainings:
        console.print(_training_table(comparison, trainings), "")
    for sentence in conclusions(comparison):
        question, _, answer = sentence.partition("? ")
        console.print(Text.assemble((f"{question}? ", "bold"), answer))
    console.print(Text(caveat(comparison), style="dim"))


def _table(comparison: Comparison, benchmark: str) -> "Table":
    n = max(row.n_problems for row in comparison.metrics if row.benchmark == benchmark)
    title = " · ".join(filter(None, (comparison.title, benchmark, f"{n} problems")))
    headings = ("accuracy\n95 % interval", f"over {comparison.baseline}\n95 % interval")
    table = _empty(title, (*headings, "McNemar\np", "no\nanswer", "cut\noff", "mean\ntokens"))
    for arm in comparison.arms:
        row = comparison.of(arm, benchmark)
        cells = [_accuracy(row), *_against(comparison, arm, benchmark)]
        cells += [str(row.outcomes.get("no_answer", 0)), str(row.outcomes.get("truncated", 0))]
        cells += ["–" if row.mean_tokens is None else f"{row.mean_tokens:.0f}"]
        table.add_row(*_plain(arm, *cells))
    return table


def _training_table(comparison: Comparison, trainings: Mapping[str, Training]) -> "Table":
    headings = ("examples", "tokens", "tokens\nwith loss", "time", "first\nloss", "last\nloss")
    table = _empty(f"Training, {comparison.n_seeds} seed per arm", headings)
    for arm in comparison.arms:
        training = trainings.get(arm)
        if training is None:
            table.add_row(*_plain(arm, "untrained here"))
            continue
        cells = [count(training.examples), count(training.tokens), count(training.loss_tokens)]
        cells += ["–" if training.seconds is None else duration(training.seconds)]
        cells += [f"{loss:.3f}" for _, loss in (training.losses[:1] + training.losses[-1:])]
        table.add_row(*_plain(arm, *cells))
    return table


def _empty(title: str, headings: tuple[str, ...]) -> "Table":
    """A table that fits 80 columns: no frame, two-line cells."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=_plain(title)[0],
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    table.add_column("arm", max_width=20, overflow="fold")
    for heading in headings:
        table.add_column(_plain(heading)[0], justify="right", no_wrap=True)
    return table


def _plain(*texts: str) -> list[str]:
    """Texts in which square brackets are no mark-up."""
    from rich.markup import escape

    return [escape(text) for text in texts]


def _accuracy(row: ArmMetrics) -> str:
    if not row.n_problems:
        return "–"
    interval = row.interval
    return f"{percent(row.accuracy)}\n{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def _against(comparison: Comparison, arm: str, benchmark: str) -> list[str]:
    paired = comparison.difference(arm, benchmark)
    if paired is None:
        return ["baseline", ""]
    if not paired.n_problems:
        return ["–", "–"]
    ends = f"{points(paired.interval.low)} to {points(paired.interval.high)}"
    return [f"{points(paired.difference)}\n{ends}", p_value(paired.mcnemar_p)]
