"""PRMBench: solutions into which errors were put, every wrong step listed. 1-based. Shortened:

{"idx": "circular_1", "classification": "circular", "question": "What is 3 + 4 + 5?",
 "original_question": "What is 3 + 4 + 5?", "modified_question": "What is 3 + 4 + 5?",
 "original_process": ["1. 3 + 4 = 7.", "2. 7 + 5 = 12."],
 "modified_process": ["1. 3 + 4 = 7.", "2. Assume 13.", "3. So it is 13."],
 "modified_steps": [2, 3], "error_steps": [2], "reason": "Step 2 assumes the result."}

Read is the modified process: every step that is not listed is right.
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Row, RowError, text_in
from redink.formats.stepwise.marked import (
    MarkedSteps,
    StepFormat,
    first_false,
    index_in,
    texts_in,
)

_KEPT = (
    "idx",
    "classification",
    "reason",
    "question",
    "original_question",
    "original_process",
    "modified_steps",
)
"""Fields that stay beside the labels as they are."""


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as PRMBench has it."""
    steps = texts_in(row, "modified_process")
    listed = row.get("error_steps")
    if not isinstance(listed, list | tuple):
        raise RowError("field 'error_steps' must be a list of the wrong steps, counted from 1")
    wrong = {index_in(value, "error_steps", len(steps), 1) for value in listed}
    labels = tuple(index not in wrong for index in range(len(steps)))
    question = text_in(row, "modified_question" if "modified_question" in row else "question")
    return MarkedSteps(
        question,
        steps,
        labels,
        first_false(labels),
        meta={name: row[name] for name in _KEPT if row.get(name) is not None},
    )


def to_row(marked: MarkedSteps) -> Row:
    """The row; a step without a label is not listed."""
    errors = [index + 1 for index, label in enumerate(marked.labels) if label is False]
    if not errors and not marked.without_error:
        raise RowError("no step is known to be wrong, and not all are known to be right")
    kept = marked.meta
    return {
        "idx": str(kept.get("idx", "")),
        "classification": str(kept.get("classification", "")),
        "question": kept.get("question") or marked.question,
        "original_question": kept.get("original_question") or marked.question,
        "modified_question": marked.question,
        "original_process": list(kept.get("original_process") or []),
        "modified_process": list(marked.steps),
        "modified_steps": list(kept.get("modified_steps") or errors),
        "error_steps": errors,
        "reason": str(kept.get("reason", "")),
    }


FORMAT = StepFormat(
    "prmbench",
    "PRMBench: every wrong step, counted from 1",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
