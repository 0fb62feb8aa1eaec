"""The bootstrap over problems and training seeds, and its 95 % interval.

Problems are drawn with replacement within each benchmark. Where an arm has several training
seeds, these are drawn too, and the two deviations add up: seeds and problems are crossed, every
seed answers the same problems. (Drawing both at once counts the chance in which a seed solves
which problem three times over instead of twice, and is wider for nothing: docs/science.)

A plain bootstrap is too narrow for few units: the spread of a resample of m units is too small by
sqrt((m - 1) / m), nearly a third for two seeds, and quantiles of it know nothing of Student's t.
Both are put right: deviations are scaled by sqrt(m / (m - 1)) (J. N. K. Rao and C. F. J. Wu, JASA
83 (1988) 231-241), and the percentiles' distances from the estimate are stretched by t / 1.96 with
Satterthwaite's degrees of freedom (in the spirit of T. C. Hesterberg's expanded percentiles, The
American Statistician 69 (2015) 371-386). docs/science/statistics.md has the measured coverage.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redink.evaluation.statistics.interval import Z95, Interval
from redink.evaluation.statistics.student import student_t

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
SEED = 20_250_101
"""Fixed: the same scores always give the same interval."""


@dataclass(frozen=True)
class Stratum:
    """One benchmark's problems: the shares of right samples of one arm or of two."""

    first: Sequence[Sequence[float]]
    """Training seed x problem (S1 x n): the arm's share of right samples."""
    second: Sequence[Sequence[float]] = ()
    """Training seed x problem (S2 x n) of the baseline; empty where one arm stands alone."""
    weight: float = 1.0
    """Of this benchmark's mean in the estimate; the strata's weights add up to 1."""

    @property
    def n(self) -> int:
        """Problems."""
        return len(self.first[0])


def estimate(strata: Sequence[Stratum]) -> float:
    """Weighted mean of the first arm, minus that of the second where there is one."""
    return math.fsum(s.weight * math.fsum(problem_values(s)) / s.n for s in strata)


def problem_values(stratum: Stratum) -> list[float]:
    """Per problem: the mean over the first arm's seeds, minus that over the second's."""
    values = _column_means(stratum.first)
    if stratum.second:
        values = [a - b for a, b in zip(values, _column_means(stratum.second), strict=True)]
    return values


@dataclass(frozen=True)
class Variance:
    """The variance of an estimate by its sources, and what it is worth in degrees of freedom."""

    problems: float
    seeds: float
    freedom: float
    """Satterthwaite's degrees of freedom of the sum; infinite where there is no variance."""

    @property
    def total(self) -> float:
        """Variance of the estimate."""
        return self.problems + self.seeds


def variance(strata: Sequence[Stratum]) -> Variance:
    """The variance of `estimate(strata)`; infinite with fewer than two problems in a stratum."""
    if not strata or any(s.n < 2 for s in strata):
        return Variance(math.inf, 0.0, 1.0)
    parts = [(s.weight**2 * _spread(problem_values(s)) / s.n, s.n - 1) for s in strata]
    sides = [seed_means(strata, "first"), seed_means(strata, "second")]
    seeds = [(_spread(means) / len(means), len(means) - 1) for means in sides if len(means) > 1]
    total = math.fsum(value for value, _ in parts + seeds)
    weights = math.fsum(value**2 / freedom for value, freedom in parts + seeds)
    return Variance(
        problems=math.fsum(value for value, _ in parts),
        seeds=math.fsum(value for value, _ in seeds),
        freedom=total**2 / weights if weights else math.inf,
    )


def seed_means(strata: Sequence[Stratum], side: str) -> list[float]:
    """The weighted mean of each training seed of one side (`first`, `second`)."""
    rows: list[Sequence[Sequence[float]]] = [getattr(stratum, side) for stratum in strata]
    return [
        math.fsum(s.weight * math.fsum(of[i]) / s.n for s, of in zip(strata, rows, strict=True))
        for i in range(len(rows[0]))
    ]


def bootstrap_interval(
    strata: Sequence[Stratum], resamples: int = RESAMPLES, seed: int = SEED
) -> Interval | None:
    """The 95 % interval of `estimate(strata)`.

    Returns None where resampling can say nothing: no spread at all, or fewer than two problems in
    a stratum.
    """
    import numpy as np

    spread = variance(strata)
    if not 0.0 < spread.total < math.inf:
        return None
    middle = estimate(strata)
    low, high = np.quantile(resampled(strata, resamples, seed), [0.025, 0.975])
    stretch = student_t(spread.freedom) / Z95
    has_seeds = any(len(rows) > 1 for rows in (strata[0].first, strata[0].second))
    return Interval(
        max(-1.0, middle + (float(low) - middle) * stretch),
        min(1.0, middle + (float(high) - middle) * stretch),
        "bootstrap over problems and seeds" if has_seeds else "bootstrap over problems",
    )


def resampled(
    strata: Sequence[Stratum], resamples: int = RESAMPLES, seed: int = SEED
) -> "np.ndarray[Any, Any]":
    """Draws of the estimate (float64, shape (resamples,)); their variance is `variance(strata)`."""
    import numpy as np

    generator = np.random.default_rng(seed)
    draws = np.full(resamples, estimate(strata))
    for stratum in strata:
        draws += stratum.weight * _drawn_deviation(generator, problem_values(stratum), resamples)
    for side, sign in (("first", 1), ("second", -1)):
        means = seed_means(strata, side)
        if len(means) > 1:
            draws += sign * _drawn_deviation(generator, means, resamples)
    return draws


def _drawn_deviation(
    generator: "np.random.Generator", values: Sequence[float], resamples: int
) -> "np.ndarray[Any, Any]":
    """How far the mean of m values drawn with replacement lies from their mean, to scale.

    Equal values are drawn together, as a multinomial count: the same distribution as drawing them
    one by one, in a time that hardly grows with their number.
    """
    import numpy as np

    m = len(values)
    distinct, counts = np.unique(np.round(values, 12), return_counts=True)
    drawn = generator.multinomial(m, counts / m, size=resamples) @ distinct / m
    return np.asarray(math.sqrt(m / (m - 1)) * (drawn - distinct @ counts / m))


def _column_means(rows: Sequence[Sequence[float]]) -> list[float]:
    return [math.fsum(column) / len(rows) for column in zip(*rows, strict=True)]


def _spread(values: Sequence[float]) -> float:
    """Sample variance (n - 1)."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
