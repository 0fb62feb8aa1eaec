"""Thinking budgets: numbers of tokens, or multiples of one; and what a model at a budget is called.

A model at a budget is an arm of its own, so that any two of them can be compared over the same
problems: `cft` at 256 tokens is `cft:256`, and its training with seed 1, `cft@1`, is `cft:256@1`.
"""

import re
from collections.abc import Iterable, Sequence

from redink.errors import UsageError

Budget = int | str
_MULTIPLE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*x\s*", re.IGNORECASE)


def budgets_of(budgets: Sequence[Budget], unit: int) -> tuple[int, ...]:
    """The budgets in tokens, from the smallest to the largest.

    Args:
        budgets: numbers of tokens, or multiples of `unit` such as `2x`.
        unit: tokens of `1x`.

    Raises UsageError for what is neither, and where two budgets are the same or none is given.
    """
    if unit < 1:
        raise UsageError(f"scale: unit is {unit}; give the tokens of 1x, 1 or more")
    if isinstance(budgets, str):
        budgets = [budgets]
    found = [_tokens(budget, unit) for budget in budgets]
    if not found:
        raise UsageError("scale: no budgets; give some, as in [1x, 2x, 4x] or [128, 256]")
    twice = next((tokens for tokens in found if found.count(tokens) > 1), None)
    if twice is not None:
        raise UsageError(f"scale: two of the budgets come to {twice} tokens; name each once")
    return tuple(sorted(found))


def arm_at(model: str, budget: int) -> str:
    """What a model is called at a budget in tokens: `NAME:BUDGET`, of a seed `NAME:BUDGET@SEED`."""
    arm, mark, seed = model.rpartition("@")
    if mark and arm and seed.isdecimal():
        return f"{arm}:{budget}@{seed}"
    return f"{model}:{budget}"


def arms_at(models: Iterable[str], budgets: Sequence[Budget], unit: int) -> list[str]:
    """The names of all models at all budgets, in the order of their scores."""
    tokens = budgets_of(budgets, unit)
    return [arm_at(model, budget) for model in models for budget in tokens]


def _tokens(budget: Budget, unit: int) -> int:
    text = str(budget).strip()
    multiple = _MULTIPLE.fullmatch(text)
    tokens = round(float(multiple[1]) * unit) if multiple else int(text) if text.isdecimal() else 0
    if tokens < 1:
        raise UsageError(
            f"scale: budget {budget!r} is no number of tokens; give one of 1 or more, or a "
            "multiple of unit such as 2x"
        )
    return tokens
