"""Answers that are one number, read exactly.

`$1,000.50`, `-3`, `\\frac{1}{2}`, `1\\frac{1}{2}`, `50%`, `72 clips in 2 months`, `x = 5`.
"""

import re
from collections import deque
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from redink.grading.notation import plain
from redink.grading.units import Unit, read_unit

LONGEST = 200
"""Characters: a longer text is not read as a number."""
FIGURES = 6
"""Significant digits from which a decimal may stand for the exact value it is cut from."""

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?:\ \d{3})+(?![\d/])|\d+)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(
    rf"""(?P<sign>[-+]?)\s*(?:
        (?P<whole>\d+)?\s*\\frac\s*\{{\s*(?P<a>-?\d+)\s*\}}\s*\{{\s*(?P<b>\d+)\s*\}}
      | (?:(?P<whole2>\d+)\s+)?(?P<c>\d+)\.?\s*/\s*(?P<d>\d+)(?![\d.,]*\d)
      | 10\s*\^\s*\{{?\s*(?P<ten>-?\d{{1,3}})\s*\}}?(?![\w.^])
      | (?P<decimal>{_DIGITS})
        (?:[eE](?P<exponent>[-+]?\d{{1,3}})(?![\w.])
          | \s*(?:\\times|\\cdot|×|\*)\s*10\s*\^\s*\{{?\s*(?P<power>-?\d{{1,3}})\s*\}}?)?
    )""",
    re.VERBOSE,
)
_FRACTION = re.compile(r"\\frac\s*(\{[^{}]*\}|\d)\s*(\{[^{}]*\}|\d)")
_NAME = re.compile(r"(?P<name>\\?[A-Za-z]+(?:_\{?\w+\}?)?)\s*=\s*")
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_SHORT_UNITS = frozenset("msghLlJNWVKCFA")
_NO_UNITS = frozenset(
    ("and", "or", "to", "plus", "minus", "times", "over", "divided", "pi", "sqrt", "choose", "mod")
)
_FUNCTIONS = frozenset(("log", "ln", "sin", "cos", "tan", "exp"))
_MARKED_UNIT = re.compile(r"\\(?:text|mathrm|mbox|textrm|operatorname)(?![A-Za-z])")
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_PERCENT = re.compile(r"(?:%|percent\b)(?:\s+[A-Za-z ]*)?")
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
    unit: Unit | None = None
    letter: str = ""
    """The one letter behind it, in `6 m`: a unit or a variable."""
    last_digit: Fraction | None = None
    """What one unit of the last written digit is worth; None for a fraction."""
    figures: int = 0
    """Significant digits written; 0 for a fraction."""

    def equals(self, answer: "Number") -> bool:
        """Whether both state the same number; a bare number is never rescaled."""
        return any(ours == theirs for ours, theirs in self.readings(answer))

    def readings(self, answer: "Number") -> list[tuple[Fraction, Fraction]]:
        """The pairs of values in which the two may be compared; none where they cannot be equal.

        Known units of one kind are converted; `50%` against a bare number is read both ways,
        against another percentage as it stands.
        """
        if self.name and answer.name and self.name != answer.name:
            return []
        if self.unit and answer.unit:
            if self.unit.kind != answer.unit.kind:
                return []
            return [(self.value * self.unit.size, answer.value * answer.unit.size)]
        pairs = [(self.value, answer.value)]
        if self.other is not None and answer.other is None:
            pairs.append((self.other, answer.value))
        if answer.other is not None and self.other is None:
            pairs.append((self.value, answer.other))
        return pairs

    def is_cut_from(self, exact: "Number") -> bool:
        """Whether this decimal, of six digits or more, is `exact` rounded or cut off there.

        Decimals and whole numbers are not cut: `2.999999` is not 3, `1234.50` not `1234.495`.
        """
        if self.last_digit is None or self.figures < FIGURES:
            return False
        if exact.last_digit is not None or exact.value.denominator == 1:
            return False
        return abs(self.value - exact.value) < self.last_digit


@lru_cache(maxsize=8192)
def read_number(text: str) -> Number | None:
    """The number that `text` states as a whole, units aside; None where it is anything else."""
    if len(text) > LONGEST:
        return None
    dollars, marked = "\\$" in text, _MARKED_UNIT.search(text) is not None
    text = _FRACTION.sub(_braced, _unwrapped(plain(text)))
    name = _NAME.match(text)
    start = name.end() if name else 0
    match = _NUMBER.match(text, start)
    if match is None or (value := _value(match)) is None:
        return None
    rest = text[match.end() :].strip()
    last_digit, figures = _precision(match)
    variable = name["name"] if name else None
    found = Number(value, name=variable, last_digit=last_digit, figures=figures)
    if _PERCENT.fullmatch(rest):
        return replace(found, other=value / 100)
    word = _FIRST_WORD.match(rest)
    scale = _SCALES.get(word[0].lower()) if word else None
    if scale:
        return replace(found, other=value * scale, last_digit=None, figures=0)
    if not _is_unit(rest):
        return None
    letter = word[0] if word and len(word[0]) == 1 and not marked else ""
    if letter and not text[match.end()].isspace():  # `6m` is a product
        return None
    unit = read_unit(rest) or (_DOLLAR if dollars else None)
    return replace(found, unit=unit, letter=letter)


_DOLLAR = read_unit("dollar")


def _unwrapped(text: str) -> str:
    """`(5)` without its brackets."""
    inner = text[1:-1]
    closed = text[:1] == "(" and text[-1:] == ")" and "(" not in inner and ")" not in inner
    return inner.strip() if closed and "," not in inner else text


def _braced(match: re.Match[str]) -> str:
    above, below = (part.strip("{} ") for part in match.groups())
    return f"\\frac{{{above}}}{{{below}}}"


def _precision(match: re.Match[str]) -> tuple[Fraction | None, int]:
    """The worth of the last digit written, and the number of significant digits."""
    if not match["decimal"]:
        return None, 0
    digits = match["decimal"].replace(",", "").replace(" ", "").rstrip(".")
    places = len(digits.partition(".")[2])
    exponent = int(match["exponent"] or match["power"] or 0)
    figures = len(digits.replace(".", "").lstrip("0"))
    return Fraction(10) ** (exponent - places), figures


def find_last_number(text: str) -> str | None:
    """The last number that occurs in `text`, as it stands there but for its white space."""
    text = " ".join(text.split())  # 4,000 spaces took the pattern 21 s
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
    if match["ten"]:
        return sign * Fraction(10) ** int(match["ten"])
    value = Fraction(match["decimal"].replace(",", "").replace(" ", "").rstrip("."))
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
