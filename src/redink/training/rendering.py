"""From tables to training examples: which text is the prompt, which the completion."""

import re
from collections.abc import Callable
from typing import Any, Literal, get_args

from redink.errors import DataError, UsageError
from redink.prompts import prompt_named
from redink.records import Critique, Example, Message, Problem, Response, StepLabels
from redink.tables import KINDS, Table, response_table
from redink.teachers.verdict import without_end_mark
from redink.training.ending import Ending, ended, ending_of
from redink.training.exchange import exchanged_places
from redink.training.plain import plain_solution as plain_solution
from redink.training.refining import REFINE_PROMPTS, global_examples, local_examples

Objective = Literal[
    "imitate",
    "critique",
    "critique+solution",
    "verdict",
    "shuffled",
    "refine-global",
    "refine-local",
]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

PROMPTS: dict[str, str] = {
    "imitate": "{question}",
    "critique": (
        "Please critique whether the following solution to the question is correct.\n\n"
        "Question:\n{question}\n\nSolution:\n{response}"
    ),
    **REFINE_PROMPTS,
}
"""What the user says. `critique` is Critique Fine-Tuning's (arXiv 2501.17703, 2); every objective
but `imitate` and the refiners' puts it."""
SOLUTION = "Corrected solution:"
"""Stands between a critique and the solution in `critique+solution`, and in what a teacher asked
with the preset `correct` writes."""

_SOLUTION = re.compile(r"^[ \t*#_]*corrected solution[*_]*:[*_]*", re.IGNORECASE | re.MULTILINE)
_CONCLUSION = re.compile(r"^[ \t*#_]*conclusion[*_]*:", re.IGNORECASE | re.MULTILINE)


def question_messages(problem: Problem) -> tuple[Message, ...]:
    """The prompt of a problem, the same in training, sampling and evaluation."""
    return prompt_named("plain").messages(problem)


def critique_messages(problem: Problem, response: Response) -> tuple[Message, ...]:
    """The prompt that asks for a critique of a response."""
    text = PROMPTS["critique"].format(
        question=problem.question.strip(), response=plain_solution(response.text)
    )
    return (Message("user", text),)


def examples_from(table: Table[Any], objective: Objective) -> list[Example]:
    """Renders a table's rows as training examples.

    Args:
        table: for `imitate` problems (their reference solutions), responses (as they are) or
            critiques (the responses that they mark, each once: the paper's SFT-verified are those
            with verdict `right`); for `refine-global` graded responses or critiques, for
            `refine-local` step labels or responses with injected errors; for every other
            objective critiques.
        objective: what the student learns to write. `imitate`: the solution, from the question.
            From the question and a response to it, `critique`: the critique; `critique+solution`:
            the critique, then a correct solution; `verdict`: the conclusion alone; `shuffled`: the
            critique of a response to another problem. From the question and a wrong draft,
            `refine-global`: a right solution; `refine-local`: a right continuation from the first
            wrong step on (`redink.training.refining`). `docs/science/arms.md` has the sources.

    Raises UsageError where the table does not suit the objective, DataError for a row that cannot
    be rendered: a problem without a reference solution, a critique without a verdict to learn, or
    a row that refers to a missing one.
    """
    if objective not in OBJECTIVES:
        known = f"{', '.join(OBJECTIVES[:-1])} or {OBJECTIVES[-1]}"
        raise UsageError(f"objective {objective!r} is unknown; use {known}")
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
    return render(table)


def _imitate_problems(table: Table[Problem]) -> list[Example]:
    examples = []
    for problem in table:
        if not (problem.solution and problem.solution.strip()):
            raise DataError(
                f"problem {problem.id} has no reference solution to imitate; "
                "leave such problems out with `select`, or use responses"
            )
        solution = plain_solution(problem.solution)
        examples.append(_example(question_messages(problem), solution, problem.id))
    return examples


def _imitate_responses(table: Table[Response]) -> list[Example]:
    return [
        _example(question_messages(problem), plain_solution(response.text), response.id)
        for response in table
        for problem in (_referred(table.problems, response.problem_id, "problem", response.id),)
    ]


