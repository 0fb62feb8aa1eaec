"""Sets of real numbers written as intervals, inequalities or both: `(2, 5]`, `2 < x \\le 5`."""

import re
from dataclasses import dataclass
from functools import lru_cache

from redink.grading.form import split_outside
from redink.grading.notation import plain

_UNION = re.compile(r"\\cup(?![A-Za-z])|\s(?:or|U)\s|\\(?:lor|vee)(?![A-Za-z])")
_MEMBER = re.compile(r"^(?P<name>\\?[A-Za-z](?:_\w)?)\s*\\in(?![A-Za-z])\s*")
_ORDER = re.compile(r"<|>|\\le(?![A-Za-z])|\\ge(?![A-Za-z])|≤|≥")
_NOT_EQUAL = re.compile(r"\\ne(?![A-Za-z])")
_VARIABLE = re.compile(r"\\?[A-Za-z]+(?:_\{?\w\}?)?(?:\([A-Za-z]\))?")
_ALL = re.compile(r"\\mathbb\s*\{?R\}?|\\mathbf\s*\{?R\}?|(?:all )?real(?: numbers?)?|all reals")
_INFINITY = re.compile(r"([+-]?)\s*(?:\\infty|infinity|infty|inf|oo)", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """One interval; an infinite end is `-inf` or `inf` and always open."""

    low: str
    has_low: bool
    high: str
    has_high: bool


@dataclass(frozen=True)
class Region:
    """A union of intervals."""

    pieces: tuple[Piece, ...]
    name: str = ""
    """The variable, where one is named."""
    sure: bool = True
    """False for what might as well be a pair: `(1, 2)`, `[1, 2]`."""


@lru_cache(maxsize=4096)
def read_region(text: str) -> Region | None:
    """The set of reals that `text` describes, or None where it is something else."""
    text = plain(text)
    member = _MEMBER.match(text)
    name = member["name"] if member else ""
    parts = [part.strip() for part in split_outside(text[member.end() if member else 0 :], _UNION)]
    pieces: list[Piece] = []
    names, sure = {name} - {""}, len(parts) > 1 or bool(member)
    for part in parts:
        found = _read_part(part)
        if found is None:
            return None
        pieces += found.pieces
        names |= {found.name} - {""}
        sure = sure or found.sure
    if len(names) > 1 or not any(piece.low != piece.high for piece in pieces):
        return None
    return Region(tuple(pieces), next(iter(names), ""), sure)


def _read_part(text: str) -> Region | None:
    member = _MEMBER.match(text)
    if member:
        inner = _read_part(text[member.end() :].strip())
        return inner and Region(inner.pieces, member["name"])
    if _ALL.fullmatch(text):
        return Region((Piece("-inf", False, "inf", False),))
    return _read_points(text) or _read_brackets(text) or _read_chain(text)


def _read_points(text: str) -> Region | None:
    """`{1, 2}`: single points of a union."""
    text = text.replace("\\{", "{").replace("\\}", "}")
    if len(text) < 3 or text[0] != "{" or text[-1] != "}" or set(text[1:-1]) & set("{}|:"):
        return None
    points = [item.strip() for item in split_outside(text[1:-1], re.compile(","))]
    return Region(tuple(Piece(item, True, item, True) for item in points), sure=False)


def _read_brackets(text: str) -> Region | None:
    if len(text) < 5 or text[0] not in "([" or text[-1] not in ")]":
        return None
    ends = [item.strip() for item in split_outside(text[1:-1], re.compile("[,;]"))]
    if len(ends) != 2 or not all(ends):
        return None
    low, high = _end(ends[0]), _end(ends[1])
    sure = text[0] + text[-1] in ("[)", "(]") or bool({low, high} & {"inf", "-inf"})
    piece = Piece(low, text[0] == "[" and low != "-inf", high, text[-1] == "]" and high != "inf")
    return Region((piece,), sure=sure)


def _read_chain(text: str) -> Region | None:
    """`2 < x \\le 5`, `x > 3`, `3 < x`, `x \\ne 3`."""
    sides = [side.strip() for side in _NOT_EQUAL.split(text)]
    if len(sides) == 2 and _VARIABLE.fullmatch(sides[0]) and sides[1]:
        below, above = Piece("-inf", False, sides[1], False), Piece(sides[1], False, "inf", False)
        return Region((below, above), sides[0])
    marks = [mark[0] for mark in _ORDER.finditer(text)]
    sides = [side.strip() for side in _ORDER.split(text)]
    if not 1 <= len(marks) <= 2 or not all(sides):
        return None
    if any(mark in (">", "\\ge", "≥") for mark in marks):
        marks = [_TURNED[mark] for mark in reversed(marks)]
        sides.reverse()
    if any(mark not in ("<", "\\le", "≤") for mark in marks):
        return None
    closed = [mark != "<" for mark in marks]
    if len(marks) == 2:
        low, name, high = sides
        return _named(Piece(_end(low), closed[0], _end(high), closed[1]), name)
    if _VARIABLE.fullmatch(sides[0]):
        return _named(Piece("-inf", False, _end(sides[1]), closed[0]), sides[0])
    return _named(Piece(_end(sides[0]), closed[0], "inf", False), sides[1])


_TURNED = {">": "<", "\\ge": "\\le", "≥": "≤", "<": ">", "\\le": "\\ge", "≤": "≥"}


def _named(piece: Piece, name: str) -> Region | None:
    if not _VARIABLE.fullmatch(name):
        return None
    low, high = piece.low != "-inf" and piece.has_low, piece.high != "inf" and piece.has_high
    return Region((Piece(piece.low, low, piece.high, high),), name)


def _end(text: str) -> str:
    infinity = _INFINITY.fullmatch(text)
    if infinity is None:
        return text
    return "-inf" if infinity[1] == "-" else "inf"
