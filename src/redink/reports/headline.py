"""The question that a run asks, and its answer in one sentence."""

from redink.evaluation.comparison import Comparison
from redink.evaluation.conclusion import conclusions
from redink.evaluation.difference import PairedDifference
from redink.evaluation.wording import counted, listed, percent, points
from redink.reports.blocks import Verdict

MOST_NAMED = 3
"""Arms that the sentence names; the rest are counted."""


def question_of(about: str, comparison: Comparison | None) -> str:
    """What the recipe says that it asks, else what the comparison does."""
    if about:
        return about
    if comparison is None:
        return ""
    others = [arm for arm in comparison.arms if arm != comparison.baseline]
    if not others:
        return f"How well does {comparison.baseline} do on {comparison.headline}?"
    if len(others) == 1:
        return f"Does {others[0]} beat {comparison.baseline} on {comparison.headline}?"
    return f"Which of {len(others)} arms beat {comparison.baseline} on {comparison.headline}?"


def answer_of(comparison: Comparison) -> str:
    """One sentence with its 95 % interval, whatever came out."""
    others = [arm for arm in comparison.arms if arm != comparison.baseline]
    if not others:
        row = comparison.of(comparison.baseline, comparison.headline)
        if not row.n_problems:
            return "Nothing can be said: no problem counts."
        return (
            f"{row.model} is right on {percent(row.accuracy)} (95 % interval "
            f"{percent(row.interval.low)} to {percent(row.interval.high)}, "
            f"{counted(row.n_problems, 'problem')})."
        )
    if len(others) == 1:
        return conclusions(comparison)[0].partition("? ")[2]
    return _of_several(comparison, len(others))


def verdicts_of(comparison: Comparison) -> list[Verdict]:
    """A sentence for each arm, with its mark."""
    kinds = {"Yes": "won", "No, it lost": "lost"}
    verdicts = []
    for sentence in conclusions(comparison):
        question, _, answer = sentence.partition("? ")
        verdicts.append(Verdict(f"{question}?", answer, kinds.get(answer.split(":")[0], "open")))
    return verdicts


def _of_several(comparison: Comparison, arms: int) -> str:
    found = [d for d in comparison.differences if d.benchmark == comparison.headline]
    shown = [d for d in found if d.n_problems and not d.interval.holds_zero]
    won = sorted((d for d in shown if d.difference > 0), key=lambda d: -d.difference)
    lost = sorted((d for d in shown if d.difference < 0), key=lambda d: d.difference)
    parts = []
    if won:
        parts.append(f"{len(won)} of {arms} arms beat {comparison.baseline}: {_named(won)}")
    if lost:
        of = "" if won else f" of {arms} arms"
        parts.append(f"{len(lost)}{of} lost to {'it' if won else comparison.baseline}: "
                     f"{_named(lost)}")  # fmt: skip
    left = arms - len(shown)
    if not parts:
        best = max((d for d in found if d.n_problems), key=lambda d: d.difference, default=None)
        most = f"; the greatest difference is that of {_named([best])}" if best else ""
        return f"No difference to {comparison.baseline} is shown for any of {arms} arms{most}."
    if left:
        parts.append(f"for {'the other' if left == 1 else f'{left} others'} no difference is shown")
    return f"{'; '.join(parts)}."


def _named(differences: list[PairedDifference]) -> str:
    """The first arms with their differences, the rest counted."""
    texts = [
        f"{d.arm} ({points(d.difference)} points, 95 % interval "
        f"{points(d.interval.low)} to {points(d.interval.high)})"
        for d in differences[:MOST_NAMED]
    ]
    more = len(differences) - MOST_NAMED
    return listed([*texts, f"{more} more"] if more > 0 else texts)
