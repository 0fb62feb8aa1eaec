"""The shape of an answer: a list in brackets, a matrix, a relation, or one expression."""

import re
from dataclasses import dataclass
from functools import lru_cache, partial

from redink.grading.notation import plain

_OPENING, _CLOSING = "([{", ")]}"
_MATRIX = re.compile(
    r"\[?\s*\\begin\{(?P<kind>[pbvBV]?matrix|smallmatrix|array)\}(?:\{[clr|]*\})?"
    r"(?P<body>.*?)\\end\{(?P=kind)\}\s*\]?",
    re.DOTALL,
)
_WORD_COMMA = re.compile(r"\s(?:and|or)\s|\\(?:land|lor|vee|wedge)(?![A-Za-z])|;")
_SIGN = re.compile(r"\\(pm|mp)(?![A-Za-z])\s*")
_RELATION = re.compile(r"(?<![<>!:=])=(?!=)")
_APPROXIMATELY = re.compile(r"\\approx(?![A-Za-z])|≈")
_NAME = re.compile(
    r"""
    \\?[A-Za-z]+(?:_(?:\{[^{}]*\}|\w))?'*(?:\s*\(\s*\\?[A-Za-z]+(?:\s*,\s*\\?[A-Za-z]+)*\s*\))?
  | \\(?:angle|triangle|overline|vec|hat|bar|ddot|dot|mathbf)
    \s*\{?\s*[A-Za-z](?:\s*[A-Za-z_{}\d])*\}?
  | \(\s*\\?[A-Za-z]\w*(?:\s*,\s*\\?[A-Za-z]\w*)+\s*\)
  | \[[A-Z]{3,4}\] | \|[A-Z]{2}\|
  | [A-Za-z]+(?:\s[A-Za-z]+){0,4}
    """,
    re.VERBOSE,
)
_LABELLED = re.compile(
    r"(?P<label>[A-Za-z][A-Za-z ]{0,30}?|\\?[A-Za-z]+_?\w?)\s*[:=]\s*(?P<value>[^=:]+)"
)


@dataclass(frozen=True)
class Listing:
    """Several values: those of a tuple, a set, a list, or simply several answers."""

    brackets: str
    """`()`, `[]`, `{}`, `<>`, or empty for values that stand in no bracket."""
    items: tuple[str, ...]


@lru_cache(maxsize=4096)
def read_listing(text: str) -> Listing | None:
    """The list that `text` is, or None where it is a single expression.

    `\\pm` counts as two answers.
    """
    text = plain(text)
    brackets, inner = _unbracketed(text)
    items = _items(inner, words=not brackets)
    if brackets == "{}" and items:
        return Listing(brackets, _with_both_signs(items))
    if len(items) > 1:
        return Listing(brackets, items if brackets else _with_both_signs(items))
    if brackets == "[]" and items:
        return Listing(brackets, items)
    if not brackets and _SIGN.search(text):
        return Listing("", _with_both_signs((text,)))
    return None


@lru_cache(maxsize=4096)
def read_matrix(text: str) -> tuple[tuple[str, ...], ...] | None:
    """The rows of a matrix: LaTeX's, or `[[1, 2], [3, 4]]`; None for a determinant's bars."""
    text = text.strip().strip("$").strip(" .")
    text = re.sub(r"\\(?:left|right)(?![A-Za-z])\s*", "", text)
    text = (
        text[1:-1].strip()
        if re.fullmatch(r"\((.*\\end\{(?:array|matrix)\}\s*)\)", text, re.S)
        else text
    )
    match = _MATRIX.fullmatch(text)
    if match and match["kind"] not in ("vmatrix", "Vmatrix"):
        rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?|\\cr", match["body"]) if row.strip()]
        return tuple(tuple(plain(cell) for cell in row.split("&")) for row in rows)
    outer = read_listing(text) if text[:2] == "[[" or re.match(r"\[\s*\[", text) else None
    if outer is None or outer.brackets != "[]":
        return None
    inner = [read_listing(item) for item in outer.items]
    if all(row is not None and row.brackets == "[]" for row in inner):
        return tuple(row.items for row in inner if row is not None)
    return None


