"""What one arm did on one benchmark: accuracy, pass@k, maj@k, outcomes, tokens."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redink.evaluation.majority import MajorityAt, majority_at
from redink.evaluation.seeds import seed_of
from redink.evaluation.sheet import Sheet, strata
from redink.evaluation.statistics.bootstrap import Stratum, estimate, seed_means, variance
from redink.evaluation.statistics.interval import Interval, wilson, wilson_effective
from redink.evaluation.statistics.passes import PassAt, mean_and_error, pass_at, powers_up_to
from redink.records import Outcome, Score

POOLED = "all benchmarks"
"""Name of the row that pools every problem of every benchmark: each problem counts the same."""
MACRO = "average of benchmarks"
"""Name of the row in which each benchmark counts the same, whatever its size."""


@dataclass(frozen=True)
class SeedAccuracy:
    """One training of an arm."""

    seed: str
    """What its name has after the @; empty where it has none."""
    accuracy: float


@dataclass(frozen=True)
class ArmMetrics:
    """One arm on one benchmark."""

    model: str
    """The arm."""
    benchmark: str
    n_problems: int
    """Problems that count."""
    n_samples: int
    """Answers that count: problems times samples times training seeds."""
    samples: int
    """k of avg@k: samples per problem."""
    accuracy: float
    """avg@k: share of right answers, averaged over samples, seeds, then problems; NaN without."""
    standard_error: float
    """Of the accuracy, clustered by problem; NaN with fewer than two problems."""
    interval: Interval
    """Wilson's; for averages over samples, seeds or benchmarks at the effective sample size."""
    outcomes: Mapping[Outcome, int]
    """How many answers had each outcome, those left out included."""
    judged: int
    """Answers that the LLM judge decided."""
    mean_tokens: float | None
    """Generated tokens per answer."""
    tokens_error: float | None
    """Standard error of the mean tokens, clustered by problem."""
    passes: tuple[PassAt, ...]
    """pass@1, pass@2, pass@4, … up to the samples."""
    majority: MajorityAt | None
    """maj@k with all samples; None with one sample."""
    seeds: tuple[SeedAccuracy, ...]
    """Every training seed's own accuracy."""
    seeds_deviation: float | None
    """Standard deviation of the seeds' accuracies; None with one seed."""

    def share(self, outcome: Outcome) -> float:
        """Share of all answers with this outcome."""
        total = sum(self.outcomes.values())
        return self.outcomes.get(outcome, 0) / total if total else 0.0

    @property
    def judged_share(self) -> float:
        """Share of all answers that the judge decided."""
        total = sum(self.outcomes.values())
        return self.judged / total if total else 0.0


def measure(arm: str, sheets: Sequence[Sheet], benchmark: str) -> ArmMetrics:
    """The metrics of one arm over one or several sheets.

    Args:
        arm: its name without a seed.
        sheets: those that go into the row; each must have the arm.
        benchmark: name of the row: `POOLED`, `MACRO` or the sheet's own.
    """
    equal = benchmark == MACRO
    blocks = strata(sheets, arm, equal=equal)
    scores = [score for sheet in sheets for score in sheet.scores(arm)]
    samples = min((sheet.samples(arm) for sheet in sheets), default=0)
    graded = [
        len(sheet.graded(model, problem))
        for sheet in sheets
        for model in sheet.arms[arm]
        for problem in sheet.problems
    ]
    seeds, deviation = _seeds(arm, sheets, blocks)
    tokens, tokens_error = _tokens(scores)
    error = math.sqrt(variance(blocks).problems) if blocks else math.nan
    return ArmMetrics(
        model=arm,
        benchmark=benchmark,
        n_problems=sum(len(sheet.problems) for sheet in sheets),
        n_samples=sum(graded),
        samples=samples,
        accuracy=estimate(blocks) if blocks else math.nan,
        standard_error=error if math.isfinite(error) else math.nan,
        interval=_interval(arm, sheets, blocks, equal),
        outcomes=dict(Counter(score.outcome for score in scores).most_common()),
        judged=sum(score.compared_by.startswith("judge") for score in scores),
        mean_tokens=tokens,
        tokens_error=tokens_error,
        passes=tuple(_pass_at(arm, sheets, k, equal) for k in powers_up_to(samples)),
        majority=_majority(arm, sheets, samples, equal) if samples > 1 else None,
        seeds=seeds,
        seeds_deviation=deviation,
    )


