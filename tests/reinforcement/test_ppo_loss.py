"""PPO's clipped losses against float64 references written case by case."""

import math

import pytest
import torch

from redink.reinforcement.ppo_loss import (
    clipped_share,
    policy_losses,
    token_weights,
    value_losses,
)


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def policy_by_hand(new, old, advantage, low, high):
    """The loss and its derivative by `new`, case by case."""
    ratio = math.exp(new - old)
    if advantage > 0 and ratio > 1 + high:
        return -advantage * (1 + high), 0.0
    if advantage < 0 and ratio < 1 - low:
        return -advantage * (1 - low), 0.0
    return -advantage * ratio, -advantage * ratio


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.2), (0.2, 0.26), (0.1, 0.5)])
def test_policy_losses_and_gradients_are_those_of_each_case(low, high):
    cases = [
        (-1.0 + shift, -1.0, advantage)
        for shift in (-0.9, -0.3, -0.15, 0.0, 0.15, 0.21, 0.3, 0.9)
        for advantage in (-1.7, 0.6)
    ]
    new = doubles(*(case[0] for case in cases)).requires_grad_()
    old, advantages = (doubles(*(case[n] for case in cases)) for n in (1, 2))
    losses = policy_losses(new, old, advantages, low, high)
    losses.sum().backward()
    expected = [policy_by_hand(*case, low, high) for case in cases]
    assert losses.tolist() == pytest.approx([loss for loss, _ in expected], abs=1e-12)
    assert new.grad.tolist() == pytest.approx([slope for _, slope in expected], abs=1e-12)
    stopped = clipped_share((new - old).exp().detach(), advantages, low, high)
    assert stopped.tolist() == [float(slope == 0) for _, slope in expected]
    assert 0 < stopped.sum() < len(cases)


def test_in_the_first_pass_the_gradient_is_the_policy_gradient():
    new = doubles(-0.1, -2.0, -3.0).requires_grad_()
    advantages = doubles(1.0, -0.5, 0.25)
    losses = policy_losses(new, new.detach(), advantages)
    losses.sum().backward()
    assert losses.tolist() == [-1.0, 0.5, -0.25]
    assert new.grad.tolist() == [-1.0, 0.5, -0.25]


def value_by_hand(value, old, target, clip):
    clipped = min(max(value, old - clip), old + clip)
    plain, kept = (value - target) ** 2, (clipped - target) ** 2
    return max(plain, kept) / 2, (value - target if plain >= kept else 0.0)


def test_value_losses_and_gradients_are_those_of_each_case():
    cases = [
        (value, old, target)
        for value in (-0.9, -0.1, 0.0, 0.15, 0.7)
        for old in (0.0, 0.3)
        for target in (-0.5, 0.05, 1.0)
    ]
    values = doubles(*(case[0] for case in cases)).requires_grad_()
    old, targets = (doubles(*(case[n] for case in cases)) for n in (1, 2))
    losses = value_losses(values, old, targets)
    losses.sum().backward()
    expected = [value_by_hand(*case, 0.2) for case in cases]
    assert losses.tolist() == pytest.approx([loss for loss, _ in expected], abs=1e-12)
    slopes = [slope for _, slope in expected]
    # Where both errors are equal (within the clip), torch halves a maximum's gradient between
    # two paths that lead to the same value.
    assert values.grad.tolist() == pytest.approx(slopes, abs=1e-12)
    assert 0.0 in slopes


def test_the_mean_is_over_each_sequence_then_over_the_batch():
    lengths = [3, 1, 4]
    losses = [1.0, 2.0, 3.0, 10.0, 5.0, 6.0, 7.0, 8.0]
    weights = token_weights(lengths, [True, True, True], 3)
    mean = sum(w * x for w, x in zip(weights, losses, strict=True))
    assert mean == pytest.approx((2.0 + 10.0 + 6.5) / 3, abs=1e-12)


def test_a_sequence_without_a_reward_weighs_nothing():
    weights = token_weights([2, 2, 1], [True, False, True], 2)
    assert weights == [0.25, 0.25, 0.0, 0.0, 0.5]
    assert sum(weights) == 1.0


def test_micro_batches_add_up_to_the_whole_batch():
    lengths, kept = [5, 2, 7, 1], [True, True, False, True]
    whole = token_weights(lengths, kept, 3)
    apart = token_weights(lengths[:1], kept[:1], 3) + token_weights(lengths[1:], kept[1:], 3)
    assert apart == whole
    assert sum(whole) == pytest.approx(1.0, abs=1e-15)
