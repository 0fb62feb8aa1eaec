"""Advantages against references written out by hand in float64."""

import math

import pytest
import torch

from redink.reinforcement.advantages import advantages_of, group_relative, leave_one_out
from tests.reinforcement.policy_world import marked

NAN = float("nan")


def by_hand(rewards):
    """Each reward less the mean of the others that can be scored; 0 where there is none."""
    found = []
    for place, reward in enumerate(rewards):
        others = [r for p, r in enumerate(rewards) if p != place and not math.isnan(r)]
        alone = math.isnan(reward) or not others
        found.append(0.0 if alone else reward - math.fsum(others) / len(others))
    return found


def found(totals, divergences=None, **how):
    given = {"baseline": "leave-one-out", "beta": 0.0, "penalty": -1.0, "penalty_form": "none"}
    groups = [[one if not isinstance(one, float) else marked(one) for one in g] for g in totals]
    return advantages_of(groups, divergences, **given | how)


@pytest.mark.parametrize("seed", range(4))
def test_the_baseline_of_a_sample_is_the_mean_of_the_others(seed):
    torch.manual_seed(seed)
    rewards = torch.rand(5, 7, dtype=torch.float64).tolist()
    for ours, group in zip(found(rewards), rewards, strict=True):
        assert ours == pytest.approx(by_hand(group), abs=1e-15)


@pytest.mark.parametrize("missing", [1, 2, 5, 6, 7])
def test_a_sample_that_cannot_be_scored_has_no_advantage_and_is_in_no_baseline(missing):
    torch.manual_seed(missing)
    rewards = torch.rand(7, dtype=torch.float64).tolist()
    holes = [NAN if place < missing else reward for place, reward in enumerate(rewards)]
    group = [marked(None if math.isnan(r) else r) for r in holes]
    (ours,) = found([group])
    assert ours == pytest.approx(by_hand(holes), abs=1e-15)
    assert ours[:missing] == [0.0] * missing
    if missing < 6:
        alone = found([rewards[missing:]])[0]
        assert ours[missing:] == pytest.approx(alone, abs=1e-15), "as if it had not been drawn"


def test_the_divergence_counts_against_that_of_the_others():
    rewards, divergences, beta = [1.0, 0.0, 0.0, 1.0], [3.0, -1.0, 2.0, 8.0], 0.05
    (ours,) = found([rewards], [divergences], beta=beta)
    size = len(rewards)
    centred = [
        size / (size - 1) * (
            (r - math.fsum(rewards) / size) - beta * (d - math.fsum(divergences) / size)
        )
        for r, d in zip(rewards, divergences, strict=True)
    ]  # fmt: skip
    assert ours == pytest.approx(centred, abs=1e-14)
    alike = [value + 100.0 for value in divergences]
    assert found([rewards], [alike], beta=beta)[0] == pytest.approx(ours, abs=1e-12), (
        "what all samples diverge by is no reason to prefer one"
    )


def test_a_penalty_that_replaces_leaves_the_others_baselines_as_they_were():
    group = [marked(1.0), marked(1.0, "repetition"), marked(0.0)]
    plain = found([group])[0]
    assert found([group], penalty_form="replace")[0] == [plain[0], -1.0, plain[2]]
    assert found([group], penalty_form="replace", penalty=-0.5)[0][1] == -0.5
    # Added, it has become part of the reward, and of the others' baselines.
    added = [marked(1.0), marked(1.0 - 1.0, "repetition"), marked(0.0)]
    assert found([added], penalty_form="add")[0] == pytest.approx(by_hand([1.0, 0.0, 0.0]))


def test_a_degenerate_text_that_cannot_be_scored_is_penalised():
    group = [marked(1.0), marked(None, "garbled"), marked(0.0)]
    assert found([group], penalty_form="replace")[0] == [1.0, -1.0, -1.0]
    assert found([group], penalty_form="none")[0] == [1.0, 0.0, -1.0]


def test_group_relative_values_are_those_of_grpo_and_dr_grpo():
    rewards = [0.0, 1.0, 1.0, 0.5]
    mean = 0.625
    spread = math.sqrt(sum((r - mean) ** 2 for r in rewards) / 3)
    (plain,) = found([rewards], baseline="group-mean")
    (scaled,) = found([rewards], baseline="group")
    assert plain == pytest.approx([r - mean for r in rewards], abs=1e-15)
    assert scaled == pytest.approx([(r - mean) / (spread + 1e-4) for r in rewards], abs=1e-14)
    assert found([[0.5, 0.5]], baseline="group") == [[0.0, 0.0]]


def test_values_are_those_of_trl_where_nothing_of_ours_is_on():
    """TRL 1.16's own lines (rloo_trainer, grpo_trainer), with a sample that has no reward."""
    from trl.trainer.utils import nanstd

    torch.manual_seed(1)
    rewards_P_K = torch.rand(6, 5, dtype=torch.float64)
    rewards_P_K[2, 3] = rewards_P_K[4, 0] = NAN
    counts_P_1 = (~rewards_P_K.isnan()).sum(dim=1, keepdim=True)
    sums_P_1 = torch.nansum(rewards_P_K, dim=1, keepdim=True)
    theirs = rewards_P_K - (sums_P_1 - rewards_P_K) / (counts_P_1 - 1)
    assert torch.allclose(leave_one_out(rewards_P_K), theirs, equal_nan=True, atol=1e-15, rtol=0)
    means_P_1 = torch.nanmean(rewards_P_K, dim=1, keepdim=True)
    spread_P_1 = nanstd(rewards_P_K, dim=1)[:, None]
    grouped = (rewards_P_K - means_P_1) / (spread_P_1 + 1e-4)
    ours = group_relative(rewards_P_K, scaled=True)
    # Its standard deviation has Bessel's correction in float32.
    assert torch.allclose(ours, grouped, equal_nan=True, atol=1e-6, rtol=0)
