"""maj@k: is the answer that most of k samples name the right one?"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redink.evaluation.statistics.passes import mean_and_error
from redink.grading.notation import canonical
from redink.records import Outcome, Score

VOTERS: frozenset[Outcome] = frozenset({"correct", "wrong", "grader_timeout"})
"""Outcomes of samples that named an answer; others do not vote."""


@dataclass(frozen=True)
class MajorityAt:
    """maj@k of one arm on one benchmark."""

    k: int
    value: float
    """Mean over the problems with at least k graded samples; NaN where there is none."""
    standard_error: float
    n_problems: int
    left_out: int
    """Problems with fewer than k graded samples."""
    ties: int
    """Votes in which the right answer was tied with others."""


def ballot(samples: Sequence[Score]) -> Counter[str]:
    """Votes of one problem's samples: `correct` for every right answer, else the answer's text.

    Right answers are one class, however they are written. Wrong ones are classed by canonical
    text. A sample without an answer, cut off, or of a problem whose reference cannot be read does
    not vote; a wrong one whose answer was not kept votes for itself alone.
    """
    votes: Counter[str] = Counter()
    for number, score in enumerate(samples):
        if score.outcome not in VOTERS:
            continue
        if score.outcome == "correct":
            votes["correct"] += 1
        elif score.extracted is None:
            votes[f"sample {number}"] += 1
        else:
            votes[f"answer {canonical(score.extracted)}"] += 1
    return votes


def majority(votes: Counter[str]) -> float:
    """How right the most frequent answer is: 1, 0, or 1 over the number of tied answers.

    Ties give the average over the tied answers, which is what breaking them at random gives on
    average. Without any vote the problem is not solved.
    """
    most = max(votes.values(), default=0)
    tied = [answer for answer, number in votes.items() if number == most]
    return 1.0 / len(tied) if most and "correct" in tied else 0.0


def majority_at(problems: Iterable[Sequence[Sequence[Score]]], k: int) -> MajorityAt:
    """maj@k over problems.

    Args:
        problems: for each problem, the graded samples of each training seed; every seed votes on
            its own and the results are averaged.
        k: samples that vote. Problems with fewer in some seed are left out; with more, the first
            k vote.
    """
    found, left_out, ties = [], 0, 0
    for trainings in problems:
        if not trainings or min(map(len, trainings)) < k:
            left_out += 1
            continue
        results = [majority(ballot(_first(samples, k))) for samples in trainings]
        ties += sum(0.0 < result < 1.0 for result in results)
        found.append(sum(results) / len(results))
    value, error = mean_and_error(found)
    return MajorityAt(k, value, error, len(found), left_out, ties)


def _first(samples: Sequence[Score], k: int) -> list[Score]:
    return sorted(samples, key=lambda score: score.sample)[:k]
