"""Running out of memory, said in one line with what to change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redink.errors import ModelError

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


@contextmanager
def told_when_memory_ends(step: Callable[[], int], longest: int) -> Iterator[None]:
    """Turns an allocation that failed into a ModelError that names the step and what to change.

    Args:
        step: tells the optimizer steps that are done.
        longest: tokens of the longest row.
    """
    import torch

    try:
        yield
    except (MemoryError, RuntimeError) as error:
        named = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not named and not any(sign in str(error).lower() for sign in _SIGNS):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"out of memory in step {step() + 1} ({reason}); lower max_tokens below {longest}, "
            "the longest row's tokens, use method: lora, a smaller student or, on several GPUs, "
            "sharding: fsdp2; batch_size changes nothing, a step is computed in parts"
        ) from None
