"""Messages for Qwen2.5-Math-PRM: `<extra_0>` behind every step of the answer, and the labels.

{"messages": [{"role": "system", "content": "Please reason step by step, ..."},
              {"role": "user", "content": "What is 3 + 4 + 5?"},
              {"role": "assistant", "content": "3 + 4 = 7.<extra_0>7 + 5 = 13.<extra_0>"}],
 "labels": [1, 0]}
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.conversation import listed, message
from redink.formats.format import Row, RowError, checked_text
from redink.formats.stepwise.marked import (
    MarkedSteps,
    StepFormat,
    first_false,
    label_in,
    labelled_beginning,
    matched,
)
from redink.prompts import BOXED

MARK = "<extra_0>"


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row of messages and labels; a system message may be missing."""
    turns = [turn for turn in listed(row, "messages") if turn.get("role") != "system"]
    if [turn.get("role") for turn in turns] != ["user", "assistant"]:
        raise RowError("field 'messages' must hold one question and one answer")
    question, answer = (checked_text(turn.get("content"), "messages.content") for turn in turns)
    *steps, rest = answer.split(MARK)
    if not steps or rest.strip():
        raise RowError(f"the answer must end every step with {MARK!r}, the last one too")
    given = row.get("labels")
    if not isinstance(given, list | tuple):
        raise RowError("field 'labels' must be a list with a label for each step")
    matched(len(given), len(steps))
    labels = tuple(label_in(one, "labels") for one in given)
    return MarkedSteps(question, tuple(steps), labels, first_false(labels))


def to_row(marked: MarkedSteps) -> Row:
    """The row; it ends before the first step without a label."""
    steps, labels = labelled_beginning(marked)
    if any(MARK in text for text in steps):
        raise RowError(f"its text holds {MARK!r}, the mark behind every step")
    return {
        "messages": [
            message("system", BOXED),
            message("user", marked.question),
            message("assistant", "".join(f"{step}{MARK}" for step in steps)),
        ],
        "labels": [int(label) for label in labels],
    }


FORMAT = StepFormat(
    "qwen-prm",
    "messages for Qwen2.5-Math-PRM: <extra_0> behind every step, and labels",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
