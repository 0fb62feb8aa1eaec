"""How long critiques are, right and wrong ones apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redink.audit.agreement import VERDICTS
from redink.audit.row import AuditedRow

BINS = 10
"""Bars of the histogram; the last one is open."""


@dataclass(frozen=True)
class Spread:
    """The distribution of a length."""

    unit: str
    """`characters` or `tokens`."""
    verdict: str
    """`all`, `right`, `wrong` or `none`."""
    n: int
    p5: int
    p50: int
    p95: int
    max: int


@dataclass(frozen=True)
class Histogram:
    """Characters of critiques in equal bins."""

    edges: tuple[int, ...]
    """Where each bin begins; the last one has no end."""
    counts: Mapping[str, tuple[int, ...]]
    """Verdict to how many critiques each bin holds."""


@dataclass(frozen=True)
class Lengths:
    """Lengths of critiques."""

    spreads: tuple[Spread, ...]
    histogram: Histogram
    without_tokens: int
    """Critiques whose teacher told no token count."""


def measure_lengths(rows: Sequence[AuditedRow]) -> Lengths:
    """Lengths in characters, and in the teacher's tokens where they are recorded."""
    characters: dict[str, list[int]] = {key: [] for key in ("all", *VERDICTS)}
    tokens: dict[str, list[int]] = {key: [] for key in characters}
    for row in rows:
        for key in ("all", row.critique.verdict or "none"):
            characters[key].append(len(row.critique.text))
            if row.critique.completion_tokens is not None:
                tokens[key].append(row.critique.completion_tokens)
    spreads = [
        _spread(unit, verdict, values)
        for unit, lengths in (("characters", characters), ("tokens", tokens))
        for verdict, values in lengths.items()
        if values
    ]
    return Lengths(tuple(spreads), _histogram(characters), len(rows) - len(tokens["all"]))


def _spread(unit: str, verdict: str, values: Sequence[int]) -> Spread:
    import numpy as np

    ends = np.percentile(values, (5, 50, 95), method="nearest")
    p5, p50, p95 = (int(end) for end in ends)
    return Spread(unit, verdict, len(values), p5, p50, p95, max(values))


def _histogram(lengths: Mapping[str, Sequence[int]]) -> Histogram:
    """Ten bins up to the 99th percentile: a few giants must not flatten the rest."""
    import numpy as np

    everything = lengths["all"]
    top = int(np.percentile(everything, 99)) if everything else 0
    width = max(1, -(-(top + 1) // BINS))
    width = -(-width // 50) * 50 if width > 50 else width
    edges = tuple(width * number for number in range(BINS))
    counts = {
        verdict: tuple(np.bincount(_bins(values, width), minlength=BINS).tolist())
        for verdict, values in lengths.items()
        if verdict != "all" and values
    }
    return Histogram(edges, counts)


def _bins(values: Sequence[int], width: int) -> list[int]:
    return [min(value // width, BINS - 1) for value in values]
