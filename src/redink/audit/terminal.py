"""Sections and rows of an audit on the terminal; nothing in them is read as mark-up."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redink.audit.printable import printable
from redink.audit.row import AuditedRow
from redink.audit.section import Section

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid

WIDTH = 120
"""Characters to a line where the output is no terminal."""


def print_sections(sections: Sequence[Section], console: "Console | None" = None) -> None:
    """Prints the report."""
    from rich.text import Text

    console = console or _console()
    for section in sections:
        console.print(Text(section.title, style="bold"))
        if section.rows:
            console.print(_grid(section))
        for note in section.notes:
            console.print(Text(note, style="dim"))
        console.print()


def print_rows(rows: Sequence[AuditedRow], console: "Console | None" = None) -> None:
    """Prints rows in full: question, reference answer, response and critique."""
    from rich.text import Text

    console = console or _console()
    for number, row in enumerate(rows, 1):
        heading = f"{number} of {len(rows)}: critique {row.critique.id}"
        console.rule(Text(printable(heading), style="bold"))
        for name, text in full_text(row):
            console.print(Text(name, style="bold cyan"))
            console.print(Text(text))
        console.print()


def full_text(row: AuditedRow) -> list[tuple[str, str]]:
    """A row's texts, safe to print, each under what it is."""
    named = (
        ("Question", row.problem.question),
        ("Reference answer", row.problem.answer),
        (f"Response, graded {row.outcome}", row.response.text),
        (f"Critique, verdict {row.critique.verdict or 'none'}", row.critique.text),
    )
    return [(printable(name), printable(text.strip())) for name, text in named]


def _grid(section: Section) -> "Grid":
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for number, heading in enumerate(section.headings):
        is_left = number < section.left
        grid.add_column(
            Text(heading),
            justify="left" if is_left else "right",
            no_wrap=not is_left,
            overflow="fold",
        )
    for row in section.rows:
        grid.add_row(*map(Text, row))
    return grid


def _console() -> "Console":
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    return console
