"""The kinds of error that can be injected, each by one function that proposes changes."""

from collections.abc import Callable, Iterator, Mapping
from random import Random

from redink.corruption import operand_errors, step_errors
from redink.corruption.change import Change
from redink.corruption.graph import SolutionGraph

Proposer = Callable[[SolutionGraph, Random], Iterator[Change]]

ERROR_KINDS = (
    "calculation_slip",
    "wrong_operator",
    "swapped_operands",
    "wrong_question_number",
    "wrong_earlier_result",
    "missing_step",
    "hallucinated_quantity",
    "copy_error",
    "unit_conversion",
    "wrong_final_selection",
)
"""Every kind, in the order of reports."""

PROPOSERS: Mapping[str, Proposer] = {
    "calculation_slip": step_errors.calculation_slip,
    "wrong_operator": operand_errors.wrong_operator,
    "swapped_operands": operand_errors.swapped_operands,
    "wrong_question_number": operand_errors.wrong_question_number,
    "wrong_earlier_result": operand_errors.wrong_earlier_result,
    "missing_step": step_errors.missing_step,
    "hallucinated_quantity": step_errors.hallucinated_quantity,
    "copy_error": operand_errors.copy_error,
    "unit_conversion": operand_errors.unit_conversion,
    "wrong_final_selection": step_errors.wrong_final_selection,
}
