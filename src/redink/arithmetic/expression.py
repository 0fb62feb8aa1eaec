"""Arithmetic expressions as trees of exact fractions, each number with its place in the text."""

from dataclasses import dataclass
from fractions import Fraction

from redink.arithmetic.numbers import plain
from redink.arithmetic.tokens import Operator


@dataclass(frozen=True, slots=True)
class Operand:
    """A number in an expression; the span covers its digits alone, no `$` and no `%`."""

    value: Fraction
    """What it counts for: `20%` counts for 1/5."""
    start: int
    end: int
    percent: bool = False

    @property
    def face(self) -> Fraction:
        """What is written: 20 for `20%`."""
        return self.value * 100 if self.percent else self.value


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions joined by an operator whose symbol stands at `start:end`."""

    operator: Operator
    left: "Expression"
    right: "Expression"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Negation:
    """A leading minus."""

    inner: "Expression"


Expression = Operand | Operation | Negation


def evaluate(expression: Expression) -> Fraction | None:
    """The exact value; None where something is divided by zero."""
    if isinstance(expression, Operand):
        return expression.value
    if isinstance(expression, Negation):
        inner = evaluate(expression.inner)
        return None if inner is None else -inner
    left, right = evaluate(expression.left), evaluate(expression.right)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    return apply(expression.operator, left, right)


def apply(operator: Operator, left: Fraction, right: Fraction) -> Fraction:
    """`left operator right`, exactly; `right` must not be zero in a division."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left * right if operator == "*" else left / right


def operands(expression: Expression) -> list[Operand]:
    """The numbers of an expression, from left to right."""
    if isinstance(expression, Operand):
        return [expression]
    if isinstance(expression, Negation):
        return operands(expression.inner)
    return operands(expression.left) + operands(expression.right)


def operations(expression: Expression) -> list[Operation]:
    """The operations of an expression, in the order of their symbols in the text."""
    if isinstance(expression, Operand):
        return []
    if isinstance(expression, Negation):
        return operations(expression.inner)
    return [*operations(expression.left), expression, *operations(expression.right)]


def show(expression: Expression) -> str:
    """The expression in plain signs, with the parentheses it needs: `(3 + 4) * 2`."""
    return _show(expression, 0, leading=True)


def _show(expression: Expression, outer: int, *, leading: bool) -> str:
    if isinstance(expression, Operand):
        text = plain(expression.face) + ("%" if expression.percent else "")
        return f"({text})" if expression.value < 0 and not leading else text
    if isinstance(expression, Negation):
        return f"-{_show(expression.inner, 3, leading=False)}"
    rank = 1 if expression.operator in "+-" else 2
    right_rank = rank + 1 if expression.operator in "-/" else rank
    left = _show(expression.left, rank, leading=leading or rank < outer)
    right = _show(expression.right, right_rank, leading=False)
    text = f"{left} {expression.operator} {right}"
    return f"({text})" if rank < outer else text
