"""What one arm did on one benchmark: accuracy with its interval, outcomes, tokens."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redink.evaluation.interval import Interval, normal_mean, wilson
from redink.records import Outcome, Score

POOLED = "all benchmarks"
"""Name of the row that pools every problem of every benchmark."""
NOT_COUNTED: frozenset[Outcome] = frozenset({"gold_unparsable", "ungraded"})
"""Outcomes that say nothing about the model: such answers are left out, and counted openly."""


@dataclass(frozen=True)
class ArmMetrics:
    """One arm on one benchmark."""

    model: str
    benchmark: str
    n_problems: int
    """Problems that count."""
    n_samples: int
    """Answers that count: problems times samples."""
    accuracy: float
    """Share of right answers, averaged over samples, then over problems; NaN without any."""
    interval: Interval
    """Wilson with one sample per problem, else normal over the problems' averages."""
    outcomes: Mapping[Outcome, int]
    """How many answers had each outcome, those left out included."""
    mean_tokens: float | None
    """Generated tokens per answer."""

    def share(self, outcome: Outcome) -> float:
        """Share of all answers with this outcome."""
        total = sum(self.outcomes.values())
        return self.outcomes.get(outcome, 0) / total if total else 0.0


def measure(model: str, benchmark: str, scores: Sequence[Score]) -> ArmMetrics:
    """The metrics of one arm's scores; with several benchmarks' scores, the pooled ones."""
    shares = list(solved_shares(scores).values())
    counted = [score for score in scores if score.outcome not in NOT_COUNTED]
    tokens = [score.n_tokens for score in scores if score.n_tokens is not None]
    one_each = len(counted) == len(shares)
    right = sum(score.outcome == "correct" for score in counted)
    return ArmMetrics(
        model=model,
        benchmark=benchmark,
        n_problems=len(shares),
        n_samples=len(counted),
        accuracy=sum(shares) / len(shares) if shares else float("nan"),
        interval=wilson(right, len(counted)) if one_each else normal_mean(shares),
        outcomes=dict(Counter(score.outcome for score in scores).most_common()),
        mean_tokens=sum(tokens) / len(tokens) if tokens else None,
    )


def solved_shares(scores: Sequence[Score]) -> dict[tuple[str, str], float]:
    """Share of right samples per (benchmark, problem id), uncounted outcomes left out."""
    samples: dict[tuple[str, str], list[bool]] = {}
    for score in scores:
        if score.outcome not in NOT_COUNTED:
            key = (score.benchmark, score.problem_id)
            samples.setdefault(key, []).append(score.outcome == "correct")
    return {key: sum(right) / len(right) for key, right in samples.items()}
