"""A share with its 95 % interval, honest where one problem has several critiques."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from redink.evaluation.statistics.interval import wilson, wilson_effective
from redink.evaluation.wording import count, percent


@dataclass(frozen=True)
class Rate:
    """How many of how many, with the ends of a 95 % interval."""

    count: int
    total: int
    share: float | None
    """None where there is nothing to count."""
    low: float
    high: float
    method: str

    @property
    def words(self) -> str:
        """`80.0 % (76.1 to 83.4)`, or a dash."""
        if self.share is None:
            return "–"
        return f"{percent(self.share)} ({100 * self.low:.1f} to {100 * self.high:.1f})"

    @property
    def counts(self) -> str:
        """`120 of 150`."""
        return f"{count(self.count)} of {count(self.total)}"


def rate(flags: Iterable[tuple[str, bool]]) -> Rate:
    """The share of true flags.

    Args:
        flags: of each row, the id of its problem and whether the row counts.

    Rows of one problem are not independent: where a problem has several, the interval is that of
    the variance between problems (of the ratio of their sums), if that is the greater one.
    """
    problems: dict[str, tuple[int, int]] = {}
    for problem, flag in flags:
        hits, rows = problems.get(problem, (0, 0))
        problems[problem] = hits + flag, rows + 1
    hits = sum(n for n, _ in problems.values())
    total = sum(n for _, n in problems.values())
    interval = wilson(hits, total)
    if not total:
        return Rate(0, 0, None, interval.low, interval.high, interval.method)
    share, many = hits / total, len(problems)
    if 1 < many < total:
        spread = math.fsum((h - share * n) ** 2 for h, n in problems.values())
        variance = spread * many / (many - 1) / total**2
        if variance > share * (1 - share) / total:
            interval = wilson_effective(share, variance, many, many - 1)
    return Rate(hits, total, share, interval.low, interval.high, interval.method)
