"""Critics' figures on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redink.critics.evaluation import CriticRow
from redink.critics.loop import LoopFigures
from redink.evaluation.statistics.shares import Share
from redink.evaluation.wording import count, counted
from redink.reports.grid import grid, plain

if TYPE_CHECKING:
    from rich.console import Console

FOUND = (
    "error: the first wrong step is named exactly; correct: none is named in a response without; "
    "F1: their harmonic mean. What cannot be read is a miss. Called wrong: responses with an "
    "error, wherever it is said to be. In brackets 95 % intervals over problems."
)
LOOP = (
    "after: responses that are right once rewritten as their critiques say; fixed: of those that "
    "were wrong before; kept: of those that were right. In brackets 95 % intervals over problems."
)


_WIDE = 4.0
"""Percentage points from which an interval is told in whole ones."""


def print_critics(rows: Sequence[CriticRow], console: "Console | None" = None) -> None:
    """Prints a table for each benchmark, and the scorers' steps behind it."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    for benchmark in dict.fromkeys(row.benchmark for row in rows):
        here = [row for row in rows if row.benchmark == benchmark]
        figures = here[0].figures
        title = (
            f"Critics · {benchmark} · {counted(figures.responses, 'response')} to "
            f"{counted(figures.problems, 'problem')}, {figures.found.error.count:,} with an error "
            "· rates in %"
        )
        console.print(Text(title, style="bold"))
        for reason, number in figures.left_out.items():
            console.print(Text(f"{counted(number, 'response')} left out: {reason}", style="dim"))
        console.print(_found(here), "")
        for row in here:
            _print_row(row, console)
    console.print(Text(FOUND, style="dim"))


def print_loop(rows: Sequence[LoopFigures], console: "Console | None" = None) -> None:
    """Prints the closed loop: a row for each teacher."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    table = grid(("critiques", "before", "after", "fixed", "kept"), "teacher")
    for row in rows:
        cells = (share(one) for one in (row.before, row.good, row.fixed, row.kept))
        name = f"{row.teacher} ({row.preset})" if row.preset else row.teacher
        table.add_row(*plain(name, count(row.good.count), *cells))
    console.print(Text("Refined as the critiques say · rates in %", style="bold"))
    console.print(table, "")
    for row in rows:
        if row.ungraded or row.unfollowed:
            console.print(
                Text(
                    f"{row.teacher}: {counted(row.ungraded, 'refinement')} without a grade, "
                    f"{counted(row.unfollowed, 'critique')} that nothing follows",
                    style="dim",
                )
            )
    console.print(Text(LOOP, style="dim"))


def share(one: Share) -> str:
    """A rate in percent with its interval: `45.2 (38–52)`; a dash where nothing was counted."""
    if one.value is None:
        return "–"
    text = f"{100 * one.value:.1f}"
    if one.interval is None:
        return text
    low, high = 100 * one.interval.low, 100 * one.interval.high
    digits = 0 if high - low >= _WIDE else 1
    return f"{text} ({low:.{digits}f}–{high:.{digits}f})"


def _found(rows: Sequence[CriticRow]) -> Any:
    table = grid(("error", "correct", "F1", "called\nwrong", "un-\nreadable"), "critic")
    for row in rows:
        found, figures = row.figures.found, row.figures
        rates = [share(one) for one in (found.error, found.correct, found.f1)]
        simple = [_rate(figures.flagged), _rate(figures.unreadable)]
        table.add_row(*plain(row.critic, *rates, *simple))
    return table


def _rate(one: Share) -> str:
    return "–" if one.value is None else f"{100 * one.value:.1f}"


def _print_row(row: CriticRow, console: "Console") -> None:
    from rich.text import Text

    figures = row.figures
    said = []
    if figures.why:
        reasons = ", ".join(f"{number:,} {why}" for why, number in figures.why.items())
        said.append(f"{row.critic}: unreadable: {reasons}")
    if figures.unplaced:
        what = counted(figures.unplaced, "wrong response")
        said.append(f"{row.critic}: {what} called wrong without naming a step")
    if row.completion_tokens:
        cost = "" if row.cost is None or row.cost == 0 else f", ${row.cost:.2f}"
        said.append(f"{row.critic}: {row.completion_tokens:,} tokens written{cost}")
    for line in said:
        console.print(Text(line, style="dim"))
    if figures.steps is None:
        return
    steps, told = figures.steps, figures.steps.reliability
    console.print(
        Text(
            f"{row.critic} · {counted(steps.auroc.count, 'labelled step')} · accuracy "
            f"{share(steps.accuracy)} · AUROC {share(steps.auroc)} · Brier {told.brier:.3f} · "
            f"calibration error {told.ece:.3f}"
        )
    )
    table = grid(("steps", "said", "right"), "probability")
    for each in told.bins:
        if each.confidence is not None and each.observed is not None:
            table.add_row(
                *plain(
                    f"{each.low:.1f} to {each.high:.1f}",
                    count(each.count),
                    f"{100 * each.confidence:.1f}",
                    f"{100 * each.observed:.1f}",
                )
            )
    console.print(table, "")
