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
    """Sets the allocator and the threads, once per process; says whether glibc took the settings.

    By default glibc gives every large tensor fresh pages and returns them at once, so that a
    training step spends its time in page faults. Keeping freed memory in the heap instead
    (no mmap, no trim) costs no preload and no restart.
    `python -m benchmarks.training_speed` measures both. Where `MALLOC_MMAP_MAX_`,
    `OMP_NUM_THREADS` or another allocator is set, that stands.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(available_cores())
    if not sys.platform.startswith("linux") or "MALLOC_MMAP_MAX_" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1))
