"""Projecting onto the vocabulary only where there is loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from redink.training.encoding import IGNORED

POSITION_BUCKET = 64
"""Kept positions are padded to a multiple of this, so that shapes recur."""


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
