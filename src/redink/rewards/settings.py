"""The parts of a reward and their weights, as a recipe gives them."""

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from redink.errors import UsageError

Part = Literal["correct", "partial", "format", "length", "scorer", "critique", "verdict"]
PARTS: tuple[Part, ...] = get_args(Part)
NEEDED = {"scorer": "scorer", "critique": "critic"}
"""Parts that need a model, and the input of the stage that names it."""


def check_reward(parts: Mapping[str, Any]) -> dict[str, float]:
    """The weights of a reward's parts, in their own order.

    Args:
        parts: weights by part. A part of weight 0 is measured and logged, and counts nothing.

    Raises UsageError for an unknown part, a weight that is no finite number or is negative, or
    where no part counts.
    """
    known = f"{', '.join(PARTS[:-1])} or {PARTS[-1]}"
    if not isinstance(parts, Mapping):
        raise UsageError(f"reward: {parts!r} is no set of weights; write it as {{correct: 1.0}}")
    for name, weight in parts.items():
        if name not in PARTS:
            raise UsageError(f"reward: part {name!r} is unknown; use {known}")
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 <= weight < math.inf:
            raise UsageError(f"reward.{name}: weight {weight!r}; give a number of at least 0")
    if not any(parts.values()):
        raise UsageError("reward: no part has a weight above 0; give one, as in {correct: 1.0}")
    return {name: float(parts[name]) for name in PARTS if name in parts}
