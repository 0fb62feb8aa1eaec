"""A first guess of how long training will take."""

import time
from typing import Any

MATRIX = 1024
"""Rows and columns of the probe's matrices."""
EFFICIENCY = 0.25
"""Share of the probe's speed that training reaches."""


def estimated_seconds(model: Any, tokens: int) -> float:
    """Seconds for training on `tokens` tokens, from a short bfloat16 matrix product.

    6 floating-point operations for each parameter and token (forward and backward).
    """
    import torch

    with torch.inference_mode():
        probe = torch.randn(MATRIX, MATRIX, dtype=torch.bfloat16, device=model.device)
        best = min(_timed(probe) for _ in range(4))
    speed = 2 * MATRIX**3 / best
    return 6 * float(model.num_parameters()) * tokens / (speed * EFFICIENCY)


def _timed(matrix: Any) -> float:
    started = time.perf_counter()
    float((matrix @ matrix)[0, 0])
    return time.perf_counter() - started
