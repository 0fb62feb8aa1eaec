"""How well a scorer tells right steps from wrong ones and finds the first error.

What GLoRe (arXiv 2402.10963) compares ORM and SORM by: accuracy on steps; and what benchmarks of
first errors ask (ProcessBench, arXiv 2412.06559): the exact step, and nothing on right solutions.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from redink.errors import DataError
from redink.evaluation.statistics.shares import Hit, Share, clustered_share, harmonic_share
from redink.records import Json, StepLabels
from redink.scoring.calibration import Reliability, reliability
from redink.scoring.ranking import auroc, auroc_interval
from redink.scoring.scores import StepScores
from redink.tables import Table


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

    step_accuracy: Share
    step_auroc: Share
    first_error: Share
    """Of the responses whose first error is known: at exactly that step stands the first score
    below the threshold."""
    no_error: Share
    """Of the responses all of whose steps are right: no score is below the threshold."""
    f1: Share
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
    found: list[Hit] = []
    unflagged: list[Hit] = []
    for row, said in zip(labels, scores, strict=True):
        problem = labels.responses[row.response_id].problem_id
        steps += _steps(row, said, problem)
        if row.first_error is not None:
            found.append((problem, said.first_error(threshold) == row.first_error))
        elif row.labels and all(row.labels):
            unflagged.append((problem, said.first_error(threshold) is None))
    if not steps:
        raise DataError("no step is labelled, so a scorer cannot be measured; label responses")
    predicted, right = [step.score for step in steps], [step.right for step in steps]
    problems = [step.problem for step in steps]
    area = auroc(predicted, right)
    return ScorerQuality(
        step_accuracy=clustered_share(
            [(s.problem, (s.score >= threshold) == s.right) for s in steps]
        ),
        step_auroc=Share(area, auroc_interval(predicted, right, problems), len(steps)),
        first_error=clustered_share(found),
        no_error=clustered_share(unflagged),
        f1=harmonic_share(found, unflagged),
        reliability=reliability(predicted, [float(each) for each in right]),
        prefixes=_prefixes(steps, threshold),
        threshold=threshold,
    )


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
