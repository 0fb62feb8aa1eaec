"""A step's rollouts: drawn, marked, and chosen among.

Several processes that train together draw and mark a share each; then each knows all of them, and
so chooses the same.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from redink.records import Problem
from redink.reinforcement.order import ProblemOrder
from redink.reinforcement.sampling import Asked, Drawn
from redink.reinforcement.selection import is_settled, most_varied
from redink.rewards import Marked, Rollout
from redink.training.group import place, process_count

T = TypeVar("T")


class Draws(Protocol):
    """What draws rollouts: `PolicySampler`."""

    def draw(self, asked: Sequence[Asked], step: int) -> list[Drawn]:
        """Rollouts in the order in which they were asked for."""
        ...


class Marks(Protocol):
    """What marks rollouts: `redink.rewards.Reward`."""

    def mark(self, rollouts: Sequence[Rollout]) -> list[Marked]:
        """Rewards, in the rollouts' order."""
        ...


@dataclass(frozen=True)
class Sample:
    """A rollout and what it is worth."""

    drawn: Drawn
    marked: Marked


@dataclass
class Collected:
    """What a step drew."""

    groups: list[list[Sample]] = field(default_factory=list)
    """The samples that are trained on, by problem; as many for each."""
    others: list[Sample] = field(default_factory=list)
    """Drawn and not trained on."""
    drawn: int = 0
    """Problems that were drawn for."""
    settled: int = 0
    """Those of them that were all right or all wrong; looked at with dynamic sampling alone."""
    skipped: int = 0
    """Those of the settled that are not trained on: all, unless nothing else was found."""
    sampling_seconds: float = 0.0
    marking_seconds: float = 0.0

    @property
    def samples(self) -> list[Sample]:
        """Those that are trained on, by problem."""
        return [sample for group in self.groups for sample in group]


class Collector:
    """Draws and marks the rollouts of one step after the other.

    Args:
        sampler: draws from the policy as it is.
        reward: marks.
        order: which problems come next.
        problems: in a step.
        samples: rollouts of each problem.
        selected: of them that are trained on, those whose rewards vary most; None for all.
        redraws: dynamic sampling: how often in a step problems that turned out settled are
            replaced by the next ones; 0 trains on whatever came.
    """

    def __init__(
        self,
        sampler: Draws,
        reward: Marks,
        order: ProblemOrder,
        *,
        problems: int,
        samples: int,
        selected: int | None = None,
        redraws: int = 0,
    ) -> None:
        self.sampler, self.reward, self.order = sampler, reward, order
        self.problems, self.samples = problems, samples
        self.selected, self.redraws = selected, redraws

    def collect(self, step: int) -> Collected:
        """The rollouts of a step (from 1); every process must call it."""
        found = Collected()
        settled: list[list[Sample]] = []
        seen: set[str] = set()
        for _ in range(1 + self.redraws):
            fresh = self._fresh(self.problems - len(found.groups), seen)
            if not fresh:
                break
            seen |= {problem.id for problem in fresh}
            for group in self._drawn(fresh, step, found):
                sterile = self.redraws and is_settled([sample.marked for sample in group])
                (settled if sterile else found.groups).append(group)
            if len(found.groups) == self.problems:
                break
        found.drawn, found.settled = len(seen), len(settled)
        if not found.groups:
            found.groups, settled = settled, []
        found.skipped = len(settled)
        found.others = [sample for group in settled for sample in group]
        if self.selected is not None and self.selected < self.samples:
            self._select(found, self.selected)
        return found

    def _fresh(self, count: int, seen: set[str]) -> list[Problem]:
        """The next problems that this step has not drawn for."""
        total = len(self.order.problems)
        fresh: list[Problem] = []
        while len(fresh) < count and len(seen) + len(fresh) < total:
            known = seen | {problem.id for problem in fresh}
            fresh += [p for p in self.order.take(count - len(fresh)) if p.id not in known]
        return fresh

    def _drawn(
        self, problems: Sequence[Problem], step: int, found: Collected
    ) -> list[list[Sample]]:
        asked = [Asked(problem, sample) for problem in problems for sample in range(self.samples)]
        began = time.monotonic()
        drawn = self.sampler.draw(_share(asked), step)
        sampled = time.monotonic()
        marked = self.reward.mark([one.rollout() for one in drawn]) if drawn else []
        found.sampling_seconds += sampled - began
        found.marking_seconds += time.monotonic() - sampled
        mine = [Sample(one, mark) for one, mark in zip(drawn, marked, strict=True)]
        samples = together(mine)
        size = self.samples
        return [samples[start : start + size] for start in range(0, len(samples), size)]

    def _select(self, found: Collected, count: int) -> None:
        for index, group in enumerate(found.groups):
            kept = most_varied([sample.marked.total for sample in group], count)
            found.others += [s for place, s in enumerate(group) if place not in kept]
            found.groups[index] = [group[place] for place in kept]


def together(mine: list[T]) -> list[T]:
    """The lists of all processes, one behind the other, in every process."""
    if process_count() == 1:
        return mine
    from torch import distributed

    lists: list[list[T]] = [[] for _ in range(process_count())]
    distributed.all_gather_object(lists, mine)
    return [item for part in lists for item in part]


def _share(asked: Sequence[Asked]) -> Sequence[Asked]:
    """This process's part: neighbours, for the samples of a problem share its prompt."""
    size = -(-len(asked) // process_count())
    return asked[place() * size : (place() + 1) * size]
