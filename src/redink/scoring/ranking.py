"""How well scores rank what is right above what is wrong: the area under the ROC curve."""

from collections.abc import Hashable, Sequence
from typing import Any

from redink.evaluation.statistics.interval import Interval

RESAMPLES = 2_000
SEED = 20_250_101
"""Fixed: the same scores always give the same interval."""


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """The chance that a right item is scored above a wrong one; equal scores count one half.

    J. A. Hanley and B. J. McNeil, Radiology 143 (1982) 29-36. None where all are of one class.
    """
    import numpy as np

    return _area(*_grouped(scores, right), np.ones(len(scores)))


def auroc_interval(
    scores: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[Hashable],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """The 95 % percentile interval of `auroc` where items of one group are drawn together.

    Args:
        scores: of the items.
        right: whether each is.
        groups: what each belongs to, such as its problem: steps of one problem are alike.
        resamples: how often groups are drawn with replacement.
        seed: of the draws.

    Returns None where too few draws have both classes.
    """
    import numpy as np

    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    members = np.array([places[group] for group in groups])
    ranked, labels = _grouped(scores, right)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(places), [1 / len(places)] * len(places), size=resamples)
    found = [_area(ranked, labels, counts[members].astype(float)) for counts in drawn]
    areas = [area for area in found if area is not None]
    if len(areas) < resamples / 2:
        return None
    low, high = np.quantile(areas, [0.025, 0.975])
    return Interval(float(low), float(high), "bootstrap over groups")


def _grouped(scores: Sequence[float], right: Sequence[bool]) -> tuple[Any, Any]:
    """Each item's rank among the distinct scores, and its label as 0 or 1."""
    import numpy as np

    _, ranked = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    return ranked, np.asarray(right, dtype=np.float64)


def _area(ranked: Any, labels: Any, weights: Any) -> float | None:
    import numpy as np

    positive = np.bincount(ranked, weights * labels)
    negative = np.bincount(ranked, weights * (1 - labels))
    pairs = positive.sum() * negative.sum()
    if not pairs:
        return None
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / pairs)
