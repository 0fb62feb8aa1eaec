"""Critics' figures on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redink.critics.estimate import CriticEstimate
from redink.critics.evaluation import CriticRow
from redink.critics.loop import LoopFigures
from redink.evaluation.statistics.shares import Share
from redink.evaluation.wording import count, counted
from redink.progress import duration
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

ESTIMATE = (
    "Nothing was asked. Tokens read are counted with the tokenizers of models on this machine, "
    "else by characters / 3.5; tokens written are those of the journal's critiques, else 400 each "
    "or max_tokens. Times are for this machine's cores; ? is not known before something was asked."
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


def print_estimates(
    rows: Sequence[CriticEstimate], max_cost: float | None, console: "Console | None" = None
) -> None:
    """Prints what measuring critics will take: a table for each benchmark, then the whole.

    Args:
        rows: of `estimate_critics`.
        max_cost: US dollars at most, if there is a limit.
        console: standard output where not given.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    for benchmark in dict.fromkeys(row.benchmark for row in rows):
        here = [row for row in rows if row.benchmark == benchmark]
        title = f"To ask · {benchmark} · {counted(here[0].rows, 'response')}"
        console.print(Text(title, style="bold"))
        table = grid(("to ask", "kept", "read", "written", "cost", "time"), "critic")
        for row in here:
            numbers = (count(number) for number in (row.asked, row.kept, row.read, row.written))
            table.add_row(*plain(row.critic, *numbers, _dollars(row.cost), _time(row.seconds)))
        console.print(table, "")
    console.print(Text(_whole(rows, max_cost)))
    console.print(Text(ESTIMATE, style="dim"))


def _whole(rows: Sequence[CriticEstimate], max_cost: float | None) -> str:
    tokens = sum(row.read + row.written for row in rows)
    cost, times = sum(row.cost or 0.0 for row in rows), [row.seconds for row in rows]
    said = [f"{sum(row.asked for row in rows):,} to ask", f"about {tokens:,} tokens"]
    unpriced = [row.critic for row in rows if row.cost is None]
    said.append(f"{'at least ' if unpriced else ''}{_dollars(cost)}")
    known = sum(seconds or 0.0 for seconds in times)
    said.append(f"{'at least ' if None in times else ''}{_time(known)}")
    line = "; ".join(said)
    if unpriced:
        names = ", ".join(dict.fromkeys(unpriced))
        line += f"\nthe price of {names} is not known; give --prices"
    if max_cost is not None and cost > max_cost:
        line += f"\nabove --max-cost {max_cost:g}: it will stop there"
    return line


def _dollars(cost: float | None) -> str:
    return "?" if cost is None else f"${cost:,.2f}"


def _time(seconds: float | None) -> str:
    return "?" if seconds is None else duration(seconds)


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
