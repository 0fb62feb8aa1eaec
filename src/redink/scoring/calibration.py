"""Calibration by one temperature, and how far probabilities can be taken at their word.

Temperature: C. Guo et al., On Calibration of Modern Neural Networks (arXiv 1706.04599, section
4.2). Expected calibration error: the same, section 2, with bins of equal width. Brier score:
G. W. Brier, Monthly Weather Review 78 (1950) 1-3.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redink.errors import DataError
from redink.records import Json

BINS = 10
COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures at most: logits that separate the labels fully have no best one above 0."""


@dataclass(frozen=True)
class Bin:
    """The predictions of one range of probabilities."""

    low: float
    high: float
    count: int
    confidence: float | None
    """The mean prediction; None without any."""
    observed: float | None
    """The share that was right."""


@dataclass(frozen=True)
class Reliability:
    """Predicted probabilities against what was observed."""

    count: int
    brier: float
    """Mean squared difference; 0.25 is what saying 0.5 of everything gets."""
    ece: float
    """Mean over the predictions of |confidence - observed| of their bin."""
    bins: tuple[Bin, ...]

    def to_json(self) -> Json:
        """As it stands in `scorer.json`."""
        return asdict(self) | {"bins": [asdict(each) for each in self.bins]}

    @classmethod
    def from_json(cls, saved: Any) -> "Reliability":
        """The inverse of `to_json`; raises ValueError where it is none."""
        try:
            bins = tuple(_saved_bin(each) for each in saved["bins"])
            return cls(int(saved["count"]), float(saved["brier"]), float(saved["ece"]), bins)
        except (KeyError, TypeError) as error:
            raise ValueError(f"no reliability table: {error}") from None


@dataclass(frozen=True)
class Calibration:
    """A temperature and what it changed, on the labels that it was found with."""

    temperature: float
    before: Reliability
    after: Reliability

    def to_json(self) -> Json:
        """As it stands in `scorer.json`."""
        return {
            "temperature": self.temperature,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        }


def probabilities(logits: Sequence[float], temperature: float = 1.0) -> list[float]:
    """The logistic function of each logit divided by the temperature."""
    return [_logistic(logit / temperature) for logit in logits]


def _logistic(value: float) -> float:
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    return math.exp(value) / (1.0 + math.exp(value))


def reliability(
    predicted: Sequence[float], targets: Sequence[float], bins: int = BINS
) -> Reliability:
    """Bins of equal width, Brier score and expected calibration error.

    Args:
        predicted: probabilities.
        targets: what came of each: 0, 1 or, of soft labels, a share.
        bins: how many.

    Raises DataError without any prediction.
    """
    if not predicted:
        raise DataError("no labelled step to measure reliability on; give more rows")
    pairs = list(zip(predicted, targets, strict=True))
    grouped: list[list[tuple[float, float]]] = [[] for _ in range(bins)]
    for p, target in pairs:
        grouped[min(int(p * bins), bins - 1)].append((p, target))
    rows = tuple(_bin(number, bins, group) for number, group in enumerate(grouped))
    apart = math.fsum(
        each.count * abs(each.confidence - each.observed)
        for each in rows
        if each.confidence is not None and each.observed is not None
    )
    brier = math.fsum((p - target) ** 2 for p, target in pairs) / len(pairs)
    return Reliability(len(pairs), brier, apart / len(pairs), rows)


def _bin(number: int, bins: int, group: Sequence[tuple[float, float]]) -> Bin:
    low, high = number / bins, (number + 1) / bins
    if not group:
        return Bin(low, high, 0, None, None)
    confidence, observed = (math.fsum(values) / len(group) for values in zip(*group, strict=True))
    return Bin(low, high, len(group), confidence, observed)


def _saved_bin(saved: Any) -> Bin:
    confidence, observed = (
        None if saved[name] is None else float(saved[name]) for name in ("confidence", "observed")
    )
    return Bin(float(saved["low"]), float(saved["high"]), int(saved["count"]), confidence, observed)


def fitted_temperature(logits: Sequence[float], targets: Sequence[float]) -> float:
    """The temperature at which the labels are most probable, between `COLDEST` and `HOTTEST`.

    Cross-entropy is convex in 1 / temperature: where its slope is 0 is found by halving.
    """
    import numpy as np

    z: Any = np.asarray(logits, dtype=np.float64)
    y: Any = np.asarray(targets, dtype=np.float64)

    def slope(sharpness: float) -> float:
        return float((z * (0.5 * (1 + np.tanh(z * sharpness / 2)) - y)).sum())

    low, high = 1 / HOTTEST, 1 / COLDEST
    if slope(low) >= 0:
        return HOTTEST
    if slope(high) <= 0:
        return COLDEST
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def calibrate(logits: Sequence[float], targets: Sequence[float]) -> Calibration:
    """Finds the temperature and measures reliability before and after it.

    Raises DataError without any label.
    """
    before = reliability(probabilities(logits), targets)
    temperature = fitted_temperature(logits, targets)
    after = reliability(probabilities(logits, temperature), targets)
    return Calibration(temperature, before, after)
