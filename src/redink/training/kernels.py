"""Faster kernels for a GPU, where they are installed.

Liger's norms and gated layers (arXiv 2410.10989) do in one pass over memory what torch does in
several; its losses are not used, for the head is redink's own. Attention needs no choice: torch's
own flash kernel takes what has no mask, as each document of a packed row.
"""

import sys
from importlib.util import find_spec
from typing import Any

LIGER = "liger_kernel"
LIGER_TYPES = frozenset({"llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3", "smollm3"})
"""Model types whose layers Liger's replace one for one."""


def uses_liger(device: str, model_type: str, *, installed: bool) -> bool:
    """Whether a model is trained with Liger's norms and gated layers.

    Args:
        device: where it is trained, such as `cuda:0`.
        model_type: of its config.
        installed: whether liger-kernel is.
    """
    return installed and device.startswith("cuda") and model_type in LIGER_TYPES


def with_kernels(model: Any) -> Any:
    """`model` with the kernels that suit it; other models of its type stay as they are."""
    installed = find_spec(LIGER) is not None
    if uses_liger(str(model.device), model.config.model_type, installed=installed):
        put_liger(model)
        print("Liger kernels compute norms and gated layers", file=sys.stderr, flush=True)
    return model


def put_liger(model: Any) -> None:
    """Replaces how the norms and gated layers of one model compute.

    Liger also replaces their classes for every model that is made later, on CPUs too, where its
    kernels cannot run: that is undone.
    """
    from liger_kernel.transformers.monkey_patch import (
        _apply_liger_kernel_to_instance,
    )

    names = vars(sys.modules[type(model).__module__])
    before = dict(names)
    _apply_liger_kernel_to_instance(
        model,
        rope=False,
        rms_norm=True,
        swiglu=True,
        cross_entropy=False,
        fused_linear_cross_entropy=False,
    )
    names.update(before)
