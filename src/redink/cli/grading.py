"""`redink grade`: grade answers again without generating them."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  redink grade runs/quickstart-1a2b3c4d
  redink grade runs/quickstart-1a2b3c4d/scores-5e6f7a8b9c
  redink grade runs/evaluate-1a2b3c4d --judge hf:ORG/NAME
"""


def grade(
    folder: Annotated[Path, typer.Argument(help="A run's folder, or one stage's.")],
    judge: Annotated[
        str | None, typer.Option(help="A model asked where rules cannot tell; counted apart.")
    ] = None,
) -> None:
    """Grade a run's answers again; comparisons are made again, nothing is generated."""
    from rich.console import Console
    from rich.table import Table as Grid

    from redink.evaluation.judge import judge_scores
    from redink.regrading import regrade

    if judge is None:
        results = regrade(folder)
    else:
        results = regrade(folder, lambda table, grades: judge_scores(judge, table, grades))
    grid = Grid("stage", "answers", "before", "now", "changed", box=None, header_style="bold")
    for result in results:
        if not result.changes:
            grid.add_row(result.name, str(result.rows), "", "", "0")
        for (before, now), count in result.changes.items():
            grid.add_row(result.name, str(result.rows), before, now, str(count))
    print()
    Console().print(grid)
