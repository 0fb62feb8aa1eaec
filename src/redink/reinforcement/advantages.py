"""From the rewards of a problem's samples to what each is trained with.

RLOO (arXiv 2402.14740): the baseline of a sample is the mean reward of the problem's others. T1
(arXiv 2501.11651) takes the divergence from the reference off each reward before that, so that
what counts is a sample's divergence against the others' (its "KL normalization"): with K samples

    A_i = (r_i − β·d_i) − mean over j ≠ i of (r_j − β·d_j)
        = K/(K − 1) · ((r_i − r̄) − β·(d_i − d̄)).

A sample that cannot be scored has no advantage and is in nobody's baseline.
"""

from collections.abc import Sequence
from typing import Literal

import torch

from redink.rewards import Marked, PenaltyForm, replaced

Baseline = Literal["leave-one-out", "group", "group-mean"]
"""`leave-one-out` is RLOO's; `group` is GRPO's (less the mean, own reward included, over the
standard deviation); `group-mean` is Dr. GRPO's, without the division."""
SMALL = 1e-4
"""Added to GRPO's standard deviation, as TRL does."""


def penalised(
    rewards_P_K: torch.Tensor, divergences_P_K: torch.Tensor | None, beta: float
) -> torch.Tensor:
    """Rewards less `beta` times each sample's divergence from the reference.

    Args:
        rewards_P_K: of each problem's K samples; NaN where one cannot be scored.
        divergences_P_K: log policy − log reference, summed over the sample's tokens, in nats; None
            takes nothing off.
        beta: weight of the divergence.
    """
    if divergences_P_K is None or beta == 0:
        return rewards_P_K
    return rewards_P_K - beta * divergences_P_K


def leave_one_out(rewards_P_K: torch.Tensor) -> torch.Tensor:
    """Each reward less the mean of the problem's other scorable ones; NaN where there is none.

    Args:
        rewards_P_K: NaN where a sample cannot be scored.
    """
    scorable_P_K = ~rewards_P_K.isnan()
    others_P_K = scorable_P_K.sum(1, keepdim=True) - 1
    sums_P_1 = rewards_P_K.nansum(1, keepdim=True)
    baselines_P_K = (sums_P_1 - rewards_P_K) / others_P_K
    return torch.where(others_P_K > 0, rewards_P_K - baselines_P_K, torch.nan)


def group_relative(rewards_P_K: torch.Tensor, *, scaled: bool) -> torch.Tensor:
    """Each reward less the mean of all the problem's scorable ones; NaN where there is but one.

    Args:
        rewards_P_K: NaN where a sample cannot be scored.
        scaled: whether that is divided by their standard deviation (GRPO, arXiv 2402.03300) or not
            (Dr. GRPO, arXiv 2503.20783).
    """
    count_P_1 = (~rewards_P_K.isnan()).sum(1, keepdim=True)
    centred_P_K = rewards_P_K - rewards_P_K.nanmean(1, keepdim=True)
    if scaled:
        variance_P_1 = centred_P_K.square().nansum(1, keepdim=True) / (count_P_1 - 1).clamp(min=1)
        centred_P_K = centred_P_K / (variance_P_1.sqrt() + SMALL)
    return torch.where(count_P_1 > 1, centred_P_K, torch.nan)


def advantages_of(
    groups: Sequence[Sequence[Marked]],
    divergences: Sequence[Sequence[float]] | None,
    *,
    baseline: Baseline,
    beta: float,
    penalty: float,
    penalty_form: PenaltyForm,
) -> list[list[float]]:
    """What every sample of every problem is trained with.

    Args:
        groups: each problem's samples, as marked; as many for each.
        divergences: of the same samples, see `penalised`; None where the reward has no part in it.
        baseline: what is taken off.
        beta: weight of the divergence in the reward.
        penalty: of a degenerate text.
        penalty_form: `replace` puts the penalty in the place of a degenerate text's advantage; its
            reward stays in the others' baselines. `add` has been added to its reward before.

    Returns advantages; 0 where a sample cannot be scored or has nothing to be compared with.
    """
    nan = float("nan")
    totals = [[nan if one.total is None else one.total for one in group] for group in groups]
    rewards_P_K = torch.tensor(totals, dtype=torch.float64)
    if divergences is not None:
        divergences_P_K = torch.tensor(divergences, dtype=torch.float64)
        rewards_P_K = penalised(rewards_P_K, divergences_P_K, beta)
    if baseline == "leave-one-out":
        values_P_K = leave_one_out(rewards_P_K)
    else:
        values_P_K = group_relative(rewards_P_K, scaled=baseline == "group")
    found: list[list[float]] = []
    for values, group in zip(values_P_K.tolist(), groups, strict=True):
        known = [None if value != value else value for value in values]
        final = replaced(known, group, penalty, penalty_form)
        found.append([0.0 if value is None else value for value in final])
    return found
