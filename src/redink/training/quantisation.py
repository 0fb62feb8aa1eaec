"""The frozen weights of QLoRA (arXiv 2305.14314, section 3): 4-bit NormalFloat, scales included.

Linear layers but the output head are held so; embeddings, norms and the head stay float32. A
quantised weight is de-quantised whenever it multiplies, so that gradients pass through it to the
adapters.
"""

import logging
from importlib.util import find_spec
from typing import Any

from redink.errors import MissingExtraError, ModelError
from redink.models.loading import default_device
from redink.models.memory import prepare_process
from redink.models.quiet import quiet
from redink.models.source import ModelSource

BYTES = (4 + 8 / 64 + 32 / (64 * 256)) / 8
"""Of a quantised weight: 4 bits, an 8-bit scale for 64 of them, a float32 one for 256 scales."""


def require_quantisation() -> None:
    """Raises MissingExtraError where bitsandbytes is not installed."""
    if find_spec("bitsandbytes") is None:
        raise MissingExtraError(
            "finetune: method = qlora needs bitsandbytes; pip install 'redink[qlora]', or use "
            "method: lora, with a smaller student where memory is short"
        )
    # Once imported it names a package with a faster kernel, which fetches code from the hub.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def load_quantised(source: ModelSource, precision: str, device: str | None = None) -> Any:
    """The causal language model of `source` with 4-bit weights, in evaluation mode.

    Args:
        source: what `resolve_model` returned.
        precision: of matrix products, `bf16` or `fp32`.
        device: a torch device; None takes `default_device()`.

    Raises MissingExtraError without bitsandbytes, ModelError where the folder holds no model that
    can be loaded so.
    """
    require_quantisation()
    prepare_process()
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if precision == "bf16" else torch.float32,
    )
    try:
        with quiet():
            model = AutoModelForCausalLM.from_pretrained(
                source.folder,
                dtype=torch.float32,
                quantization_config=config,
                device_map={"": device or default_device()},
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{source.name}: cannot be loaded in 4 bits ({str(error).strip().splitlines()[0]}); "
            "use method: lora"
        ) from None
    for module in model.modules():
        # bitsandbytes 0.50 would repack a CPU's weights outside training, their scales in bfloat16:
        # other weights from then on, and none of a width that is no multiple of 64.
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model.eval()


def is_quantised(model: Any) -> bool:
    """Whether any weight of `model` is held in 4 bits."""
    return any(is_quantised_layer(module) for module in model.modules())


def is_quantised_layer(module: Any) -> bool:
    """Whether a module's own weight is held in 4 bits."""
    return hasattr(getattr(module, "weight", None), "quant_state")


def dequantised_weight(module: Any) -> Any:
    """A 4-bit layer's weight in float32, on its device."""
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(module.weight.data, module.weight.quant_state).float()


def quantised_parameters(model: Any) -> int:
    """How many weights of a model in float32 `load_quantised` holds in 4 bits."""
    import torch

    head = model.get_output_embeddings()
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    return sum(module.weight.numel() for module in linear)
