"""Advantages against sums written out by hand."""

import math

import pytest

from redink.reinforcement.gae import advantages, token_rewards


def summed(rewards, values, gamma, lam):
    """The definition: every TD error ahead, discounted; none of it shared between tokens."""
    after = [*values[1:], 0.0]
    deltas = [r + gamma * b - v for r, b, v in zip(rewards, after, values, strict=True)]
    return [
        math.fsum((gamma * lam) ** (later - place) * deltas[later]
                  for later in range(place, len(deltas)))
        for place in range(len(deltas))
    ]  # fmt: skip


def test_three_tokens_worked_out_by_hand():
    # deltas: 0 + 0.5 - 0.25 = 0.25; -0.5 + 1 - 0.5 = 0; 1 + 0 - 1 = 0
    assert advantages([0.0, -0.5, 1.0], [0.25, 0.5, 1.0], 1.0, 0.5) == [0.25, 0.0, 0.0]
    # deltas: 1, 1, 1 of three rewards with no values; lam 0.5 adds halves
    assert advantages([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], 1.0, 0.5) == [1.75, 1.5, 1.0]


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.8), (0.95, 1.0), (1.0, 0.0)])
def test_advantages_are_the_discounted_sums_of_all_later_errors(gamma, lam):
    rewards = [math.sin(7 * n) for n in range(40)]
    values = [math.cos(5 * n) for n in range(40)]
    found = advantages(rewards, values, gamma, lam)
    assert found == pytest.approx(summed(rewards, values, gamma, lam), abs=1e-12)


def test_the_defaults_are_those_of_the_code_not_of_the_paper():
    rewards, values = [0.0] * 9 + [1.0], [0.0] * 10
    assert advantages(rewards, values) == pytest.approx([0.95 ** (9 - n) for n in range(10)])
    assert advantages(rewards, values) == advantages(rewards, values, gamma=1.0, lam=0.95)


def test_with_lambda_one_an_advantage_is_the_return_less_the_value():
    rewards, values = [0.5, -1.0, 2.0], [0.3, 0.2, 0.1]
    found = advantages(rewards, values, 1.0, 1.0)
    assert found == pytest.approx([1.5 - 0.3, 1.0 - 0.2, 2.0 - 0.1], abs=1e-15)


def test_the_divergence_counts_at_each_token_and_the_reward_at_the_last():
    assert token_rewards([0.5, -0.25, 1.0], 1.0, 0.1) == [-0.05, 0.025, 0.9]
    assert token_rewards([0.5], 0.1, 0.0) == [0.1]
    assert token_rewards([0.5, 0.5], None, 0.1) == [-0.05, -0.05]
    assert token_rewards([], 1.0, 0.1) == []
    assert advantages([], []) == []
