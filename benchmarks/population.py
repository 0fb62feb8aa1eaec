"""Simulated problems whose chance of being solved is known, for `benchmarks.intervals`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from redink.evaluation.statistics.bootstrap import Stratum

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Population:
    """Problems whose chance of being solved by two arms is known."""

    accuracy: float
    difference: float
    spread: float = 2.5
    """Standard deviation of the problems' log-odds: most are nearly always or never solved."""
    change: float = 1.0
    """Standard deviation by which a problem's log-odds differ between the arms."""

    def odds(self, generator: np.random.Generator, n: int) -> Array:
        """Log-odds of the two arms (2 x n)."""
        base = generator.normal(0.0, self.spread, n)
        shifts = self._shifts()
        other = base + generator.normal(0.0, self.change, n)
        return np.stack([other + shifts[1], base + shifts[0]])

    def _shifts(self) -> tuple[float, float]:
        if self not in _SHIFTS:
            generator = np.random.default_rng(99)
            base = generator.normal(0.0, self.spread, 2_000_000)
            other = base + generator.normal(0.0, self.change, len(base))
            _SHIFTS[self] = (
                _shift_to(base, self.accuracy),
                _shift_to(other, self.accuracy + self.difference),
            )
        return _SHIFTS[self]


_SHIFTS: dict[Population, tuple[float, float]] = {}


def _shift_to(odds: Array, mean: float) -> float:
    low, high = -20.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _chance(odds + middle).mean() < mean else (low, middle)
    return low


def _chance(odds: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def draw(
    generator: np.random.Generator,
    population: Population,
    n: int,
    samples: int,
    seed_shifts: tuple[Array, Array] | None = None,
) -> Stratum:
    """One evaluation: n problems, `samples` answers, one training per entry of `seed_shifts`."""
    odds = population.odds(generator, n)
    sides = []
    for arm in range(2):
        shifts = seed_shifts[arm] if seed_shifts else np.zeros(1)
        chances = _chance(odds[arm][None, :] + shifts[:, None])
        sides.append((generator.binomial(samples, chances) / samples).tolist())
    return Stratum(sides[0], sides[1])
