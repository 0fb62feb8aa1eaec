"""Generalised advantage estimation (arXiv 1506.02438, equation 16) of one completion.

ReFT's paper (arXiv 2401.08967, section 3.2) writes λ = 1 and γ = 0.95, which read as the discount
of rewards and the mixing factor the other way round: its released code has `gamma=1.0` and
`lam=0.95`, and so have the defaults here.
"""

from collections.abc import Sequence


def token_rewards(kl: Sequence[float], reward: float | None, beta: float) -> list[float]:
    """The reward of each token: -β times its divergence, and the whole reward at the last.

    Args:
        kl: log-probability under the policy that sampled less that under the initial one, in nats,
            of each new token, the end of turn included where there is one.
        reward: of the completion; None counts nothing.
        beta: weight of the divergence.

    Returns a reward for each token (ReFT, equation 2, with the divergence taken token by token).
    """
    rewards = [-beta * nats for nats in kl]
    if rewards and reward is not None:
        rewards[-1] += reward
    return rewards


def advantages(
    rewards: Sequence[float], values: Sequence[float], gamma: float = 1.0, lam: float = 0.95
) -> list[float]:
    """The advantage of each token, computed in float64.

        delta(t) = rewards[t] + gamma * values[t + 1] - values[t],  the value behind the last is 0
        advantage(t) = delta(t) + gamma * lam * advantage(t + 1)

    Args:
        rewards: of each token.
        values: what the value head expected before each token.
        gamma: discount of rewards.
        lam: 0 trusts the value head's next word, 1 the sampled rewards alone.

    Returns as many advantages. The value head's target, the λ-return, is advantage plus value.
    """
    found = [0.0] * len(rewards)
    after, behind = 0.0, 0.0
    for place in reversed(range(len(rewards))):
        delta = rewards[place] + gamma * after - values[place]
        behind = found[place] = delta + gamma * lam * behind
        after = values[place]
    return found
