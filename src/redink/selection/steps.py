"""The steps of `select`, in the one order in which they run.

    pass rate → conditions → usefulness → exact duplicates → near duplicates → decontamination
    → trim → cap → mixture → n

Cheap and certain steps come first; what is counted (cap, shares, n) comes last, so that counts
hold for what is kept. Each step sees what the one before it left.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from redink.records import Problem
from redink.selection.choosing import Take, dealt, edges, preferred, within
from redink.selection.conditions import Condition
from redink.selection.contamination import TestQuestions
from redink.selection.mixture import quotas
from redink.selection.row import problem_of, text_of, value_of
from redink.selection.twin import Twin, drop_for
from redink.tables import Dropped, Table, drop

Cut = Mapping[int, str | tuple[str, Twin]]
"""From the place of a row that goes to the reason, and to its twin where it has one."""
Step = Callable[[Sequence[Any]], Cut]


class Taking(NamedTuple):
    """Which rows are preferred where some must go."""

    take: Take
    part: str
    """The text whose length counts: question, response or critique."""
    seed: int
    spread: bool
    """Whether rows are dealt round robin over problems."""

    def order(self, table: Table[Any], rows: Sequence[Any]) -> list[int]:
        """Places of the rows, the most wanted first."""
        lengths = lengths_of(table, rows, self.part)
        order = preferred([row.id for row in rows], lengths, self.take, self.seed)
        return dealt(order, _problems(table, rows)) if self.spread else order


def run_steps(
    rows: Sequence[Any], steps: Sequence[tuple[str, Step]]
) -> tuple[list[Any], list[Dropped], list[tuple[str, int]]]:
    """What is left of the rows, what was dropped step by step, and the rows after each step."""
    kept = list(rows)
    dropped: list[Dropped] = []
    counts = [("given", len(kept))]
    for name, step in steps:
        cut = step(kept)
        for place in sorted(cut):
            why = cut[place]
            row = kept[place]
            dropped.append(drop(row, why) if isinstance(why, str) else drop_for(row, *why))
        kept = [row for place, row in enumerate(kept) if place not in cut]
        counts.append((name, len(kept)))
    return kept, dropped, counts


def failing(rows: Sequence[Any], checks: Sequence[Condition]) -> Cut:
    """Rows that fail a condition."""
    reasons = ((place, _failure(row, checks)) for place, row in enumerate(rows))
    return {place: reason for place, reason in reasons if reason}


def contaminated(table: Table[Any], rows: Sequence[Any], tests: TestQuestions) -> Cut:
    """Rows whose question is a near copy of a test question."""
    twins: dict[str, Twin | None] = {}
    cut: dict[int, str | tuple[str, Twin]] = {}
    for place, row in enumerate(rows):
        problem = problem_of(table, row)
        if problem.id not in twins:
            twins[problem.id] = _test_twin(problem, tests)
        twin = twins[problem.id]
        if twin:
            cut[place] = (f"like {twin.of}", twin)
    return cut


def trimmed(table: Table[Any], rows: Sequence[Any], trim: Sequence[int], part: str) -> Cut:
    """The shortest and the longest rows."""
    return edges(lengths_of(table, rows, part), [row.id for row in rows], trim)


def capped(table: Table[Any], rows: Sequence[Any], most: int, taking: Taking) -> Cut:
    """Rows beyond the `most` preferred ones of their problem."""
    kept = within(taking.order(table, rows), _problems(table, rows), most)
    return _beyond(rows, kept, f"beyond {most} of its problem")


def mixed(
    table: Table[Any],
    rows: Sequence[Any],
    by: str,
    shares: Mapping[str, Any] | None,
    n: int | None,
    taking: Taking,
) -> Cut:
    """Rows whose value has no share in the mixture, or whose share is full."""
    values = [value_of(table, row, by) for row in rows]
    limits = quotas(values, by, shares, n)
    kept = set(within(taking.order(table, rows), values, limits))
    return {
        place: f"{by} {value}: {'beyond its share' if value in limits else 'not in the mixture'}"
        for place, value in enumerate(values)
        if place not in kept
    }


def taken(table: Table[Any], rows: Sequence[Any], n: int, taking: Taking) -> Cut:
    """Rows beyond the `n` preferred ones."""
    if len(rows) <= n:
        return {}
    reason = {
        "first": f"beyond the first {n}",
        "random": f"not among the {n} drawn",
        "longest": f"not among the {n} longest",
        "shortest": f"not among the {n} shortest",
        "middle": f"not among the {n} of middle length",
    }[taking.take]
    return _beyond(rows, taking.order(table, rows)[:n], reason)


def lengths_of(table: Table[Any], rows: Sequence[Any], part: str) -> list[int]:
    """Lengths of the rows' texts, in characters."""
    return [len(text_of(table, row, part)) for row in rows]


def _failure(row: Any, checks: Sequence[Condition]) -> str | None:
    return next((why for check in checks if (why := check(row))), None)


def _test_twin(problem: Problem, tests: TestQuestions) -> Twin | None:
    match = tests.match(problem)
    if match is None:
        return None
    twin = match.problem
    return Twin(match.of, twin.id, match.rule, match.ratio, problem.question, twin.question)


def _problems(table: Table[Any], rows: Sequence[Any]) -> list[str]:
    return [problem_of(table, row).id for row in rows]


def _beyond(rows: Sequence[Any], kept: Sequence[int], reason: str) -> dict[int, str]:
    return dict.fromkeys(set(range(len(rows))).difference(kept), reason)
