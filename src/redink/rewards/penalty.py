"""What a degenerate text costs, and where in the computation.

T1 (arXiv 2501.11651) gives repetitive, over-long and garbled texts -1. Its sources disagree on
whether that is added to the reward or stands in its place; the same authors' later code (TreeRL)
puts it in the place of the value that leave-one-out normalisation has made.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from redink.rewards.marked import Marked

PenaltyForm = Literal["replace", "add", "none"]
PENALTY_FORMS: tuple[PenaltyForm, ...] = get_args(PenaltyForm)


def replaced(
    values: Sequence[float | None], marked: Sequence[Marked], penalty: float, form: PenaltyForm
) -> list[float | None]:
    """Puts the penalty in the place of a degenerate text's value, where the form is `replace`.

    Args:
        values: one number for each rollout: for RLOO the normalised values (so that the baseline
            of the other samples is what it was), for PPO the rewards; None is no value, and gets
            one where the text is degenerate: that needs no grader.
        marked: of the same rollouts.
        penalty: what stands there then, usually -1.
        form: `add` and `none` change nothing here: `Marked.total` holds what `add` adds.
    """
    if form != "replace":
        return list(values)
    return [penalty if one.faults else value for value, one in zip(values, marked, strict=True)]
