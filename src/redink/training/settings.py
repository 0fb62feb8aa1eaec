"""Settings of one fine-tuning."""

from typing import Any, Literal, get_args

from redink.errors import UsageError

OverLength = Literal["drop", "truncate", "raise"]
"""What becomes of an example longer than `max_tokens`. A cut critique loses its verdict and its
end of turn, so that `drop` is the default."""


def check_settings(
    *,
    learning_rate: float,
    epochs: float,
    batch_size: int,
    max_tokens: int,
    warmup_ratio: float,
    weight_decay: float,
    checkpoint_seconds: float,
    checkpoint_steps: int | None,
    over_length: OverLength = "drop",
    verb: str = "finetune",
    **others: Any,
) -> None:
    """Raises UsageError, naming `verb` and the setting, for a value that no training can have."""

    def require(holds: bool, name: str, value: object, accepted: str) -> None:
        if not holds:
            raise UsageError(f"{verb}: {name} = {value} makes no sense; use {accepted}")

    require(learning_rate > 0, "learning_rate", learning_rate, "above 0, such as 5e-6")
    require(epochs > 0, "epochs", epochs, "above 0; 0.5 is half an epoch")
    require(batch_size >= 1, "batch_size", batch_size, "1 or more, in examples")
    require(max_tokens >= 8, "max_tokens", max_tokens, "8 or more")
    require(0 <= warmup_ratio < 1, "warmup_ratio", warmup_ratio, "0 or more and below 1")
    require(weight_decay >= 0, "weight_decay", weight_decay, "0 or more")
    require(checkpoint_seconds > 0, "checkpoint_seconds", checkpoint_seconds, "above 0")
    steps_fit = checkpoint_steps is None or checkpoint_steps >= 1
    require(steps_fit, "checkpoint_steps", checkpoint_steps, "1 or more, or left out")
    ways = get_args(OverLength)
    require(over_length in ways, "over_length", over_length, ", ".join(ways[:-1]) + " or raise")
