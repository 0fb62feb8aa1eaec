"""`redink dropped`: what a stage kept out, why, and the texts that rows were removed for."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  redink dropped runs/quickstart-1a2b3c4d/drafts-5e6f7a8b9c
  redink dropped runs/mine-1a2b3c4d/chosen-5e6f7a8b9c --pairs 100
"""


def dropped(
    folder: Annotated[Path, typer.Argument(help="One stage's folder.")],
    pairs: Annotated[
        int, typer.Option(min=0, help="Show at most so many rows beside the text they are like.")
    ] = 20,
) -> None:
    """What a stage kept out and why; copies beside what they are copies of."""
    from redink.selection import removals
    from redink.tables import Table, drop_counts

    table = Table.read(folder)
    print(f"{len(table)} rows kept, {len(table.dropped)} dropped")
    for reason, count in drop_counts(table.dropped).items():
        print(f"{count:>8}  {reason}")
    found = removals(table)
    for removal in found[:pairs]:
        print(f"\n{removal}")
    if len(found) > pairs:
        print(f"\n{len(found) - pairs} more pairs: --pairs {len(found)}")
