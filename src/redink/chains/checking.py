"""Checking a solution once more: its calculations again, or the last one the other way round."""

from fractions import Fraction

from redink.arithmetic import Equation, Operand, Operation, WorkedSolution, evaluate, holds, plain
from redink.chains import phrases
from redink.teachers.explanation import calculation
from redink.teachers.phrases import Voice

MOST_SUMS = 6
"""Calculations that are gone over again; of a longer solution the last is turned round."""
_BACK = {"+": "-", "-": "+", "*": "/", "/": "*"}


def check_of(solution: str, voice: Voice, *, backwards: bool) -> str | None:
    """A sentence that checks a solution; None where it has nothing to calculate.

    Args:
        solution: the text of a right solution.
        voice: chooses the wording.
        backwards: turns the last calculation round where it can be.
    """
    equations = [e for e in WorkedSolution.read(solution).equations if holds(e)]
    if not equations:
        return None
    back = turned_round(equations[-1])
    if back and (backwards or len(equations) > MOST_SUMS):
        return voice.say(phrases.CHECK_BACK, back=back)
    if len(equations) > MOST_SUMS:
        return None
    sums = dict.fromkeys(calculation(equation) for equation in equations)
    return voice.say(phrases.CHECK_AGAIN, sums=", ".join(sums))


def turned_round(equation: Equation) -> str | None:
    """`434 + 198 = 632` as `632 - 198 = 434`; None where that says nothing or does not come out."""
    worked = equation.worked
    if not isinstance(worked, Operation):
        return None
    left, right, value = worked.left, worked.right, evaluate(worked)
    if not isinstance(left, Operand) or not isinstance(right, Operand) or value is None:
        return None
    if left.percent or right.percent or value != equation.value:
        return None
    if not (left.value and right.value):
        return None
    if not all(map(_is_written_out, (left.value, right.value, value))):
        return None
    return f"{plain(value)} {_BACK[worked.operator]} {plain(right.value)} = {plain(left.value)}"


def _is_written_out(value: Fraction) -> bool:
    """Whether a value is a whole number or has two decimals at most."""
    return value >= 0 and 100 % value.denominator == 0
