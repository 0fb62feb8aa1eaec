"""The paired difference of two arms: its size, interval, test, and what could have been seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from redink.evaluation.metrics import MACRO
from redink.evaluation.sheet import Sheet, strata
from redink.evaluation.statistics.bootstrap import (
    Stratum,
    Variance,
    bootstrap_interval,
    estimate,
    problem_values,
    variance,
)
from redink.evaluation.statistics.interval import Interval, mcnemar_exact, newcombe_paired, wilson
from redink.evaluation.statistics.permutation import sign_flip_p
from redink.evaluation.statistics.power import detectable_difference, problems_needed

_EQUAL = 1e-12
"""Averages that differ by less are the same."""


@dataclass(frozen=True)
class PairedDifference:
    """One arm against the baseline on one benchmark, problem by problem."""

    arm: str
    baseline: str
    benchmark: str
    n_problems: int
    """Problems that count in both arms."""
    difference: float
    """Accuracy of the arm minus accuracy of the baseline, on those problems; NaN without any."""
    interval: Interval
    p: float | None
    """Two-sided; asks about these trained models, not about training again."""
    test: str
    """What gave p: `McNemar exact`, or `sign flips` with several samples, seeds or weights."""
    wins: int
    """Problems on which the arm did better."""
    losses: int
    both: int
    """Problems on which the two did equally well, at least one sample right."""
    neither: int
    mean_square: float
    """Of the problems' differences; with one sample per problem, the discordant share."""
    problems_needed: int | None
    """With which a difference of this size would be shown in 4 of 5 evaluations; None where no
    number is enough."""
    detectable: float | None
    """The smallest difference that the present problems would show in 4 of 5 evaluations."""
    seeds: tuple[int, int]
    """Trainings of the arm and of the baseline."""

    @property
    def mcnemar_p(self) -> float | None:
        """Two-sided exact p; None with several samples per problem or several seeds."""
        return self.p if self.test == MCNEMAR else None


MCNEMAR, SIGN_FLIPS = "McNemar exact", "sign flips"


def paired_difference(
    arm: str, baseline: str, sheets: Sequence[Sheet], benchmark: str
) -> PairedDifference:
    """The difference between two arms over the problems of one or several sheets.

    The interval is Newcombe's paired one where each arm is one training with one answer per
    problem and every problem counts the same; else the bootstrap over problems (within their
    benchmark), and over training seeds where an arm has several. docs/science/statistics.md has
    the measured coverage of both.
    """
    blocks = strata(sheets, arm, baseline, equal=benchmark == MACRO)
    single = all(sheet.is_single(arm) and sheet.is_single(baseline) for sheet in sheets)
    pairs = [pair for block in blocks for pair in _pairs(block)]
    n = len(pairs)
    wins = sum(one > two + _EQUAL for one, two in pairs)
    losses = sum(two > one + _EQUAL for one, two in pairs)
    neither = sum(one == two == 0 for one, two in pairs)
    found = estimate(blocks) if blocks else math.nan
    spread = variance(blocks)
    mean_square = _mean_square(spread, n, found)
    binary = single and benchmark != MACRO
    p = mcnemar_exact(wins, losses) if binary else sign_flip_p(_weighted(blocks))
    grain = 1.0 if single else _grain(arm, baseline, sheets)
    return PairedDifference(
        arm=arm,
        baseline=baseline,
        benchmark=benchmark,
        n_problems=n,
        difference=found,
        interval=_interval(blocks, binary),
        p=p if n else None,
        test=MCNEMAR if binary else SIGN_FLIPS,
        wins=wins,
        losses=losses,
        both=n - wins - losses - neither,
        neither=neither,
        mean_square=mean_square,
        problems_needed=problems_needed(found, mean_square, spread.seeds),
        detectable=detectable_difference(n, mean_square, grain, spread.seeds),
        seeds=(_seeds(arm, sheets), _seeds(baseline, sheets)),
    )


def _pairs(block: Stratum) -> list[tuple[float, float]]:
    means = [problem_values(Stratum(side)) for side in (block.first, block.second)]
    return list(zip(*means, strict=True))


def _mean_square(spread: Variance, n: int, found: float) -> float:
    """The mean square of n equal problems' differences that has this variance and mean."""
    if n < 2 or not math.isfinite(spread.problems):
        return math.nan
    return spread.problems * (n - 1) + found**2


def _weighted(blocks: Sequence[Stratum]) -> list[float]:
    """Every problem's part of the difference."""
    return [block.weight * value / block.n for block in blocks for value in problem_values(block)]


def _grain(arm: str, baseline: str, sheets: Sequence[Sheet]) -> float:
    answers = [
        sheet.samples(one) * len(sheet.arms[one]) for sheet in sheets for one in (arm, baseline)
    ]
    return 1.0 / max(answers, default=1)


def _seeds(arm: str, sheets: Sequence[Sheet]) -> int:
    return min((len(sheet.arms[arm]) for sheet in sheets), default=0)


def _interval(blocks: Sequence[Stratum], binary: bool) -> Interval:
    pairs = [pair for block in blocks for pair in _pairs(block)]
    if binary or not pairs:
        return _newcombe(pairs)
    found = bootstrap_interval(blocks)
    if found is not None:
        return found
    if any(block.n < 2 for block in blocks):
        return Interval(-1.0, 1.0, "none: too few problems")
    return _alike(estimate(blocks), len(pairs))


def _alike(difference: float, n: int) -> Interval:
    """Where every problem shows the same difference, of which a bootstrap would be certain.

    As many problems as Wilson's limit allows may be unlike these, and differ either way.
    """
    unseen = 1.0 - wilson(n, n).low
    low, high = ((1 - unseen) * difference + side * unseen for side in (-1.0, 1.0))
    return Interval(low, high, "Wilson's limit on unlike problems")


def _newcombe(pairs: Sequence[tuple[float, float]]) -> Interval:
    both = sum(one > 0.5 and two > 0.5 for one, two in pairs)
    first = sum(one > 0.5 for one, _ in pairs) - both
    second = sum(two > 0.5 for _, two in pairs) - both
    return newcombe_paired(both, first, second, len(pairs) - both - first - second)
