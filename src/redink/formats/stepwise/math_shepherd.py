"""Math-Shepherd: `ки` behind every step, and the same text again with + or - in its place.

{"input": "What is 3 + 4 + 5? Step 1: 3 + 4 = 7. ки\\nStep 2: 7 + 5 = 13. The answer is: 13 ки",
 "label": "What is 3 + 4 + 5? Step 1: 3 + 4 = 7. +\\nStep 2: 7 + 5 = 13. The answer is: 13 -",
 "task": "GSM8K"}

The labels are read at the places of the marks, counted along the text: + and - stand in equations
as well.
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Row, RowError, text_in
from redink.formats.stepwise.marked import MarkedSteps, StepFormat, first_false, labelled_beginning
from redink.formats.stepwise.opening import numbered, parted

MARK = "ки"


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as Math-Shepherd has it."""
    *pieces, rest = text_in(row, "input").split(MARK)
    if not pieces:
        raise RowError(f"field 'input' holds no {MARK!r}, the mark behind every step")
    if rest.strip():
        raise RowError(f"field 'input' ends with a step without {MARK!r} ({rest.strip()[:40]!r})")
    labels = _labels(pieces, text_in(row, "label"))
    question, first = parted(pieces[0])
    return MarkedSteps(
        question,
        (first, *(piece.strip() for piece in pieces[1:])),
        labels,
        first_false(labels),
        meta={"task": row["task"]} if row.get("task") is not None else {},
    )


def _labels(pieces: list[str], marked: str) -> tuple[bool, ...]:
    labels, at = [], 0
    for number, piece in enumerate(pieces, 1):
        end = at + len(piece)
        sign = marked[end : end + 1]
        if marked[at:end] != piece or sign not in ("+", "-"):
            raise RowError(
                f"field 'label' is not 'input' with + or - in place of {MARK!r}: they part at "
                f"step {number}, near {marked[at:end][-40:]!r}"
            )
        labels.append(sign == "+")
        at = end + 1
    if marked[at:].strip():
        raise RowError("field 'label' goes on behind the last step of 'input'")
    return tuple(labels)


def to_row(marked: MarkedSteps) -> Row:
    """The row; it ends before the first step without a label."""
    steps, labels = labelled_beginning(marked)
    written = numbered(steps)
    if any(MARK in text for text in (marked.question, *written)):
        raise RowError(f"its text holds {MARK!r}, the mark behind every step")
    return {
        "input": _joined(marked.question, written, [MARK] * len(written)),
        "label": _joined(marked.question, written, ["+" if one else "-" for one in labels]),
        "task": str(marked.meta.get("task", "")),
    }


def _joined(question: str, steps: list[str], marks: list[str]) -> str:
    lines = [f"{step} {mark}" for step, mark in zip(steps, marks, strict=True)]
    return f"{question} " + "\n".join(lines)


FORMAT = StepFormat(
    "math-shepherd",
    "Math-Shepherd: ки behind every step, + or - in the label",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
