"""How long examples are: percentiles and a histogram."""

from collections.abc import Sequence

from redink.records import Json

BARS = 10
"""Bars of a histogram at most."""
STEPS = (1, 2, 5)
"""A bar is one of these times a power of ten wide, so that its borders can be read."""


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that `share` of the ascending values do not exceed."""
    place = -(-len(ordered) * round(share * 100) // 100)
    return ordered[max(0, place - 1)]


def length_facts(lengths: Sequence[int]) -> Json:
    """Percentiles and histogram of lengths in tokens.

    Returns `p50`, `p95`, `longest`, `shortest`, `mean` and `histogram`: `[from, below, rows]` for
    each bar, the shortest rows first.
    """
    ordered = sorted(lengths)
    return {
        "shortest": ordered[0],
        "p50": percentile(ordered, 0.5),
        "p95": percentile(ordered, 0.95),
        "longest": ordered[-1],
        "mean": round(sum(ordered) / len(ordered), 1),
        "histogram": histogram(ordered),
    }


def told_places(lengths: Sequence[int]) -> dict[int, str]:
    """The rows to show as samples: index of the shortest, the median and the longest, by name.

    Fewer where there are fewer than three rows.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    return {order[0]: "shortest", order[len(order) // 2]: "median", order[-1]: "longest"}


def histogram(lengths: Sequence[int]) -> list[list[int]]:
    """Counts in bars of one round width: `[from, below, rows]`, no bar before the shortest row."""
    width = _width(max(lengths) - min(lengths) + 1)
    first, last = min(lengths) // width, max(lengths) // width
    rows = [0] * (last - first + 1)
    for length in lengths:
        rows[length // width - first] += 1
    return [
        [(first + place) * width, (first + place + 1) * width, count]
        for place, count in enumerate(rows)
    ]


def _width(span: int) -> int:
    power = 1
    while True:
        for step in STEPS:
            if step * power * (BARS - 1) >= span:
                return step * power
        power *= 10
