"""Low-rank adapters (LoRA, arXiv 2106.09685), trained through peft and merged at the end; over
4-bit weights, QLoRA (arXiv 2305.14314).

The result is a plain model folder like that of full training, so that nothing after it need know.
"""

from copy import deepcopy
from typing import Any

from redink.models.quiet import quiet
from redink.training.quantisation import dequantised_weight, is_quantised, is_quantised_layer


def with_adapters(model: Any, rank: int, alpha: float, seed: int, head: str | None = None) -> Any:
    """`model` frozen, with fresh adapters on every linear layer but the output head.

    Args:
        model: a causal language model of transformers, or one with a head of its own.
        rank: of the adapters.
        alpha: adapters are scaled by alpha / rank.
        seed: of their first weights; they start by changing nothing.
        head: the name of a head that is trained whole: a fresh one, which scores tokens.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        task_type="TOKEN_CLS" if head else "CAUSAL_LM",
        r=rank,
        lora_alpha=alpha,  # type: ignore[arg-type]
        lora_dropout=0.0,
        bias="none",
        target_modules="all-linear",
        exclude_modules=[head] if head else None,
    )
    hollow = model.device.type == "meta"
    with torch.random.fork_rng(), quiet():
        torch.manual_seed(seed)
        adapted = get_peft_model(model, config, low_cpu_mem_usage=hollow)
    if is_quantised(model):
        # TRL rounds the adapters of a model so marked to bfloat16, which loses small updates.
        model.is_loaded_in_4bit = False
    return adapted


def merged(model: Any) -> Any:
    """The plain model with its adapters added to the weights; a model without any as it is.

    Quantised weights are de-quantised first, and the sum is not quantised again: what is returned,
    on the CPU, computes as the model with its adapters does.
    """
    if not hasattr(model, "merge_and_unload"):
        return model
    return _dequantised(model, "cpu") if is_quantised(model) else model.merge_and_unload()


def merged_copy(model: Any) -> Any:
    """As `merged`, with the model's adapters left as they are: a copy where it has any.

    A copy of quantised weights is bfloat16 and on the model's device.
    """
    if not hasattr(model, "merge_and_unload"):
        return model
    copy = deepcopy(model)
    if not is_quantised(model):
        return copy.merge_and_unload()
    import torch

    return _dequantised(copy, str(model.device), torch.bfloat16)


def _dequantised(model: Any, device: str, dtype: Any = None) -> Any:
    """Layer by layer: a GPU that holds the weights in 4 bits need not have room for them whole."""
    import torch
    from peft.tuners.lora import LoraLayer

    layers = model.base_model.model.named_modules()
    adapted = {name: layer for name, layer in layers if isinstance(layer, LoraLayer)}
    plain = model.unload()
    with torch.no_grad():
        for name, module in list(plain.named_modules()):
            if is_quantised_layer(module):
                weight = dequantised_weight(module)
                if name in adapted:
                    weight += adapted[name].get_delta_weight(model.active_adapter)
                rows, columns = weight.shape
                linear = torch.nn.Linear(columns, rows, bias=False, device="meta")
                linear.weight = torch.nn.Parameter(weight.to(device, dtype))
                linear.bias = module.bias
                plain.set_submodule(name, linear)
    plain.hf_quantizer.remove_quantization_config(plain)
    return plain.to(device, dtype or torch.float32)
