"""ProcessBench: where a solution goes wrong first, marked by people. 0-based, -1 for nowhere.

{"id": "gsm8k-0", "generator": "Qwen2-7B-Instruct", "problem": "What is 3 + 4 + 5?",
 "steps": ["3 + 4 = 8.", "8 + 5 = 13. The answer is \\boxed{13}."],
 "final_answer_correct": false, "label": 0}
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

NOWHERE = -1
_OUTCOMES = {True: "correct", False: "wrong"}


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as ProcessBench has it."""
    steps = texts_in(row, "steps")
    if "label" not in row:
        raise RowError(f"no field 'label' (there are {', '.join(map(str, row))})")
    nowhere = row["label"] == NOWHERE
    first_error = None if nowhere else index_in(row["label"], "label", len(steps), 0)
    correct = row.get("final_answer_correct")
    return MarkedSteps(
        text_in(row, "problem"),
        steps,
        up_to(first_error, len(steps)),
        first_error,
        response={
            "model": text_in(row, "generator", optional=True),
            "outcome": _OUTCOMES.get(correct) if isinstance(correct, bool) else None,
        },
        meta={"id": row["id"]} if row.get("id") is not None else {},
    )


def to_row(marked: MarkedSteps) -> Row:
    """The row; `final_answer_correct` is null for a response that nobody graded."""
    first_error = told_first_error(marked)
    outcome = marked.response.get("outcome")
    return {
        "id": str(marked.meta.get("id", "")),
        "generator": marked.response.get("model") or "",
        "problem": marked.question,
        "steps": list(marked.steps),
        "final_answer_correct": {"correct": True, "wrong": False}.get(str(outcome)),
        "label": NOWHERE if first_error is None else first_error,
    }


FORMAT = StepFormat(
    "processbench",
    "ProcessBench: the first wrong step, counted from 0, or -1",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
