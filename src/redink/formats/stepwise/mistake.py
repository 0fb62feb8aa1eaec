"""BIG-Bench Mistake: the first logical mistake of a chain of thought. 0-based, null for none.

{"input": "Sort: pear apple", "steps": ["'pear' comes first.", "The answer is pear apple."],
 "answer": "pear apple", "target": "apple pear", "mistake_index": 0}
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Row, RowError, text_in
from redink.formats.stepwise.marked import (
    MarkedSteps,
    StepFormat,
    index_in,
    texts_in,
    told_first_error,
    up_to,
)


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as BIG-Bench Mistake has it."""
    steps = texts_in(row, "steps")
    if "mistake_index" not in row:
        raise RowError(f"no field 'mistake_index' (there are {', '.join(map(str, row))})")
    told = row["mistake_index"]
    first_error = None if told is None else index_in(told, "mistake_index", len(steps), 0)
    return MarkedSteps(
        text_in(row, "input"),
        steps,
        up_to(first_error, len(steps)),
        first_error,
        problem={"answer": text_in(row, "target", optional=True)},
        response={"answer": text_in(row, "answer", optional=True) or None},
    )


def to_row(marked: MarkedSteps) -> Row:
    """The row."""
    return {
        "input": marked.question,
        "steps": list(marked.steps),
        "answer": marked.response.get("answer") or "",
        "target": marked.problem.get("answer") or "",
        "mistake_index": told_first_error(marked),
    }


FORMAT = StepFormat(
    "bigbench-mistake",
    "BIG-Bench Mistake: the first wrong step, counted from 0, or null",
    (".jsonl", ".json"),
    to_row,
    from_row,
)
