"""Threads and memory of a process that trains or generates on the CPU."""

import ctypes
import os
import sys
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def available_cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def prepare_process() -> bool:
    """Sets waiting, threads and the allocator, once per process, before torch's first use.

    Says whether glibc took the allocator's settings. By default glibc gives every large tensor
    fresh pages and returns them at once, so that a training step spends its time in page faults.
    Keeping freed memory in the heap (no mmap, no trim) needs no preload and no restart.
    `python -m benchmarks.training_speed` measures both. Where `MALLOC_MMAP_MAX_`,
    `OMP_NUM_THREADS` or `OMP_WAIT_POLICY` is set already, that stands.
    """
    # Threads that spin while they wait starve each other as soon as a second process computes:
    # training on 2 cores beside another one ran at 19 tokens/s spinning, at 170 sleeping.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(available_cores())
    if not sys.platform.startswith("linux") or "MALLOC_MMAP_MAX_" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1))


def release_memory() -> None:
    """Gives what a finished stage has freed back to the system.

    The heap that `prepare_process` keeps grows from stage to stage otherwise: the quickstart's
    four trainings went from 4.9 to 6.8 GiB.
    """
    import gc

    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
