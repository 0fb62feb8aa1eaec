"""Loading a model and its tokenizer: safetensors only, no code from the model's folder."""

from typing import Any

from redink.errors import ModelError
from redink.models.memory import prepare_process
from redink.models.quiet import quiet
from redink.models.source import ModelSource
from redink.models.template import conversation_text, give_plain_template, settle_template
from redink.records import Message

_PAD_NAMES = ("<pad>", "<|pad|>", "[PAD]", "<|finetune_right_pad_id|>", "<|endoftext|>", "<unk>")


def default_device() -> str:
    """`cuda` where a GPU is visible, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_model(source: ModelSource, dtype: str = "float32", device: str | None = None) -> Any:
    """The causal language model of `source`, in evaluation mode.

    Args:
        source: what `resolve_model` returned.
        dtype: `float32`, `bfloat16` or `float16`.
        device: a torch device; None takes `default_device()`.

    Raises ModelError where the folder holds no model that transformers can load.
    """
    prepare_process()
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    try:
        with quiet():
            model = AutoModelForCausalLM.from_pretrained(
                source.folder,
                dtype=getattr(torch, dtype),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{source.name}: cannot be loaded ({_first_line(error)}); {_HINT}"
        ) from None
    return model.to(device or default_device()).eval()


def load_tokenizer(source: ModelSource, *, chat: bool = True) -> Any:
    """The tokenizer of `source`, with a chat template and a padding token.

    The padding token differs from the end-of-sequence token wherever the vocabulary has another
    one to offer. The chat template renders the same at any time (`settle_template`).

    Args:
        source: what `resolve_model` returned.
        chat: whether a model without a chat template, as base models are, gets redink's plain one.

    Raises ModelError where there is no tokenizer, or neither a chat template nor an end of
    sequence to make one with.
    """
    prepare_process()
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(
                source.folder, trust_remote_code=False, local_files_only=True
            )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{source.name}: its tokenizer cannot be loaded ({_first_line(error)}); {_HINT}"
        ) from None
    if tokenizer.chat_template:
        settle_template(tokenizer)
    elif chat:
        give_plain_template(tokenizer, source.name)
    if tokenizer.pad_token is None or tokenizer.pad_token == tokenizer.eos_token:
        tokenizer.pad_token = _other_pad(tokenizer) or tokenizer.eos_token
    return tokenizer


_HINT = "the folder must be a text model saved by transformers 5 with safetensors weights"


def end_of_turn_ids(tokenizer: Any, generation_config: Any = None) -> tuple[int, ...]:
    """Every token id that ends a turn: the template's own, the tokenizer's and the model's."""
    named = getattr(generation_config, "eos_token_id", None)
    ids = list(named) if isinstance(named, list | tuple) else [named]
    ids += [tokenizer.eos_token_id, template_end_of_turn(tokenizer)]
    return tuple(dict.fromkeys(i for i in ids if i is not None))


def template_end_of_turn(tokenizer: Any) -> int | None:
    """The special token that the chat template writes after an assistant's text, if any."""
    if not tokenizer.chat_template:
        return None
    answer = "8642097531"
    turn = [Message("user", "x"), Message("assistant", answer)]
    _, _, after = conversation_text(turn, tokenizer).rpartition(answer)
    tail = tokenizer(after, add_special_tokens=False)["input_ids"]
    special = set(control_tokens(tokenizer).values())
    return next((token for token in tail if token in special), None)


def control_tokens(tokenizer: Any) -> dict[str, int]:
    """Every token that steers rather than says something, by its text.

    `tokenizer.all_special_tokens` knows only those with a role (end of sequence, padding, …).
    """
    added = tokenizer.added_tokens_decoder
    return {token.content: number for number, token in added.items() if token.special}


def _other_pad(tokenizer: Any) -> str | None:
    vocabulary = tokenizer.get_vocab()
    return next(
        (name for name in _PAD_NAMES if name in vocabulary and name != tokenizer.eos_token), None
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
