"""Models with a token head of one logit: made from a base, loaded again, read at positions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.errors import ModelError
from redink.models.loading import default_device
from redink.models.memory import prepare_process
from redink.models.quiet import quiet
from redink.models.source import ModelSource

if TYPE_CHECKING:
    import torch

HEADS = ("score", "classifier")
"""What transformers' token classifiers call their heads."""
_ALIKE = 1e-4


def load_base(source: ModelSource, seed: int, device: str | None = None) -> Any:
    """The model of `source` in float32 with a fresh token head of one logit, without dropout on it.

    Args:
        source: what `resolve_model` returned; one that is a scorer already keeps its head.
        seed: of the head's first weights.
        device: a torch device; None takes `default_device()`.

    Raises ModelError for an architecture that transformers has no token head for, or whose tokens
    see those behind them.
    """
    import torch

    config = _config(source)
    _require_token_head(config, source.name)
    config.num_labels, config.classifier_dropout = 1, 0.0
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _load(source, "float32", device, fresh=HEADS, config=config)
    require_causal(model, source.name)
    return model


def load_scorer_model(source: ModelSource, dtype: str, device: str | None = None) -> Any:
    """The model of a scorer as it was saved, in evaluation mode.

    Raises ModelError where it cannot be loaded or its head has not one logit.
    """
    config = _config(source)
    if config.num_labels != 1:
        raise ModelError(
            f"{source.name}: its head has {config.num_labels} logits, a scorer's has one; fit the "
            "scorer again"
        )
    return _load(source, dtype, device)


def head_name(model: Any) -> str:
    """The attribute that holds the model's token head."""
    return next(name for name in HEADS if hasattr(model, name))


def logits_at(model: Any, batch: Mapping[str, Any]) -> "torch.Tensor":
    """The head's logits at a micro-batch's positions.

    The head computes in float32 (bfloat16 keeps 8 bits of a logit), and only where it is asked.

    Args:
        model: of transformers, adapters in it or not.
        batch: `input_ids` and `attention_mask` (int64, shape (B, T)), `positions` (int64, shape
            (N,)): flat indices into (B*T).

    Returns logits, float32, shape (N,).
    """
    import torch

    hidden_B_T_H = getattr(model, model.base_model_prefix)(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    ).last_hidden_state
    hidden_N_H = hidden_B_T_H.flatten(0, 1)[batch["positions"]]
    head = getattr(model, head_name(model))
    with torch.autocast(hidden_N_H.device.type, enabled=False):
        logits_N_1: torch.Tensor = head(hidden_N_H.to(next(head.parameters()).dtype))
    return logits_N_1[:, 0].float()


def require_causal(model: Any, name: str) -> None:
    """Raises ModelError where a token of the model sees those behind it.

    All prefixes of a response are scored in one pass, which is only right where it does not.
    """
    import torch

    ids_2_T = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 2]], device=model.device)
    with torch.no_grad():
        base = getattr(model.eval(), model.base_model_prefix)
        hidden_2_T_H = base(input_ids=ids_2_T, use_cache=False).last_hidden_state
    if not torch.allclose(hidden_2_T_H[0, :3], hidden_2_T_H[1, :3], atol=_ALIKE, rtol=_ALIKE):
        raise ModelError(
            f"{name}: its tokens see those behind them, so a prefix's score would change with what "
            "follows it; choose a causal language model, such as smollm2-135m"
        )


def architectures(source: ModelSource) -> list[str]:
    """The classes of transformers that a model's weights were saved from, as far as it says so."""
    return list(_config(source).architectures or ())


def scorer_file(folder: Path, name: str) -> Any:
    """The content of a JSON file of a scorer's folder; raises ModelError where it is none."""
    try:
        return json.loads((folder / name).read_text())
    except FileNotFoundError:
        inner = folder / "model"
        hint = f"; did you mean {inner}?" if (inner / name).is_file() else ""
        raise ModelError(
            f"{folder} is no scorer: it holds no {name}; name the result of a `fit` stage (its "
            f"folder `model`); a model made by finetune scores nothing{hint}"
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder / name}: cannot be read ({error}); fit the scorer again"
        ) from None


def _config(source: ModelSource) -> Any:
    prepare_process()
    from transformers import AutoConfig

    try:
        with quiet():
            return AutoConfig.from_pretrained(
                source.folder, trust_remote_code=False, local_files_only=True
            )
    except (OSError, ValueError, KeyError) as error:
        raise _unloadable(source, error) from None


def _load(
    source: ModelSource,
    dtype: str,
    device: str | None,
    fresh: tuple[str, ...] = (),
    **settings: Any,
) -> Any:
    """Args: `fresh`: modules that may be drawn anew; every other weight must be in the folder."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForTokenClassification

    try:
        with quiet():
            model, info = AutoModelForTokenClassification.from_pretrained(
                source.folder,
                output_loading_info=True,
                dtype=getattr(torch, dtype),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                **settings,
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unloadable(source, error) from None
    missing = sorted(key for key in info["missing_keys"] if key.split(".")[0] not in fresh)
    if missing:
        raise ModelError(
            f"{source.name}: its weights lack {missing[0]} (and {len(missing) - 1} more), which "
            "would be drawn at random; choose another folder, or make the model again"
        )
    return model.to(device or default_device()).eval()


def _require_token_head(config: Any, name: str) -> None:
    from transformers import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING

    if type(config) not in MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING:
        raise ModelError(
            f"{name}: transformers has no token classification head for models of type "
            f"{config.model_type}; choose a base of another type, such as llama (smollm2-135m is "
            "one), qwen2, qwen3, gemma2, mistral, phi3 or smollm3"
        )


def _unloadable(source: ModelSource, error: Exception) -> ModelError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ModelError(
        f"{source.name}: cannot be loaded ({reason}); the folder must be a text model saved by "
        "transformers 5 with safetensors weights: copy it whole, or make the model again"
    )
