"""`redink compare`: scores of several runs side by side."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  redink compare runs/evaluate-1a2b3c4d runs/evaluate-5e6f7a8b
  redink compare runs/a-1a2b3c4d runs/b-5e6f7a8b --baseline sft -o comparison
"""


def compare(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, or folders of scores.")],
    baseline: Annotated[
        str | None, typer.Option(help="The arm that others are compared with; else the first.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for report.html, comparison.json.")
    ] = None,
) -> None:
    """Compare arms over the problems that they share, with 95 % intervals."""
    from redink.evaluation.seeds import arm_of
    from redink.finished import joined_scores
    from redink.stages.compare import compare as compare_scores

    scores = joined_scores(folders)
    first = arm_of(scores[0].model)
    compare_scores(scores, baseline=baseline or first, title="comparison", out=out)
    if out:
        print(f"report: {out / 'report.html'}")
