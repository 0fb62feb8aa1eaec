"""The lines of an attempt, without the marks that state its answer, and how an answer is stated."""

import re
from dataclasses import dataclass
from typing import Literal

from redink.arithmetic import FinalAnswer, WorkedSolution, read_final_answer

Form = Literal["hashes", "boxed"]
"""How a final answer is stated: behind `####`, or in a box."""
_HASHES = re.compile(r"^\s*####", re.MULTILINE)
_BOX = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


@dataclass(frozen=True)
class Lines:
    """An attempt's own lines, and the answer that it comes to."""

    texts: tuple[str, ...]
    """As they stand, but for boxes, up to the line that does nothing but state the answer."""
    answer: FinalAnswer | None
    states: bool
    """Whether a line of its own stated the answer, which is left out of `texts`."""


def form_of(solution: str) -> Form:
    """How a solution states its answer; behind `####` where it has no way of its own."""
    return "boxed" if "\\boxed" in solution and not _HASHES.search(solution) else "hashes"


def stated(answer: str, form: Form) -> str:
    """The line that states a final answer."""
    return f"#### {answer}" if form == "hashes" else f"The final answer is $\\boxed{{{answer}}}$."


def lines_of(text: str) -> Lines:
    """The lines of an attempt; see `Lines`."""
    worked = WorkedSolution.read(text)
    answer = read_final_answer(worked.text)
    last = worked.step_at(answer.start) if answer is not None and answer.marked else None
    texts: list[str] = []
    for step in worked.steps:
        if step.is_final:
            return Lines(tuple(texts), answer, True)
        only_states = step.index == last == len(worked.steps) - 1 and "\\boxed" in step.text
        if only_states and not worked.equations_in(step.index):
            return Lines(tuple(texts), answer, True)
        texts.append(_BOX.sub(r"\1", step.text))
    return Lines(tuple(texts), answer, False)


def why_untold(text: str) -> str | None:
    """Why an attempt's answer cannot be told as a thought on the way; None where it can."""
    if len(_HASHES.findall(text)) > 1:
        return "it states several answers"
    if any("\\boxed" in line or "####" in line for line in lines_of(text).texts):
        return "its answer cannot be taken out of its lines"
    return None
