"""The processes that train one model together: torchrun starts them and tells each its place."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

Found = TypeVar("Found")
PATIENCE = timedelta(hours=2)
"""How long one process waits for the others: the first may be writing a large checkpoint. A
process that ends is noticed at once, by whoever started them."""


def process_count() -> int:
    """Processes that train together (torchrun says how many)."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def place() -> int:
    """This process's number among them, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_first() -> bool:
    """Whether this process is the one that prints, decides and writes."""
    return place() == 0


def join() -> None:
    """Meets the other processes; each takes the GPU of its place where there are GPUs."""
    import torch

    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        backend = "cpu:gloo,cuda:nccl"
    torch.distributed.init_process_group(backend, timeout=PATIENCE)


def leave() -> None:
    """Undoes `join`."""
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def agreed(find: Callable[[], Found]) -> Found:
    """What the first process finds, in every process; `find` is called in the first alone."""
    if process_count() == 1:
        return find()
    from torch import distributed

    shared = [find() if is_first() else None]
    distributed.broadcast_object_list(shared, src=0)
    return shared[0]  # type: ignore[return-value]


def wait_for_all() -> None:
    """Returns once every process has come here."""
    if process_count() > 1:
        from torch import distributed

        distributed.barrier()
