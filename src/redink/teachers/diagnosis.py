"""Finding the first wrong solution step of a response whose final answer is wrong.

Each step's arithmetic is checked first. A step that calculates rightly is wrong where its
result is neither one of the reference's nor on the way to one in another order (see
`regrouping`), and the final answer depends on it. What the final answer does not depend on is
not blamed.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from redink.arithmetic import (
    Equation,
    FinalAnswer,
    WorkedSolution,
    evaluate,
    holds,
    operations,
)
from redink.arithmetic.quantities import conversion_units
from redink.teachers.case import Case
from redink.teachers.variants import is_off_track, is_reference, stand_in

Fault = Literal[
    "calculation", "reasoning", "claim", "selection", "unfinished", "copied_answer", "overshot"
]
_COMMON = frozenset({*map(Fraction, range(3)), Fraction(10), Fraction(100), Fraction(1, 2)})
"""Numbers that any solution may bring in."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The first wrong solution step, and what is wrong there."""

    step: int
    fault: Fault
    equation: Equation | None = None
    value: Fraction | None = None
    """The wrong value where the fault is no equation."""


def diagnose(case: Case) -> Diagnosis | None:
    """The first wrong step of a response whose final answer is wrong.

    None where no step can be named with reason: the reference's way could not be read and no
    calculation is wrong in itself.
    """
    answer = case.answer
    if answer is None:
        return None
    chain = _contributing(case, answer)
    for step in case.response.steps:
        if step.index in case.same_steps or step.start <= answer.start < step.end:
            continue
        equations = [e for e in case.response.equations_in(step.index) if e in chain]
        found = _judge_step(case, step.index, equations)
        if found is not None:
            return _earlier_cause(case, found, chain) or found
    return _judge_answer(case, answer, chain) or _first_slip(case)


def _earlier_cause(case: Case, found: Diagnosis, chain: list[Equation]) -> Diagnosis | None:
    """An earlier step that had passed, and is to blame after all.

    A value may be on the way in another order of calculation by chance alone. It is not where
    its step is a reference step but for one thing and the way was never found again, where it
    is a product that still lacked a factor when it was added, or where it stands in for a
    result of the reference.
    """
    if found.fault != "reasoning" or found.equation is None or found.step in case.like_steps:
        return None
    cause = _root(case, found.equation) or _passed_by_chance(case, found.equation, chain)
    if cause is None:
        return None
    return Diagnosis(case.response.step_at(cause.end - 1), "reasoning", cause)


def _root(case: Case, blamed: Equation) -> Equation | None:
    """The equation whose wrong result came down to the blamed one, where that can be traced."""
    cause = None
    for _ in case.response.equations:
        earlier = stand_in(case, cause or blamed)
        if earlier is None or case.response.step_at(earlier.end - 1) in case.same_steps:
            break
        cause = earlier
    return cause


def _passed_by_chance(case: Case, blamed: Equation, chain: list[Equation]) -> Equation | None:
    adds = any(operation.operator in "+-" for operation in operations(blamed.worked))
    added = {leaf.value for leaf in blamed.leaves}
    for equation in chain:
        step = case.response.step_at(equation.end - 1)
        if equation.start >= blamed.start or step in case.same_steps:
            break
        value = equation.value
        if value is None or is_reference(case, equation):
            continue
        unready = adds and value in added and not case.complete(value)
        if unready or is_off_track(case, equation):
            return equation
    return None


def _judge_step(case: Case, step: int, equations: list[Equation]) -> Diagnosis | None:
    for equation in equations:
        if holds(equation) is False:
            return Diagnosis(step, "calculation", equation)
    if not case.readable and step not in case.like_steps:
        return None
    other = _counterpart(case, step)
    if other is not None:
        return _compare(case, step, other)
    for equation in equations:
        if case.readable and not _accepted(case, equation):
            return _claim_before(case, equation, step) or Diagnosis(step, "reasoning", equation)
    return None


def _counterpart(case: Case, step: int) -> int | None:
    """The reference step that this one repeats with other numbers, where that is certain."""
    other = case.like_steps.get(step)
    wordy = sum(map(str.isalpha, case.response.steps[step].text)) > 5
    if other is None or wordy:
        return other
    return other if other == case.like_steps.get(step - 1, -1) + 1 else None


def _compare(case: Case, step: int, other: int) -> Diagnosis | None:
    """What is wrong in a step that repeats a reference step with other numbers."""
    mine, theirs = case.response.equations_in(step), case.reference.equations_in(other)
    for equation, reference in zip(mine, theirs, strict=False):
        if equation.value != reference.value:
            return Diagnosis(step, "reasoning", equation)
    numbers = _numbers(case.response, step)
    expected = _numbers(case.reference, other)
    if sorted(numbers) == sorted(expected):
        return None
    wrong = [n for n, e in zip(numbers, expected, strict=False) if n != e]
    return Diagnosis(step, "claim", value=wrong[-1]) if wrong else None


def _numbers(solution: WorkedSolution, step: int) -> list[Fraction]:
    chosen = solution.steps[step]
    return [
        token.value
        for token in solution.tokens
        if token.value is not None and chosen.start <= token.start < chosen.end
    ]


