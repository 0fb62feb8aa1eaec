"""Running out of memory, said in one line with what to change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redink.errors import ModelError

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


@contextmanager
def told_when_memory_ends(
    step: Callable[[], int], longest: int, *, divisible: bool = True
) -> Iterator[None]:
    """Turns an allocation that failed into a ModelError that names the step and what to change.

    Args:
        step: tells the optimizer steps that are done.
        longest: tokens of the longest row.
        divisible: whether several GPUs could divide the model.
    """
    import torch

    try:
        yield
    except (MemoryError, RuntimeError) as error:
        named = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not named and not any(sign in str(error).lower() for sign in _SIGNS):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        ways = "use method: lora, " + (
            "a smaller student or, on several GPUs, sharding: fsdp2"
            if divisible
            else "or a smaller model"
        )
        raise ModelError(
            f"out of memory in step {step() + 1} ({reason}); lower max_tokens below {longest}, "
            f"the longest row's tokens, {ways}; batch_size changes nothing, a step is computed in "
            "parts"
        ) from None
