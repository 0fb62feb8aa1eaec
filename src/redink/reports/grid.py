"""Plain tables that fit 80 columns of a terminal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

DAGGER = "†"
"""Stands in the title of every table that a mark is about."""


def plain(*texts: str) -> list[str]:
    """Texts in which square brackets are no mark-up."""
    from rich.markup import escape

    return [escape(text) for text in texts]


def grid(headings: tuple[str, ...], first: str = "arm") -> "Table":
    """A table without a frame: a column of names, then right-aligned figures."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    table.add_column(first, max_width=20, overflow="fold")
    for heading in headings:
        table.add_column(plain(heading)[0], justify="right", no_wrap=True)
    return table
