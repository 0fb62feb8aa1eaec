"""How often rollouts could not be scored: beyond a limit, training would learn from the rest."""

from collections import deque
from collections.abc import Sequence

from redink.errors import DataError
from redink.rewards.marked import Marked
from redink.rewards.rollout import Rollout

WINDOW = 200
"""Latest groups that count; a group is the rollouts of one problem in one call."""
LEAST = 20
"""Groups that the share is of at least: one bad problem among the first few stops nothing."""


class Failures:
    """The share of unscorable rollouts, over the latest groups.

    Groups count, not rollouts: 64 samples of one problem with an unreadable reference answer are
    one failure.

    Args:
        rate: share of failures above which `note` raises; 1 never does.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._groups: deque[float] = deque(maxlen=WINDOW)

    @property
    def share(self) -> float:
        """Of the latest groups."""
        return sum(self._groups) / len(self._groups) if self._groups else 0.0

    def note(self, rollouts: Sequence[Rollout], marked: Sequence[Marked]) -> None:
        """Counts one call's rollouts; raises DataError where too many were unscorable."""
        groups: dict[str, list[bool]] = {}
        for rollout, one in zip(rollouts, marked, strict=True):
            groups.setdefault(rollout.problem.id, []).append(not one.is_scorable)
        self._groups.extend(sum(failed) / len(failed) for failed in groups.values())
        if sum(self._groups) <= self.rate * max(len(self._groups), LEAST):
            return
        pairs = [
            (rollout, one)
            for rollout, one in zip(rollouts, marked, strict=True)
            if not one.is_scorable
        ]
        raise DataError(_message(pairs, self.share, self.rate))


def _message(pairs: Sequence[tuple[Rollout, Marked]], share: float, rate: float) -> str:
    named = {
        rollout.problem.id: f"problem {rollout.problem.id}, reference answer "
        f"{rollout.problem.answer[:60]!r}: {_reason(one)}"
        for rollout, one in pairs
    }
    some = "; ".join(list(named.values())[:3])
    return (
        f"reward: {share:.0%} of the latest groups of rollouts could not be scored, more than "
        f"failure_rate {rate:g} ({some}); correct these problems or leave them out, look at the "
        "critic where there is one, or raise failure_rate"
    )


def _reason(one: Marked) -> str:
    missing = [name for name, value in one.parts.items() if value is None]
    return f"{one.outcome}, without {', '.join(missing)}"
