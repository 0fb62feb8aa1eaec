"""What a report is made of: sections of notes, tables, charts and worked items.

The blocks hold plain text; each format (HTML, Markdown) makes it safe in its own way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from markupsafe import Markup


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    note: str = ""
    """A second, smaller line."""
    items: tuple[int, ...] = ()
    """Numbers of the worked items that it leads to."""
    share: float | None = None
    """Length of a bar behind it, from 0 to 1."""


@dataclass(frozen=True)
class Column:
    """A table's column."""

    title: str
    note: str = ""
    prose: bool = False
    """Whether it holds words, not figures."""


@dataclass(frozen=True)
class Grid:
    """A table; the first column names its rows."""

    kind: ClassVar[str] = "grid"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    about: str = ""
    """Stands small beside the caption."""
    marked: str = ""
    """Name of the row that is set off."""
    folded: bool = False
    """Whether it is closed at first."""


@dataclass(frozen=True)
class Figure:
    """A chart."""

    kind: ClassVar[str] = "figure"
    caption: str
    drawing: Markup
    text: str
    """The text alternative."""
    legend: tuple[tuple[str, str], ...] = ()
    """(class of the colour, its meaning)."""
    grid: Grid | None = None
    """The same as a table."""


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    kind: ClassVar[str] = "note"
    text: str
    marked: bool = False
    """Whether it must not be overlooked."""


@dataclass(frozen=True)
class Verdict:
    """One arm's sentence, cut where the answer begins, and how it ended."""

    question: str
    answer: str
    result: str
    """`won`, `lost` or `open`: the page's mark for it."""


@dataclass(frozen=True)
class Verdicts:
    """A sentence per arm."""

    kind: ClassVar[str] = "verdicts"
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Side:
    """One text of a worked item."""

    title: str
    lines: tuple[tuple[str, bool], ...]
    """Each with whether it is the named first error."""
    notes: tuple[str, ...]
    look: str
    """`good`, `bad` or `ink`."""


@dataclass(frozen=True)
class Item:
    """A worked item: a problem with answers, or with a response and its critique."""

    kind: ClassVar[str] = "item"
    number: int
    heading: str
    question: str
    about: str
    answer: str
    """The reference answer."""
    sides: tuple[Side, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Details:
    """Something long that is closed at first: paragraphs or a text as it stands."""

    kind: ClassVar[str] = "details"
    summary: str
    paragraphs: tuple[str, ...] = ()
    text: str = ""


Block = Grid | Figure | Note | Verdicts | Item | Details


@dataclass(frozen=True)
class Section:
    """A part of the report under a heading."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """The whole report."""

    title: str
    question: str
    answer: str
    """One sentence, with its interval."""
    lead: str
    sections: tuple[Section, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same as plain JSON values."""

    def section(self, name: str) -> Section | None:
        """The section of this id, if there is one."""
        return next((section for section in self.sections if section.id == name), None)


def words(*titles: str) -> tuple[Column, ...]:
    """Columns of words."""
    return tuple(Column(title, prose=True) for title in titles)


def plain_cells(*texts: object) -> tuple[Cell, ...]:
    """Cells without notes."""
    return tuple(Cell(str(text)) for text in texts)