def _interval(
    arm: str, sheets: Sequence[Sheet], blocks: Sequence[Stratum], equal: bool
) -> Interval:
    n = sum(block.n for block in blocks)
    if not n:
        return wilson(0, 0)
    if not equal and all(sheet.is_single(arm) for sheet in sheets):
        return wilson(round(estimate(blocks) * n), n)
    spread = variance(blocks)
    if not math.isfinite(spread.total):
        return wilson(0, 0)
    return wilson_effective(estimate(blocks), spread.total, n, spread.freedom)


def _seeds(
    arm: str, sheets: Sequence[Sheet], blocks: Sequence[Stratum]
) -> tuple[tuple[SeedAccuracy, ...], float | None]:
    if not blocks:
        return (), None
    models = sheets[0].arms[arm]
    found = [
        SeedAccuracy(seed_of(model), accuracy)
        for model, accuracy in zip(models, seed_means(blocks, "first"), strict=True)
    ]
    _, error = mean_and_error([seed.accuracy for seed in found])
    return tuple(found), error * math.sqrt(len(found)) if len(found) > 1 else None


def _tokens(scores: Sequence[Score]) -> tuple[float | None, float | None]:
    """Mean tokens per answer and its standard error, problems being the clusters.

    The error is the linearised one of a ratio (answers per problem may differ).
    """
    problems: dict[tuple[str, str], list[int]] = {}
    for score in scores:
        if score.n_tokens is not None:
            problems.setdefault((score.benchmark, score.problem_id), []).append(score.n_tokens)
    answers = sum(map(len, problems.values()))
    if not answers:
        return None, None
    mean = sum(map(sum, problems.values())) / answers
    n = len(problems)
    if n < 2:
        return mean, None
    square = math.fsum((sum(t) - mean * len(t)) ** 2 for t in problems.values())
    return mean, math.sqrt(square * n / (n - 1)) / answers


def _pass_at(arm: str, sheets: Sequence[Sheet], k: int, equal: bool) -> PassAt:
    parts = [
        pass_at([[_right(graded) for graded in trainings] for trainings in sheet.graded_by(arm)], k)
        for sheet in sheets
    ]
    value, error = _combined(parts, equal)
    return PassAt(k, value, error, sum(p.n_problems for p in parts), sum(p.left_out for p in parts))


def _majority(arm: str, sheets: Sequence[Sheet], k: int, equal: bool) -> MajorityAt:
    parts = [majority_at(sheet.graded_by(arm), k) for sheet in sheets]
    value, error = _combined(parts, equal)
    n, left_out = sum(p.n_problems for p in parts), sum(p.left_out for p in parts)
    return MajorityAt(k, value, error, n, left_out, sum(p.ties for p in parts))


def _right(graded: Sequence[Score]) -> tuple[int, int]:
    return len(graded), sum(score.outcome == "correct" for score in graded)


def _combined(parts: Sequence[PassAt] | Sequence[MajorityAt], equal: bool) -> tuple[float, float]:
    """The mean over benchmarks' estimates and its standard error.

    Benchmarks weigh by their problems, or the same each where `equal`.
    """
    used = [part for part in parts if part.n_problems]
    total = sum(part.n_problems for part in used)
    weights = [1 / len(used) if equal else part.n_problems / total for part in used]
    value = math.fsum(w * part.value for w, part in zip(weights, used, strict=True))
    square = [(w * part.standard_error) ** 2 for w, part in zip(weights, used, strict=True)]
    return (value, math.sqrt(math.fsum(square))) if used else (math.nan, math.nan)
