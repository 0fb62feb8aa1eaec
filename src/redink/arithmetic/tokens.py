"""Text cut into the tokens that matter to arithmetic: numbers, operators, words between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from redink.arithmetic.numbers import NUMBER_PATTERN, read_number

Operator = Literal["+", "-", "*", "/"]
_SYMBOLS: dict[str, Operator] = {
    "+": "+", "-": "-", "−": "-", "–": "-", "—": "-", "*": "*", "×": "*", "·": "*", "⋅": "*",
    "∗": "*", "x": "*", "X": "*", "/": "/", "÷": "/",
}  # fmt: skip
SPOKEN: dict[str, Operator] = {
    "plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/",
}  # fmt: skip
"""Operators in words."""
_TOKEN = re.compile(
    rf"(?P<number>(?<![\d.])(?<!\b[A-Za-z])(?:{NUMBER_PATTERN})|(?<=\dx)(?:{NUMBER_PATTERN}))"
    r"(?P<percent>\s?%|\s(?:percent|per cent)\b)?(?P<suffix>[A-Za-z]+)?"
    r"|(?P<times>(?<![A-Za-z])[xX](?=\s*[$€£(]?\s*\.?\d))"
    r"|(?P<spoken>\b(?:plus|minus|times|divided by|multiplied by)(?=\s+[$€£]?\.?\d))"
    r"|(?P<operator>[-−–—+*×·⋅∗/÷])|(?P<equals>=|≈|≅|\bequals\b)|(?P<open>[(\[])|(?P<close>[)\]])"
    r"|(?P<currency>[$€£])|(?P<word>[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*)|(?P<other>\S)|(?P<line>\n)"
)
_UNIT_LETTERS = frozenset("gmLlshkc")
_UNIT_WORDS = _UNIT_LETTERS | {"a", "A"}

Kind = Literal["number", "operator", "equals", "open", "close", "word", "other", "of"]


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of text that matters to arithmetic, with its character span."""

    kind: Kind
    start: int
    end: int
    text: str
    value: Fraction | None = None
    percent: bool = False


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`; currency signs are left out, line ends are `other`."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if match["number"] is not None:
            tokens.extend(_number_tokens(match))
        elif kind == "times":
            tokens.append(Token("operator", match.start(), match.end(), "*"))
        elif kind == "spoken":
            tokens.append(Token("operator", match.start(), match.end(), SPOKEN[match[0]]))
        elif kind == "operator":
            tokens.append(Token("operator", match.start(), match.end(), _SYMBOLS[match[0]]))
        elif kind == "word" and match[0].lower() == "of":
            tokens.append(Token("of", match.start(), match.end(), match[0]))
        elif kind == "word" and len(match[0]) == 1 and match[0] not in _UNIT_WORDS:
            tokens.append(Token("other", match.start(), match.end(), match[0]))
        elif kind == "line":
            tokens.append(Token("other", match.start(), match.end(), "\n"))
        elif kind != "currency":
            tokens.append(Token(kind, match.start(), match.end(), match[0]))  # type: ignore[arg-type]
    return tokens


def _number_tokens(match: re.Match[str]) -> Iterator[Token]:
    start, end = match.span("number")
    value = read_number(match["number"])
    suffix = match["suffix"]
    if value is None or (suffix and suffix.lower() in ("st", "nd", "rd", "th")):
        yield Token("other", start, match.end(), match[0])
        return
    percent = match["percent"] is not None
    yield Token("number", start, end, match["number"], value, percent)
    if not suffix:
        return
    at = match.start("suffix")
    following = match.string[match.end() : match.end() + 2].lstrip(" $(")
    if suffix in ("x", "X") and following[:1].isdigit():
        yield Token("operator", at, at + 1, "*")
    elif len(suffix) == 1 and suffix not in _UNIT_LETTERS:
        yield Token("other", at, at + 1, suffix)
    else:
        yield Token("word", at, match.end(), suffix)
