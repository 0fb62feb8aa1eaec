"""The model that the policy may not stray from: fixed, or moving slowly after it.

T1 (arXiv 2501.11651) takes an exponential moving average of the policy for the reference. The
average is kept in float32: taken in bfloat16, which holds 8 bits of a number, steps of 0.008 of
the difference are mostly rounded away.
"""

import copy
from pathlib import Path
from typing import Any

import torch

from redink.errors import ModelError, UsageError

SHADOW = "moving-reference.safetensors"


def check_reference(model: Any, beta: float, *, moving: bool) -> None:
    """Raises UsageError where the reference would be of no use, or could not move.

    Args:
        model: the policy.
        beta: weight of the divergence from the reference.
        moving: whether it is to be an average of the policy.
    """
    if moving and beta == 0:
        raise UsageError(
            "reinforce: reference = moving with beta = 0 moves a model that nothing looks at; set "
            "beta above 0, or leave reference out"
        )
    if moving and hasattr(model, "peft_config"):
        raise UsageError(
            "reinforce: a moving reference is a second whole model, and adapters have none: their "
            "reference is the model without them; set reference: fixed or train all weights"
        )


class Reference:
    """A copy of the policy as training begins, in its own type, without gradients.

    Args:
        policy: the model before training; before a trainer changes its forward.
    """

    def __init__(self, policy: Any) -> None:
        self.model = copy.deepcopy(policy).eval().requires_grad_(False)

    def update(self, policy: Any) -> None:
        """Told of each optimizer step; a fixed reference stays as it is."""

    def save(self, folder: Path) -> None:
        """Writes what a checkpoint needs to know; nothing, for the start is on disk already."""

    def load(self, folder: Path) -> None:
        """Takes over what `save` wrote."""


class MovingReference(Reference):
    """reference ← (1 − rate) · reference + rate · policy, weight by weight, in float32.

    A policy in float32 has its reference for the shadow; of one in bfloat16 a float32 shadow is
    kept beside the reference, which is rounded from it.

    Args:
        policy: the model before training, whole.
        rate: share of the policy in each update, above 0 and at most 1.
        every: optimizer steps between updates.
    """

    def __init__(self, policy: Any, rate: float, every: int = 1) -> None:
        super().__init__(policy)
        self.rate, self.every, self.steps = rate, every, 0
        self.shadow: dict[str, torch.Tensor] = {
            name: weight.data if weight.dtype == torch.float32 else weight.data.float()
            for name, weight in self.model.named_parameters()
        }

    @torch.no_grad()
    def update(self, policy: Any) -> None:
        """Moves towards the policy, where it is time."""
        self.steps += 1
        if self.steps % self.every:
            return
        weights = dict(policy.named_parameters())
        for name, shadow in self.shadow.items():
            shadow.lerp_(weights[name].detach().to(shadow), self.rate)
        self._show()

    def save(self, folder: Path) -> None:
        """Writes the shadow into a checkpoint's folder."""
        from safetensors.torch import save_file

        steps = {"steps": str(self.steps)}
        save_file(self.shadow, str(folder / SHADOW), metadata=steps)

    @torch.no_grad()
    def load(self, folder: Path) -> None:
        """Takes over the shadow of a checkpoint.

        Raises ModelError where it has none, or one of another model.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(folder / SHADOW), "pt") as kept:
                self.steps = int((kept.metadata() or {})["steps"])
                for name, shadow in self.shadow.items():
                    shadow.copy_(kept.get_tensor(name))
        except (OSError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"{folder / SHADOW}: the moving reference cannot be read ({error}); remove {folder}"
                " to begin anew"
            ) from None
        self._show()

    def _show(self) -> None:
        """Rounds the shadow into a reference of another type."""
        for name, weight in self.model.named_parameters():
            if weight.dtype != torch.float32:
                weight.data.copy_(self.shadow[name])


def open_reference(
    policy: Any, beta: float, *, moving: bool, rate: float, every: int = 1
) -> Reference | None:
    """The reference that the settings ask for; None with `beta` 0, which needs none.

    Raises UsageError as `check_reference` does.
    """
    check_reference(policy, beta, moving=moving)
    if beta == 0:
        return None
    return MovingReference(policy, rate, every) if moving else Reference(policy)
