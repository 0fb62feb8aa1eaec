"""`redink doctor`: what works on this machine."""

import importlib.util
import shutil
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from redink.errors import RedinkError
from redink.machine import gpu, hardware, version_of, versions

EXTRAS = {"vllm": "vllm", "ray": "ray", "deepspeed": "deepspeed"}


def doctor_command() -> int:
    """Prints the check list; returns 0 where the quickstart can run, 1 otherwise."""
    machine = hardware()
    grid = Grid("", "what", "found", box=None, header_style="bold")
    for name, version in versions().items():
        grid.add_row("ok", name, version)
    grid.add_row("ok", "processor", f"{machine['processor']}, {machine['cores']} cores")
    enough = machine["memory_gib"] >= 8
    grid.add_row("ok" if enough else "low", "memory", f"{machine['memory_gib']} GiB (8 are enough)")
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    grid.add_row("ok" if free >= 6 else "low", "free disk here", f"{free:.0f} GiB (6 are enough)")
    grid.add_row("ok", "GPU", gpu() or "none: training and evaluation use the processor")
    for extra, module in EXTRAS.items():
        found = version_of(module) if importlib.util.find_spec(module) else None
        grid.add_row("ok" if found else "-", f"extra {extra}", found or "not installed (optional)")
    ready = _add_model(grid)
    Console().print(grid)
    if ready:
        print("\nReady: redink run quickstart")
    return 0 if ready else 1


def _add_model(grid: Grid) -> bool:
    from redink.models.resolve import resolve_model

    try:
        source = resolve_model("smollm2-135m")
    except RedinkError as error:
        grid.add_row("MISSING", "model smollm2-135m", str(error))
        return False
    grid.add_row("ok", "model smollm2-135m", str(source.folder))
    return True
