"""Student's t without a statistics library."""

import math
from functools import cache

_NORMAL = 1.959963984540054
_STEPS = 100


@cache
def student_t(freedom: float) -> float:
    """The quantile of 0.975 of Student's t; `freedom` (at least 1) may be fractional or infinite.

    With x = sqrt(freedom) tan(a) the density becomes cos(a)^(freedom - 1), which is integrated by
    Simpson's rule and solved for a by bisection; good to six digits.
    """
    if freedom > 1e6:
        return _NORMAL
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    low, high = 0.0, math.atan(13 / math.sqrt(freedom))
    for _ in range(45):
        middle = (low + high) / 2
        inside = scale * _integral(middle, freedom - 1)
        low, high = (middle, high) if inside < 0.475 else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _integral(end: float, power: float) -> float:
    """The integral of cos(a)^power from 0 to `end`."""
    width = end / _STEPS
    heights = [math.pow(math.cos(width * step), power) for step in range(_STEPS + 1)]
    inner = 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2])
    return (heights[0] + inner + heights[-1]) * width / 3
