"""An accelerator for code that gathers what need not be gathered."""

from typing import Any

import torch


class Alone:
    """An accelerator that gathers and reduces over this process alone.

    Args:
        joined: that of all processes; everything else is its own.
    """

    def __init__(self, joined: Any) -> None:
        self.joined = joined

    def __getattr__(self, name: str) -> Any:
        return getattr(self.joined, name)

    def gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """`tensor` as it is."""
        return tensor

    def gather_for_metrics(self, tensor: torch.Tensor) -> torch.Tensor:
        """`tensor` as it is."""
        return tensor

    def reduce(self, tensor: torch.Tensor, reduction: str = "sum") -> torch.Tensor:
        """`tensor` as it is."""
        return tensor
