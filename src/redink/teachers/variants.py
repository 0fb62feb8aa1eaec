"""Equations that are the reference's but for one thing: an operator, an operand, one left out."""

from collections import Counter
from fractions import Fraction
from typing import Literal

from redink.arithmetic import Equation, WorkedSolution, operands, operations
from redink.teachers.case import Case


def difference(
    mine: Equation, reference: Equation
) -> Literal["operator", "operand", "missing"] | None:
    """What tells two equations apart where it is one thing only."""
    ours = sorted(leaf.value for leaf in operands(mine.worked))
    theirs = sorted(leaf.value for leaf in operands(reference.worked))
    signs = sorted(operation.operator for operation in operations(mine.worked))
    others = sorted(operation.operator for operation in operations(reference.worked))
    if ours == theirs:
        return "operator" if signs != others else None
    lacking = (Counter(theirs) - Counter(ours)).total()
    surplus = (Counter(ours) - Counter(theirs)).total()
    if lacking != 1 or len(theirs) < 2:
        return None
    if not surplus and len(ours) > 1:
        return "missing" if not Counter(signs) - Counter(others) else None
    return "operand" if surplus == 1 and signs == others else None


def is_off_track(case: Case, equation: Equation) -> bool:
    """Whether an equation is one of the reference's but for an operand or an operator, and
    what the reference had there comes too rarely in the response to have been moved."""
    if case.response.step_at(equation.start) in case.same_steps or equation.result is None:
        return False
    reached = [other.value for other in case.response.equations]
    return any(
        other.value not in reached and _is_variant(case, equation, other)
        for other in case.reference.equations
    )


def _is_variant(case: Case, mine: Equation, reference: Equation) -> bool:
    kind = difference(mine, reference)
    if kind is None or kind == "operator":
        return kind == "operator"
    ours = Counter(leaf.value for leaf in operands(mine.worked))
    expected = Counter(leaf.value for leaf in operands(reference.worked))
    replaced, put = next(iter(expected - ours)), next(iter(ours - expected), None)
    multiplies = any(operation.operator in "*/" for operation in operations(mine.worked))
    known = case.reference_leaves.union(case.reference.values)
    if multiplies and put in known:
        return False
    return _uses(case.response, replaced) < _uses(case.reference, replaced)


def _uses(solution: WorkedSolution, value: Fraction) -> int:
    leaves = [leaf.value for equation in solution.equations for leaf in equation.leaves]
    return leaves.count(value)


def is_reference(case: Case, equation: Equation) -> bool:
    """Whether the reference has an equation with these operands and this result."""
    mine = sorted(leaf.value for leaf in operands(equation.worked))
    return any(
        other.value == equation.value
        and sorted(leaf.value for leaf in operands(other.worked)) == mine
        for other in case.reference.equations
    )


def stand_in(case: Case, equation: Equation) -> Equation | None:
    """The earlier equation whose result stands here for another result of the reference.

    `360 * 0.3` beside the reference's `2700 * 0.3` says that 360 stands for 2700: if the
    response calculated that 360 itself, and not as the reference does, it went wrong there.
    """
    ours = Counter(leaf.value for leaf in operands(equation.worked))
    for reference in case.reference.equations:
        if difference(equation, reference) != "operand":
            continue
        theirs = Counter(leaf.value for leaf in operands(reference.worked))
        put, needed = next(iter(ours - theirs)), next(iter(theirs - ours))
        if needed not in case.reference.values or put in case.reference.values:
            continue
        for earlier in case.response.equations:
            if earlier.start >= equation.start:
                break
            if earlier.value == put and not is_reference(case, earlier):
                return earlier
    return None
