"""The final answer of a solution: where it stands, what it says, whether it is the reference's."""

import re
from dataclasses import dataclass
from fractions import Fraction

from redink.arithmetic.numbers import decimals, read_quantity
from redink.arithmetic.tokens import tokenize

_MARKERS = (
    re.compile(r"####[ \t]*(?P<answer>[^\n]+)"),
    re.compile(r"^[ \t]*A:[ \t]*(?P<answer>[^\n]+)", re.M),
    re.compile(r"\\boxed\{(?P<answer>[^{}\n]+)\}"),
    re.compile(
        r"(?:final )?answer\s*(?:is|:)[ \t]*:?[ \t]*\**\s*(?P<answer>[^\n]+?)\**[ \t]*$",
        re.I | re.M,
    ),
)
_ALGEBRA = re.compile(r"[+*^=\\{}_()]|(?<![A-Za-z])[bnptxyz](?![A-Za-z])")
"""What makes an answer more than a number with its unit."""


@dataclass(frozen=True, slots=True)
class FinalAnswer:
    """The final answer as written at `start:end`, and its number where it is one."""

    text: str
    value: Fraction | None
    start: int
    end: int
    marked: bool
    """Whether a marker (`####`, `A:`, `\\boxed`, `the answer is`) stands before it."""


def read_final_answer(text: str) -> FinalAnswer | None:
    """The final answer of a solution: behind the last marker, else the last number of the text.

    None where there is neither.
    """
    for marker in _MARKERS:
        matches = list(marker.finditer(text))
        if matches:
            return _dress_off(text, *matches[-1].span("answer"))
    numbers = [token for token in tokenize(text) if token.kind == "number"]
    if not numbers:
        return None
    last = numbers[-1]
    value = last.value
    return FinalAnswer(last.text, value, last.start, last.end, marked=False)


def _dress_off(text: str, start: int, end: int) -> FinalAnswer:
    raw = text[start:end].strip().rstrip(".")
    value = read_quantity(raw)
    if value is None:
        numbers = [token for token in tokenize(raw) if token.kind == "number"]
        rest = raw[: numbers[0].start] + raw[numbers[0].end :] if len(numbers) == 1 else ""
        if len(numbers) == 1 and numbers[0].value is not None and not _ALGEBRA.search(rest):
            before = raw[: numbers[0].start].rstrip(" $€£")
            negative = before.endswith(("-", "−"))
            value = -numbers[0].value if negative else numbers[0].value
    at = text.index(raw, start) if raw else start
    return FinalAnswer(raw, value, at, at + len(raw), marked=True)


def same_answer(answer: str, reference: str) -> bool | None:
    """Whether two final answers are the same: literally, or as numbers.

    Currency signs, thousands commas, percent signs, units behind the number and closing zeros
    do not matter; a reference written with decimals may be met by its rounding. None where
    the texts differ and either is no number, so that numbers cannot decide.
    """
    if _folded(answer) == _folded(reference):
        return True
    left, right = read_answer(answer), read_answer(reference)
    if left is None or right is None:
        return None
    if left == right:
        return True
    places = min(decimals(answer.rstrip(". ")), decimals(reference.rstrip(". ")))
    both_decimal = left.denominator > 1 and right.denominator > 1 and places >= 1
    return both_decimal and abs(left - right) <= Fraction(1, 2 * 10**places)


def read_answer(text: str) -> Fraction | None:
    """The number that a short answer text gives: `$1,200.00`, `72 clips`, `-3`, `1/2`."""
    return _dress_off(text, 0, len(text)).value if text.strip() else None


def _folded(text: str) -> str:
    return " ".join(text.split()).strip(" .$").lower()
