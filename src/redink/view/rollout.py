"""One rollout as the page shows it: what was drawn, how it was marked, what became of it."""

from collections.abc import Mapping
from typing import Any

from redink.records import Response
from redink.view.facet import NONE
from redink.view.item import LONGEST_FIELD, problem_json, response_json
from redink.view.rollouts import number_of
from redink.view.training import ViewedTraining
from redink.visible import one_line

MOST_PARTS = 40
"""Parts of a reward that are shown."""
_FIGURES = ("reward", "advantage", "kl", "entropy", "logprob")


def rollout_row(number: int, line: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    """A rollout as a list shows it.

    Args:
        number: 0-based, in the order of drawing.
        line: of the log.
        titles: question by problem id.
    """
    problem = str(line.get("problem_id", ""))
    outcome = line.get("outcome", NONE)
    return {
        "id": line.get("id", ""),
        "order": number,
        "step": line.get("step"),
        "sample": number_of(line.get("sample")),
        "problem_id": problem,
        "title": titles.get(problem, ""),
        "outcome": None if outcome == NONE else outcome,
        "faults": line.get("faults", []),
        "answer": _text(line.get("answer"), 160),
        "begins": one_line(str(line.get("text", ""))),
        "tokens": number_of(line.get("n_tokens")),
        "finish": _text(line.get("finish"), 40),
        "parts": _parts(line.get("parts")),
        **{name: number_of(line.get(name)) for name in _FIGURES},
    }


def rollout_item(training: ViewedTraining, row_id: str) -> dict[str, Any] | None:
    """A rollout in full; None where there is none with this id."""
    rollouts = training.rollouts()
    number = rollouts.number(row_id)
    if number is None:
        return None
    line = rollouts.line(number)
    row = rollout_row(number, line, {})
    problem = training.questions.problem(row["problem_id"])
    alike = (rollouts.steps == row["step"]) & rollouts.of_problem(row["problem_id"])
    return {
        **row,
        "problem": problem_json(problem) if problem else None,
        "response": response_json(_response(row, line)),
        "group": int(alike.sum()),
    }


def _response(row: Mapping[str, Any], line: Mapping[str, Any]) -> Response:
    tokens = row["tokens"]
    return Response(
        id=row["id"],
        problem_id=row["problem_id"],
        text=str(line.get("text", "")),
        origin="reinforce",
        answer=_text(line.get("answer"), LONGEST_FIELD),
        outcome=row["outcome"] or "ungraded",
        n_tokens=None if tokens is None else int(tokens),
        finish=row["finish"],
    )


def _parts(parts: Any) -> dict[str, float | None]:
    known = parts.items() if isinstance(parts, Mapping) else ()
    return {one_line(str(name)): number_of(value) for name, value in [*known][:MOST_PARTS]}


def _text(value: Any, longest: int) -> str | None:
    return one_line(value, longest) if isinstance(value, str) else None
