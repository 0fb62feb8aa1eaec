"""Refiners: rewriting a wrong draft as a whole, or from its first wrong solution step on.

What a refiner is asked in training and at inference comes from the same functions, and so does
what is made of its answer. Source: GLoRe (arXiv 2402.10963): global refinement maps (question,
wrong draft) to a right solution, local refinement (question, draft with `[BAD]` before its first
wrong step) to a right continuation from there. Everything before the mark is kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError
from redink.records import (
    Critique,
    Example,
    Message,
    Outcome,
    Problem,
    Response,
    StepLabels,
    content_id,
)
from redink.steps import prefix_text, solution_steps
from redink.tables import Table
from redink.training.ending import Ending, ended, ending_of
from redink.training.plain import plain_solution

BAD = "[BAD]"
"""Stands before the first wrong solution step of a draft (GLoRe)."""
WRONG: frozenset[Outcome] = frozenset({"wrong", "no_answer"})
"""Outcomes of the drafts that refiners learn from: the others may be right as far as they go."""
REFINE_PROMPTS: dict[str, str] = {
    "refine-global": (
        "Please rewrite the following solution to the question so that it is correct.\n\n"
        "Question:\n{question}\n\nSolution:\n{response}"
    ),
    "refine-global+critique": (
        "Please rewrite the following solution to the question so that it is correct, as the "
        "critique says.\n\n"
        "Question:\n{question}\n\nSolution:\n{response}\n\nCritique:\n{critique}"
    ),
    "refine-local": (
        "Please continue the following solution to the question correctly from where it is marked "
        "[BAD].\n\nQuestion:\n{question}\n\nSolution:\n{response}"
    ),
}
"""What the user says to a refiner; GLoRe's own prompts are not published."""


def global_messages(
    problem: Problem, draft: str, critique: str | None = None
) -> tuple[Message, ...]:
    """The prompt that asks for a draft to be rewritten, with or without a critique of it."""
    name = "refine-global" if critique is None else "refine-global+critique"
    return _asked(name, problem, response=_unmarked(draft), critique=(critique or "").strip())


def local_messages(problem: Problem, draft: str, step: int) -> tuple[Message, ...]:
    """The prompt that asks for a right continuation from a 0-based solution step on.

    Raises DataError where the draft has no such step.
    """
    return _asked("refine-local", problem, response=marked_draft(draft, step))


def marked_draft(draft: str, step: int) -> str:
    """A draft, without annotations, with `[BAD]` before a 0-based solution step.

    Raises DataError where the draft has no such step.
    """
    text = _unmarked(draft)
    at = _start(text, step)
    return f"{text[:at]}{BAD} {text[at:]}"


def kept_prefix(draft: str, step: int) -> str:
    """What of a draft stays when it is continued from a 0-based solution step on."""
    return prefix_text(_unmarked(draft), step).rstrip()


def continued_draft(draft: str, step: int, continuation: str) -> str:
    """What a local refinement gives: the kept prefix, then what the refiner wrote."""
    kept = kept_prefix(draft, step)
    return f"{kept}\n{continuation.lstrip()}" if kept else continuation.lstrip()


def global_examples(table: Table[Any]) -> list[Example]:
    """Each wrong draft with a right solution to the same problem.

    Args:
        table: graded responses; or critiques, whose text then stands in the prompt.

    The solution is a right response of the table, one that follows this very critique where there
    is one, chosen by the content of both; else the reference solution. Right drafts, drafts that
    were not graded or cut off, and those without a right solution are left out. Raises DataError
    where none is left, or a row refers to a missing one.
    """
    found = []
    solutions = _Solutions.of(table)
    for draft, critique in _drafts(table):
        solution = solutions.to(draft, critique)
        if solution is not None:
            problem = solutions.problem_of(draft)
            said = critique.text if critique is not None else None
            prompt = global_messages(problem, draft.text, said)
            found.append(_example(prompt, solution, (critique or draft).id))
    return _some(found, "refine-global", "a right response or a reference solution")


def local_examples(table: Table[Any]) -> list[Example]:
    """Each wrong draft, marked before its first wrong step, with a right continuation from there.

    Args:
        table: step labels, or responses whose errors were injected.

    The continuation is that of a right response of the table that begins with the same steps,
    sampled from this very prefix where there is one, chosen by the content of both; else that of
    a reference solution which begins so. Drafts without are left out. Raises DataError where none
    is left, or a row refers to a missing one.
    """
    found = []
    solutions = _Solutions.of(table)
    for draft, step, identity in _located(table):
        continuation = solutions.continuing(draft, step)
        if continuation is not None:
            prompt = local_messages(solutions.problem_of(draft), draft.text, step)
            found.append(_example(prompt, continuation, identity))
    return _some(found, "refine-local", "a right continuation from the first wrong step")


