"""One row in full, as the page shows it: texts as HTML with MathML, edits, the verdict now."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from redink.edits import Edit, Edits
from redink.mathematics import StepText, typeset, typeset_steps
from redink.records import Critique, Problem, Response, Score, StepLabels
from redink.view.labelled import labels_json
from redink.view.scored import scores_json
from redink.view.table import ViewedTable
from redink.visible import clipped, one_line, visible

LONGEST_FIELD = 2000
"""Characters of a short field (an answer, a model's name) that are shown."""


def item_of(table: ViewedTable, place: int) -> dict[str, Any]:
    """The row at a 0-based place of a table."""
    item = table.item(place)
    edits, _ = table.edited()
    row_id = table.columns.ids[place].as_py()
    critique = item.critique
    return {
        "id": row_id,
        "kind": table.kind,
        "order": place,
        "problem": problem_json(item.problem) if item.problem else None,
        "response": response_json(item.response, critique, item.labels) if item.response else None,
        "critique": _critique(critique) if critique else None,
        "score": score_json(item.score) if item.score else None,
        "labels": labels_json(item.labels, item.response) if item.labels else None,
        "step_scores": scores_json(table.scored, item.response) if item.response else None,
        "edits": edits_json(edits.of(row_id), edits) if critique else [],
        "verdict_now": verdict_now(critique, edits) if critique else None,
    }


def verdict_now(critique: Critique, edits: Edits) -> str | None:
    """The verdict that stands: the newest edit's, else the table's."""
    edit = edits.standing().get(critique.id)
    return edit.new if edit else critique.verdict


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem; `*_html` are HTML, all else is text."""
    solution = problem.solution
    return {
        "id": problem.id,
        "question": shown(problem.question),
        "question_html": typeset(problem.question),
        "answer": short(problem.answer),
        "answer_html": typeset(problem.answer[:LONGEST_FIELD]),
        "solution": shown(solution) if solution else None,
        "solution_html": typeset(solution) if solution else None,
        "source": short(problem.source),
        "subject": short(problem.subject),
        "level": short(problem.level),
    }


def response_json(
    response: Response, critique: Critique | None = None, labels: StepLabels | None = None
) -> dict[str, Any]:
    """A response in its solution steps; the first wrong one is the one that the critique or the
    labels name, or without them the one in which an error was injected."""
    error = response.error
    first_error = error.step if error else None
    if critique:
        first_error = None if critique.verdict == "right" else critique.first_error
    elif labels:
        first_error = labels.first_error
    return {
        "id": response.id,
        "model": short(response.model),
        "origin": short(response.origin),
        "outcome": response.outcome,
        "answer": short(response.answer),
        "finish": short(response.finish),
        "tokens": response.n_tokens,
        "steps": steps_json(typeset_steps(response.text, first_error)),
        "text": shown(response.text),
        "error": {
            "kind": short(error.kind),
            "step": error.step,
            "true_value": short(error.true_value),
            "false_value": short(error.false_value),
        }
        if error
        else None,
    }


def _critique(critique: Critique) -> dict[str, Any]:
    return {
        "id": critique.id,
        "teacher": short(critique.teacher),
        "preset": short(critique.preset),
        "verdict": critique.verdict,
        "agrees": critique.agrees,
        "first_error": critique.first_error,
        "why": short(critique.why),
        "finish": short(critique.finish),
        "tokens": critique.completion_tokens,
        "cost": critique.cost,
        "html": typeset(critique.text),
        "text": shown(critique.text),
    }


def score_json(score: Score) -> dict[str, Any]:
    """Every field of a score."""
    values = asdict(score)
    return {name: short(v) if isinstance(v, str) else v for name, v in values.items()}


def edits_json(lines: Sequence[Edit], edits: Edits) -> list[dict[str, Any]]:
    """Edits, each with whether it was taken back."""
    return [
        {name: short(v) if isinstance(v, str) else v for name, v in asdict(edit).items()}
        | {"undone": edit.key in edits.undone}
        for edit in lines
    ]


def steps_json(steps: Sequence[StepText]) -> list[dict[str, Any]]:
    """Solution steps."""
    return [asdict(step) for step in steps]


def shown(text: str) -> str:
    """A long text as text: cut where it is too long to look at, every character visible."""
    return visible(clipped(text))


def short(text: str | None) -> str | None:
    """A short field as text."""
    return None if text is None else one_line(text, LONGEST_FIELD)
