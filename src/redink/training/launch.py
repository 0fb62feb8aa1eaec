"""Training in several processes of this machine: started, watched and ended from here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from redink.errors import ModelError, StorageError, UsageError
from redink.machine import cores
from redink.models.loading import default_device
from redink.models.source import ModelSource
from redink.records import Example, Json
from redink.training.group import process_count
from redink.training.method import method_of
from redink.training.result import RESULT, finished_result, training_key
from redink.training.settings import check_settings
from redink.training.sharding import check_sharding, write_configuration
from redink.training.training import train

if TYPE_CHECKING:
    from redink.training.validation_plan import ValidationPlan

WORK = "processes"
"""Folder of what the processes are given and say."""
ENDING_SECONDS = 20.0
"""Given to processes that are told to end before they are killed."""


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
    finished = finished_result(out / RESULT, key)
    folder = (out / WORK).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    if finished is not None:
        return finished
    from redink.training.work import Work, raise_failure, write_work

    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made ({error.strerror}); check the disk") from None
    work = Work(
        student, tuple(examples), settings, out, label, validation, key, processes, sharding
    )
    write_work(folder, work)
    write_configuration(out, processes, sharding, method.precision)
    if _run(folder, processes) != 0:
        raise_failure(folder)
    if not (out / RESULT).is_dir():
        raise ModelError(f"{out}: the processes ended without a result; see {folder}, run it again")
    shutil.rmtree(folder, ignore_errors=True)
    return out / RESULT


def check_processes(processes: int, batch_size: int) -> None:
    """Raises UsageError where so many processes cannot train together here."""
    if process_count() > 1:
        raise UsageError(
            f"redink was itself started {process_count()} times over (WORLD_SIZE is set, as "
            "torchrun does); start it once, plainly: it starts the processes itself"
        )
    if processes < 1:
        raise UsageError(f"finetune: processes = {processes} makes no sense; use 1 or more")
    gpus = _gpus()
    if gpus and processes > gpus:
        raise UsageError(
            f"finetune: {processes} processes need a GPU each, and this machine shows {gpus}; use "
            f"{gpus} or fewer (hardware: {{gpus: {gpus}}}), or make more visible "
            "(CUDA_VISIBLE_DEVICES)"
        )
    if batch_size % processes:
        raise UsageError(
            f"finetune: batch_size = {batch_size} does not divide among {processes} processes; "
            f"use a multiple of {processes}"
        )


def check_gpus(gpus: int) -> None:
    """Raises UsageError where a recipe's `hardware` names more GPUs than this machine has."""
    found = _gpus()
    if gpus > found:
        raise UsageError(
            f"hardware: {gpus} GPUs are asked for and this machine shows {found}; write "
            + (f"gpus: {found}" if found else "processes: 2 to train on its CPU cores")
        )


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _run(folder: Path, processes: int) -> int:
    """Runs the processes to their end; returns 0 where all of them did their part."""
    environment = os.environ | {"OMP_NUM_THREADS": str(max(1, cores() // processes))}
    command = [sys.executable, "-m", "redink.training.agent", str(folder), str(processes)]
    # A session of its own: Ctrl-C on the terminal reaches this process alone, which ends them.
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, start_new_session=True
    ) as agent:
        try:
            return agent.wait()
        finally:
            _end(agent)


def _end(agent: "subprocess.Popen[bytes]") -> None:
    """Ends the processes, where they have not ended: first by the end of their standard input."""
    if agent.stdin is not None:
        agent.stdin.close()
    try:
        agent.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        agent.kill()
