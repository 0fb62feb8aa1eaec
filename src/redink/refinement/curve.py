"""Majority votes and lucky draws among n of the sampled drafts, and what they are at a given cost.

A strategy that samples more than another must beat what a plain majority vote makes of as many
tokens. Between two sizes of a vote the line is straight.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from redink.evaluation.answers import score_of
from redink.evaluation.majority import ballot, majority
from redink.evaluation.statistics.passes import mean_and_error, pass_at_k
from redink.evaluation.statistics.student import student_t
from redink.refinement.tried import Tried


@dataclass(frozen=True)
class Curve:
    """What n drafts are worth, for n from 1 to all that were sampled.

    Args:
        drafts: problem id → its sampled drafts, the same number for each problem.
    """

    drafts: Mapping[str, Sequence[Tried]]

    @cached_property
    def samples(self) -> int:
        """Drafts of a problem."""
        return min(map(len, self.drafts.values()))

    @cached_property
    def tokens(self) -> float:
        """Mean tokens of one draft."""
        each = [one.response.n_tokens or 0 for tried in self.drafts.values() for one in tried]
        return math.fsum(each) / len(each)

    def votes(self, n: int) -> dict[str, float]:
        """Problem id → how right a majority vote of n drafts is.

        The mean over the windows of n drafts that follow each other, the first after the last: so
        each draft counts the same. Ties count in part, as in maj@k.
        """
        return {key: self._windows(key, n) for key in self.drafts}

    def passes(self, n: int) -> dict[str, float]:
        """Problem id → the unbiased estimate of the chance that one of n drafts is right."""
        return {
            key: pass_at_k(len(tried), sum(one.is_right for one in tried), n)
            for key, tried in self.drafts.items()
        }

    def at_tokens(self, tokens: float, values: str) -> dict[str, float] | None:
        """`votes` or `passes` at a mean number of tokens for each problem.

        n drafts take n times the mean tokens of one; between two n the value is interpolated, and
        below one draft it is that of one. None beyond the drafts that there are.
        """
        of = self.votes if values == "votes" else self.passes
        place = max(1.0, tokens / self.tokens) if self.tokens else 1.0
        if place > self.samples + 1e-9:
            return None
        low = min(math.floor(place), self.samples)
        high = min(low + 1, self.samples)
        share = place - low
        below, above = of(low), of(high)
        return {key: (1 - share) * below[key] + share * above[key] for key in below}

    def _windows(self, key: str, n: int) -> float:
        tried = list(self.drafts[key])
        scores = [score_of(one.answer, "", "") for one in tried]
        size = len(scores)
        if n >= size:
            return majority(ballot(scores))
        found = [
            majority(ballot([scores[(start + i) % size] for i in range(n)]))
            for start in range(size)
        ]
        return math.fsum(found) / size


@dataclass(frozen=True)
class Mean:
    """A mean over problems with its 95 % interval."""

    value: float
    low: float
    high: float


def mean_of(values: Sequence[float]) -> Mean:
    """The mean and Student's interval; the ends are NaN with fewer than two problems or without
    any spread, of which nothing can be concluded."""
    value, error = mean_and_error(values)
    if not math.isfinite(error) or error == 0:
        return Mean(value, math.nan, math.nan)
    half = student_t(len(values) - 1) * error
    return Mean(value, max(-1.0, value - half), min(1.0, value + half))
