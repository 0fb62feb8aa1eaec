"""One plain sentence per arm: did it beat the baseline?"""

from redink.evaluation.comparison import Comparison, PairedDifference
from redink.evaluation.wording import p_value, percent, points

LEVEL = 0.05
"""The level that a 95 % interval stands for."""


def conclusions(comparison: Comparison) -> list[str]:
    """A sentence for every arm but the baseline, on the headline benchmark."""
    found = [comparison.difference(arm, comparison.headline) for arm in comparison.arms]
    return [conclusion(comparison, item) for item in found if item is not None]


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
        f"{paired.n_problems} problems)"
    )
    if paired.wins == paired.losses == 0:
        return f"{question} No: the two solved exactly the same problems; {figures}."
    if interval.holds_zero:
        return f"{question} Not shown: {figures}; the interval holds zero."
    answer = "Yes" if paired.difference > 0 else "No, it lost"
    doubt = ""
    if paired.mcnemar_p is not None and paired.mcnemar_p >= LEVEL:
        doubt = f"; narrowly, for McNemar's exact p is {p_value(paired.mcnemar_p)}"
    return f"{question} {answer}: {figures}{doubt}."


def caveat(comparison: Comparison) -> str:
    """What the intervals do and do not cover, in one sentence."""
    n = max((d.n_problems for d in comparison.differences), default=0) or max(
        m.n_problems for m in comparison.metrics
    )
    seeds = f"{comparison.n_seeds} training seed" + ("s" if comparison.n_seeds != 1 else "")
    text = (
        f"{n} problems, {seeds}: the intervals cover the choice of problems, "
        "not the chance in training an arm again"
    )
    others = len(comparison.arms) - 1
    if others > 1:
        text += f"; they are not widened for making {others} comparisons"
    return text + "."
