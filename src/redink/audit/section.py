"""A section of a report: title, table and remarks, as plain text and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from redink.audit.printable import printable


@dataclass(frozen=True)
class Section:
    """One table of the report, with remarks; cells and remarks are made safe to print."""

    title: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    left: int = 1
    """Columns from the left that hold words, not figures."""

    def __post_init__(self) -> None:
        cells = tuple(tuple(map(printable, row)) for row in self.rows)
        object.__setattr__(self, "rows", cells)
        object.__setattr__(self, "notes", tuple(map(printable, self.notes)))

    def lines(self) -> list[str]:
        """The section as plain text, in aligned columns."""
        table = [self.headings, *self.rows] if self.rows else []
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return [self.title, *(self._aligned(row, widths) for row in table), *self.notes]

    def markdown(self) -> list[str]:
        """The section as Markdown."""
        lines = [f"## {_markdown(self.title)}", ""]
        if self.rows:
            rule = ["---" if n < self.left else "---:" for n in range(len(self.headings))]
            for row in (self.headings, rule, *self.rows):
                lines.append(f"| {' | '.join(map(_markdown, row))} |")
            lines.append("")
        for note in self.notes:
            lines += [_markdown(note), ""]
        return lines

    def _aligned(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = [
            cell.ljust(width) if n < self.left else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  " + "  ".join(cells).rstrip()


def _markdown(text: str) -> str:
    for character in "\\|<>*_`[]":
        text = text.replace(character, f"\\{character}")
    return text
