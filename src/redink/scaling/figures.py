"""What models came to at their budgets: accuracy with intervals, gains, answer rates, tokens."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from redink.evaluation.comparison import compare_arms
from redink.evaluation.metrics import MACRO, POOLED, ArmMetrics
from redink.evaluation.results import Results, measure_arms
from redink.evaluation.seeds import arm_of
from redink.records import Response, Score
from redink.scaling.budgets import arm_at

FILE = "scaling.json"
"""What `scale` writes beside its table."""


def scaling_facts(
    scores: Sequence[Score],
    responses: Mapping[str, Response],
    models: Sequence[str],
    budgets: Sequence[int],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that tables and the report show, as plain JSON values.

    Args:
        scores: of all models at all budgets.
        responses: that they are of, by id.
        models: names without budgets; trainings NAME@SEED count as one model.
        budgets: in tokens, ascending.
        settings: kept beside the figures.
    """
    results = measure_arms(scores)
    names = list(dict.fromkeys(map(arm_of, models)))
    rows = [
        _row(name, budget, metrics, _answers(metrics, scores, responses))
        for benchmark in results.benchmarks
        for name in names
        for budget in budgets
        if (metrics := results.find(arm_at(name, budget), benchmark)) is not None
        and metrics.n_problems
    ]
    gains = [gain for name in names for gain in _gains(name, budgets, scores, results)]
    return {**settings, "budgets": list(budgets), "rows": rows, "gains": gains}


def _row(
    name: str, budget: int, metrics: ArmMetrics, answers: Sequence[Response]
) -> dict[str, Any]:
    said = [answer.outcome not in ("no_answer", "truncated") for answer in answers]
    return {
        "model": name,
        "benchmark": metrics.benchmark,
        "budget": budget,
        "problems": metrics.n_problems,
        "answers": metrics.n_samples,
        "accuracy": metrics.accuracy,
        "interval": [metrics.interval.low, metrics.interval.high],
        "ended": _share([bool(answer.sampling.get("ended")) for answer in answers]),
        "asked": _share([bool(answer.sampling.get("asked")) for answer in answers]),
        "answered": _share(said),
        "tokens": metrics.mean_tokens,
    }


def _answers(
    metrics: ArmMetrics, scores: Sequence[Score], responses: Mapping[str, Response]
) -> list[Response]:
    over_all = metrics.benchmark in (POOLED, MACRO)
    return [
        responses[score.response_id]
        for score in scores
        if arm_of(score.model) == metrics.model
        and (over_all or score.benchmark == metrics.benchmark)
    ]


def _gains(
    name: str, budgets: Sequence[int], scores: Sequence[Score], results: Results
) -> list[dict[str, Any]]:
    """The paired difference of each larger budget to the smallest, with its 95 % interval."""
    arms = {arm_at(name, budget): budget for budget in budgets}
    own = [score for score in scores if arm_of(score.model) in arms]
    least = arm_at(name, budgets[0])
    if len(budgets) < 2 or not any(arm_of(score.model) == least for score in own):
        return []
    comparison = compare_arms(own, least)
    return [
        {
            "model": name,
            "benchmark": found.benchmark,
            "from": budgets[0],
            "to": arms[found.arm],
            "difference": found.difference,
            "interval": [_finite(found.interval.low), _finite(found.interval.high)],
        }
        for found in comparison.differences
        if found.n_problems and found.benchmark in results.benchmarks
    ]


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else math.nan


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