def _accepted(case: Case, equation: Equation) -> bool:
    """Whether a right calculation is one of the reference's or on the way to one."""
    value = equation.value
    if value is None or _trivial(equation):
        return True
    if value < 0 <= min(case.reference.values):
        return False
    on_the_way = value in case.results or case.on_the_way(value)
    return on_the_way and _grounded(case, equation)


def _grounded(case: Case, equation: Equation) -> bool:
    """Whether every number calculated with comes from somewhere."""
    known = set(case.given) | _COMMON | case.reference_leaves
    for other in case.response.equations:
        if other is equation:
            break
        known.update(value for value in (other.value,) if value is not None)
    text = case.problem.question
    return all(
        leaf.value in known
        or leaf.face in known
        or leaf.value.denominator > 1
        or conversion_units(leaf.value, text)
        for leaf in equation.leaves
    )


def _trivial(equation: Equation) -> bool:
    """Whether the result only repeats an operand, as in `20 * 1 = 20`."""
    values = [leaf.value for leaf in equation.leaves]
    return equation.value in values and (0 in values or 1 in values)


def _claim_before(case: Case, equation: Equation, step: int) -> Diagnosis | None:
    """An earlier step that states, without calculating it, a wrong number used here."""
    known = set(case.given)
    for other in case.response.equations:
        if other.start >= equation.start:
            break
        known.update(v for v in (other.value, *(leaf.value for leaf in other.leaves)) if v)
    for leaf in equation.leaves:
        if leaf.value in known or leaf.face in known or case.on_the_way(leaf.value):
            continue
        for mention in case.response.mentions:
            place = case.response.step_at(mention.start)
            if place < step and mention.value == leaf.face and place not in case.same_steps:
                return Diagnosis(place, "claim", value=leaf.face)
    return None


def _contributing(case: Case, answer: FinalAnswer) -> list[Equation]:
    """The equations that the final answer depends on, by the values that they use.

    All of them where the final answer is the result of none.
    """
    equations = case.response.equations
    chosen: set[int] = set()
    wanted = {abs(answer.value)} if answer.value is not None else set()
    for index in range(len(equations) - 1, -1, -1):
        equation = equations[index]
        result = equation.result
        faces = {equation.value} | ({result.face} if result is not None else set())
        sizes = {abs(face) for face in faces if face is not None}
        if sizes & wanted or any(_rounded(size, wanted) for size in sizes):
            chosen.add(index)
            wanted.update(abs(leaf.value) for leaf in equation.leaves)
            wanted.update(abs(leaf.face) for leaf in equation.leaves)
    return [equations[index] for index in sorted(chosen)] if chosen else list(equations)


def _rounded(value: Fraction, wanted: set[Fraction]) -> bool:
    if value.denominator == 1:
        return False
    return any(abs(other - value) < 1 for other in wanted)


def _judge_answer(case: Case, answer: FinalAnswer, chain: list[Equation]) -> Diagnosis | None:
    """What is wrong with the final answer where the steps before it are right."""
    step = case.response.step_at(answer.start)
    results = [equation.value for equation in case.response.equations]
    others = [other.index for other in case.response.steps if other.index != step]
    copied = bool(others) and all(index in case.same_steps for index in others)
    if _arrived(case, case.final_value) or (
        copied and len(others) == len(case.reference.steps) - 1
    ):
        beyond = _beyond(case, answer)
        if beyond is not None:
            return Diagnosis(case.response.step_at(beyond.end - 1), "overshot", beyond)
        fault: Fault = "selection" if answer.value in results else "copied_answer"
        return Diagnosis(step, fault, value=answer.value)
    if copied:
        return Diagnosis(step, "unfinished", value=answer.value)
    if not results or not case.readable:
        return None
    near = next((e for e in case.response.equations if is_off_track(case, e)), None)
    if near is not None and near.result is not None:
        return Diagnosis(case.response.step_at(near.result.start), "reasoning", near)
    last = case.response.equations[-1]
    faces = {last.value, last.result.face if last.result is not None else None}
    if answer.value not in case.results and answer.value in faces:
        found = Diagnosis(case.response.step_at(last.end - 1), "reasoning", last)
        return _earlier_cause(case, found, chain) or found
    return Diagnosis(step, "unfinished", value=answer.value)


def _beyond(case: Case, answer: FinalAnswer) -> Equation | None:
    """The equation that goes on from the right final value to the answer given."""
    arrived = False
    for equation in case.response.equations:
        leaves = [leaf.value for leaf in equation.leaves]
        onward = case.final_value in leaves and equation.value == answer.value
        if arrived and onward and case.response.step_at(equation.end - 1) not in case.same_steps:
            return equation
        arrived = arrived or equation.value == case.final_value
    return None


def _arrived(case: Case, right: Fraction | None) -> bool:
    """Whether the response calculated the right final value, and nothing that hides it."""
    equations = case.response.equations
    return any(
        equation.value == right
        and (
            equation is equations[-1]
            or case.response.step_at(equation.start) in case.same_steps
            or is_reference(case, equation)
        )
        for equation in equations
    )


def _first_slip(case: Case) -> Diagnosis | None:
    for equation in case.response.equations:
        if holds(equation) is False and evaluate(equation.worked) is not None:
            step = case.response.step_at(equation.end - 1)
            return Diagnosis(step, "calculation", equation)
    return None
