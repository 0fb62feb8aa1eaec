"""Rows of single competitions (AIME, AMC): a problem and a number."""

import re

from redink.evaluation.benchmarks.benchmark import Item
from redink.evaluation.benchmarks.gold import last_boxed
from redink.evaluation.benchmarks.row import RawRow

_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?$")
_WHOLE = re.compile(r"-?\d+(?:\.0*)?")


def read_competition(row: RawRow, seed: int) -> Item:
    """A row with `problem` or `question` and `answer`.

    `025` and `25.0` are 25; an answer that is still boxed is unboxed; degrees become the unit.
    """
    answer = row.text("answer", "Answer", "expected_answer")
    answer = (last_boxed(answer) or answer).strip("$ ")
    bare = _DEGREES.sub("", answer).strip()
    return Item(
        question=row.text("problem", "question", "Problem"),
        answer=str(int(bare.partition(".")[0])) if _WHOLE.fullmatch(bare) else bare,
        solution=row.optional("solution", "Solution"),
        subject=row.optional("subject"),
        grading={"unit": "degrees"} if bare != answer else {},
    )
