"""The report as Markdown: every text escaped, charts as tables or as their text alternatives."""

import re
from collections.abc import Iterator

from redink.reports.blocks import Block, Cell, Figure, Grid, Item, Note, Report, Verdicts
from redink.visible import visible


def render_markdown(report: Report) -> str:
    """The report's Markdown. Texts of models stand in fences that they cannot close."""
    lines = [f"# {_inline(report.title)}", ""]
    for text in (report.question, f"**{_inline(report.answer)}**", report.lead):
        if text:
            lines += [text if text.startswith("**") else _inline(text), ""]
    for section in report.sections:
        lines += [f"## {_inline(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Grid):
        yield from _grid(block)
    elif isinstance(block, Figure):
        yield from _figure(block)
    elif isinstance(block, Item):
        yield from _item(block)
    elif isinstance(block, Verdicts):
        for verdict in block.verdicts:
            yield f"- **{_inline(verdict.question)}** {_inline(verdict.answer)}"
    elif isinstance(block, Note):
        yield f"**{_inline(block.text)}**" if block.marked else _inline(block.text)
    else:
        yield f"### {_inline(block.summary)}"
        for paragraph in block.paragraphs:
            yield from ("", _inline(paragraph))
        if block.text:
            yield from ("", *_fenced(block.text))


def _grid(grid: Grid) -> Iterator[str]:
    about = f" · {grid.about}" if grid.about else ""
    yield f"### {_inline(grid.caption + about)}"
    yield ""
    yield from _rows(grid)


def _rows(grid: Grid) -> Iterator[str]:
    titles = [f"{c.title} ({c.note})" if c.note else c.title for c in grid.columns]
    yield f"| {' | '.join(map(_inline, titles))} |"
    words = [number == 0 or column.prose for number, column in enumerate(grid.columns)]
    yield f"| {' | '.join('---' if word else '---:' for word in words)} |"
    for row in grid.rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(cell: Cell) -> str:
    text = _inline(cell.text)
    if cell.note:
        text = f"{text} ({_inline(cell.note)})" if text else _inline(cell.note)
    if cell.items:
        text += f" (see {', '.join(f'[{n}](#item-{n})' for n in cell.items)})"
    return text


def _figure(figure: Figure) -> Iterator[str]:
    yield f"*{_inline(figure.caption)}*"
    yield ""
    if figure.grid is not None:
        yield from _rows(figure.grid)
        return
    for part in figure.text.split("; "):
        yield f"- {_inline(part)}"


def _item(item: Item) -> Iterator[str]:
    yield f'### <a id="item-{item.number}"></a>{item.number} · {_inline(item.heading)}'
    yield ""
    yield from _fenced(item.question)
    yield ""
    about = f"{_inline(item.about)} · " if item.about else ""
    yield f"{about}reference answer **{_inline(item.answer) or '–'}**"
    for side in item.sides:
        yield from ("", f"**{_inline(side.title)}**", "")
        marked = any(is_error for _, is_error in side.lines)
        lines = [f"{'> ' if is_error else '  '}{line}" if marked else line
                 for line, is_error in side.lines]  # fmt: skip
        yield from _fenced("\n".join(lines))
        if marked:
            yield from ("", "The line after `>` is the first error that the critique names.")
        for note in side.notes:
            yield from ("", _inline(note))
    for note in item.notes:
        yield from ("", _inline(note))


def _fenced(text: str) -> list[str]:
    """A text in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *visible(text).split("\n"), fence]


def _inline(text: str) -> str:
    """`text` on one line, none of it mark-up; addresses become no links."""
    line = " ".join(visible(text).split())
    line = re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", line)
    line = line.replace("&", "&amp;")
    return re.sub(r"(?i)\b(https?|ftp|javascript|mailto|www)(?=[:.])", r"\1\\", line)
