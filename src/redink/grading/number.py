"""Answers that are one number, read exactly.

`$1,000.50`, `-3`, `\\frac{1}{2}`, `1\\frac{1}{2}`, `50%`, `72 clips in 2 months`, `x = 5`.
"""

import re
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from redink.grading.notation import plain

LONGEST = 200
"""Characters: a longer text is not read as a number."""
CLOSE = Fraction(1, 10**5)
"""Relative difference below which two unequal numbers may be roundings of the same value."""

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(
    rf"""(?P<sign>[-+]?)\s*(?:
        (?P<whole>\d+)?\s*\\frac\s*\{{\s*(?P<a>-?\d+)\s*\}}\s*\{{\s*(?P<b>\d+)\s*\}}
      | (?:(?P<whole2>\d+)\s+)?(?P<c>\d+)\s*/\s*(?P<d>\d+)(?![\d.,]*\d)
      | (?P<decimal>{_DIGITS})
        (?:[eE](?P<exponent>[-+]?\d{{1,3}})(?![\w.])
          | \s*(?:\\times|\\cdot|×|\*)\s*10\s*\^\s*\{{?\s*(?P<power>-?\d{{1,3}})\s*\}}?)?
    )""",
    re.VERBOSE,
)
_NAME = re.compile(r"(?P<name>[A-Za-z](?:_\{?\w+\}?)?)\s*=\s*")
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_SHORT_UNITS = frozenset("msghLlJNWVKCFA")
_NO_UNITS = frozenset(
    ("and", "or", "to", "plus", "minus", "times", "over", "divided", "pi", "sqrt", "choose", "mod")
)
_FUNCTIONS = frozenset(("log", "ln", "sin", "cos", "tan", "exp"))
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_NOT_A_UNIT = re.compile(
    r"[=+*\\{}_<>|!]|\^(?![23]\b)|\b(?:and|or|to|plus|minus|times)\s+\d|[,:;]\s*\d"
)


@dataclass(frozen=True)
class Number:
    """One number as an answer states it."""

    value: Fraction
    other: Fraction | None = None
    """A second sound reading: `50%` is 50 or 1/2, `3 million` is 3 or 3,000,000."""
    name: str | None = None
    """The variable, in `x = 5`."""

    def equals(self, answer: "Number") -> bool:
        """Whether both state the same number; a bare number is never rescaled."""
        if self.name and answer.name and self.name != answer.name:
            return False
        if self.value == answer.value:
            return True
        if self.other is not None and answer.other is None:
            return self.other == answer.value
        if answer.other is not None and self.other is None:
            return answer.other == self.value
        return False

    def is_close(self, answer: "Number") -> bool:
        """Whether the two could be roundings of one value."""
        size = max(abs(self.value), abs(answer.value))
        return abs(self.value - answer.value) <= CLOSE * size


def read_number(text: str) -> Number | None:
    """The number that `text` states as a whole, units aside; None where it is anything else."""
    if len(text) > LONGEST:
        return None
    text = plain(text)
    name = _NAME.match(text)
    start = name.end() if name else 0
    match = _NUMBER.match(text, start)
    if match is None:
        return None
    value = _value(match)
    if value is None:
        return None
    rest = text[match.end() :].strip()
    variable = name["name"] if name else None
    if re.fullmatch(r"%|percent\b.*", rest):
        return Number(value, value / 100, variable)
    scale = _SCALES.get(word[0].lower()) if (word := _FIRST_WORD.match(rest)) else None
    if scale:
        return Number(value, value * scale, variable)
    return Number(value, None, variable) if _is_unit(rest) else None


def find_last_number(text: str) -> str | None:
    """The last number that occurs in `text`, as it stands there."""
    matches = deque(_NUMBER.finditer(text), maxlen=1)
    if not matches:
        return None
    last = matches[0]
    found = last[0].strip() + ("%" if text[last.end() :].lstrip("\\ ")[:1] == "%" else "")
    before = text[: last.start()]
    # "16 - 3" holds 16 and 3; "is -3" holds -3.
    joined = found[:1] in "-+" and (before[-1:].isalpha() or before.rstrip()[-1:].isdigit())
    return found[1:].strip() if joined else found


def _value(match: re.Match[str]) -> Fraction | None:
    sign = -1 if match["sign"] == "-" else 1
    if match["a"] or match["c"]:
        numerator, denominator = match["a"] or match["c"], int(match["b"] or match["d"])
        whole = int(match["whole"] or match["whole2"] or 0)
        return sign * (whole + Fraction(int(numerator), denominator)) if denominator else None
    value = Fraction(match["decimal"].replace(",", "").rstrip("."))
    exponent = int(match["exponent"] or match["power"] or 0)
    return sign * value * Fraction(10) ** exponent


def _is_unit(rest: str) -> bool:
    """Whether what follows a number is a unit or remark that leaves the number as it is."""
    if not rest:
        return True
    word = _FIRST_WORD.match(rest)
    if word is None or _NOT_A_UNIT.search(rest):
        return False
    known = len(word[0]) > 1 or word[0] in _SHORT_UNITS
    return known and word[0].lower() not in _NO_UNITS | _FUNCTIONS
