"""A benchmark of first errors: responses of which it is known where they go wrong, or that they
do not."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from redink.errors import DataError, UsageError
from redink.records import Problem, Response, StepLabels
from redink.steps import solution_steps
from redink.tables import Table
from redink.training.rendering import plain_solution

UNKNOWN = "nobody knows whether it has an error"
MISFIT = "not one label for each solution step"


@dataclass(frozen=True)
class Marked:
    """One response of a benchmark, and what is known of it."""

    problem: Problem
    response: Response
    """Its text is without calculator annotations: what critics are shown."""
    labels: StepLabels

    @property
    def first_error(self) -> int | None:
        """0-based; None where every step is right."""
        return self.labels.first_error


@dataclass(frozen=True)
class MarkedSet:
    """The responses of a benchmark that a critic can be measured by."""

    name: str
    items: tuple[Marked, ...]
    left_out: Mapping[str, int]
    """Responses that are no part of it, by reason."""


def marked_set(
    name: str, table: Table[StepLabels], n: int | None = None, seed: int = 0
) -> MarkedSet:
    """The responses of a table of step labels whose first error, or soundness, is known.

    Args:
        name: of the benchmark.
        table: step labels, such as `redink import --format processbench` writes.
        n: responses at most, drawn with `seed` from all; their order stays.

    Raises UsageError for another table, DataError where a row refers to a missing one or no
    response can be used.
    """
    if table.kind is not StepLabels:
        raise UsageError(
            f"benchmark {name}: not a table of step labels; import one with "
            "redink import FILE --format processbench"
        )
    if n is not None and n < 1:
        raise UsageError(f"n: {n} responses cannot be drawn; give a number of at least 1")
    items: list[Marked] = []
    left_out: Counter[str] = Counter()
    for labels in table:
        item = _item(table, labels)
        reason = _reason(item)
        if reason:
            left_out[reason] += 1
        else:
            items.append(item)
    if not items:
        reasons = "; ".join(f"{count} rows: {reason}" for reason, count in left_out.items())
        raise DataError(f"benchmark {name}: no response can be used ({reasons or 'no rows'})")
    if n is not None and n < len(items):
        chosen = sorted(random.Random(seed).sample(range(len(items)), n))
        items = [items[place] for place in chosen]
    return MarkedSet(name, tuple(items), dict(left_out))


def _item(table: Table[StepLabels], labels: StepLabels) -> Marked:
    response = table.responses.get(labels.response_id)
    problem = table.problems.get(response.problem_id) if response else None
    if response is None or problem is None:
        raise DataError(
            f"labels {labels.id}: their response {labels.response_id} or its problem is not in the "
            "table; make the table again"
        )
    return Marked(problem, replace(response, text=plain_solution(response.text)), labels)


def _reason(item: Marked) -> str | None:
    if len(solution_steps(item.response.text)) != len(item.labels.labels):
        return MISFIT
    if item.first_error is None and not all(_unbalanced(item.labels)):
        return UNKNOWN
    return None


def _unbalanced(labels: StepLabels) -> Sequence[bool | None]:
    """The labels before some were left out so that right and wrong ones are balanced."""
    before = labels.meta.get("labels")
    if isinstance(before, list | tuple) and len(before) == len(labels.labels):
        return before
    return labels.labels
