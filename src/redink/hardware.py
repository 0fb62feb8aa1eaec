"""What a recipe's `hardware:` asks for: how many processes train together, and on what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redink.errors import RecipeError

FIELDS = ("gpus", "processes", "sharding")


@dataclass(frozen=True)
class Hardware:
    """`hardware: {gpus: 8, sharding: fsdp2}` or `{processes: 2}`: what changes no result."""

    gpus: int | None = None
    """One process trains on each."""
    processes: int | None = None
    """On the CPU's cores, where there are no GPUs."""
    sharding: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What every finetune and reinforce stage is told, where it says nothing else."""
        found = {"processes": self.gpus or self.processes, "sharding": self.sharding}
        return {name: value for name, value in found.items() if value is not None}


def read_hardware(value: Any, source: str) -> Hardware:
    """A recipe's `hardware:`, checked; what has no number is left to each stage.

    Args:
        value: as read from YAML; None where the recipe says nothing.
        source: the recipe, for messages.

    Raises RecipeError for a field that there is not and a value that cannot be.
    """
    if value is None:
        return Hardware()
    shown = "hardware: {gpus: 8} or hardware: {processes: 2}"
    if not isinstance(value, Mapping):
        raise RecipeError(f"{source}: hardware must be a mapping such as {shown}, not {value!r}")
    unknown = sorted(set(map(str, value)) - set(FIELDS))
    if unknown:
        raise RecipeError(
            f"{source}: hardware has no field {unknown[0]!r}; it has {', '.join(FIELDS)}"
        )
    for name in ("gpus", "processes"):
        number = value.get(name)
        if number is not None and (type(number) is not int or number < 1):
            raise RecipeError(f"{source}: hardware: {name} must be 1 or more, not {number!r}")
    if value.get("gpus") is not None and value.get("processes") is not None:
        raise RecipeError(
            f"{source}: hardware names gpus and processes; one process trains on each GPU, so "
            "name one of them"
        )
    sharding = value.get("sharding")
    if sharding is not None and not isinstance(sharding, str):
        raise RecipeError(f"{source}: hardware: sharding must be a word, not {sharding!r}")
    return Hardware(value.get("gpus"), value.get("processes"), sharding)
