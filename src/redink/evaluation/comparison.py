"""Comparing arms with a baseline arm over the same problems."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError, UsageError
from redink.evaluation.interval import Interval, mcnemar_exact, newcombe_paired, normal_mean
from redink.evaluation.metrics import POOLED, ArmMetrics, measure, solved_shares
from redink.records import Score

TRAINING_SEEDS = 1
"""Every arm is one training; the intervals below do not cover training it again."""


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
    mcnemar_p: float | None
    """Two-sided exact p; None with several samples per problem."""
    wins: int
    """Problems on which the arm did better."""
    losses: int
    both: int
    """Problems on which the two did equally well, at least one sample right."""
    neither: int


@dataclass(frozen=True)
class Comparison:
    """Every arm on every benchmark, and against the baseline."""

    title: str
    baseline: str
    arms: tuple[str, ...]
    benchmarks: tuple[str, ...]
    """In order; the pooled row is last where there are several."""
    metrics: tuple[ArmMetrics, ...]
    differences: tuple[PairedDifference, ...]
    n_seeds: int = TRAINING_SEEDS

    def of(self, arm: str, benchmark: str) -> ArmMetrics:
        """The metrics of one arm on one benchmark."""
        return next(m for m in self.metrics if (m.model, m.benchmark) == (arm, benchmark))

    def difference(self, arm: str, benchmark: str) -> PairedDifference | None:
        """The arm's difference to the baseline; None for the baseline itself."""
        found = (d for d in self.differences if (d.arm, d.benchmark) == (arm, benchmark))
        return next(found, None)

    @property
    def headline(self) -> str:
        """The benchmark that conclusions are drawn on: the pooled row, or the only one."""
        return self.benchmarks[-1]

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary; undefined numbers become null."""
        found: dict[str, Any] = _plain(dataclasses.asdict(self))
        return found


def compare_arms(scores: Sequence[Score], baseline: str, title: str = "") -> Comparison:
    """Compares every arm with `baseline`.

    The paired difference uses the problems that count in both arms. Its interval is Newcombe's
    paired one for one sample per problem, else the normal interval of the problems' differences.

    Raises UsageError for an unknown baseline, DataError where there are no scores or a score
    stands twice.
    """
    if not scores:
        raise DataError("there are no scores to compare; run evaluate on at least one model")
    _check_unique(scores)
    arms = tuple(dict.fromkeys(score.model for score in scores))
    if baseline not in arms:
        raise UsageError(
            f"baseline {baseline!r} is not among the arms; name one of: {', '.join(arms)}"
        )
    named = tuple(dict.fromkeys(score.benchmark for score in scores))
    benchmarks = (*named, POOLED) if len(named) > 1 else named
    table = {
        (arm, benchmark): _scores_of(scores, arm, benchmark)
        for benchmark in benchmarks
        for arm in arms
    }
    return Comparison(
        title=title,
        baseline=baseline,
        arms=arms,
        benchmarks=benchmarks,
        metrics=tuple(measure(arm, benchmark, rows) for (arm, benchmark), rows in table.items()),
        differences=tuple(
            paired_difference(arm, baseline, benchmark, rows, table[baseline, benchmark])
            for (arm, benchmark), rows in table.items()
            if arm != baseline
        ),
    )


def paired_difference(
    arm: str,
    baseline: str,
    benchmark: str,
    arm_scores: Sequence[Score],
    baseline_scores: Sequence[Score],
) -> PairedDifference:
    """The difference between two arms over the problems that count in both."""
    first, second = solved_shares(arm_scores), solved_shares(baseline_scores)
    pairs = [(first[key], second[key]) for key in first if key in second]
    n = len(pairs)
    wins = sum(one > two for one, two in pairs)
    losses = sum(one < two for one, two in pairs)
    both = sum(one == two > 0 for one, two in pairs)
    neither = sum(one == two == 0 for one, two in pairs)
    is_binary = all(value in (0.0, 1.0) for pair in pairs for value in pair)
    differences = [one - two for one, two in pairs]
    return PairedDifference(
        arm=arm,
        baseline=baseline,
        benchmark=benchmark,
        n_problems=n,
        difference=sum(differences) / n if n else math.nan,
        interval=newcombe_paired(both, wins, losses, neither)
        if is_binary
        else normal_mean(differences),
        mcnemar_p=mcnemar_exact(wins, losses) if is_binary else None,
        wins=wins,
        losses=losses,
        both=both,
        neither=neither,
    )


def _scores_of(scores: Sequence[Score], arm: str, benchmark: str) -> list[Score]:
    return [s for s in scores if s.model == arm and benchmark in (s.benchmark, POOLED)]


def _check_unique(scores: Sequence[Score]) -> None:
    seen = set()
    for score in scores:
        key = (score.model, score.benchmark, score.problem_id, score.sample)
        if key in seen:
            raise DataError(
                f"arm {score.model!r} has two scores for problem {score.problem_id} of "
                f"{score.benchmark!r}, sample {score.sample}; evaluate each arm once"
            )
        seen.add(key)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
