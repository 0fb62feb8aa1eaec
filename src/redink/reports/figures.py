"""An arm's own figures on one benchmark, as tables for the terminal."""

from typing import TYPE_CHECKING

from redink.evaluation.majority import MajorityAt
from redink.evaluation.metrics import ArmMetrics
from redink.evaluation.statistics.passes import PassAt
from redink.evaluation.wording import percent, share_points
from redink.reports.grid import grid, plain

if TYPE_CHECKING:
    from rich.table import Table

MOST_PASSES = 5
"""Columns of pass@k that 80 columns hold: the smallest k and the largest ones."""


def accuracy_table(rows: list[ArmMetrics]) -> "Table":
    """Accuracy with its error and interval, the rates of failures, and tokens, a line per arm."""
    optional = {
        "late": any(row.outcomes.get("grader_timeout") for row in rows),
        "judged": any(row.judged for row in rows),
    }
    headings = [_accuracy_heading(rows), "± s.e.", "95 %\ninterval", "no\nanswer", "cut\noff"]
    headings += [name for name, shown in optional.items() if shown]
    table = grid((*headings, "mean\ntokens"))
    for row in rows:
        cells = [percent(row.accuracy), share_points(row.standard_error), _ends(row)]
        cells += [share_points(row.share("no_answer")), share_points(row.share("truncated"))]
        cells += [share_points(row.share("grader_timeout"))] if optional["late"] else []
        cells += [share_points(row.judged_share)] if optional["judged"] else []
        table.add_row(*plain(row.model, *cells, _tokens(row)))
    return table


def _accuracy_heading(rows: list[ArmMetrics]) -> str:
    samples = {row.samples for row in rows}
    if samples <= {0, 1}:
        return "accuracy"
    return f"accuracy\navg@{samples.pop()}" if len(samples) == 1 else "accuracy\navg@k"


def sample_table(rows: list[ArmMetrics]) -> "Table":
    """pass@k and maj@k of arms with several samples, each with its standard error."""
    rows = [row for row in rows if row.samples > 1]
    ks = sorted({at.k for row in rows for at in row.passes})
    ks = ks if len(ks) <= MOST_PASSES else [ks[0], *ks[1 - MOST_PASSES :]]
    samples = {row.samples for row in rows}
    alike = len(samples) == 1
    table = grid((*(f"pass@{k}" for k in ks), f"maj@{max(samples)}" if alike else "maj@k"))
    for row in rows:
        passes = {at.k: at for at in row.passes}
        vote = _with_error(row.majority)
        cells = [
            *(_with_error(passes.get(k)) for k in ks),
            vote if alike else f"@{row.samples} {vote}",
        ]
        table.add_row(*plain(row.model, *cells))
    return table


def _with_error(found: PassAt | MajorityAt | None) -> str:
    """A value in per cent with its standard error and how many problems it leaves out."""
    if found is None:
        return ""
    if found.value != found.value:
        return "–"
    text = f"{100 * found.value:.1f} ±{share_points(found.standard_error)}"
    return f"{text}\n({found.left_out} out)" if found.left_out else text


def seed_table(rows: list[ArmMetrics]) -> "Table":
    """Every training seed's accuracy, for arms that were trained several times."""
    table = grid(("seeds", "mean", "s.d.", "each"))
    for row in rows:
        if len(row.seeds) > 1:
            each = [f"{100 * seed.accuracy:.1f}" for seed in row.seeds]
            lines = "\n".join(" ".join(each[i : i + 6]) for i in range(0, len(each), 6))
            cells = [str(len(each)), f"{100 * row.accuracy:.1f}"]
            table.add_row(*plain(row.model, *cells, share_points(row.seeds_deviation), lines))
    return table


def _ends(row: ArmMetrics) -> str:
    if not row.n_problems:
        return "–"
    return f"{100 * row.interval.low:.1f} to {100 * row.interval.high:.1f}"


def _tokens(row: ArmMetrics) -> str:
    if row.mean_tokens is None:
        return "–"
    error = "" if row.tokens_error is None else f" ±{row.tokens_error:.0f}"
    return f"{row.mean_tokens:.0f}{error}"
