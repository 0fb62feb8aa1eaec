"""Putting a critique together: checked steps, the mistake, the correction, the conclusion."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from redink.arithmetic import (
    Equation,
    Operand,
    Operation,
    evaluate,
    holds,
    operations,
    plain,
    same_answer,
    show,
)
from redink.teachers import phrases
from redink.teachers.case import Case
from redink.teachers.explanation import Explanation, calculation
from redink.teachers.phrases import Voice

_ANSWER_FAULTS = ("selection", "copied_answer", "overshot")
Style = Literal["full", "brief"]


@dataclass(frozen=True)
class Composer:
    """Writes critiques of one response."""

    case: Case
    voice: Voice
    style: Style

    def right(self) -> str:
        """Why the response is right, step by step."""
        parts = self._checked(len(self.case.response.steps))
        slip = next((e for e in self.case.response.equations if holds(e) is False), None)
        if slip is not None:
            parts.append(self._harmless(slip))
        elif self.style == "full" or not parts:
            parts.append(self.voice.say(phrases.FULLY_RIGHT, answer=self.answer))
        return self._closed("\n".join(parts), "right")

    def wrong(self, explanation: Explanation) -> str:
        """Where the response goes wrong first, why, and how it goes right."""
        step = explanation.diagnosis.step
        final = self.case.response.step_at(self._final_start())
        parts = self._checked(step) if self.style == "full" else []
        opening = phrases.OPEN_WRONG_ANSWER if step == final else phrases.OPEN_WRONG
        sentences = [self.voice.say(opening, n=step + 1), self._reason(explanation)]
        if self.style == "full" and step != final:
            effect = phrases.RESULT if step >= final - 1 else phrases.CONSEQUENCE
            sentences.append(self.voice.say(effect, answer=self._given_answer()))
        parts.append(" ".join(sentences))
        parts += self._correction(explanation.resume)
        return self._closed("\n".join(parts), "wrong")

    def unplaced(self) -> str:
        """That the final answer is wrong, where no step can be named."""
        said = self.voice.say(phrases.UNPLACED, answer=self._given_answer())
        return self._closed("\n".join([said, *self._correction(0)]), "wrong")

    @property
    def answer(self) -> str:
        """The reference answer as the critique names it."""
        return self.case.problem.answer.strip()

    def _given_answer(self) -> str:
        return self.case.answer.text if self.case.answer is not None else ""

    def _final_start(self) -> int:
        return self.case.answer.start if self.case.answer is not None else 0

    def _closed(self, body: str, verdict: str) -> str:
        # The answer's own form: a small student that runs on as critiques do has then named its
        # answer first. Named in words, 71 of 240 answers were cut off before it came.
        return f"{body}\n#### {self.answer}\nConclusion: {verdict}"

    def _checked(self, until: int) -> list[str]:
        """Remarks on the steps before `until`, all of which hold."""
        response = self.case.response
        final = response.step_at(self._final_start())
        chosen = [step.index for step in response.steps[:until] if step.index != final]
        sums = {i: [calculation(e) for e in response.equations_in(i) if holds(e)] for i in chosen}
        if self.style == "brief":
            flat = [text for found in sums.values() for text in found]
            return [self.voice.say(phrases.BRIEF_RIGHT, sums=", ".join(flat))] if flat else []
        return [self._remark(i, found) for i, found in sums.items() if found or self._idle(i)]

    def _idle(self, step: int) -> bool:
        """Whether a step has nothing to check, rather than something that cannot be checked."""
        chosen = self.case.response.steps[step]
        return not any(sign in chosen.text for sign in "=≈")

    def _remark(self, step: int, sums: list[str]) -> str:
        options = phrases.RIGHT_STEP if self._follows(step) else phrases.CALCULATED_STEP
        if not sums:
            options = phrases.PLAIN_STEP
        return self.voice.say(options, n=step + 1, sums=" and ".join(sums))

    def _follows(self, step: int) -> bool:
        """Whether a step comes to what the reference comes to, so that more than its
        arithmetic can be called right."""
        if step in self.case.same_steps or self._is_right():
            return True
        values = [equation.value for equation in self.case.response.equations_in(step)]
        return all(value in self.case.results for value in values)

    def _is_right(self) -> bool:
        answer = self.case.answer
        return answer is not None and same_answer(answer.text, self.answer) is True

    def _harmless(self, slip: Equation) -> str:
        return self.voice.say(
            phrases.HARMLESS_SLIP,
            worked=show(slip.worked),
            value=_exact(slip),
            written=_said(slip.value),
            n=self.case.response.step_at(slip.end - 1) + 1,
        )

    def _reason(self, found: Explanation) -> str:
        equation = found.diagnosis.equation
        key, fills = reason_of(self.case, found)
        if key == "calculation" and equation is not None and self.style == "full":
            spelled = _spelled_out(equation)
            if spelled:
                return self.voice.say(
                    phrases.SPELLED_OUT, sums=spelled, written=_said(equation.value)
                )
        return self.voice.say(phrases.REASONS[key], **fills)

    def _correction(self, resume: int) -> list[str]:
        """The reference's own lines from step `resume` on, without its final answer line."""
        steps = self.case.reference.steps
        final = self.case.reference_final_step
        lines = [step.text for step in steps[resume:] if step.index != final]
        if not lines:
            return []
        options = phrases.CORRECTION if resume else phrases.WHOLE_CORRECTION
        return [self.voice.say(options), *lines]


