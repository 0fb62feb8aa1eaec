"""Which prefixes of a response are sampled next: all of them, or by halves."""

from collections.abc import Mapping
from typing import Literal

Search = Literal["all", "binary"]


def next_steps(search: Search, steps: int, reached: Mapping[int, bool]) -> list[int]:
    """The steps whose prefixes are to be sampled now, 0-based; none where all that is needed is
    known.

    `binary` halves what lies between the last step known to be right and the first one behind it
    known to be wrong, as OmegaPRM does (arXiv 2406.06592, section 3.2): the beginning of a response
    counts as right, and where no step is known to be wrong its end counts as wrong.

    Args:
        search: `all` or `binary`.
        steps: of the response.
        reached: what is known so far, by step.
    """
    if search == "all":
        return [step for step in range(steps) if step not in reached]
    right = max((step for step, value in reached.items() if value), default=-1)
    behind = [step for step, value in reached.items() if not value and step > right]
    wrong = min(behind, default=steps)
    return [(right + wrong) // 2] if wrong - right > 1 else []
