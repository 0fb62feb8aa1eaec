"""Accuracy against the thinking budget, on the terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from redink.evaluation.wording import counted, points
from redink.reports.grid import grid, plain
from redink.reports.strategy_table import rate

if TYPE_CHECKING:
    from rich.console import Console

HOW = (
    "Each answer was sampled once and cut off at the budget; asked: had not stated its answer by "
    "then, and was asked for it. gain: paired difference to the smallest budget in points with "
    "its 95 % interval."
)


def print_scaling(facts: Mapping[str, Any], console: "Console | None" = None) -> None:
    """Prints a table for each benchmark.

    Args:
        facts: what `redink.scaling.figures` gives.
        console: where to print.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    found = by_benchmark(facts)
    for benchmark, rows in found.items():
        problems = counted(rows[0]["problems"], "problem")
        title = f"Thinking budgets · {benchmark} · {problems} · rates in %"
        console.print(Text(title, style="bold"))
        headings = ("budget", "accuracy", "95 %\ninterval", "gain", "ended", "asked", "tokens")
        table = grid(headings, "model")
        for row in rows:
            low, high = row["interval"]
            table.add_row(
                *plain(
                    str(row["model"]),
                    f"{row['budget']:,}",
                    rate(row["accuracy"]),
                    f"{rate(low)} to {rate(high)}",
                    gain_of(facts, row),
                    rate(row["ended"]),
                    rate(row["asked"]),
                    "–" if row["tokens"] is None else f"{row['tokens']:.0f}",
                )
            )
        console.print(table, "")
    if found:
        console.print(Text(HOW, style="dim"))


def by_benchmark(facts: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Benchmark → its rows, in order."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in facts.get("rows") or ():
        found.setdefault(str(row["benchmark"]), []).append(row)
    return found


def gain_of(facts: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """A row's gain over the smallest budget, on a second line its interval; empty where none."""
    for gain in facts.get("gains") or ():
        if all(gain[key] == row[key] for key in ("model", "benchmark")):
            if gain["to"] != row["budget"]:
                continue
            low, high = gain["interval"]
            if low is None or high is None:
                return points(gain["difference"])
            return f"{points(gain['difference'])}\n{points(low)} to {points(high)}"
    return ""
