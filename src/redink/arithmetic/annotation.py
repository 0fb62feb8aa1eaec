"""GSM8K's calculator annotations, `48/2 = <<48/2=24>>24`: taken out, and read as equations."""

import re
from dataclasses import dataclass

from redink.arithmetic.equation import Equation, find_equations
from redink.arithmetic.expression import Expression, Negation, Operand, Operation
from redink.arithmetic.numbers import decimals
from redink.arithmetic.tokens import Token

_ANNOTATION = re.compile(r"<<([^<>\n]*)>>")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A `<<48/2=24>>` that stood before position `at` of the text without annotations."""

    at: int
    text: str


def strip_annotations(text: str) -> tuple[str, list[Annotation]]:
    """`text` without its `<<...>>` annotations, and these with their places in the new text."""
    parts: list[str] = []
    annotations: list[Annotation] = []
    length = last = 0
    for match in _ANNOTATION.finditer(text):
        parts.append(text[last : match.start()])
        length += match.start() - last
        annotations.append(Annotation(length, match[1]))
        last = match.end()
    parts.append(text[last:])
    return "".join(parts), annotations


def annotated_equation(annotation: Annotation, result: Token) -> Equation | None:
    """The equation that an annotation states about the number `result` behind it.

    None where the annotation has no operator (`<<48=48>>`) or cannot be read.
    """
    body = annotation.text.rsplit("=", 1)[0]
    found = [e for e in find_equations(f"{body}={result.text}") if e.start == 0]
    if not found or result.value is None:
        return None
    worked = _unplaced(found[0].worked)
    side = Operand(
        result.value / 100 if result.percent else result.value,
        result.start,
        result.end,
        result.percent,
    )
    return Equation((worked, side), result.start, result.end, decimals(result.text), annotated=True)


def _unplaced(expression: Expression) -> Expression:
    if isinstance(expression, Operand):
        return Operand(expression.value, -1, -1, expression.percent)
    if isinstance(expression, Negation):
        return Negation(_unplaced(expression.inner))
    left, right = _unplaced(expression.left), _unplaced(expression.right)
    return Operation(expression.operator, left, right, -1, -1)
