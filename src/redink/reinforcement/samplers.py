"""What draws a training's rollouts: a copy of the policy in its process, or vLLM beside it."""

from typing import TYPE_CHECKING, Any

from redink.models.source import ModelSource
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.sampler_settings import SamplerSettings

if TYPE_CHECKING:
    from redink.reinforcement.sampling import PolicySampler
    from redink.reinforcement.vllm_sampling import VllmSampler


def open_sampler(
    model: Any,
    tokenizer: Any,
    student: ModelSource,
    drawing: Drawing,
    settings: SamplerSettings,
    *,
    batch_size: int,
    exact: bool,
) -> "PolicySampler | VllmSampler":
    """What draws rollouts from `model`; to be closed when the training ends.

    Args:
        model: the policy before training; before a trainer changes its forward.
        tokenizer: its own.
        student: where it was loaded from.
        drawing: how rollouts are drawn.
        settings: which engine draws.
        batch_size: rollouts written at once.
        exact: float32 weights for drawing, else bfloat16.
    """
    if settings.engine == "vllm":
        from redink.reinforcement.vllm_sampling import VllmSampler

        return VllmSampler(
            student,
            tokenizer,
            drawing,
            batch_size=batch_size,
            dtype="float32" if exact else "bfloat16",
            memory=settings.vllm_memory,
        )
    import torch

    from redink.reinforcement.sampling import PolicySampler

    dtype = torch.float32 if exact else torch.bfloat16
    return PolicySampler(model, tokenizer, drawing, batch_size=batch_size, dtype=dtype)
