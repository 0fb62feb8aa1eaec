"""Equations in text: `12 + 7 = $19`, and chains `a = b = c`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from redink.arithmetic.expression import (
    Expression,
    Negation,
    Operand,
    Operation,
    evaluate,
    operands,
)
from redink.arithmetic.numbers import agrees, decimals
from redink.arithmetic.parser import ExpressionParser
from redink.arithmetic.tokens import Token, tokenize


@dataclass(frozen=True, slots=True)
class Equation:
    """Expressions said to be equal, at least one of them with an operator.

    The spans inside are character positions of the text it was found in; operands that only an
    annotation shows have start -1.
    """

    sides: tuple[Expression, ...]
    start: int
    end: int
    places: int
    """Decimals of the result as written."""
    loose: bool = False
    """Written with an approximation sign, a remainder or a rounding word."""
    annotated: bool = False
    """Known from an annotation alone: the text shows only its result."""

    @property
    def result(self) -> Operand | None:
        """The written number that the rest comes to: the last side, else the first."""
        for side in (self.sides[-1], self.sides[0]):
            inner = side.inner if isinstance(side, Negation) else side
            if isinstance(inner, Operand):
                return inner
        return None

    @property
    def worked(self) -> Expression:
        """The first side that has an operator."""
        return next(side for side in self.sides if has_operator(side))

    @property
    def value(self) -> Fraction | None:
        """What the equation says it comes to, sign included."""
        for side in (self.sides[-1], self.sides[0]):
            inner = side.inner if isinstance(side, Negation) else side
            if isinstance(inner, Operand):
                return evaluate(side)
        return evaluate(self.sides[-1])

    @property
    def leaves(self) -> list[Operand]:
        """The operands of every side but the result, from left to right."""
        return [leaf for side in self.sides for leaf in operands(side) if leaf is not self.result]


def has_operator(expression: Expression) -> bool:
    """Whether there is anything to calculate."""
    if isinstance(expression, Negation):
        return has_operator(expression.inner)
    return isinstance(expression, Operation)


def holds(equation: Equation) -> bool | None:
    """Whether the equation is arithmetically right; None where it divides by zero.

    A result may be rounded to the decimals it is written with, and percentages may be written
    as hundredfold numbers (`5/20 * 100 = 25%`).
    """
    values = [evaluate(side) for side in equation.sides]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    percent = any(leaf.percent for side in equation.sides for leaf in operands(side))
    return all(_same(left, right, equation, percent) for left, right in pairwise(known))


def _same(left: Fraction, right: Fraction, equation: Equation, percent: bool) -> bool:
    if equation.loose:
        return abs(left - right) <= max(Fraction(1), abs(left) / 50)
    if not percent:
        return _near(left, right, equation.places)
    return (
        _near(left, right, equation.places + 2)
        or _near(left * 100, right, equation.places)
        or _near(left, right * 100, equation.places)
    )


def _near(left: Fraction, right: Fraction, places: int) -> bool:
    return agrees(left, right, places) or agrees(right, left, places)


def find_equations(text: str, tokens: Sequence[Token] | None = None) -> list[Equation]:
    """The equations that stand in `text` (without annotations), in order."""
    tokens = tokenize(text) if tokens is None else tokens
    parser = ExpressionParser(tokens)
    found: list[Equation] = []
    position = 0
    while position < len(tokens):
        if tokens[position].kind not in ("number", "open", "operator"):
            position += 1
            continue
        start = position
        sides, position = _chain(parser, tokens, start)
        if len(sides) > 1 and _starts_clean(tokens, start):
            sides[0] = _without_bullet(text, tokens[start], sides[0])
            for part in _run_on(sides):
                equation = _equation(text, part)
                if any(map(has_operator, equation.sides)) and _is_meant(equation):
                    found.append(equation)
    return found


def _chain(
    parser: ExpressionParser, tokens: Sequence[Token], start: int
) -> tuple[list[Expression], int]:
    first = parser.parse(start)
    if first is None:
        return [], start + 1
    sides, end = [first], max(parser.position, start + 1)
    while True:
        parser.skip_unit()
        at = parser.position
        if at >= len(tokens) or tokens[at].kind != "equals":
            return sides, end
        side = parser.parse(at + 1)
        if side is None or _cut_short(parser, tokens):
            return sides, max(end, at + 1)
        sides.append(side)
        end = parser.position


def _cut_short(parser: ExpressionParser, tokens: Sequence[Token]) -> bool:
    """Whether a side goes on in a way that could not be read, as in `= 8x`."""
    if parser.position >= len(tokens):
        return False
    token, before = tokens[parser.position], tokens[parser.position - 1]
    return token.kind == "other" and len(token.text) == 1 and token.text.isalpha() and (
        token.start == before.end
    )  # fmt: skip


def _starts_clean(tokens: Sequence[Token], start: int) -> bool:
    """Whether nothing that belongs to the expression stands before it, as in `x + 3 = 8`."""
    if start == 0:
        return True
    before = tokens[start - 1]
    if before.kind == "equals":
        return start > 1 and tokens[start - 2].text.isalpha()
    return before.kind not in ("operator", "number")


def _run_on(sides: list[Expression]) -> list[list[Expression]]:
    """Cuts a run-on chain: `3 * 2 = 6 + 4 = 10` says `3 * 2 = 6` and `6 + 4 = 10`."""
    parts: list[list[Expression]] = [[sides[0]]]
    for left, right in pairwise(sides):
        first = operands(right)[0]
        value = evaluate(left)
        if value != evaluate(right) and value == first.value and has_operator(right):
            if len(parts[-1]) > 1 or has_operator(left):
                parts[-1].append(first)
            parts.append([right])
        else:
            parts[-1].append(right)
    return [part for part in parts if len(part) > 1]


def _equation(text: str, sides: list[Expression]) -> Equation:
    start = operands(sides[0])[0].start
    end = operands(sides[-1])[-1].end
    if len(sides) > 2 and evaluate(sides[0]) != evaluate(sides[1]) and not has_operator(sides[0]):
        sides = sides[1:]
    loose = any(sign in text[start:end] for sign in "≈≅") or _rounds(text, start, end)
    equation = Equation(tuple(sides), start, end, 0, loose)
    result = equation.result
    places = decimals(text[result.start : result.end]) if result is not None else 2
    return Equation(tuple(sides), start, end, places, loose)


def _is_meant(equation: Equation) -> bool:
    """Whether the text means an equation of numbers, as far as can be told.

    `150 = 10 + 4` and `1/4 = 15` are mostly pieces of prose or algebra (`a quarter is 15`); they
    count where they hold.
    """
    worked = equation.sides[0]
    share = (
        isinstance(worked, Operation)
        and worked.operator == "/"
        and isinstance(worked.left, Operand)
        and isinstance(worked.right, Operand)
        and worked.left.value < worked.right.value
        and (equation.value or 0) > 1
    )
    return (has_operator(worked) and not share) or holds(equation) is True


def _without_bullet(text: str, token: Token, side: Expression) -> Expression:
    """The side without a leading `- ` that only opens a list item."""
    line_start = text.rfind("\n", 0, token.start) + 1
    opens_line = not text[line_start : token.start].strip()
    if token.kind == "operator" and opens_line and text[token.end : token.end + 1] == " ":
        return _positive_first(side)
    return side


def _positive_first(expression: Expression) -> Expression:
    if isinstance(expression, Negation):
        return expression.inner
    if isinstance(expression, Operation):
        left = _positive_first(expression.left)
        return Operation(
            expression.operator, left, expression.right, expression.start, expression.end
        )
    return expression


_ROUNDING = re.compile(r"remainder|left ?over|round|about|approx|nearly|almost|\bR\s?\d", re.I)


def _rounds(text: str, begin: int, finish: int) -> bool:
    line_start = text.rfind("\n", 0, begin) + 1
    line_end = text.find("\n", finish)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    return _ROUNDING.search(line) is not None and "/" in line.replace("÷", "/")
