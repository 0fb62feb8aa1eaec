"""What a model's critique of a draft says: the verdict, and the first wrong step."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from redink.records import Message, Problem, Response, Verdict
from redink.refinement.tried import Spent, Tried
from redink.refinement.writing import Piece
from redink.steps import solution_steps
from redink.teachers import phrases
from redink.teachers.verdict import read_first_error, read_verdict
from redink.training.plain import plain_solution
from redink.training.rendering import critique_messages

SINGLE_PASS = (
    "{question}\n\nPlease reason step by step to solve this problem and then critique your "
    "solution. If any errors are found, provide a corrected solution. Write it behind a line "
    "'Corrected solution:'."
)
"""Critique Fine-Tuning's self-critique in one pass (arXiv 2501.17703, version 4, table 11): the
first two sentences are the paper's, the last is redink's, so that the answer can be found."""
CONCLUDE = "\n\nEnd with 'Critique Conclusion: Correct/Incorrect'."
"""Ends the prompt of the second stage of two-stage self-critique; the paper gives the prompt's
first sentence, which is that of every critique, and its last words."""
_NAMED = [
    re.compile(re.escape(opening).replace(r"\{n\}", r"(?P<n>[0-9]{1,4})"), re.IGNORECASE)
    for opening in phrases.OPEN_WRONG
]
_CORRECTED = re.compile(r"^[ \t*#_]*corrected solution[*_]*:[*_]*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Marked:
    """A critique of a draft."""

    text: str
    verdict: Verdict | None
    first_error: int | None
    """0-based solution step that it names as the first wrong one."""
    spent: Spent


def marked(piece: Piece, draft: Response) -> Marked:
    """Reads a critique of a draft. A verdict that cannot be read is None, never `wrong`."""
    steps = len(solution_steps(plain_solution(draft.text)))
    verdict = read_verdict(piece.text, piece.finish).verdict
    step = named_step(piece.text, steps) if verdict == "wrong" else None
    return Marked(piece.text, verdict, step, piece.spent)


def named_step(text: str, steps: int) -> int | None:
    """The 0-based step of a draft that a critique names as the first wrong one.

    Reads `First wrong step: K`, the openings of the symbolic teacher that name a step, and its
    openings that name the final answer, which stands in the last of a draft's `steps`.
    """
    found = read_first_error(text, steps)
    if found is not None:
        return found
    named = [int(match["n"]) for one in _NAMED if (match := one.search(text))]
    if named:
        return named[0] - 1 if 1 <= named[0] <= steps else None
    at_end = any(opening in text for opening in phrases.OPEN_WRONG_ANSWER)
    return steps - 1 if at_end and steps else None


def critic_messages(problem: Problem, draft: Response, *, own: bool = False) -> tuple[Message, ...]:
    """The prompt that asks for a critique of a draft: that of training; with `own` that of the
    second stage of self-critique."""
    (message,) = critique_messages(problem, draft)
    return (Message("user", message.content + CONCLUDE),) if own else (message,)


def single_pass_messages(problem: Problem) -> tuple[Message, ...]:
    """The prompt that asks for a solution, a critique of it and its correction in one go."""
    return (Message("user", SINGLE_PASS.replace("{question}", problem.question.strip())),)


def corrected(text: str) -> str:
    """The part of a self-critique that answers: behind the last `Corrected solution:` where there
    is one, else the whole."""
    headings = list(_CORRECTED.finditer(text))
    solution = text[headings[-1].end() :].strip() if headings else ""
    return solution or text


def wrong_ones(drafts: Mapping[str, Tried], marks: Mapping[str, Marked]) -> dict[str, Tried]:
    """The drafts whose critique calls them wrong."""
    return {key: drafts[key] for key, mark in marks.items() if mark.verdict == "wrong"}
