"""One plain sentence per arm: did it beat the baseline? And what the figures do not cover."""

from redink.evaluation.comparison import Comparison
from redink.evaluation.difference import PairedDifference
from redink.evaluation.results import Results
from redink.evaluation.wording import counted, listed, p_value, percent, points, share_points

LEVEL = 0.05
"""The level that a 95 % interval stands for."""
FEW_SEEDS = 3
"""Trainings of an arm whose spread says little."""


def conclusions(comparison: Comparison) -> list[str]:
    """A sentence for every arm but the baseline, on the headline benchmark."""
    found = [
        (arm, comparison.difference(arm, comparison.headline))
        for arm in comparison.arms
        if arm != comparison.baseline
    ]
    return [
        f"Did {arm} beat {comparison.baseline}? Cannot be said: no answers of both on "
        f"{comparison.headline}."
        if item is None
        else conclusion(comparison, item)
        for arm, item in found
    ]


def conclusion(comparison: Comparison, paired: PairedDifference) -> str:
    """Whether the arm beat the baseline, in one sentence, whatever came out."""
    question = f"Did {paired.arm} beat {paired.baseline}?"
    if paired.n_problems == 0:
        return f"{question} Cannot be said: no problem counts in both arms."
    arm = comparison.of(paired.arm, paired.benchmark).accuracy
    baseline = comparison.of(paired.baseline, paired.benchmark).accuracy
    interval = paired.interval
    figures = (
        f"{percent(arm)} against {percent(baseline)}, {points(paired.difference)} points "
        f"(95 % interval {points(interval.low)} to {points(interval.high)}, "
        f"{counted(paired.n_problems, 'problem')})"
    )
    if paired.wins == paired.losses == 0:
        same = "solved exactly the same problems" if _one_each(comparison, paired) else "did alike"
        return f"{question} No: the two {same}; {figures}."
    if interval.holds_zero:
        return f"{question} Not shown: {figures}; the interval holds zero.{_needed(paired)}"
    answer = "Yes" if paired.difference > 0 else "No, it lost"
    doubt = ""
    if paired.p is not None and paired.p >= LEVEL:
        test = "McNemar's exact p" if paired.mcnemar_p is not None else "the sign-flip p"
        doubt = f"; narrowly, for {test} is {p_value(paired.p)}"
    return f"{question} {answer}: {figures}{doubt}."


def caveat(results: Results) -> str:
    """What the intervals do and do not cover, in a sentence or two."""
    n = max((m.n_problems for m in results.metrics if m.benchmark == results.headline), default=0)
    several = [arm for arm, number in results.n_seeds.items() if number > 1]
    single = [arm for arm, number in results.n_seeds.items() if number == 1]
    text = f"{counted(n, 'problem')}, {_seed_words(results)}: the intervals cover the choice of "
    if not several:
        text += "problems, not the chance in training an arm again"
    elif single:
        text += (
            f"problems and the chance in training {listed(several)} again, not in {_other(single)}"
        )
    else:
        text += "problems and the chance in training an arm again"
    others = len(results.arms) - 1
    if isinstance(results, Comparison) and others > 1:
        text += f"; they are not widened for making {others} comparisons"
    text += "."
    if several:
        text += " p values ask about these trained models only."
    if several and min(results.n_seeds[arm] for arm in several) <= FEW_SEEDS:
        text += " 2-3 seeds say little about the spread of trainings."
    return text


def _needed(paired: PairedDifference) -> str:
    """What it would take to show a difference of this size, and what could have been seen."""
    parts = []
    if paired.problems_needed is not None:
        parts.append(
            f"A difference of this size needs about {counted(paired.problems_needed, 'problem')}"
        )
    elif paired.difference and max(paired.seeds) > 1:
        parts.append("A difference of this size needs more training seeds, not more problems")
    if paired.detectable is not None:
        seen = f"these {paired.n_problems:,} show one from {share_points(paired.detectable)} points"
        parts.append(seen if parts else seen[0].upper() + seen[1:])
    return f" {'; '.join(parts)}." if parts else ""


def _one_each(comparison: Comparison, paired: PairedDifference) -> bool:
    rows = [comparison.of(arm, paired.benchmark) for arm in (paired.arm, paired.baseline)]
    return max(paired.seeds) == 1 and all(row.samples == 1 for row in rows)


def _seed_words(results: Results) -> str:
    numbers = set(results.n_seeds.values())
    if len(numbers) == 1:
        return counted(numbers.pop(), "training seed")
    shown = listed([f"{arm} {number}" for arm, number in results.n_seeds.items()])
    return f"training seeds: {shown}"


def _other(arms: list[str]) -> str:
    return f"training {listed(arms)}"