def reason_of(case: Case, found: Explanation) -> tuple[str, dict[str, str]]:
    """Why a step is wrong: a key of `phrases.REASONS`, and what its phrases are filled in with."""
    equation, expected = found.diagnosis.equation, found.expected
    key: str = found.reason
    lacks_expected = key in ("other", "unfinished") and expected is None
    if lacks_expected or (key == "claim" and found.needed is None):
        key += "_unknown"
    needed = _right_value(case) if key in _ANSWER_FAULTS else found.needed
    does, should = _acts(equation, expected)
    return key, {
        "worked": show(equation.worked) if equation is not None else "",
        "value": _exact(equation) if equation is not None else "",
        "written": _said(equation.value) if equation is not None else "",
        "expected": calculation(expected) if expected is not None else "",
        "put": _said(found.put),
        "needed": _said(needed),
        "source": found.source,
        "source_of": "the question gives" if found.source == "the question" else "here it takes",
        "does": does,
        "should": should,
    }


def _right_value(case: Case) -> Fraction | None:
    values = case.reference.values
    return values[-1] if values and case.final_value is None else case.final_value


def _said(value: Fraction | None) -> str:
    return plain(value) if value is not None else "nothing"


def _exact(equation: Equation) -> str:
    value = evaluate(equation.worked)
    return "undefined" if value is None else plain(value)


def _spelled_out(equation: Equation) -> str | None:
    """A product of two numbers taken apart: `24 * 13 = 24 * 10 + 24 * 3 = 240 + 72 = 312`."""
    worked = equation.worked
    if not isinstance(worked, Operation) or worked.operator != "*":
        return None
    if not isinstance(worked.left, Operand) or not isinstance(worked.right, Operand):
        return None
    left, right = worked.left.value, worked.right.value
    if left < 2 or not 10 < right < 100 or right.denominator > 1 or right % 10 == 0:
        return None
    tens, ones = right - right % 10, right % 10
    return (
        f"{plain(left)} * {plain(right)} = {plain(left)} * {plain(tens)} + {plain(left)} * "
        f"{plain(ones)} = {plain(left * tens)} + {plain(left * ones)} = {plain(left * right)}"
    )


def _acts(mine: Equation | None, expected: Equation | None) -> tuple[str, str]:
    """What the wrong step does and what it should do, as verbs, at the first difference."""
    if mine is None or expected is None:
        return "", ""
    ours = [operation.operator for operation in operations(mine.worked)]
    theirs = [operation.operator for operation in operations(expected.worked)]
    for wrong, right in zip(ours, theirs, strict=False):
        if wrong != right:
            return phrases.ACTS[wrong][0], phrases.ACTS[right][1]
    return phrases.ACTS[ours[0]][0], phrases.ACTS[theirs[0]][1]
