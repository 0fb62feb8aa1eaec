"""Responses with what a scorer learns of each of their solution steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from redink.errors import DataError, UsageError
from redink.records import Message, Problem, Response, StepLabels
from redink.steps import solution_steps
from redink.tables import KINDS, Table
from redink.training.rendering import plain_solution, question_messages

ScorerKind = Literal["orm", "sorm"]
Positions = Literal["last", "every"]
OBJECTIVE = "imitate"
"""The objective whose prompt comes before a scored response: that of training and sampling."""


@dataclass(frozen=True)
class Labelled:
    """One response to be scored, with the target of each of its solution steps."""

    id: str
    """The response's id."""
    problem_id: str
    messages: tuple[Message, ...]
    """The prompt."""
    text: str
    """The response without annotations."""
    targets: tuple[float | None, ...]
    """For each solution step the probability that is learned, 0 to 1; None where nothing is."""


@dataclass(frozen=True)
class LabelledRows:
    """The responses that can be learned from, and how many others there were."""

    rows: tuple[Labelled, ...]
    rows_in: int
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason → rows; nothing is dropped unseen."""


def labelled_rows(
    tables: Sequence[Table[Any]],
    kind: ScorerKind,
    *,
    positions: Positions = "last",
    soft_labels: bool = False,
) -> LabelledRows:
    """What a scorer learns from tables of responses or of step labels.

    An ORM learns the outcome of whole responses, as Cobbe et al. (arXiv 2110.14168) and GLoRe
    (arXiv 2402.10963) have it: those of the tables' own rows or, of step labels, of the responses
    that they label. A SORM learns each step's label.

    Args:
        tables: joined; a response that two of them hold is learned once.
        kind: `orm` or `sorm`.
        positions: of an ORM: the outcome stands at the `last` step, or at `every` one.
        soft_labels: of a SORM: the share of right continuations instead of the label, where
            continuations were sampled.

    Raises UsageError for a table of another kind, DataError for a row that refers to a missing
    one or whose labels are not as many as its response's solution steps.
    """
    found: dict[str, Labelled] = {}
    dropped: dict[str, int] = {}
    rows_in = 0
    for response, problem, labels in _responses(tables, kind):
        rows_in += 1
        if response.id in found:
            reason: str | None = "the response stands there already"
        else:
            row = _labelled(response, problem, labels, kind, positions, soft_labels)
            reason = row if isinstance(row, str) else None
            if not isinstance(row, str):
                found[response.id] = row
        if reason is not None:
            dropped[reason] = dropped.get(reason, 0) + 1
    return LabelledRows(tuple(found.values()), rows_in, dropped)


def _responses(
    tables: Sequence[Table[Any]], kind: ScorerKind
) -> Iterable[tuple[Response, Problem, StepLabels | None]]:
    accepted = (Response, StepLabels) if kind == "orm" else (StepLabels,)
    for table in tables:
        if table.kind not in accepted:
            names = " or ".join(KINDS[known] for known in accepted)
            raise UsageError(
                f"fit: a scorer of kind {kind} learns from {names}, not from "
                f"{KINDS.get(table.kind, table.kind)}; "
                + ("label the responses first" if table.kind is Response else "name other stages")
            )
        for row in table:
            labels = row if isinstance(row, StepLabels) else None
            key = labels.response_id if labels else row.id
            response = row if labels is None else table.responses.get(key)
            problem = table.problems.get(response.problem_id) if response else None
            if response is None or problem is None:
                missing = f"response {key}" if response is None else f"its problem of {key}"
                raise DataError(
                    f"row {row.id}: {missing} is not in the table; make the table again"
                )
            yield response, problem, labels


def _labelled(
    response: Response,
    problem: Problem,
    labels: StepLabels | None,
    kind: ScorerKind,
    positions: Positions,
    soft_labels: bool,
) -> Labelled | str:
    """One row, or the reason to drop it."""
    text = plain_solution(response.text)
    count = len(solution_steps(text))
    if not count:
        return "no solution step"
    if kind == "sorm" and labels is not None:
        targets = _step_targets(labels, count, soft_labels)
        if all(target is None for target in targets):
            return "no step is labelled"
    elif response.outcome not in ("correct", "wrong"):
        return f"outcome {response.outcome}, neither correct nor wrong"
    else:
        outcome = float(response.outcome == "correct")
        before = outcome if positions == "every" else None
        targets = (*[before] * (count - 1), outcome)
    return Labelled(response.id, problem.id, question_messages(problem), text, targets)


def _step_targets(labels: StepLabels, count: int, soft_labels: bool) -> tuple[float | None, ...]:
    if len(labels.labels) != count:
        raise DataError(
            f"labels {labels.id} has {len(labels.labels)} labels, its response "
            f"{labels.response_id} {count} solution steps; label the response again"
        )
    if not soft_labels:
        return tuple(None if label is None else float(label) for label in labels.labels)
    return tuple(
        None if label is None else successes / tries if tries else float(label)
        for label, successes, tries in zip(
            labels.labels, labels.successes, labels.tries, strict=True
        )
    )
