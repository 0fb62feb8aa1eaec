"""Low-rank adapters (LoRA, arXiv 2106.09685), trained through peft and merged at the end.

The result is a plain model folder like that of full training, so that nothing after it need know.
"""

from copy import deepcopy
from typing import Any

from redink.models.quiet import quiet


def with_adapters(model: Any, rank: int, alpha: float, seed: int) -> Any:
    """`model` frozen, with fresh adapters on every linear layer but the output head.

    Args:
        model: a causal language model of transformers.
        rank: of the adapters.
        alpha: adapters are scaled by alpha / rank.
        seed: of their first weights; they start by changing nothing.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=alpha,  # type: ignore[arg-type]
        lora_dropout=0.0,
        bias="none",
        target_modules="all-linear",
    )
    hollow = model.device.type == "meta"
    with torch.random.fork_rng(), quiet():
        torch.manual_seed(seed)
        return get_peft_model(model, config, low_cpu_mem_usage=hollow)


def merged(model: Any) -> Any:
    """The plain model with its adapters added to the weights; a model without any as it is."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def merged_copy(model: Any) -> Any:
    """As `merged`, with the model's adapters left as they are: a copy where it has any."""
    return merged(deepcopy(model)) if hasattr(model, "merge_and_unload") else model
