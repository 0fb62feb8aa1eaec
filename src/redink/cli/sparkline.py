"""A curve in one line of text."""

from collections.abc import Sequence
from itertools import pairwise

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """The values' course from the least to the greatest, in `width` characters at most.

    More values than characters are put together by their mean.
    """
    count = min(width, len(values))
    if count < 2:
        return ""
    cuts = [place * len(values) // count for place in range(count + 1)]
    parts = [values[start:end] for start, end in pairwise(cuts)]
    means = [sum(part) / len(part) for part in parts]
    low, high = min(means), max(means)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((mean - low) * scale)] for mean in means)
