"""What is wrong in a step, said by comparing it with what the reference does there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from redink.arithmetic import (
    Equation,
    Operand,
    WorkedSolution,
    evaluate,
    holds,
    operands,
    operations,
    plain,
    show,
)
from redink.arithmetic.quantities import conversion_units
from redink.teachers.case import Case
from redink.teachers.diagnosis import Diagnosis
from redink.teachers.variants import difference

Reason = Literal[
    "calculation",
    "operator",
    "reversed",
    "skipped_step",
    "copied",
    "invented",
    "question_number",
    "other_result",
    "conversion",
    "left_out",
    "extra",
    "extra_step",
    "other",
    "claim",
    "selection",
    "copied_answer",
    "unfinished",
    "overshot",
]
"""Why a step is wrong, as the critique tells it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A diagnosis with its reason and the numbers that show it."""

    diagnosis: Diagnosis
    reason: Reason
    expected: Equation | None = None
    """The reference's equation for this place."""
    put: Fraction | None = None
    """The number that stands there wrongly."""
    needed: Fraction | None = None
    """The number that is needed instead."""
    source: str = ""
    """Where the needed number comes from: an equation, or `the question`."""
    resume: int = 0
    """The reference step from which the correction starts."""


def explain(case: Case, diagnosis: Diagnosis) -> Explanation:
    """The reason for a diagnosis, by comparison with the reference."""
    if diagnosis.fault in ("selection", "copied_answer", "overshot"):
        return Explanation(diagnosis, diagnosis.fault, put=diagnosis.value, resume=_last(case))
    if diagnosis.fault == "unfinished":
        return _unfinished(case, diagnosis)
    expected = _counterpart(case, diagnosis)
    resume = _resume(case, expected)
    if diagnosis.fault == "claim":
        needed = _expected_claim(case, diagnosis)
        return Explanation(
            diagnosis,
            "claim",
            expected,
            diagnosis.value,
            needed,
            resume=min(resume, _like(case, diagnosis, resume)),
        )
    if diagnosis.fault == "calculation" or diagnosis.equation is None:
        return Explanation(diagnosis, "calculation", expected, resume=resume)
    if expected is None:
        return Explanation(diagnosis, "other", resume=resume)
    return _compared(case, diagnosis, diagnosis.equation, expected, resume)


def _like(case: Case, diagnosis: Diagnosis, default: int) -> int:
    return case.like_steps.get(diagnosis.step, default)


def _last(case: Case) -> int:
    return len(case.reference.steps)


def _resume(case: Case, expected: Equation | None) -> int:
    return 0 if expected is None else case.reference.step_at(expected.end - 1)


def _unfinished(case: Case, diagnosis: Diagnosis) -> Explanation:
    reached = {equation.value for equation in case.response.equations}
    for equation in case.reference.equations:
        if equation.value not in reached and equation.value != diagnosis.value:
            resume = case.reference.step_at(equation.end - 1)
            return Explanation(diagnosis, "unfinished", equation, diagnosis.value, resume=resume)
    return Explanation(diagnosis, "unfinished", None, diagnosis.value, resume=0)


def _expected_claim(case: Case, diagnosis: Diagnosis) -> Fraction | None:
    """The number that the reference states where the response states a wrong one."""
    other = case.like_steps.get(diagnosis.step)
    if other is None:
        return None
    pairs = zip(
        _numbers_in(case.response, diagnosis.step),
        _numbers_in(case.reference, other),
        strict=False,
    )
    wrong = [(mine, theirs) for mine, theirs in pairs if mine != theirs]
    return wrong[-1][1] if wrong else None


def _numbers_in(solution: WorkedSolution, step: int) -> Iterator[Fraction]:
    chosen = solution.steps[step]
    for token in solution.tokens:
        if token.value is not None and chosen.start <= token.start < chosen.end:
            yield token.value


def _counterpart(case: Case, diagnosis: Diagnosis) -> Equation | None:
    """The reference equation that the wrong one stands for."""
    equation = diagnosis.equation
    other = case.like_steps.get(diagnosis.step)
    mine = case.response.equations_in(diagnosis.step)
    if other is not None:
        theirs = case.reference.equations_in(other)
        if equation in mine and len(theirs) == len(mine):
            return theirs[mine.index(equation)]
        if theirs:
            return theirs[-1]
    if equation is None:
        return _next_unreached(case, diagnosis.step)
    reached = {e.value for e in case.response.equations if e.start < equation.start}
    open_ones = [e for e in case.reference.equations if e.value not in reached]
    close = [e for e in open_ones if difference(equation, e) is not None or _same(equation, e)]
    if close:
        return close[0]
    alike = max(open_ones, key=lambda e: _shared(equation, e), default=None)
    if alike is not None and _shared(equation, alike) > 0:
        return alike
    return _next_unreached(case, diagnosis.step)


