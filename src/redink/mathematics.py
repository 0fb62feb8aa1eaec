r"""Text with LaTeX in it as escaped HTML with MathML.

Formulas stand between `$..$`, `$$..$$`, `\(..\)`, `\[..\]` or in an environment such as `align`.
Whatever cannot be typeset stays in the page as it was written; the work on one text is bounded.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from redink.mathml import LONGEST as LONGEST_FORMULA
from redink.mathml import mathml
from redink.visible import clipped, escaped

MOST_FORMULAS = 1000
"""Formulas of one text that are typeset; the others stay LaTeX."""
SECONDS = 0.5
"""Time for the formulas of one text; what is left then stays LaTeX."""
MOST_STEPS = 2000
"""Solution steps of one text that stand alone; what follows is one step."""
_OPENING = re.compile(
    r"\\\\|\\\$|(?P<double>\$\$)|(?P<dollar>\$)|(?P<round>\\\()|(?P<square>\\\[)"
    r"|\\begin\{(?P<environment>(?:align|equation|gather|multline|eqnarray|alignat|cases|array|"
    r"[pbBvV]?matrix)\*?)\}"
)
_CLOSING = {"double": "$$", "round": r"\)", "square": r"\]"}


@dataclass(frozen=True)
class _Span:
    """A formula's place in a text."""

    start: int
    end: int
    latex: str
    display: bool


@dataclass(frozen=True)
class StepText:
    """One solution step as HTML."""

    html: str
    wrong: bool
    """Whether it is the first wrong one."""
    first: int = 0
    """0-based solution step with which it begins."""
    count: int = 1
    """Solution steps in it: several where a formula holds their lines together."""


def typeset(text: str) -> str:
    """`text` as escaped HTML; formulas as MathML, or as `<code class="latex">` where they cannot
    be typeset."""
    return "".join(part for part, _ in _parts(clipped(text)))


def typeset_steps(text: str, first_error: int | None = None) -> list[StepText]:
    """The solution steps of a text: its lines that are not empty; a formula over several lines
    keeps these together.

    Args:
        text: A response.
        first_error: 0-based step that is wrong first.
    """
    steps: list[StepText] = []
    line: list[str] = []
    begun = lines = 0
    for part, source in _lines(_parts(clipped(text))):
        if part == "\n" and len(steps) < MOST_STEPS:
            if lines:
                steps.append(_step(line, begun, lines, first_error))
            line, begun, lines = [], begun + lines, 0
        else:
            line.append(part)
            inside = [piece for piece in source.split("\n") if piece.strip()]
            lines = max(lines, 1 if inside else 0, len(inside))
    if lines:
        steps.append(_step(line, begun, lines, first_error))
    return steps


def _step(line: list[str], begun: int, lines: int, first_error: int | None) -> StepText:
    wrong = first_error is not None and begun <= first_error < begun + lines
    return StepText("".join(line).strip(), wrong, begun, lines)


def _lines(parts: Iterator[tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
    """Pieces of HTML with their source; a line end outside formulas is a piece of its own."""
    for part, source in parts:
        if source is not None:
            yield part, source
            continue
        for place, piece in enumerate(part.split("\n")):
            if place:
                yield "\n", "\n"
            if piece:
                yield piece, piece


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Pieces of HTML: plain ones with None, formulas with their source."""
    until = time.monotonic() + SECONDS
    place = 0
    for count, span in enumerate(_spans(text)):
        if span.start > place:
            yield escaped(text[place : span.start]), None
        source = text[span.start : span.end]
        found = None
        if count < MOST_FORMULAS and time.monotonic() < until:
            found = mathml(span.latex, span.display)
        yield found or f'<code class="latex">{escaped(source)}</code>', source
        place = span.end
    if place < len(text):
        yield escaped(text[place:]), None


def _spans(text: str) -> Iterator[_Span]:
    """The formulas of a text, in order."""
    searched: dict[str, int] = {}
    place = 0
    while opening := _OPENING.search(text, place):
        kind = opening.lastgroup
        span = None
        if kind == "dollar":
            span = _between_dollars(text, opening.start())
        elif kind is not None:
            span = _enclosed(text, opening, searched)
        if span:
            yield span
        place = span.end if span else opening.end()


def _between_dollars(text: str, start: int) -> _Span | None:
    """A formula between single dollars; `$5 and $6` is none.

    As in Pandoc: no space after the first dollar or before the second, no digit after the second;
    and no line end between them. Money as well: `$12*5=$<<12*5=60>>60`, `350$ and then 50$` (all 66
    formulas that were found in GSM8K's 1,319 test problems without these rules were money).
    """
    end = start + 1
    limit = min(len(text), start + LONGEST_FORMULA)
    while True:
        end = text.find("$", end, limit)
        if end < 0:
            return None
        if text[end - 1] != "\\":
            break
        end += 1
    latex = text[start + 1 : end]
    if not latex or latex[0].isspace() or latex[-1].isspace() or "\n" in latex:
        return None
    if text[end + 1 : end + 2].isdigit() or _is_money(text[start - 1 : start], latex):
        return None
    return _Span(start, end + 1, latex, False)


def _is_money(before: str, between: str) -> bool:
    """Whether two dollars with `between` between them mean dollars; `before` stands before them."""
    if "<<" in between or (between[0] in "0123456789." and between[-1] == "="):
        return True
    return before.isdigit() and " " in between


def _enclosed(text: str, opening: re.Match[str], searched: dict[str, int]) -> _Span | None:
    """A formula up to its closing mark; `searched` says how far each mark was sought in vain."""
    kind = opening.lastgroup
    environment = opening["environment"]
    closing = f"\\end{{{environment}}}" if environment else _CLOSING[str(kind)]
    limit = min(len(text), opening.end() + LONGEST_FORMULA)
    since = max(opening.end(), searched.get(closing, 0))
    found = text.find(closing, since, limit)
    if found < 0:
        searched[closing] = max(since, limit - len(closing) + 1)
        return None
    end = found + len(closing)
    inside = text[opening.end() : found]
    latex = text[opening.start() : end] if environment else inside
    return _Span(opening.start(), end, latex, kind != "round") if inside.strip() else None
