"""Exchanging critiques between problems: the control that keeps the texts and loses the link."""

from collections import Counter
from collections.abc import Sequence

from redink.errors import DataError
from redink.records import content_id


def exchanged_places(keys: Sequence[tuple[str, str]]) -> list[int]:
    """For each row the place of the row whose critique it gets: of another problem, each once.

    The rows are put in the order of a hash of their problem and turned by the size of the largest
    problem, so that none meets its own problem again. The content alone decides: neither the
    order of the rows nor a seed matters.

    Args:
        keys: problem id and critique id of each row.

    Raises DataError where more than half of the rows belong to one problem: then there is no such
    exchange.
    """
    sizes = Counter(problem for problem, _ in keys)
    if not keys:
        return []
    problem, largest = sizes.most_common(1)[0]
    if 2 * largest > len(keys):
        raise DataError(
            f"critiques cannot be exchanged between problems: {largest} of {len(keys)} belong to "
            f"problem {problem}; at most half may (`select` with per_problem)"
        )
    order = sorted(range(len(keys)), key=lambda place: (_scattered(keys[place][0]), keys[place]))
    places = [0] * len(keys)
    for position, place in enumerate(order):
        places[place] = order[(position + largest) % len(order)]
    return places


def _scattered(problem: str) -> str:
    return content_id("exchange", problem)
