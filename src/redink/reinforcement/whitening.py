"""Advantages brought to mean 0 and variance 1 over all tokens of all processes."""

import torch

from redink.training.group import process_count

_LEAST = 1e-8
"""Added to the variance, as ReFT's released code does."""


def whitened(values_N: torch.Tensor, counts_N: torch.Tensor) -> torch.Tensor:
    """`values_N` less their mean, over their standard deviation; 0 where they do not count.

    Mean and variance (with N - 1) are those of the whole step: every process must call it. ReFT's
    code does so too (`adv_whitening = global`); whitened apart, a process whose rollouts are all
    right would push half of its tokens down.

    Args:
        values_N: of this process's tokens.
        counts_N: bool, which of them count.

    Returns float32, shape (N,), computed in float64.
    """
    kept_N = values_N.double()[counts_N]
    count, total = _summed(float(len(kept_N)), kept_N.sum().item())
    if not count:
        return torch.zeros_like(values_N, dtype=torch.float32)
    mean = total / count
    (squares,) = _summed((kept_N - mean).square().sum().item())
    deviation = (squares / max(count - 1, 1) + _LEAST) ** 0.5
    return torch.where(counts_N, (values_N.double() - mean) / deviation, 0.0).float()


def _summed(*values: float) -> list[float]:
    """Each value added up over all processes."""
    if process_count() == 1:
        return list(values)
    sums = torch.tensor(values, dtype=torch.float64)
    torch.distributed.all_reduce(sums)
    found: list[float] = sums.tolist()
    return found
