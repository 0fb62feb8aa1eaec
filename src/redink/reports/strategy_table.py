"""What strategies came to, on the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redink.evaluation.wording import counted, points
from redink.reports.grid import grid, plain

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 28
"""Columns of a strategy's name on the terminal."""
HARM = "harmed, fixed: greedy drafts that were right and are not now, and the other way round."
EQUAL = (
    "At equal tokens: the majority vote among as many sampled drafts as take as many tokens, "
    "interpolated between whole numbers of drafts; the paired difference to it in points, with "
    "its 95 % interval. A dash: more tokens than all drafts took."
)
BLIND = (
    "Blind choice: how often an answer taken at random among those that a strategy chose from is "
    "right; of texts: among the different texts, each once. A scorer gives equal texts equal "
    "scores: a highest score that knows nothing comes to the latter."
)
ORACLE_NOTE = (
    "oracle: chosen with the reference answer among what a strategy had to choose from; an upper "
    "bound, no result."
)


def print_strategies(facts: Mapping[str, Any], console: "Console | None" = None) -> None:
    """Prints a table for each benchmark: accuracy, tokens, drafts harmed and fixed, then each
    strategy beside the plain votes.

    Args:
        facts: what `redink.refinement.tally` gives.
        console: where to print.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    for benchmark, rows in by_benchmark(facts).items():
        title = f"Strategies · {benchmark} · {counted(rows[0]['problems'], 'problem')}"
        console.print(Text(f"{title} · rates in %", style="bold"))
        console.print(_figures(rows), "")
        console.print(Text(f"Beside a plain vote · {benchmark} · rates in %", style="bold"))
        console.print(_beside(rows), "")
    for note in (
        HARM,
        EQUAL,
        *([BLIND] if has_choice(facts) else []),
        *([ORACLE_NOTE] if _has_oracle(facts) else []),
    ):
        console.print(Text(note, style="dim"))


def by_benchmark(facts: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Benchmark → its rows, in order."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in facts.get("strategies") or ():
        found.setdefault(str(row["benchmark"]), []).append(row)
    return found


def has_choice(facts: Mapping[str, Any]) -> bool:
    """Whether a strategy had several answers to choose from, and the stage told of blind choice."""
    return any(row["answers"] > 1 and "blind" in row for row in facts.get("strategies") or ())


def _has_oracle(facts: Mapping[str, Any]) -> bool:
    return any(row["oracle"] for row in facts.get("strategies") or ())


def _figures(rows: Sequence[Mapping[str, Any]]) -> Any:
    headings = ("accuracy", "95 %\ninterval", "mean\ntokens", "harmed", "fixed")
    table = _named(grid(headings, "strategy"))
    for row in rows:
        low, high = row["interval"]
        cells = [
            rate(row["accuracy"]),
            f"{rate(low)} to {rate(high)}",
            f"{row['tokens']:.0f}",
            f"{row['harmed']}",
            f"{row['fixed']}",
        ]
        table.add_row(*plain(str(row["name"]), *cells))
    return table


def _beside(rows: Sequence[Mapping[str, Any]]) -> Any:
    headings = (
        "n",
        "maj@n",
        "pass@n",
        "blind\nchoice",
        "of\ntexts",
        "maj, equal\ntokens",
        "over that",
    )
    table = _named(grid(headings, "strategy"))
    for row in rows:
        if row["oracle"]:
            continue
        equal = row["at_equal_tokens"]
        cells = [str(row["vote_of"]), rate(row["majority"]), rate(row["passes"]), *blind(row)]
        cells += ["–", "–"] if equal is None else [rate(equal["majority"]), over(equal)]
        table.add_row(*plain(str(row["name"]), *cells))
    return table


def _named(table: Any) -> Any:
    """The table with a first column that holds GLoRe's own name."""
    table.columns[0].max_width = WIDTH
    return table


def rate(share: float | None) -> str:
    """A share in per cent, without the sign."""
    return "–" if share is None else f"{100 * share:.1f}"


def blind(row: Mapping[str, Any]) -> tuple[str, str]:
    """What blind choice comes to, among all answers and among the different texts; dashes where
    there was nothing to choose from, or the stage was made before it was told."""
    if row["answers"] < 2:
        return "–", "–"
    return rate(row.get("blind")), rate(row.get("blind_text"))


def over(equal: Mapping[str, Any]) -> str:
    """A difference in points with its interval."""
    low, high = equal["interval"]
    if low is None or high is None:
        return points(equal["difference"])
    return f"{points(equal['difference'])}\n{points(low)} to {points(high)}"
