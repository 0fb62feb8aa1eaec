"""How well a scorer chooses among the responses to a problem, and tells right ones from wrong."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from redink.errors import DataError
from redink.evaluation.statistics.bootstrap import Stratum, bootstrap_interval
from redink.evaluation.statistics.shares import Share
from redink.records import Json, Response
from redink.scoring.ranking import auroc, auroc_interval
from redink.scoring.scores import Aggregate, StepScores


@dataclass(frozen=True)
class PickingQuality:
    """Shares of one scorer's choice by one aggregate of its step scores."""

    aggregate: Aggregate
    picked: Share
    """Share of problems for which the response with the highest score is right; several with the
    same score count by their share."""
    chance: float
    """The same of a response chosen blindly."""
    oracle: float
    """Share of problems with a right response: no choice can beat it."""
    outcome_auroc: Share
    """Over all responses, whether they are right."""

    def to_json(self) -> Json:
        """All figures."""
        return asdict(self)


def picking_quality(
    responses: Sequence[Response], scores: Mapping[str, StepScores], aggregate: Aggregate = "last"
) -> PickingQuality:
    """Measures a scorer's choice among the responses to each problem.

    Args:
        responses: graded ones, several to a problem; what is not `correct` is not right.
        scores: by the responses' ids.
        aggregate: of the step scores.

    Raises DataError without responses or where one has no score.
    """
    if not responses:
        raise DataError("no responses to choose from; sample some")
    missing = [response.id for response in responses if response.id not in scores]
    if missing:
        raise DataError(f"response {missing[0]} has no score; score every response")
    groups: dict[str, list[tuple[float, bool]]] = {}
    for response in responses:
        value = scores[response.id].aggregate(aggregate)
        groups.setdefault(response.problem_id, []).append((value, response.outcome == "correct"))
    picked = [_picked(group) for group in groups.values()]
    flat = [item for group in groups.values() for item in group]
    names = [name for name, group in groups.items() for _ in group]
    values, right = [value for value, _ in flat], [hit for _, hit in flat]
    return PickingQuality(
        aggregate=aggregate,
        picked=Share(_mean(picked), bootstrap_interval([Stratum([picked])]), len(picked)),
        chance=_mean([_mean([hit for _, hit in group]) for group in groups.values()]),
        oracle=_mean([any(hit for _, hit in group) for group in groups.values()]),
        outcome_auroc=Share(auroc(values, right), auroc_interval(values, right, names), len(flat)),
    )


def _picked(group: Sequence[tuple[float, bool]]) -> float:
    best = max(value for value, _ in group)
    return _mean([hit for value, hit in group if value == best])


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