def _shared(mine: Equation, reference: Equation) -> int:
    """How many numbers two calculations have in common."""
    ours = Counter(leaf.value for leaf in operands(mine.worked))
    return (ours & Counter(leaf.value for leaf in operands(reference.worked))).total()


def _same(mine: Equation, reference: Equation) -> bool:
    ours = [leaf.value for leaf in operands(mine.worked)]
    return sorted(ours) == sorted(leaf.value for leaf in operands(reference.worked))


def _next_unreached(case: Case, step: int) -> Equation | None:
    start = case.response.steps[step].start
    reached = {e.value for e in case.response.equations if e.start < start}
    return next((e for e in case.reference.equations if e.value not in reached), None)


def _compared(
    case: Case, diagnosis: Diagnosis, mine: Equation, expected: Equation, resume: int
) -> Explanation:
    ours, theirs = operands(mine.worked), operands(expected.worked)
    values = [leaf.value for leaf in ours]
    others = [leaf.value for leaf in theirs]
    surplus = list((Counter(values) - Counter(others)).elements())
    lacking = list((Counter(others) - Counter(values)).elements())
    if _same(mine, expected):
        return Explanation(diagnosis, _same_numbers(mine, expected), expected, resume=resume)
    if not lacking and surplus:
        return Explanation(diagnosis, "extra", expected, put=surplus[0], resume=resume)
    if not surplus and len(lacking) == 1:
        return Explanation(diagnosis, "left_out", expected, needed=lacking[0], resume=resume)
    if difference(mine, expected) == "operand":
        return _exchanged(case, diagnosis, expected, surplus[0], lacking[0], resume)
    invented = next((leaf for leaf in ours if not _known(case, mine, leaf)), None)
    if invented is not None and diagnosis.step not in case.like_steps:
        return Explanation(diagnosis, "extra_step", expected, invented.face, resume=resume)
    return Explanation(diagnosis, "other", expected, resume=resume)


def _same_numbers(mine: Equation, expected: Equation) -> Reason:
    signs = [operation.operator for operation in operations(mine.worked)]
    others = [operation.operator for operation in operations(expected.worked)]
    if signs != others:
        return "operator"
    if holds(mine) is False:
        return "calculation"
    ordered = [leaf.value for leaf in operands(mine.worked)]
    return "other" if ordered == [e.value for e in operands(expected.worked)] else "reversed"


def _exchanged(
    case: Case,
    diagnosis: Diagnosis,
    expected: Equation,
    put: Fraction,
    needed: Fraction,
    resume: int,
) -> Explanation:
    """One number stands where another is needed: which mistake is that?"""
    before = [e for e in case.response.equations if e.start < _start(diagnosis)]
    origin = next((e for e in reversed(before) if e.value == needed), None)
    makes = next((e for e in case.reference.equations if e.value == needed), None)
    seen = {e.value for e in before}
    reason: Reason
    if origin is not None:
        reason = "other_result" if put in seen else "copied"
        if put in case.given and put not in seen:
            reason = "question_number"
        source = calculation(origin)
    elif makes is not None and makes is not expected and needed not in case.given:
        reason, source = "skipped_step", calculation(makes)
        resume = min(resume, case.reference.step_at(makes.end - 1))
    elif needed in case.given:
        reason = "question_number" if put in case.given or put in seen else "invented"
        source = "the question"
    else:
        reason, source = "conversion", ""
    return Explanation(diagnosis, reason, expected, put, needed, source, resume)


def _start(diagnosis: Diagnosis) -> int:
    return diagnosis.equation.start if diagnosis.equation is not None else 0


def _known(case: Case, mine: Equation, leaf: Operand) -> bool:
    results = {e.value for e in case.response.equations if e.start < mine.start}
    known = case.given | results | case.reference_leaves
    converts = conversion_units(leaf.value, case.problem.question)
    return leaf.value in known or leaf.face in known or converts


def calculation(equation: Equation) -> str:
    """An equation with its exact result: `48 / 2 = 24`."""
    value = evaluate(equation.worked)
    percent = equation.result is not None and equation.result.percent
    if value is None:
        return show(equation.worked)
    written = equation.value
    if written is not None and value.denominator > 1 and abs(value - written) < 1:
        value = written
    text = f"{plain(value * 100)}%" if percent and abs(value) <= 10 else plain(value)
    return f"{show(equation.worked)} = {text}"
