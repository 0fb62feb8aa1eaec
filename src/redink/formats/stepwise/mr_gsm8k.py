"""MR-GSM8K: solutions marked by people, with the reason. 1-based, "N/A" for none. Shortened:

{"uuid": "0a1b", "question": "What is 3 + 4 + 5?", "ground_truth_solution": "3 + 4 + 5 = 12",
 "ground_truth_answer": "12", "model_output_steps": ["3 + 4 = 8.", "8 + 5 = 13."],
 "model_output_answer_correctness": "wrong", "model_output_solution_correctness": "wrong",
 "model_output_solution_first_error_step": 1,
 "model_output_solution_first_error_reason": "3 + 4 is 7.", "question_type": "original"}
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Row, RowError, text_in
from redink.formats.stepwise.marked import (
    Labels,
    MarkedSteps,
    StepFormat,
    index_in,
    texts_in,
    told_first_error,
    up_to,
)

NONE = "N/A"
_SOLUTION, _ANSWER = "model_output_solution_correctness", "model_output_answer_correctness"
_STEP = "model_output_solution_first_error_step"
_REASON = "model_output_solution_first_error_reason"
_OUTCOMES = {"correct": "correct", "wrong": "wrong", "incorrect": "wrong"}


def from_row(row: Mapping[str, Any]) -> MarkedSteps:
    """A row as MR-GSM8K has it; a wrong solution without a step has no labels."""
    steps = texts_in(row, "model_output_steps")
    said = text_in(row, _SOLUTION).strip().lower()
    if said not in _OUTCOMES:
        raise RowError(f"field {_SOLUTION!r} is {said[:40]!r}; it may be correct or wrong")
    told = row.get(_STEP)
    nowhere = told is None or str(told).strip() in ("", NONE)
    if _OUTCOMES[said] == "correct" and not nowhere:
        raise RowError(f"field {_STEP!r} names step {told} of a solution that is called correct")
    first_error = None if nowhere else index_in(told, _STEP, len(steps), 1)
    unknown: Labels = (None,) * len(steps)
    right = _OUTCOMES[said] == "correct" or first_error is not None
    return MarkedSteps(
        text_in(row, "question"),
        steps,
        up_to(first_error, len(steps)) if right else unknown,
        first_error,
        problem={
            "answer": str(row.get("ground_truth_answer") or ""),
            "solution": text_in(row, "ground_truth_solution", optional=True) or None,
        },
        response={"outcome": _OUTCOMES.get(str(row.get(_ANSWER)).strip().lower())},
        meta={
            name: row[field]
            for name, field in _KEPT.items()
            if row.get(field) not in (None, "", NONE)
        },
    )


_KEPT = {"uuid": "uuid", "question_type": "question_type", "reason": _REASON}


def to_row(marked: MarkedSteps) -> Row:
    """The row."""
    first_error = told_first_error(marked)
    outcome = str(marked.response.get("outcome"))
    return {
        "uuid": str(marked.meta.get("uuid", "")),
        "question": marked.question,
        "ground_truth_solution": marked.problem.get("solution") or "",
        "ground_truth_answer": marked.problem.get("answer") or "",
        "model_output_steps": list(marked.steps),
        _ANSWER: _OUTCOMES.get(outcome, ""),
        _SOLUTION: "correct" if first_error is None else "wrong",
        _STEP: NONE if first_error is None else first_error + 1,
        _REASON: str(marked.meta.get("reason", NONE)),
        "question_type": str(marked.meta.get("question_type", "")),
    }


FORMAT = StepFormat(
    "mr-gsm8k",
    "MR-GSM8K: the first wrong step, counted from 1, or N/A",
    (".json", ".jsonl"),
    to_row,
    from_row,
)
