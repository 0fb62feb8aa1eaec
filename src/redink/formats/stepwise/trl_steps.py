"""TRL's stepwise supervision, as its process reward trainer took it until 2026.

{"prompt": "What is 3 + 4 + 5?", "completions": ["3 + 4 = 7.", "7 + 5 = 13."],
 "labels": [true, false]}

Labels may be shares of right continuations; they are kept beside the labels made of them.
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Row, RowError, text_in
from redink.formats.stepwise.marked import (
    MarkedSteps,
    StepFormat,
    first_false,
    label_in,
    labelled_beginning,
    matched,
    texts_in,
)


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as TRL has it."""
    steps = texts_in(row, "completions")
    given = row.get("labels")
    if not isinstance(given, list | tuple):
        raise RowError("field 'labels' must be a list with a label for each step")
    matched(len(given), len(steps))
    labels = tuple(label_in(one, "labels") for one in given)
    shares = any(isinstance(one, float) and 0 < one < 1 for one in given)
    return MarkedSteps(
        text_in(row, "prompt"),
        steps,
        labels,
        first_false(labels),
        meta={"values": list(given)} if shares else {},
    )


def to_row(marked: MarkedSteps) -> Row:
    """The row; it ends before the first step without a label."""
    steps, labels = labelled_beginning(marked)
    return {"prompt": marked.question, "completions": list(steps), "labels": list(labels)}


FORMAT = StepFormat(
    "trl-stepwise",
    "TRL's former stepwise supervision: prompt, completions, labels",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
