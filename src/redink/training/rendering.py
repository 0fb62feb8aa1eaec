"""From tables to training examples: which text is the prompt, which the completion."""

import re
from collections.abc import Callable
from typing import Any, Literal

from redink.errors import DataError, UsageError
from redink.prompts import prompt_named
from redink.records import Critique, Example, Message, Problem, Response
from redink.tables import KINDS, Table, response_table
from redink.teachers.verdict import without_end_mark

Objective = Literal["imitate", "critique"]

PROMPTS: dict[str, str] = {
    "imitate": "{question}",
    "critique": (
        "Please critique whether the following solution to the question is correct.\n\n"
        "Question:\n{question}\n\nSolution:\n{response}"
    ),
}
"""What the user says, by objective. `critique` is Critique Fine-Tuning's (arXiv 2501.17703, 2)."""

_ANNOTATION = re.compile(r"<<[^<>]*>>")


def question_messages(problem: Problem) -> tuple[Message, ...]:
    """The prompt of a problem, the same in training, sampling and evaluation."""
    return prompt_named("plain").messages(problem)


def critique_messages(problem: Problem, response: Response) -> tuple[Message, ...]:
    """The prompt that asks for a critique of a response."""
    text = PROMPTS["critique"].format(
        question=problem.question.strip(), response=plain_solution(response.text)
    )
    return (Message("user", text),)


def plain_solution(text: str) -> str:
    """A solution without calculator annotations such as `<<3*4=12>>`."""
    return _ANNOTATION.sub("", text).strip()


def examples_from(table: Table[Any], objective: Objective) -> list[Example]:
    """Renders a table's rows as training examples.

    Args:
        table: for `imitate` problems (their reference solutions), responses (as they are) or
            critiques (the responses that they mark, each once: the paper's SFT-verified are those
            with verdict `right`); for `critique` critiques.
        objective: what the student learns to write.

    Raises UsageError where the table does not suit the objective, DataError for a problem without
    a reference solution or a row that refers to a missing one.
    """
    if objective not in PROMPTS:
        raise UsageError(f"objective {objective!r} is unknown; use {' or '.join(PROMPTS)}")
    if objective == "imitate" and table.kind is Critique:
        marked = dict.fromkeys(critique.response_id for critique in table)
        responses = [_referred(table.responses, key, "response", key) for key in marked]
        table = response_table(responses, table.problems)
    render = _RENDERERS.get((objective, table.kind))
    if render is None:
        kind = KINDS.get(table.kind, str(table.kind))
        accepted = " or ".join(KINDS[k] for name, k in _RENDERERS if name == objective)
        raise UsageError(
            f"objective {objective!r} cannot learn from a table of {kind}; give it {accepted}"
        )
    return [render(table, row) for row in table]


def _imitate_problem(table: Table[Any], problem: Problem) -> Example:
    if not (problem.solution and problem.solution.strip()):
        raise DataError(
            f"problem {problem.id} has no reference solution to imitate; "
            "leave such problems out with `select`, or use responses"
        )
    return _example(question_messages(problem), plain_solution(problem.solution), problem.id)


def _imitate_response(table: Table[Any], response: Response) -> Example:
    problem = _referred(table.problems, response.problem_id, "problem", response.id)
    return _example(question_messages(problem), plain_solution(response.text), response.id)


def _critique(table: Table[Any], critique: Critique) -> Example:
    response = _referred(table.responses, critique.response_id, "response", critique.id)
    problem = _referred(table.problems, response.problem_id, "problem", response.id)
    text = without_end_mark(critique.text.strip())
    return _example(critique_messages(problem, response), text, critique.id)


def _example(prompt: tuple[Message, ...], completion: str, identity: str) -> Example:
    return Example(prompt, (Message("assistant", completion),), meta={"id": identity})


def _referred(records: Any, key: str, kind: str, row: str) -> Any:
    if key not in records:
        raise DataError(f"row {row}: its {kind} {key} is not in the table; make the table again")
    return records[key]


_RENDERERS: dict[tuple[str, type], Callable[[Table[Any], Any], Example]] = {
    ("imitate", Problem): _imitate_problem,
    ("imitate", Response): _imitate_response,
    ("critique", Critique): _critique,
}
