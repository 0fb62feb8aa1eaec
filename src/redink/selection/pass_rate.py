"""Problems by how often their responses solve them: what is too easy, or never solved, goes.

T1 samples 16 responses of each problem and keeps it where at most 0.3 of them are right (arXiv
2501.11651).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from redink.errors import DataError, UsageError
from redink.evaluation.sheet import NOT_COUNTED
from redink.records import Problem, Response
from redink.selection.row import problem_of, record_behind
from redink.tables import Table

_SAYS_NOTHING = NOT_COUNTED | {"grader_timeout"}
"""Outcomes that are no failure of the model's."""


class Bounds(NamedTuple):
    """Shares of right responses, both included."""

    least: float
    most: float


def read_pass_rate(given: Mapping[str, float]) -> Bounds:
    """The bounds as a recipe writes them; raises UsageError where they are none."""
    for name, value in given.items():
        if name not in ("min", "max"):
            raise UsageError(f"pass_rate: unknown bound {name!r}; use min and max, as in max: 0.3")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise UsageError(f"pass_rate: {name} {value!r} is no share; give a number from 0 to 1")
    found = Bounds(float(given.get("min", 0.0)), float(given.get("max", 1.0)))
    if not given or found.least > found.most:
        raise UsageError(
            f"pass_rate: {dict(given)} keeps nothing in particular; give max, min or both, min at "
            "most max"
        )
    return found


def right_of(table: Table[Any]) -> dict[str, tuple[int, int]]:
    """For each problem how many of its responses are right, and how many count.

    Raises UsageError for a table of problems, DataError where no response was graded.
    """
    if table.kind is Problem:
        raise UsageError(
            "pass_rate: problems alone do not say how often they are solved; give the responses to "
            "them, and take the problems of those that are kept"
        )
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    seen: set[str] = set()
    for row in table:
        response: Response = record_behind(table, row, Response)
        if response.id in seen or response.outcome in _SAYS_NOTHING:
            continue
        seen.add(response.id)
        every[response.problem_id] += 1
        right[response.problem_id] += response.outcome == "correct"
    if not every:
        raise DataError(
            "pass_rate: none of these responses was graded; give responses that `respond` sampled"
        )
    return {problem: (right[problem], count) for problem, count in every.items()}


def outside(
    table: Table[Any], rows: Sequence[Any], rates: Mapping[str, tuple[int, int]], bounds: Bounds
) -> dict[int, str]:
    """Places of the rows whose problem is solved too often or too rarely, with the counts."""
    cut: dict[int, str] = {}
    for place, row in enumerate(rows):
        right, count = rates.get(problem_of(table, row).id, (0, 0))
        if not count:
            cut[place] = "pass rate: no graded response"
        elif right / count > bounds.most:
            cut[place] = f"pass rate: {right} of {count} right, above {bounds.most:g}"
        elif right / count < bounds.least:
            cut[place] = f"pass rate: {right} of {count} right, below {bounds.least:g}"
    return cut
