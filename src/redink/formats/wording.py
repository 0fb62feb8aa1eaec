"""From records to the two texts of a training example, and back.

The texts are those that redink itself trains on (`redink.training.rendering`).
"""

import re
from collections.abc import Mapping
from typing import Any

from redink.formats.entry import Entry
from redink.formats.format import Kind, RowError, Turn
from redink.teachers.verdict import END_MARK, without_end_mark
from redink.training.rendering import (
    PROMPTS,
    critique_messages,
    plain_solution,
    question_messages,
)

Parts = dict[str, dict[str, Any]]
"""Fields by record: `problem`, `response`, `critique`."""

_QUESTION, _SOLUTION = "\n\nQuestion:\n", "\n\nSolution:\n"
INSTRUCTION = PROMPTS["critique"].partition(_QUESTION)[0]
"""What the student is told to do in Critique Fine-Tuning."""
PREFIX = "Critique:\n"
_PREFIX = re.compile(r"\A\s*Critique:[ \t]*\n")
_LOOSE_QUESTION = re.compile(r"(?:\A|\n)[ \t]*Question:[ \t]*\n?")
_LOOSE_SOLUTION = re.compile(r"\n[ \t]*Solution:[ \t]*\n?")


def turn_of(entry: Entry, marks: bool = False) -> Turn:
    """The training example of an entry, as redink renders it.

    Args:
        entry: one row of a table with what it refers to.
        marks: whether a critique is put between `Critique:` and `[END]`.
    """
    problem, response, critique = entry.problem, entry.response, entry.critique
    if critique is not None and response is not None:
        text = without_end_mark(critique.text.strip())
        said = f"{PREFIX}{text} {END_MARK}" if marks else text
        return Turn(critique_messages(problem, response)[-1].content, said)
    learned = response.text if response is not None else problem.solution or ""
    return Turn(question_messages(problem)[-1].content, plain_solution(learned))


def parts_of(turn: Turn, kind: Kind, marks: bool = False) -> Parts:
    """The texts in a training example: the inverse of `turn_of` wherever it has one.

    Question and solution are parted at the first `Solution:` that stands alone behind an empty
    line: whatever follows, further such lines included, is the solution.

    Args:
        turn: the example.
        kind: what the example is about.
        marks: whether `Critique:` and `[END]` stay part of a critique.

    Raises RowError where critiques are expected and the prompt asks for none.
    """
    if kind == "responses":
        return {"problem": {"question": turn.prompt}, "response": {"text": turn.completion}}
    if kind == "problems":
        return {"problem": {"question": turn.prompt, "solution": turn.completion}}
    question, response = _split(turn.prompt)
    text = turn.completion if marks else without_marks(turn.completion)
    return {
        "problem": {"question": question},
        "response": {"text": response},
        "critique": {"text": text},
    }


def without_marks(text: str) -> str:
    """A critique without `Critique:` before it and `[END]` behind it."""
    bare = _PREFIX.sub("", text, count=1)
    if bare.endswith(f" {END_MARK}"):
        return bare.removesuffix(f" {END_MARK}")
    return without_end_mark(bare)


def differing(entry: Entry, parts: Mapping[str, Mapping[str, Any]]) -> Parts:
    """The texts of an entry that `parts` does not have right."""
    found: Parts = {}
    for name, fields in parts.items():
        record = getattr(entry, name)
        wrong = {f: getattr(record, f) for f in fields if getattr(record, f) != fields[f]}
        if wrong:
            found[name] = wrong
    return found


def _split(prompt: str) -> tuple[str, str]:
    head = INSTRUCTION + _QUESTION
    if prompt.startswith(head):
        body = prompt[len(head) :]
    else:
        opening = _LOOSE_QUESTION.search(prompt)
        if opening is None:
            raise RowError(
                "the prompt asks for no critique (no line 'Question:'); "
                "say what the rows hold with --kind responses or --kind problems"
            )
        body = prompt[opening.end() :]
    question, found, response = body.partition(_SOLUTION)
    if not found:
        parting = _LOOSE_SOLUTION.search(body)
        if parting is None:
            raise RowError("the prompt has a question but no line 'Solution:' after it")
        question, response = body[: parting.start()].rstrip("\n"), body[parting.end() :]
    return question, response
