"""A first guess of how long training will take."""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redink.training.footprint import ModelSize

MATRIX = 1024
"""Rows and columns of the probe's matrices."""
EFFICIENCY = 0.25
"""Share of the probe's speed that training reaches."""


def training_seconds(size: "ModelSize", tokens: int, loss_tokens: int, device: str) -> float:
    """Seconds for training on `tokens` tokens, from a short bfloat16 matrix product.

    6 floating-point operations for each parameter and token (forward and backward); the
    projection onto the vocabulary is paid for where there is loss alone.
    """
    operations = 6.0 * ((size.parameters - size.head) * tokens + size.head * loss_tokens)
    return operations / (matrix_speed(device) * EFFICIENCY)


def matrix_speed(device: str) -> float:
    """Floating-point operations a second of a bfloat16 matrix product, the best of four."""
    from redink.models.memory import prepare_process

    prepare_process()
    import torch

    with torch.inference_mode():
        probe = torch.randn(MATRIX, MATRIX, dtype=torch.bfloat16, device=device)
        best = min(_timed(probe) for _ in range(4))
    return 2 * MATRIX**3 / best


def _timed(matrix: Any) -> float:
    started = time.perf_counter()
    float((matrix @ matrix)[0, 0])
    return time.perf_counter() - started
