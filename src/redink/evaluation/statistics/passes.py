"""pass@k: the chance that at least one of k samples is right, estimated without bias."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PassAt:
    """pass@k of one arm on one benchmark."""

    k: int
    value: float
    """Mean over the problems with at least k graded samples; NaN where there is none."""
    standard_error: float
    """Clustered by problem; NaN with fewer than two problems."""
    n_problems: int
    left_out: int
    """Problems with fewer than k graded samples: they are no part of `value`."""


def pass_at_k(graded: int, right: int, k: int) -> float:
    """The unbiased estimate 1 - C(n - c, k) / C(n, k) for one problem.

    Args:
        graded: n, samples that were graded.
        right: c, how many of them are right.
        k: samples of which one must be right.

    Returns NaN with fewer than k graded samples: the estimate does not exist then, and 1.0 (what
    the usual product gives) would be wrong. Source: Chen et al. 2021, arXiv 2107.03374, eq. 1.
    """
    if not 0 <= right <= graded or k < 1:
        raise ValueError(f"no pass@{k} of {right} right among {graded}; counts must fit")
    if graded < k:
        return math.nan
    if graded - right < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / m for m in range(graded - right + 1, graded + 1))


def powers_up_to(samples: int) -> list[int]:
    """The k that are reported: 1, 2, 4, … up to the number of samples."""
    return [2**power for power in range(max(samples, 0).bit_length())]


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean of values and its standard error; NaN where there are too few values."""
    n = len(values)
    if n == 0:
        return math.nan, math.nan
    mean = math.fsum(values) / n
    if n == 1:
        return mean, math.nan
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1) / n)


def pass_at(problems: Iterable[Sequence[tuple[int, int]]], k: int) -> PassAt:
    """pass@k over problems.

    Args:
        problems: for each problem, the (graded, right) counts of each training seed; the
            estimates of the seeds are averaged, never their samples mixed.
        k: samples of which one must be right.
    """
    found, left_out = [], 0
    for counts in problems:
        estimates = [pass_at_k(graded, right, k) for graded, right in counts]
        if not estimates or any(math.isnan(estimate) for estimate in estimates):
            left_out += 1
        else:
            found.append(math.fsum(estimates) / len(estimates))
    value, error = mean_and_error(found)
    return PassAt(k, value, error, len(found), left_out)
