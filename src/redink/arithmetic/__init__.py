"""Exact arithmetic in text: numbers, expressions, equations, solution steps, final answers."""

from redink.arithmetic.annotation import Annotation, strip_annotations
from redink.arithmetic.answer import FinalAnswer, read_answer, read_final_answer, same_answer
from redink.arithmetic.equation import Equation, find_equations, has_operator, holds
from redink.arithmetic.expression import (
    Expression,
    Negation,
    Operand,
    Operation,
    evaluate,
    operands,
    operations,
    show,
)
from redink.arithmetic.numbers import plain, read_number, read_quantity, write_number
from redink.arithmetic.parser import parse_expression
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
