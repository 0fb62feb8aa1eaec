"""What a training will take: steps, time, memory, disk."""

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

from redink.errors import StorageError
from redink.models.loading import default_device
from redink.models.source import ModelSource
from redink.records import Json
from redink.training.batches import largest_micro_batch
from redink.training.footprint import (
    Disk,
    Load,
    Memory,
    available_memory,
    estimated_disk,
    estimated_memory,
    largest_load,
    model_config,
    planned_size,
)
from redink.training.method import Method
from redink.training.preflight import Preflight
from redink.training.speed import training_seconds

BEYOND_TENSORS = 1.32
"""What a training process takes at most, against the tensors counted: the 135M model on two cores
took 2,245 MiB against 1,717 with adapters (1.31), 3,853 against 3,254 with all weights (1.18)."""
SMALLER = "use a smaller student, method: lora or smaller max_tokens"


class Ahead(Protocol):
    """What is known of the room that a training needs."""

    @property
    def disk(self) -> Disk:
        """Bytes on disk."""
        ...

    @property
    def checkpoints(self) -> bool:
        """Whether the training is long enough for one."""
        ...

    @property
    def process(self) -> int:
        """Bytes of memory of one process at its peak."""
        ...

    @property
    def memory_available(self) -> int:
        """Bytes that the device has to spare before the model is loaded."""
        ...


@dataclass(frozen=True)
class Outlook:
    """Figures of a training that has not begun; times and sizes are estimates."""

    steps: int
    warmup_steps: int
    tokens: int
    """Of all epochs, without padding."""
    loss_tokens: int
    seconds: float
    load: Load
    memory: Memory
    memory_available: int
    """Bytes that the device has to spare before the model is loaded."""
    disk: Disk
    checkpoints: bool
    """Whether the training is long enough for one."""

    @property
    def process(self) -> int:
        """Bytes of memory of one process at its peak."""
        return round(self.memory.total * BEYOND_TENSORS)

    def facts(self) -> Json:
        """The figures by name; bytes and seconds."""
        found = asdict(self)
        found["memory"]["total"] = self.memory.total
        found["memory"]["process"] = self.process
        return found

    @property
    def steps_text(self) -> str:
        """Steps, in words."""
        return f"{self.steps:,}, {self.warmup_steps:,} of them warm-up"

    @property
    def memory_text(self) -> str:
        """Memory at its peak, in words."""
        return f"about {gibibytes(self.memory.total)} of tensors, {gibibytes(self.process)} in all"

    @property
    def disk_text(self) -> str:
        """Room that is needed and that is there, in words."""
        return disk_text(self.disk)


def outlook(
    student: ModelSource,
    flight: Preflight,
    order: Sequence[int],
    settings: Json,
    method: Method,
    out: Path,
    *,
    validation: bool = False,
    processes: int = 1,
    sharding: str = "none",
) -> Outlook:
    """Looks ahead at a training without loading its student.

    Args:
        student: where it starts from.
        flight: what it is trained on.
        order: indices of `flight.rows` in the order of training.
        settings: `finetune`'s by name.
        method: how it is trained.
        out: folder of the partial work and of the result.
        validation: whether checkpoints are compared, which keeps one more model.
        processes: that train together.
        sharding: how they divide the model, see `redink.training.sharding`; memory is one's.
    """
    device = default_device()
    counts = flight.counts()
    model = SimpleNamespace(config=model_config(student), device=SimpleNamespace(type=device))
    limit = settings.get("micro_batch_tokens") or largest_micro_batch(device, sharding)
    load = largest_load(
        flight.rows,
        order,
        settings["batch_size"],
        limit,
        packing=method.packs(model, counts["longest"]),
    )
    size = planned_size(student, method)
    steps = -(-len(order) // settings["batch_size"])
    tokens = sum(len(flight.rows[index].ids) for index in order)
    loss_tokens = sum(flight.rows[index].loss_tokens for index in order)
    seconds = training_seconds(size, tokens, loss_tokens, device)
    # Processes on a CPU share its cores.
    seconds /= processes if device == "cuda" else 1
    every = settings["checkpoint_steps"]
    due = steps > every if every else seconds > settings["checkpoint_seconds"]
    return Outlook(
        steps,
        math.ceil(steps * settings["warmup_ratio"]),
        tokens,
        loss_tokens,
        seconds,
        load,
        _share(estimated_memory(student, method, size, load), processes, sharding),
        available_memory(device),
        estimated_disk(size, out, checkpoints=due, validation=validation),
        due,
    )


def _share(memory: Memory, processes: int, sharding: str) -> Memory:
    """What one of several processes holds."""
    if sharding == "none":
        return memory
    return replace(
        memory,
        weights=memory.weights if sharding == "zero2" else memory.weights // processes,
        gradients=memory.gradients // processes,
        optimizer=memory.optimizer // processes,
    )


def check_room(found: Ahead, out: Path, smaller: str = SMALLER) -> None:
    """Refuses a training whose checkpoints or result cannot fit on the disk.

    Args:
        found: what it needs.
        out: its folder.
        smaller: what to do where memory may not suffice.

    Raises StorageError, naming the folder and the sizes. Memory that may not suffice is only
    warned of on standard error: its estimate is no bound.
    """
    disk = found.disk
    if disk.needed > disk.free:
        ways = "free disk space or choose another folder"
        if found.checkpoints:
            ways += ", or set checkpoint_seconds beyond the training's time to keep none"
        raise StorageError(
            f"{out}: training needs {gibibytes(disk.needed)} on disk at its peak (result "
            f"{gibibytes(disk.result)}, each checkpoint {gibibytes(disk.checkpoint)}), "
            f"{gibibytes(disk.free)} are free; {ways}"
        )
    if found.process > found.memory_available:
        print(
            f"warning: training is estimated to take {gibibytes(found.process)} of memory, "
            f"{gibibytes(found.memory_available)} are free; {smaller}",
            file=sys.stderr,
            flush=True,
        )


def disk_text(disk: Disk) -> str:
    """Room that is needed and that is there, in words."""
    needed, result, free = map(gibibytes, (disk.needed, disk.result, disk.free))
    return f"{needed} at its peak, result {result}; {free} free"


def gibibytes(count: int) -> str:
    """Bytes as `1.3 GiB`, small ones as MiB."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
