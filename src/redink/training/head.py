"""Projecting onto the vocabulary only where there is loss, and the loss over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from redink.training.encoding import IGNORED

POSITION_BUCKET = 64
"""Kept positions are padded to a multiple of this, so that shapes recur."""
LOSS_ROWS = 32
"""Positions whose loss is computed at once."""


def loss_positions(labels_B_T: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which positions predict a token that carries loss.

    Returns flat indices into (B*T) and their targets, both of length N, a multiple of
    `POSITION_BUCKET`; the filling has the target -100.
    """
    targets_B_T = torch.full_like(labels_B_T, IGNORED)
    targets_B_T[:, :-1] = labels_B_T[:, 1:]
    flat = targets_B_T.flatten()
    kept_N = (flat != IGNORED).nonzero()[:, 0]
    filling = -len(kept_N) % POSITION_BUCKET
    indices_N = torch.cat([kept_N, kept_N.new_zeros(filling)])
    targets_N = torch.cat([flat[kept_N], flat.new_full((filling,), IGNORED)])
    return indices_N, targets_N


def summed_cross_entropy(logits_N_V: torch.Tensor, targets_N: torch.Tensor) -> torch.Tensor:
    """Cross-entropy summed over positions (a scalar); the target -100 counts nothing.

    Its gradient takes the place of the logits: nothing as large is made beside them, and they are
    of no use after the backward pass. A vocabulary of 49,152 costs 69 MB for 350 positions in
    float32, and torch's own loss makes copies. Computed in float32, whatever the logits are.
    """
    loss: torch.Tensor = _InPlace.apply(logits_N_V, targets_N)  # type: ignore[no-untyped-call]
    return loss


class _InPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits_N_V: torch.Tensor, targets_N: torch.Tensor) -> torch.Tensor:
        kept_N = targets_N != IGNORED
        picked_N = torch.where(kept_N, targets_N, 0)
        parts = torch.split(logits_N_V, LOSS_ROWS)
        logsum_N = torch.cat([part.float().logsumexp(1) for part in parts])
        chosen_N = logits_N_V.gather(1, picked_N[:, None])[:, 0].float()
        ctx.save_for_backward(logits_N_V, picked_N, kept_N, logsum_N)
        return torch.where(kept_N, logsum_N - chosen_N, 0.0).sum()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        # An operation before the loss that had kept the logits would fail loudly: torch counts.
        logits_N_V, picked_N, kept_N, logsum_N = ctx.saved_tensors
        for start in range(0, len(logits_N_V), LOSS_ROWS):
            rows = slice(start, start + LOSS_ROWS)
            share = (logits_N_V[rows].float() - logsum_N[rows, None]).exp_()
            share.scatter_add_(1, picked_N[rows, None], share.new_full((len(share), 1), -1.0))
            logits_N_V[rows] = share.mul_((kept_N[rows] * gradient)[:, None])
        return logits_N_V, None


@contextmanager
def head_at(head: torch.nn.Module, indices_N: torch.Tensor) -> Iterator[None]:
    """The output head sees only the hidden states at `indices_N` while the block runs.

    A hook on the head rather than a new forward: whatever the model does to its logits afterwards
    (scaling, soft caps) stays as it is.
    """

    def select(module: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden_B_T_H = inputs[0]
        return (hidden_B_T_H.flatten(0, 1)[indices_N][None], *inputs[1:])

    handle = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()
