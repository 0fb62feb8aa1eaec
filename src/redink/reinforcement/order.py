"""Which problems come next: one permutation of them after another, as far as they are needed."""

import random
from collections.abc import Sequence

from redink.records import Problem


class ProblemOrder:
    """An endless order of problems, drawn from a seed; a place in it says all that was used.

    Args:
        problems: one that stands twice is taken once.
        seed: of the permutations.
        shuffle: whether each pass has an order of its own.
    """

    def __init__(self, problems: Sequence[Problem], seed: int, *, shuffle: bool = True) -> None:
        self.problems = list({problem.id: problem for problem in problems}.values())
        self.seed, self.shuffle = seed, shuffle
        self.place = 0
        """Problems taken so far."""
        self._epoch, self._order = -1, list(range(len(self.problems)))

    def take(self, count: int) -> list[Problem]:
        """The next `count` problems, at most all of them: distinct within one call.

        A problem that a call would hold twice, at the border of two passes, is passed over.
        """
        taken: dict[str, Problem] = {}
        while len(taken) < min(count, len(self.problems)):
            problem = self.problems[self._index(self.place)]
            taken.setdefault(problem.id, problem)
            self.place += 1
        return list(taken.values())

    def _index(self, place: int) -> int:
        epoch, within = divmod(place, len(self.problems))
        if epoch != self._epoch:
            self._epoch, self._order = epoch, list(range(len(self.problems)))
            if self.shuffle:
                random.Random(f"{self.seed}-{epoch}").shuffle(self._order)
        return self._order[within]
