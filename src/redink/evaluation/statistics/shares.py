"""Shares of items that come in groups, and what is made of two of them, with 95 % intervals.

Responses to one problem are alike, and so are the steps of one response: to take them as
independent makes intervals too narrow. Problems are the groups here.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from redink.evaluation.statistics.interval import Interval, wilson_effective

RESAMPLES = 4_000
SEED = 20_250_101
"""Fixed: the same items always give the same interval."""
_DRAWN_TOGETHER = 500
Hit = tuple[Hashable, float]
"""An item's group, and how far the item counts: 1 (a hit), 0, or in between."""


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval; None where nothing was counted or nothing can be said."""

    value: float | None
    interval: Interval | None
    count: int
    """Items that it was taken over."""


def clustered_share(hits: Sequence[Hit]) -> Share:
    """The mean over items, with an interval by the linearised variance of a ratio.

    W. G. Cochran, Sampling Techniques (3rd edition, 1977), section 2.11; the score interval of as
    many independent items as have that variance. None with fewer than two groups.
    """
    if not hits:
        return Share(None, None, 0)
    share = math.fsum(hit for _, hit in hits) / len(hits)
    groups: dict[Hashable, list[float]] = {}
    for group, hit in hits:
        groups.setdefault(group, []).append(hit)
    m = len(groups)
    if m < 2:
        return Share(share, None, len(hits))
    residuals = [math.fsum(group) - share * len(group) for group in groups.values()]
    variance = m / (m - 1) * math.fsum(r * r for r in residuals) / len(hits) ** 2
    return Share(share, wilson_effective(share, variance, m, m - 1), len(hits))


def harmonic_mean(one: float | None, other: float | None) -> float | None:
    """2ab / (a + b): 0 where both are 0, None where one is not known."""
    if one is None or other is None:
        return None
    return 2 * one * other / (one + other) if one + other else 0.0


def harmonic_share(first: Sequence[Hit], second: Sequence[Hit]) -> Share:
    """The harmonic mean of two shares over items of the same groups.

    The interval draws groups with replacement, those of both shares together (percentiles of
    `RESAMPLES` draws). Where that says nothing, for a share is 0 or 1 throughout, it spans the
    harmonic means of the two shares' own lower and of their upper ends, which is wider.
    """
    one, other = clustered_share(first), clustered_share(second)
    value = harmonic_mean(one.value, other.value)
    count = len(first) + len(second)
    if value is None or one.interval is None or other.interval is None:
        return Share(value, None, count)
    drawn = _drawn(first, second) if 0 < value < 1 else None
    if drawn is not None:
        return Share(value, drawn, count)
    low = harmonic_mean(one.interval.low, other.interval.low)
    high = harmonic_mean(one.interval.high, other.interval.high)
    return Share(value, Interval(low or 0.0, high or 0.0, "of both intervals' ends"), count)


def _drawn(first: Sequence[Hit], second: Sequence[Hit]) -> Interval | None:
    import numpy as np

    groups = list(dict.fromkeys(group for hits in (first, second) for group, _ in hits))
    places = {group: place for place, group in enumerate(groups)}
    sums_G_4 = np.zeros((len(groups), 4))
    for column, hits in ((0, first), (2, second)):
        for group, hit in hits:
            sums_G_4[places[group], column : column + 2] += (hit, 1.0)
    generator = np.random.default_rng(SEED)
    even = np.full(len(groups), 1 / len(groups))
    found: list[float] = []
    for _ in range(RESAMPLES // _DRAWN_TOGETHER):
        drawn_N_4 = generator.multinomial(len(groups), even, size=_DRAWN_TOGETHER) @ sums_G_4
        drawn_N_4 = drawn_N_4[(drawn_N_4[:, 1] > 0) & (drawn_N_4[:, 3] > 0)]
        a, b = drawn_N_4[:, 0] / drawn_N_4[:, 1], drawn_N_4[:, 2] / drawn_N_4[:, 3]
        found += np.where(a + b > 0, 2 * a * b / np.maximum(a + b, 1e-12), 0.0).tolist()
    if len(found) < RESAMPLES / 2 or min(found) == max(found):
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(float(low), float(high), "bootstrap over groups")
