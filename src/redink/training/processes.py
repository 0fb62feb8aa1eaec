"""Work that several processes of this machine do together: started, watched and ended from here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from redink.errors import ModelError, StorageError, UsageError
from redink.machine import cores
from redink.training.group import process_count
from redink.training.method import Precision
from redink.training.result import RESULT, finished_result
from redink.training.sharding import write_configuration

WORK = "processes"
"""Folder of what the processes are given and say."""
ENDING_SECONDS = 20.0
"""Given to processes that are told to end before they are killed."""


def carry_out(
    out: Path,
    key: str,
    write: Callable[[Path], None],
    *,
    worker: str,
    processes: int,
    sharding: str,
    precision: Precision,
) -> Path:
    """The result of a training in several processes; a finished one is returned at once.

    Args:
        out: folder of the partial work and of the result.
        key: see `redink.training.result.training_key`.
        write: writes into a folder what the processes are to do.
        worker: the module that each of them runs, with that folder.
        processes: how many.
        sharding: how they divide the model.
        precision: of matrix products.

    Raises StorageError where the folder cannot be made, ModelError where they leave no result, and
    whatever a process raises, as it raised it.
    """
    finished = finished_result(out / RESULT, key)
    folder = (out / WORK).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    if finished is not None:
        return finished
    from redink.training.work import raise_failure

    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made ({error.strerror}); check the disk") from None
    write(folder)
    write_configuration(out, processes, sharding, precision)
    if run_processes(folder, processes, worker) != 0:
        raise_failure(folder)
    if not (out / RESULT).is_dir():
        raise ModelError(f"{out}: the processes ended without a result; see {folder}, run it again")
    shutil.rmtree(folder, ignore_errors=True)
    return out / RESULT


def check_count(verb: str, processes: int) -> None:
    """Raises UsageError, naming the verb, where so many processes cannot work together here."""
    if process_count() > 1:
        raise UsageError(
            f"redink was itself started {process_count()} times over (WORLD_SIZE is set, as "
            "torchrun does); start it once, plainly: it starts the processes itself"
        )
    if processes < 1:
        raise UsageError(f"{verb}: processes = {processes} makes no sense; use 1 or more")
    gpus = gpu_count()
    if gpus and processes > gpus:
        raise UsageError(
            f"{verb}: {processes} processes need a GPU each, and this machine shows {gpus}; use "
            f"{gpus} or fewer (hardware: {{gpus: {gpus}}}), or make more visible "
            "(CUDA_VISIBLE_DEVICES)"
        )


def gpu_count() -> int:
    """GPUs that this process sees."""
    import torch

    return torch.cuda.device_count()


def run_processes(folder: Path, processes: int, worker: str) -> int:
    """Runs the processes to their end; returns 0 where all of them did their part.

    Args:
        folder: of the work; what they say goes there too.
        processes: how many.
        worker: the module that each of them runs, with `folder`.
    """
    environment = os.environ | {"OMP_NUM_THREADS": str(max(1, cores() // processes))}
    module = "redink.training.agent"
    command = [sys.executable, "-m", module, str(folder), str(processes), worker]
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
