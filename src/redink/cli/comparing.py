"""`redink compare`: scores of several runs side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redink.evaluation.comparison import Comparison
    from redink.records import Score
    from redink.tables import Table

EPILOG = """\b
Examples:
  redink compare runs/evaluate-1a2b3c4d runs/evaluate-5e6f7a8b
  redink compare runs/a-1a2b3c4d runs/b-5e6f7a8b --baseline sft -o comparison
  redink compare runs/a-1a2b3c4d runs/b-5e6f7a8b -o comparison --format md
"""


def compare(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, or folders of scores.")],
    baseline: Annotated[
        str | None, typer.Option(help="The arm that others are compared with; else the first.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the report, comparison.json.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="Of the report: html, md or json.")
    ] = "html",
) -> None:
    """Compare arms over the problems that they share, with 95 % intervals."""
    from redink.evaluation.seeds import arm_of
    from redink.finished import joined_scores
    from redink.reports.formats import format_of
    from redink.stages.compare import compare as compare_scores

    form = format_of(format_, None)
    scores = joined_scores(folders)
    first = arm_of(scores[0].model)
    comparison = compare_scores(scores, baseline=baseline or first, title="comparison", out=out)
    if out:
        target = out / f"report.{form}"
        _write(folders, comparison, scores, target, form)
        print(f"report: {target}")


def _write(
    folders: list[Path],
    comparison: "Comparison",
    scores: "Table[Score]",
    target: Path,
    form: str,
) -> None:
    """The report of all runs; folders of scores alone add their scores only."""
    from redink.cli.reporting import open_run
    from redink.reports.formats import FORMATS, write_report
    from redink.reports.material import gather_across
    from redink.reports.run_folder import RUN_FILE

    runs = [open_run(folder) for folder in folders if (folder / RUN_FILE).exists()]
    write_report(gather_across(runs, comparison, scores), target, FORMATS[form])
