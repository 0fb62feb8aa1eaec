"""What a scorer says of one response."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from redink.errors import UsageError

Aggregate = Literal["last", "min", "mean", "product"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


@dataclass(frozen=True)
class StepScores:
    """A probability for each solution step of a response: that the solution is right up to and
    with it (SORM), or that the final answer will be right (ORM).

    A response without solution steps has no scores; every aggregate of it is 0.
    """

    steps: tuple[float, ...]

    @property
    def last(self) -> float:
        """Of the whole response."""
        return self.steps[-1] if self.steps else 0.0

    @property
    def min(self) -> float:
        """Of the worst step."""
        return min(self.steps, default=0.0)

    @property
    def mean(self) -> float:
        """Over the steps."""
        return math.fsum(self.steps) / len(self.steps) if self.steps else 0.0

    @property
    def product(self) -> float:
        """Of all steps."""
        return math.prod(self.steps) if self.steps else 0.0

    def aggregate(self, name: str) -> float:
        """One of `last`, `min`, `mean`, `product`; raises UsageError for another name."""
        if name not in AGGREGATES:
            known = f"{', '.join(AGGREGATES[:-1])} or {AGGREGATES[-1]}"
            raise UsageError(f"aggregate {name!r} of step scores is unknown; use {known}")
        value: float = getattr(self, name)
        return value

    def first_error(self, threshold: float = 0.5) -> int | None:
        """The first step (0-based) scored below `threshold`; None where none is."""
        return next((i for i, score in enumerate(self.steps) if score < threshold), None)
