"""Which problems which of two arms solved: won, lost, both, neither, for every pair of arms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from redink.evaluation.comparison import Comparison
from redink.evaluation.results import rows_of, sheets_of
from redink.evaluation.sheet import Sheet
from redink.records import Score

Place = tuple[str, str]
"""(benchmark, problem id)."""
Side = Literal["first", "second", "both", "neither"]
SIDES: tuple[Side, ...] = ("first", "second", "both", "neither")
_EQUAL = 1e-12
"""Averages that differ by less are the same, as in the paired differences."""


@dataclass(frozen=True)
class Pair:
    """Two arms over the problems that count in both."""

    first: str
    second: str
    cells: Mapping[Side, tuple[Place, ...]]
    """`first`: those on which the first arm did better; `both`: equally well, at least one sample
    right."""


@dataclass(frozen=True)
class Pairs:
    """Every pair of arms on the comparison's headline benchmark."""

    pairs: tuple[Pair, ...]
    """Pairs with the baseline, as their second arm, come first."""
    sheets: Mapping[str, Sheet]
    """Benchmark → its answers."""

    def answers(self, arm: str, place: Place) -> list[Score]:
        """An arm's graded answers to a problem, training after training."""
        benchmark, problem = place
        sheet = self.sheets[benchmark]
        return [score for model in sheet.arms[arm] for score in sheet.graded(model, problem)]


def pair_arms(comparison: Comparison, scores: Sequence[Score]) -> Pairs:
    """Sorts the headline benchmark's problems for every pair of its arms.

    The counts are those of `paired_difference`: an arm did better on a problem where its share of
    right answers, averaged over samples and training seeds, is the greater one.
    """
    chosen = rows_of(sheets_of(scores))[comparison.headline]
    arms = [arm for arm in comparison.arms if all(arm in sheet.arms for sheet in chosen)]
    means = {arm: _means(arm, chosen) for arm in arms}
    baseline = comparison.baseline
    order = [(arm, baseline) for arm in arms if arm != baseline and baseline in arms]
    order += [pair for pair in combinations(arms, 2) if baseline not in pair]
    return Pairs(
        tuple(Pair(one, two, _cells(means[one], means[two])) for one, two in order),
        {sheet.benchmark: sheet for sheet in chosen},
    )


def _means(arm: str, chosen: Sequence[Sheet]) -> dict[Place, float]:
    """Place → share of right answers."""
    found: dict[Place, float] = {}
    for sheet in chosen:
        shares = sheet.shares(arm)
        for problem, values in zip(sheet.problems, zip(*shares, strict=True), strict=True):
            found[sheet.benchmark, problem] = sum(values) / len(values)
    return found


def _cells(
    first: Mapping[Place, float], second: Mapping[Place, float]
) -> dict[Side, tuple[Place, ...]]:
    cells: dict[Side, list[Place]] = {side: [] for side in SIDES}
    for place, one in first.items():
        two = second[place]
        if one > two + _EQUAL:
            cells["first"].append(place)
        elif two > one + _EQUAL:
            cells["second"].append(place)
        else:
            cells["both" if one > 0 else "neither"].append(place)
    return {side: tuple(places) for side, places in cells.items()}