@dataclass(frozen=True)
class _Solutions:
    """What is known of the problems of a table: right responses and reference solutions."""

    table: Table[Any]
    right: dict[str, list[Response]]
    """Problem id → right responses."""
    ending: Ending

    @classmethod
    def of(cls, table: Table[Any]) -> "_Solutions":
        right: dict[str, list[Response]] = {}
        for response in table.responses.values():
            if response.outcome == "correct":
                right.setdefault(response.problem_id, []).append(response)
        return cls(table, right, ending_of(r.text for r in table.responses.values()))

    def problem_of(self, draft: Response) -> Problem:
        problem = self.table.problems.get(draft.problem_id)
        if problem is None:
            raise DataError(
                f"response {draft.id}: its problem {draft.problem_id} is not in the table; make "
                "the table again"
            )
        return problem

    def to(self, draft: Response, critique: Critique | None) -> str | None:
        """A right solution to a draft's problem."""
        right = self.right.get(draft.problem_id, [])
        follows = [r for r in right if critique and r.sampling.get("follows") == critique.id]
        chosen = _chosen(draft, follows or right)
        return plain_solution(chosen.text) if chosen is not None else self._reference(draft)

    def continuing(self, draft: Response, step: int) -> str | None:
        """How a right solution that begins with a draft's first `step` steps goes on."""
        kept = kept_prefix(draft.text, step)
        alike = [r for r in self.right.get(draft.problem_id, []) if _goes_on(r.text, kept, step)]
        own = [r for r in alike if _place(r) == (draft.id, step)]
        chosen = _chosen(draft, own or alike)
        text = chosen.text if chosen is not None else self._reference(draft)
        if text is None or not _goes_on(text, kept, step):
            return None
        plain = plain_solution(text)
        return plain[_start(plain, step) :]

    def _reference(self, draft: Response) -> str | None:
        problem = self.problem_of(draft)
        solution = plain_solution(problem.solution or "")
        return ended(solution, self.ending, problem.answer) if solution else None


def _drafts(table: Table[Any]) -> Iterator[tuple[Response, Critique | None]]:
    for row in table:
        critique = row if isinstance(row, Critique) else None
        draft = _referred(table, row.response_id, row.id) if critique is not None else row
        if draft.outcome in WRONG:
            yield draft, critique


def _located(table: Table[Any]) -> Iterator[tuple[Response, int, str]]:
    """Wrong drafts with their first wrong step."""
    for row in table:
        if isinstance(row, StepLabels):
            draft, step = _referred(table, row.response_id, row.id), row.first_error
        else:
            draft, step = row, row.error.step if row.error is not None else None
        if step is not None and draft.outcome in WRONG:
            yield draft, step, row.id


def _referred(table: Table[Any], key: str, row: str) -> Response:
    response = table.responses.get(key)
    if response is None:
        raise DataError(f"row {row}: its response {key} is not in the table; make the table again")
    return response


def _goes_on(text: str, kept: str, step: int) -> bool:
    """Whether a solution has further steps after exactly these first ones."""
    plain = plain_solution(text)
    return len(solution_steps(plain)) > step and kept_prefix(plain, step) == kept


def _place(response: Response) -> tuple[Any, Any]:
    return response.sampling.get("prefix_of"), response.sampling.get("steps")


def _chosen(draft: Response, right: Sequence[Response]) -> Response | None:
    """One of several by the content of both: neither order nor a seed matters."""
    return min(right, key=lambda r: content_id("pair", draft.id, r.id), default=None)


def _start(text: str, step: int) -> int:
    steps = solution_steps(text)
    if not 0 <= step < len(steps):
        raise DataError(
            f"a draft of {len(steps)} solution steps has no step {step} (counted from 0); make the "
            "labels anew from the same responses"
        )
    return steps[step].start


def _unmarked(draft: str) -> str:
    return plain_solution(draft).replace(f"{BAD} ", "").replace(BAD, "")


def _asked(name: str, problem: Problem, **texts: str) -> tuple[Message, ...]:
    question = problem.question.strip()
    return (Message("user", REFINE_PROMPTS[name].format(question=question, **texts)),)


def _example(prompt: tuple[Message, ...], completion: str, identity: str) -> Example:
    return Example(prompt, (Message("assistant", completion),), meta={"id": identity})


def _some(examples: Iterable[Example], objective: str, wanted: str) -> list[Example]:
    found = list(examples)
    if not found:
        raise DataError(
            f"objective {objective!r}: no wrong draft of the table has {wanted}; sample more "
            "responses, or load problems with solutions"
        )
    return found