def read_relation(text: str) -> tuple[str, str] | None:
    """(left side, right side) of the last `=` of an equation outside brackets, if there is one.

    What follows an `≈` is left out: `x = 1/3 ≈ 0.33` states 1/3.
    """
    text = plain(text)
    marks = [match for match in _RELATION.finditer(text) if _depth(text, match.start()) == 0]
    approximate = _APPROXIMATELY.search(text, marks[-1].end() if marks else 0)
    if approximate and approximate.start() > 0:
        text = text[: approximate.start()].strip() or text
    if not marks:
        return None
    return text[: marks[-1].start()].strip(), text[marks[-1].end() :].strip()


def is_name(text: str) -> bool:
    """Whether the left side of an equation only names what is asked (`x`, `f(n)`, `AB`)."""
    return _NAME.fullmatch(text.strip()) is not None


def without_approximation(text: str) -> str:
    """`text` without an `≈ …` behind it."""
    found = _APPROXIMATELY.search(text)
    return text[: found.start()].strip() if found and found.start() > 0 else text


def labelled(items: tuple[str, ...]) -> dict[str, str] | None:
    """{label: value} of `w = 16, d = 3` or `Minimum: 1, Maximum: 3`; None where one has none."""
    found = {}
    for item in items:
        match = _LABELLED.fullmatch(plain(item))
        if match is None:
            return None
        found[match["label"].strip().replace(" ", "")] = match["value"].strip()
    return found if len(found) == len(items) else None


def split_outside(text: str, separator: re.Pattern[str]) -> list[str]:
    """`text` cut at every match of `separator` that stands outside brackets."""
    parts, start = [], 0
    for match in separator.finditer(text):
        if match.start() >= start and _depth(text, match.start()) == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _items(text: str, words: bool) -> tuple[str, ...]:
    parts = split_outside(text, re.compile(r"[,;]"))
    if words:
        parts = [piece for part in parts for piece in split_outside(f" {part} ", _WORD_COMMA)]
    items = [re.sub(r"^\s*(?:and|or)\s", "", part).strip() for part in parts]
    return tuple(item for item in items if item)


def _unbracketed(text: str) -> tuple[str, str]:
    """The brackets around the whole of `text`, and what they hold."""
    text = re.sub(r"\\langle(?![A-Za-z])", "<(", re.sub(r"\\rangle(?![A-Za-z])", ")>", text))
    if text.startswith("<(") and text.endswith(")>"):
        return "<>", text[2:-2].strip()
    text = text.replace("\\{", "{").replace("\\}", "}")
    if len(text) > 1 and text[0] in _OPENING and text[-1] in _CLOSING and _closes_last(text):
        return text[0] + text[-1], text[1:-1].strip()
    return "", text


def _closes_last(text: str) -> bool:
    """Whether the bracket that opens `text` is the one that ends it."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0:
            return index == len(text) - 1
    return False


def _depth(text: str, end: int) -> int:
    """How many brackets are open before `end`; `]1,2[` and the like count as none."""
    before = text[:end]
    return sum(before.count(mark) for mark in _OPENING) - sum(before.count(m) for m in _CLOSING)


def _with_both_signs(items: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for item in items:
        if not _SIGN.search(item):
            found.append(item)
            continue
        for signs in ({"pm": "+", "mp": "-"}, {"pm": "-", "mp": "+"}):
            signed = _SIGN.sub(partial(_sign, signs), item).strip()
            found.append(re.sub(r"(^|=\s*)\+", r"\1", signed))
    return tuple(found)


def _sign(signs: dict[str, str], match: re.Match[str]) -> str:
    return signs[match[1]]
