"""The figures of one critic on one benchmark of first errors.

Error accuracy, correct accuracy and their harmonic mean: ProcessBench (arXiv 2412.06559, section
3.3). As there, what cannot be read is a miss; it is counted apart as well, and the same figures
are given among the readable ones.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from redink.critics.judgement import Judgement
from redink.critics.marked_set import Marked, MarkedSet
from redink.errors import DataError
from redink.evaluation.statistics.shares import Hit, Share, clustered_share, harmonic_share
from redink.records import Json
from redink.scoring.calibration import Reliability, reliability
from redink.scoring.ranking import auroc, auroc_interval


@dataclass(frozen=True)
class Found:
    """What ProcessBench asks."""

    error: Share
    """Of the responses with an error: the first wrong step is named exactly."""
    correct: Share
    """Of the responses without: no error is named."""
    f1: Share
    """Harmonic mean of the two; 0 where both are 0."""


@dataclass(frozen=True)
class StepFigures:
    """Of a scorer's probabilities on the labelled steps."""

    accuracy: Share
    auroc: Share
    reliability: Reliability


@dataclass(frozen=True)
class CriticFigures:
    """All figures; intervals take the responses to one problem together."""

    responses: int
    problems: int
    found: Found
    readable: Found
    """The same without the judgements that cannot be read."""
    flagged: Share
    """Of the responses with an error: called wrong, wherever."""
    unreadable: Share
    why: Mapping[str, int]
    """Why judgements cannot be read."""
    unplaced: int
    """Responses with an error that are called wrong without naming a step."""
    steps: StepFigures | None
    """None for a critic that gives no probabilities."""
    left_out: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Plain JSON values."""
        figures: dict[str, Any] = asdict(self)
        if self.steps is not None:
            figures["steps"]["reliability"] = self.steps.reliability.to_json()
        return figures


Pairs = Sequence[tuple[Marked, Judgement]]


def critic_figures(benchmark: MarkedSet, judgements: Sequence[Judgement]) -> CriticFigures:
    """Measures judgements of a benchmark's responses.

    Args:
        benchmark: what is known.
        judgements: what the critic says, in the same order.

    Raises DataError where they are not of the same responses.
    """
    if [item.labels.id for item in benchmark.items] != [one.labels_id for one in judgements]:
        raise DataError(
            f"benchmark {benchmark.name}: the judgements are not of its responses, in its order; "
            "judge them again"
        )
    pairs: Pairs = list(zip(benchmark.items, judgements, strict=True))
    readable = [pair for pair in pairs if pair[1].flagged is not None]
    return CriticFigures(
        responses=len(pairs),
        problems=len({item.problem.id for item, _ in pairs}),
        found=_found(pairs),
        readable=_found(readable),
        flagged=clustered_share([_hit(i, j.flagged is True) for i, j in _erroneous(pairs)]),
        unreadable=clustered_share([_hit(item, one.flagged is None) for item, one in pairs]),
        why=dict(Counter(one.why for _, one in pairs if one.flagged is None)),
        unplaced=sum(j.flagged is True and j.first_error is None for _, j in _erroneous(pairs)),
        steps=_steps(pairs),
        left_out=benchmark.left_out,
    )


def _hit(item: Marked, hit: bool) -> Hit:
    return item.problem.id, float(hit)


def _erroneous(pairs: Pairs) -> Pairs:
    return [pair for pair in pairs if pair[0].first_error is not None]


def _found(pairs: Pairs) -> Found:
    error = [_hit(item, one.first_error == item.first_error) for item, one in _erroneous(pairs)]
    correct = [_hit(item, one.flagged is False) for item, one in pairs if item.first_error is None]
    return Found(clustered_share(error), clustered_share(correct), harmonic_share(error, correct))


def _steps(pairs: Pairs) -> StepFigures | None:
    problems: list[str] = []
    scores: list[float] = []
    right: list[bool] = []
    hits: list[Hit] = []
    for item, one in pairs:
        if not one.scores:
            continue
        if len(one.scores) != len(item.labels.labels):
            raise DataError(
                f"labels {item.labels.id}: {len(one.scores)} scores for "
                f"{len(item.labels.labels)} steps; score every step"
            )
        for score, label in zip(one.scores, item.labels.labels, strict=True):
            if label is not None:
                problems.append(item.problem.id)
                scores.append(score)
                right.append(label)
                hits.append(_hit(item, (score >= one.threshold) == label))
    if not scores:
        return None
    area = Share(auroc(scores, right), auroc_interval(scores, right, problems), len(scores))
    return StepFigures(clustered_share(hits), area, reliability(scores, [float(r) for r in right]))
