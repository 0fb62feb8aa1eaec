"""How well a scorer tells right steps from wrong ones and finds the first error.

What GLoRe (arXiv 2402.10963) compares ORM and SORM by: accuracy on steps; and what benchmarks of
first errors ask (ProcessBench, arXiv 2412.06559): the exact step, and nothing on right solutions.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from redink.errors import DataError
from redink.evaluation.statistics.interval import Interval, wilson_effective
from redink.records import Json, StepLabels
from redink.scoring.calibration import Reliability, reliability
from redink.scoring.ranking import auroc, auroc_interval
from redink.scoring.scores import StepScores
from redink.tables import Table


@dataclass(frozen=True)
class Figure:
    """A share or an area with its 95 % interval; None where nothing was counted."""

    value: float | None
    interval: Interval | None
    count: int
    """Steps or responses that it was taken over."""


@dataclass(frozen=True)
class PrefixQuality:
    """On the steps of one place."""

    steps: int
    """Length of the prefix that ends with the step, in steps."""
    labels: int
    right: float
    """Share of the labels."""
    confidence: float
    """Mean score."""
    accuracy: float
    auroc: float | None


@dataclass(frozen=True)
class ScorerQuality:
    """Figures of one scorer on labelled responses."""

    step_accuracy: Figure
    step_auroc: Figure
    first_error: Figure
    """Of the responses whose first error is known: at exactly that step stands the first score
    below the threshold."""
    no_error: Figure
    """Of the responses all of whose steps are right: no score is below the threshold."""
    f1: float | None
    """Harmonic mean of the two."""
    reliability: Reliability
    prefixes: tuple[PrefixQuality, ...]
    threshold: float

    def to_json(self) -> Json:
        """All figures."""
        found = asdict(self)
        found["prefixes"] = list(found["prefixes"])
        found["reliability"] = self.reliability.to_json()
        return found


@dataclass(frozen=True)
class _Step:
    problem: str
    place: int
    score: float
    right: bool


def scorer_quality(
    labels: Table[StepLabels], scores: Sequence[StepScores], threshold: float = 0.5
) -> ScorerQuality:
    """Measures a scorer, ORM or SORM alike, against step labels.

    Args:
        labels: of responses that the scorer has not learned from; steps without a label count
            in no figure.
        scores: of each row's response, in the rows' order.
        threshold: a step scored below it is called wrong.

    Intervals take the steps of one problem together: they are alike.

    Raises DataError where a row has not as many scores as labels, or no step is labelled.
    """
    steps: list[_Step] = []
    found: list[tuple[str, bool]] = []
    unflagged: list[tuple[str, bool]] = []
    for row, said in zip(labels, scores, strict=True):
        problem = labels.responses[row.response_id].problem_id
        steps += _steps(row, said, problem)
        if row.first_error is not None:
            found.append((problem, said.first_error(threshold) == row.first_error))
        elif row.labels and all(row.labels):
            unflagged.append((problem, said.first_error(threshold) is None))
    if not steps:
        raise DataError("no step is labelled, so a scorer cannot be measured; label responses")
    first_error, no_error = _share(found), _share(unflagged)
    predicted, right = [step.score for step in steps], [step.right for step in steps]
    problems = [step.problem for step in steps]
    area = auroc(predicted, right)
    return ScorerQuality(
        step_accuracy=_share([(s.problem, (s.score >= threshold) == s.right) for s in steps]),
        step_auroc=Figure(area, auroc_interval(predicted, right, problems), len(steps)),
        first_error=first_error,
        no_error=no_error,
        f1=harmonic_mean(first_error.value, no_error.value),
        reliability=reliability(predicted, [float(each) for each in right]),
        prefixes=_prefixes(steps, threshold),
        threshold=threshold,
    )


def harmonic_mean(one: float | None, other: float | None) -> float | None:
    """0 where one is 0; None where one is not known."""
    if one is None or other is None:
        return None
    return 2 * one * other / (one + other) if one + other else 0.0


def _steps(row: StepLabels, said: StepScores, problem: str) -> list[_Step]:
    if len(said.steps) != len(row.labels):
        raise DataError(
            f"labels {row.id}: {len(row.labels)} labels, but {len(said.steps)} scores; score the "
            "same responses, step by step"
        )
    return [
        _Step(problem, place, score, label)
        for place, (score, label) in enumerate(zip(said.steps, row.labels, strict=True))
        if label is not None
    ]


def _share(hits: Sequence[tuple[str, bool]]) -> Figure:
    """A share of items that come in groups, by the linearised variance of a ratio.

    W. G. Cochran, Sampling Techniques (1977), section 2.11.
    """
    if not hits:
        return Figure(None, None, 0)
    share = sum(hit for _, hit in hits) / len(hits)
    groups: dict[str, list[bool]] = {}
    for group, hit in hits:
        groups.setdefault(group, []).append(hit)
    m = len(groups)
    if m < 2:
        return Figure(share, None, len(hits))
    residuals = [sum(group) - share * len(group) for group in groups.values()]
    variance = m / (m - 1) * math.fsum(r * r for r in residuals) / len(hits) ** 2
    return Figure(share, wilson_effective(share, variance, m, m - 1), len(hits))


def _prefixes(steps: Sequence[_Step], threshold: float) -> tuple[PrefixQuality, ...]:
    by_place: dict[int, list[_Step]] = {}
    for step in steps:
        by_place.setdefault(step.place, []).append(step)
    return tuple(
        PrefixQuality(
            steps=place + 1,
            labels=len(group),
            right=sum(step.right for step in group) / len(group),
            confidence=math.fsum(step.score for step in group) / len(group),
            accuracy=sum((s.score >= threshold) == s.right for s in group) / len(group),
            auroc=auroc([step.score for step in group], [step.right for step in group]),
        )
        for place, group in sorted(by_place.items())
    )