def _critiques(table: Table[Critique]) -> list[Example]:
    return [
        _example(critique_messages(problem, response), _text(critique), critique.id)
        for critique, response, problem in _marked(table)
    ]


def _critiques_with_solutions(table: Table[Critique]) -> list[Example]:
    marked = _marked(table)
    ending = ending_of(response.text for _, response, _ in marked)
    return [
        _example(
            critique_messages(problem, response),
            _with_solution(critique, problem, ending),
            critique.id,
        )
        for critique, response, problem in marked
    ]


def _verdicts(table: Table[Critique]) -> list[Example]:
    examples = []
    for critique, response, problem in _marked(table):
        if critique.verdict is None:
            raise DataError(
                f"critique {critique.id} has no verdict to learn; leave such critiques out with "
                "`select` and verdict: [right, wrong]"
            )
        said = f"Conclusion: {critique.verdict}"
        examples.append(_example(critique_messages(problem, response), said, critique.id))
    return examples


def _shuffled(table: Table[Critique]) -> list[Example]:
    marked = _marked(table)
    keys = [(problem.id, critique.id) for critique, _, problem in marked]
    examples = []
    for (_, response, problem), place in zip(marked, exchanged_places(keys), strict=True):
        other = marked[place][0]
        identity = f"{other.id} on {response.id}"
        examples.append(_example(critique_messages(problem, response), _text(other), identity))
    return examples


def _with_solution(critique: Critique, problem: Problem, ending: Ending) -> str:
    """The critique, then the teacher's own corrected solution or the reference solution."""
    said, solution = _parted(_text(critique))
    closed = ended(plain_solution(solution), ending, None) if solution else None
    if closed is None:
        solution = plain_solution(problem.solution or "")
        closed = ended(solution, ending, problem.answer) if solution else None
    if closed is None:
        raise DataError(
            f"critique {critique.id}: neither a corrected solution with a final answer stands in "
            f"it nor has problem {problem.id} a reference solution; have it critiqued with the "
            "preset `correct`, or load problems with solutions"
        )
    return f"{said}\n\n{SOLUTION}\n{closed}"


def _parted(text: str) -> tuple[str, str]:
    """What a critique says of the response, its conclusion included, and its own solution."""
    headings = list(_SOLUTION.finditer(text))
    if not headings:
        return text, ""
    conclusion = next(iter(_CONCLUSION.finditer(text, headings[-1].end())), None)
    end = conclusion.start() if conclusion else len(text)
    parts = text[: headings[-1].start()], text[end:]
    said = "\n\n".join(part.strip() for part in parts if part.strip())
    return said, text[headings[-1].end() : end].strip()


def _marked(table: Table[Critique]) -> list[tuple[Critique, Response, Problem]]:
    found = []
    for critique in table:
        response = _referred(table.responses, critique.response_id, "response", critique.id)
        problem = _referred(table.problems, response.problem_id, "problem", response.id)
        found.append((critique, response, problem))
    return found


def _text(critique: Critique) -> str:
    return without_end_mark(critique.text.strip())


def _example(prompt: tuple[Message, ...], completion: str, identity: str) -> Example:
    return Example(prompt, (Message("assistant", completion),), meta={"id": identity})


def _referred(records: Any, key: str, kind: str, row: str) -> Any:
    if key not in records:
        raise DataError(f"row {row}: its {kind} {key} is not in the table; make the table again")
    return records[key]


_RENDERERS: dict[tuple[str, type], Callable[[Table[Any]], list[Example]]] = {
    ("imitate", Problem): _imitate_problems,
    ("imitate", Response): _imitate_responses,
    ("critique", Critique): _critiques,
    ("critique+solution", Critique): _critiques_with_solutions,
    ("verdict", Critique): _verdicts,
    ("shuffled", Critique): _shuffled,
    ("refine-global", Response): global_examples,
    ("refine-global", Critique): global_examples,
    ("refine-local", StepLabels): local_examples,
    ("refine-local", Response): local_examples,
}
