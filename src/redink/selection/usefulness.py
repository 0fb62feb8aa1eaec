"""Whether a critique is useful: how many of the refinements that follow it are right."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from redink.errors import DataError, UsageError
from redink.records import Critique, Response
from redink.tables import Table

FOLLOWS = "follows"
"""In a refinement's `sampling`: the id of the critique that it follows."""


def refinements_of(refined: Table[Response]) -> dict[str, tuple[int, int]]:
    """For each critique that refinements follow, how many are right, and how many there are.

    Raises DataError where no response follows a critique.
    """
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for response in refined:
        critique = response.sampling.get(FOLLOWS)
        if critique is not None:
            every[critique] += 1
            right[critique] += response.outcome == "correct"
    if not every:
        raise DataError(
            "refined: none of these responses follows a critique; give the responses that `refine` "
            "made of the critiques"
        )
    return {critique: (right[critique], count) for critique, count in every.items()}


def not_useful(
    rows: Sequence[Any], refined: Mapping[str, tuple[int, int]], k: int
) -> dict[int, str]:
    """Places of the critiques that fewer than `k` right refinements follow, with the counts.

    AutoMathCritique's filter (arXiv 2411.16579, section 3.1).
    """
    cut: dict[int, str] = {}
    for place, critique in enumerate(rows):
        right, count = refined.get(critique.id, (0, 0))
        if right < k:
            told = f"{right} of {count} refinements right" if count else "no refinement follows it"
            cut[place] = f"not useful: {told}"
    return cut


def check_useful(rows: Table[Any], refined: Table[Response] | None, useful: int | None) -> None:
    """Raises UsageError where the settings of the filter do not fit together or the rows."""
    if (refined is None) != (useful is None):
        raise UsageError(
            "refined, useful: give both, the refinements that follow the critiques and how many of "
            "a critique's must be right"
        )
    if useful is None or refined is None:
        return
    if rows.kind is not Critique:
        raise UsageError("useful: only critiques are followed by refinements; select critiques")
    if refined.kind is not Response:
        raise UsageError("refined: give a table of responses, made by `refine` with critiques")
    if useful < 1:
        raise UsageError(f"useful: {useful} right refinements ask for nothing; give 1 or more")
