"""Exact arithmetic in text: numbers, expressions, equations, solution steps, final answers."""

from redink.arithmetic.answer import FinalAnswer, read_answer, read_final_answer, same_answer
from redink.arithmetic.equation import (
    Annotation,
    Equation,
    find_equations,
    has_operator,
    holds,
    strip_annotations,
)
from redink.arithmetic.expression import (
    Expression,
    Negation,
    Operand,
    Operation,
    evaluate,
    operands,
    operations,
    parse_expression,
    show,
)
from redink.arithmetic.numbers import plain, read_number, read_quantity, write_number
from redink.arithmetic.quantities import Quantity, quantities
from redink.arithmetic.solution import SolutionStep, WorkedSolution, solution_steps

__all__ = [
    "Annotation",
    "Equation",
    "Expression",
    "FinalAnswer",
    "Negation",
    "Operand",
    "Operation",
    "Quantity",
    "SolutionStep",
    "WorkedSolution",
    "evaluate",
    "find_equations",
    "has_operator",
    "holds",
    "operands",
    "operations",
    "parse_expression",
    "plain",
    "quantities",
    "read_answer",
    "read_final_answer",
    "read_number",
    "read_quantity",
    "same_answer",
    "show",
    "solution_steps",
    "strip_annotations",
    "write_number",
]
