"""Proximal policy optimisation's clipped losses (arXiv 1707.06347), token by token.

ReFT averages each over a sequence's tokens, then over the batch's sequences: `token_weights` are
the tokens' shares in that mean, so that any cut of a batch into micro-batches has one sum.
"""

from collections.abc import Sequence

import torch


def policy_losses(
    logprobs_N: torch.Tensor,
    old_logprobs_N: torch.Tensor,
    advantages_N: torch.Tensor,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
) -> torch.Tensor:
    """-min(ratio · A, clip(ratio, 1 - low, 1 + high) · A) of each token (equation 7).

    Args:
        logprobs_N: of the tokens under the policy in training, with gradient.
        old_logprobs_N: under the policy that sampled them.
        advantages_N: theirs, whitened.
        clip_low: how far the ratio of probabilities may fall before its gradient ends.
        clip_high: how far it may rise.
    """
    ratio_N = (logprobs_N - old_logprobs_N).exp()
    clipped_N = ratio_N.clamp(1 - clip_low, 1 + clip_high)
    return torch.maximum(-advantages_N * ratio_N, -advantages_N * clipped_N)


def value_losses(
    values_N: torch.Tensor, old_values_N: torch.Tensor, returns_N: torch.Tensor, clip: float = 0.2
) -> torch.Tensor:
    """Half the squared error of each value, or of the value kept within `clip` of the old one,
    whichever is larger.

    Args:
        values_N: the value head's, with gradient.
        old_values_N: the head's when the tokens were sampled.
        returns_N: the λ-returns, its targets.
        clip: how far a value may move from the old one before its gradient ends.
    """
    clipped_N = old_values_N + (values_N - old_values_N).clamp(-clip, clip)
    errors_N = torch.maximum((values_N - returns_N).square(), (clipped_N - returns_N).square())
    return errors_N / 2


def token_weights(lengths: Sequence[int], counts: Sequence[bool], sequences: int) -> list[float]:
    """Each token's share in the mean over sequences of the mean over a sequence's tokens.

    Args:
        lengths: tokens of each sequence.
        counts: whether each sequence counts; the tokens of others weigh 0.
        sequences: that count in the whole batch, in this micro-batch and in all others.

    Returns one weight for each token of all sequences, one after the other.
    """
    weights: list[float] = []
    for length, kept in zip(lengths, counts, strict=True):
        weights += [1 / (length * sequences) if kept else 0.0] * length
    return weights


def clipped_share(
    ratio_N: torch.Tensor, advantages_N: torch.Tensor, clip_low: float, clip_high: float
) -> torch.Tensor:
    """Which tokens the clip leaves without a gradient: 1 or 0 for each."""
    rising_N = (ratio_N > 1 + clip_high) & (advantages_N > 0)
    falling_N = (ratio_N < 1 - clip_low) & (advantages_N < 0)
    return (rising_N | falling_N).float()
