"""The whole model, from the parts that several processes hold of it."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from redink.training.group import is_first


def is_divided(trainer: Any) -> bool:
    """Whether no process of a `CompletionTrainer` holds the whole of its model's state."""
    return bool(trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled)


def whole_model(trainer: Any, make: Callable[[], Any]) -> Any:
    """The trained model, with float32 weights; None in every process but the first.

    Every process must call it.

    Args:
        trainer: a `CompletionTrainer` whose training has begun.
        make: gives the model as training began, on the CPU; called where the model is divided, in
            the first process.
    """
    if not is_divided(trainer):
        return trainer.accelerator.unwrap_model(trainer.model) if is_first() else None
    weights = gathered_weights(trainer)
    if not is_first():
        return None
    forget_deepspeed(trainer)
    model = make()
    put_weights(model, weights)
    return model


def gathered_weights(trainer: Any) -> dict[str, torch.Tensor]:
    """Every trained weight by name, float32, on the CPU of the first process; elsewhere none."""
    weights = {}
    for name, weight in _gathered(trainer):
        if is_first():
            weights[name] = weight.detach().to("cpu", torch.float32, copy=True)
    return weights


def whole_copy(trainer: Any, make: Callable[[], Any]) -> Any:
    """The model as it stands, whole, in every process, to be looked at; none may skip the call.

    Args:
        trainer: a `CompletionTrainer` whose training has begun.
        make: gives the model as training began, where and in which type it is to be looked at.
    """
    forget_deepspeed(trainer)
    model = make()
    places = dict(model.named_parameters())
    with torch.no_grad():
        for name, weight in _gathered(trainer):
            places[name].copy_(weight)
    return model.eval()


def put_weights(model: Any, weights: dict[str, torch.Tensor]) -> None:
    """Copies weights into `model` by name; tied ones have one name."""
    places = dict(model.named_parameters())
    with torch.no_grad():
        for name, weight in weights.items():
            places[name].copy_(weight)


def forget_deepspeed(trainer: Any) -> None:
    """Lets transformers load a model whole: under ZeRO-3 it would divide it while it is read."""
    if trainer.is_deepspeed_enabled:
        from transformers.integrations.deepspeed import unset_hf_deepspeed_config

        unset_hf_deepspeed_config()


def _gathered(trainer: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Each trained weight whole, one after the other, in every process."""
    from torch.distributed.fsdp import FSDPModule

    model = trainer.accelerator.unwrap_model(trainer.model)
    for module in model.modules():
        if isinstance(module, FSDPModule):
            # A pass without a backward one leaves the last layers' weights gathered.
            module.reshard()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            yield name, _full(weight, trainer)


def _full(weight: Any, trainer: Any) -> torch.Tensor:
    if trainer.is_deepspeed_enabled:
        from deepspeed.utils import safe_get_full_fp32_param

        whole: torch.Tensor = safe_get_full_fp32_param(weight)
        return whole
    gathered: torch.Tensor = weight.full_tensor()
    return gathered
