"""RLHFlow's chat: the user says a step, the assistant + or -.

{"conversations": [{"role": "user", "content": "What is 3 + 4 + 5? Step 1: 3 + 4 = 7."},
                   {"role": "assistant", "content": "+"},
                   {"role": "user", "content": "Step 2: 7 + 5 = 13."},
                   {"role": "assistant", "content": "-"}]}
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
)
from redink.formats.stepwise.opening import numbered, parted

_FIELDS = ("conversations", "messages")
_ROLES = ("user", "assistant")


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as RLHFlow has it; `messages` is read as `conversations`."""
    field = next((name for name in _FIELDS if name in row), _FIELDS[0])
    turns = listed(row, field)
    if (
        not turns
        or len(turns) % 2
        or any(turn.get("role") != _ROLES[place % 2] for place, turn in enumerate(turns))
    ):
        raise RowError(f"field {field!r} must hold turns of user and assistant by turns")
    said = [checked_text(turn.get("content"), f"{field}.content") for turn in turns]
    question, first = parted(said[0])
    labels = tuple(label_in(sign, f"{field}.content") for sign in said[1::2])
    return MarkedSteps(question, (first, *said[2::2]), labels, first_false(labels))


def to_row(marked: MarkedSteps) -> Row:
    """The row; it ends before the first step without a label."""
    steps, labels = labelled_beginning(marked)
    first, *others = numbered(steps)
    turns = []
    for text, label in zip((f"{marked.question} {first}", *others), labels, strict=True):
        turns += [message("user", text), message("assistant", "+" if label else "-")]
    return {_FIELDS[0]: turns}


FORMAT = StepFormat(
    "rlhflow",
    "RLHFlow's chat: the user says a step, the assistant + or -",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
