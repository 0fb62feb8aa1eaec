"""Chains as graded responses."""

from collections.abc import Iterable, Sequence

from redink.chains.plan import Draft
from redink.chains.thinking import Told
from redink.grading import grade_many
from redink.records import Json, Response, response_id

ORIGIN = "chain"
"""What chains have as their origin."""


def chain_rows(
    written: Sequence[tuple[Draft, Told]], *, model: str, settings: Json
) -> list[Response]:
    """The chains, graded: each once, with the attempts that it tells in its `sampling`.

    Args:
        written: drafts with their texts.
        model: who wrote them.
        settings: of the writing, kept with each.

    A chain whose answer is not the reference's stands among the rest with its outcome; `select`
    leaves it out.
    """
    grades = grade_many(
        [(told.text, draft.problem, told.notes.get("finish")) for draft, told in written]
    )
    rows = []
    for (draft, told), grade in zip(written, grades, strict=True):
        notes = {key: value for key, value in told.notes.items() if key not in _OWN_FIELDS}
        rows.append(
            Response(
                id=response_id(draft.problem.id, told.text, ORIGIN, model),
                problem_id=draft.problem.id,
                text=told.text,
                origin=ORIGIN,
                model=model,
                sampling={**settings, **notes, **_told_of(draft)},
                answer=grade.extracted,
                outcome=grade.outcome,
                n_tokens=told.notes.get("n_tokens"),
                finish=told.notes.get("finish") or "stop",
            )
        )
    return list(_distinct(rows))


_OWN_FIELDS = ("n_tokens", "finish")


def _told_of(draft: Draft) -> Json:
    return {
        "attempts": [attempt.response.id for attempt in draft.wrong],
        "critiques": [attempt.critique.id for attempt in draft.wrong],
        "ends_with": draft.right.id if draft.right is not None else "reference solution",
        "number": draft.number,
    }


def _distinct(rows: Iterable[Response]) -> Iterable[Response]:
    return {row.id: row for row in rows}.values()
