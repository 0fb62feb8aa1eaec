"""The parts of a reward that rules decide."""

from typing import Literal, get_args

from redink.grading import Grade
from redink.grading.choice import find_choice
from redink.grading.extraction import extract_answer
from redink.grading.number import read_number
from redink.prompts import Prompt
from redink.records import Outcome, Problem
from redink.rewards.rollout import Rollout

AnswerForm = Literal["marked", "boxed", "hashes", "phrase"]
ANSWER_FORMS: tuple[AnswerForm, ...] = get_args(AnswerForm)
UNSCORABLE: tuple[Outcome, ...] = ("grader_timeout", "gold_unparsable", "ungraded")
"""Outcomes that say something about the grader or the data, and nothing about the answer."""


def correct(grade: Grade) -> float | None:
    """1 for a right answer, 0 for a wrong or missing one, None where the grader failed."""
    if grade.outcome in UNSCORABLE:
        return None
    return 1.0 if grade.outcome == "correct" else 0.0


def has_number(problem: Problem) -> bool:
    """Whether the reference answer is a number, not the letter of an option."""
    return problem.meta.get("answer_type") != "choice" and read_number(problem.answer) is not None


def partial(grade: Grade) -> float | None:
    """1 for an answer that is stated and wrong; ReFT (arXiv 2401.08967, 3.2) gives 0.1 for it.

    Only an answer that the text marks as its own counts, not the last number that stands in it.
    """
    if grade.outcome in UNSCORABLE:
        return None
    guessed = grade.compared_by.endswith("-fallback")
    return 1.0 if grade.outcome == "wrong" and not guessed else 0.0


def is_stated(rollout: Rollout, form: AnswerForm) -> bool:
    """Whether the final answer stands in the asked form.

    `marked` accepts every form that marks it: a box, `####`, `the answer is`; of options, one
    that is named as the answer.
    """
    problem = rollout.problem
    if form == "marked" and problem.meta.get("answer_type") == "choice":
        options = [str(option) for option in problem.meta.get("choices") or []]
        choice = find_choice(rollout.text, options, problem.question)
        return choice is not None and not choice.is_guess
    found = extract_answer(rollout.text, problem.question)
    if found is None or not found.is_complete:
        return False
    return form == "marked" or found.marker == form


def answer_form_of(prompt: Prompt) -> AnswerForm:
    """The form in which a prompt asks for the answer; `marked` where it asks for none."""
    asked = "\n".join((prompt.user, prompt.system or "", *(shot.solution for shot in prompt.shots)))
    if "\\boxed" in asked:
        return "boxed"
    return "hashes" if "####" in asked else "marked"


def overlong(n_tokens: int, max_tokens: int, soft_tokens: int) -> float:
    """DAPO's soft over-long punishment (arXiv 2503.14476, equation 13), from 0 to -1.

    Args:
        n_tokens: the text's length.
        max_tokens: the limit, L_max.
        soft_tokens: how long before it the punishment sets in, L_cache; 4,096 of 20,480 there.

    0 up to L_max - L_cache, then falling linearly to -1 at L_max, and -1 beyond it.
    """
    beyond = n_tokens - (max_tokens - soft_tokens)
    return -min(max(beyond / soft_tokens, 0.0), 1.0)
