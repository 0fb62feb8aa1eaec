"""Threads and memory of a process that trains or generates on the CPU."""

import ctypes
import gc
import os
import sys
from functools import cache
from typing import Any

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
    `python -m benchmarks.training_speed` measures both. `REDINK_MALLOC=default` leaves the
    allocator alone; where `OMP_NUM_THREADS` or `OMP_WAIT_POLICY` is set already, that stands.
    """
    # Threads that spin while they wait starve each other as soon as a second process computes:
    # training on 2 cores beside another one ran at 19 tokens/s spinning, at 170 sleeping. Threads
    # that sleep at once wake late: alone on the machine, 256 tokens took 1.4 s, against 0.75 s
    # with a short spin, and 2048 tokens 5.0 s against 4.0 s.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(available_cores())
    mallopt = _libc_function("mallopt")
    if mallopt is None or os.environ.get("REDINK_MALLOC") == "default":
        return False
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1))


def release_memory() -> None:
    """Gives the memory of dropped models back to the system, which kept heaps do not by themselves.

    Reference cycles (a trainer and its callbacks) are collected first.
    """
    gc.collect()
    trim = _libc_function("malloc_trim")
    if trim is not None:
        trim(0)


def _libc_function(name: str) -> Any:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
