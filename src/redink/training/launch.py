"""Training in several processes of this machine: what must hold, and what each is given."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from redink.errors import UsageError
from redink.models.loading import default_device
from redink.models.source import ModelSource
from redink.records import Example, Json
from redink.training.method import method_of
from redink.training.processes import carry_out, check_count, gpu_count
from redink.training.result import training_key
from redink.training.settings import check_settings
from redink.training.sharding import check_sharding
from redink.training.training import train

if TYPE_CHECKING:
    from redink.training.validation_plan import ValidationPlan


def train_in_processes(
    student: ModelSource,
    examples: Sequence[Example],
    settings: Json,
    out: Path,
    label: str,
    validation: "ValidationPlan | None" = None,
    *,
    processes: int,
    sharding: str = "none",
) -> Path:
    """`train`, in several processes of this machine: one to a GPU, or several on its CPU cores.

    Losses and weights are those of one process but for rounding. The processes end with this one,
    however it ends, and go on from the last checkpoint when they are called again.

    Args:
        student: the model to start from.
        examples: prompt-completion examples.
        settings: `finetune`'s settings by name; batch_size is that of all processes together.
        out: folder of the partial work and of the result.
        label: names the training in what is printed.
        validation: how the checkpoint that is returned is chosen; without it, the last is.
        processes: that train together; 1 trains in this process.
        sharding: how they divide the model, see `redink.training.sharding`.

    Returns `out/model`. Raises UsageError where the machine or the settings do not allow it, and
    whatever a process raises, as it raised it.
    """
    check_settings(**settings)
    method = method_of(settings)
    check_processes(processes, settings["batch_size"])
    check_sharding(sharding, processes, default_device())
    if processes == 1:
        return train(student, examples, settings, out, label, validation)
    key = training_key(student, examples, settings)
    from redink.training.work import Work, write_work

    work = Work(
        student, tuple(examples), settings, out, label, validation, key, processes, sharding
    )
    return carry_out(
        out,
        key,
        lambda folder: write_work(folder, work),
        worker="redink.training.worker",
        processes=processes,
        sharding=sharding,
        precision=method.precision,
    )


def check_processes(processes: int, batch_size: int) -> None:
    """Raises UsageError where so many processes cannot train together here."""
    check_count("finetune", processes)
    if batch_size % processes:
        raise UsageError(
            f"finetune: batch_size = {batch_size} does not divide among {processes} processes; "
            f"use a multiple of {processes}"
        )


def check_gpus(gpus: int) -> None:
    """Raises UsageError where a recipe's `hardware` names more GPUs than this machine has."""
    found = gpu_count()
    if gpus > found:
        raise UsageError(
            f"hardware: {gpus} GPUs are asked for and this machine shows {found}; write "
            + (f"gpus: {found}" if found else "processes: 2 to train on its CPU cores")
        )
