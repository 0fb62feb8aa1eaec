"""95 % intervals and the exact test for proportions, in closed form.

Wilson: E. B. Wilson, JASA 22 (1927) 209-212. Paired difference: R. G. Newcombe, Statistics in
Medicine 17 (1998) 2635-2650, method 10. McNemar: the exact binomial form.
"""

import math
from dataclasses import dataclass, replace

Z95 = 1.959963984540054
"""Standard normal quantile of 0.975."""

EFFECTIVE = "Wilson, effective size"


@dataclass(frozen=True)
class Interval:
    """A 95 % interval: its ends and the method that gave it."""

    low: float
    high: float
    method: str

    @property
    def holds_zero(self) -> bool:
        """Whether no difference is among the values it does not rule out."""
        return self.low <= 0.0 <= self.high


def wilson(successes: int, n: int) -> Interval:
    """The score interval of a proportion; n = 0 gives [0, 1]."""
    if n == 0:
        return Interval(0.0, 1.0, "Wilson")
    share, z2 = successes / n, Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high, "Wilson")


def wilson_effective(
    share: float, variance: float, n_problems: int, freedom: float = math.inf
) -> Interval:
    """The score interval of a share that was not counted one by one.

    For averages over samples, training seeds or benchmarks: the interval of as many independent
    answers, n = share (1 - share) / variance, as have that variance. Where there is no spread at
    all (no problem was solved, say) n is the number of problems.

    Args:
        share: mean over problems.
        variance: of that mean.
        n_problems: problems.
        freedom: of the variance's estimate; Student's t takes the place of 1.96.

    Source: C. Franco et al., Journal of Survey Statistics and Methodology 7 (2019) 334-364.
    """
    from redink.evaluation.statistics.student import student_t

    if variance <= 0 or not 0 < share < 1:
        return replace(wilson(round(share * n_problems), n_problems), method=EFFECTIVE)
    n, z2 = share * (1 - share) / variance, student_t(freedom) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2) / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half), EFFECTIVE)


def newcombe_paired(both: int, first_only: int, second_only: int, neither: int) -> Interval:
    """The interval of the paired difference p(first) - p(second) of two proportions.

    Args:
        both: problems that both solve.
        first_only: problems that only the first solves.
        second_only: problems that only the second solves.
        neither: problems that neither solves.

    Wilson limits of the two proportions are combined by square-and-add with the phi
    correlation, continuity-corrected. It stays inside [-1, 1], and stays honest where few
    problems are discordant, which the plain normal interval does not.
    """
    n = both + first_only + second_only + neither
    if n == 0:
        return Interval(-1.0, 1.0, "Newcombe paired")
    first, second = both + first_only, both + second_only
    share_first, share_second = first / n, second / n
    limits_first, limits_second = wilson(first, n), wilson(second, n)
    phi = _phi(both, first_only, second_only, neither)
    below = _combine(share_first - limits_first.low, limits_second.high - share_second, phi)
    above = _combine(limits_first.high - share_first, share_second - limits_second.low, phi)
    difference = share_first - share_second
    return Interval(difference - below, difference + above, "Newcombe paired")


def mcnemar_exact(first_only: int, second_only: int) -> float:
    """The two-sided exact p: could a fair coin have split the discordant problems like this?"""
    n = first_only + second_only
    tail = sum(math.comb(n, k) for k in range(min(first_only, second_only) + 1))
    return float(min(1.0, 2 * tail / 2**n))


def _combine(one: float, two: float, phi: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * phi * one * two + two * two))


def _phi(both: int, first_only: int, second_only: int, neither: int) -> float:
    first, second = both + first_only, both + second_only
    not_first, not_second = second_only + neither, first_only + neither
    product = first * second * not_first * not_second
    if product == 0:
        return 0.0
    determinant = float(both * neither - first_only * second_only)
    if determinant > 0:
        n = both + first_only + second_only + neither
        determinant = max(0.0, determinant - n / 2)
    return determinant / math.sqrt(product)
