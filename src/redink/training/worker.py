"""One of the processes that train together; torchrun runs this module in each.

    python -m redink.training.worker FOLDER

FOLDER is what `write_work` wrote. Standard input is held open by whoever started the training: at
its end this process ends too, so that none outlives a killed parent.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from redink.errors import UsageError
from redink.models.memory import prepare_process
from redink.training.group import is_first, join, leave, place, process_count
from redink.training.training import train_together
from redink.training.work import read_work, write_failure


def main(folder: Path, train: Callable[[Path], None]) -> int:
    """Does its part of the training; returns the exit status, having noted any failure.

    Args:
        folder: of the work.
        train: reads the work there and does this process's part.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if not is_first():
        _write_output_to(folder / f"process-{place()}.log")
    try:
        train(folder)
    except Exception as error:
        write_failure(folder, place(), error)
        return 1
    return 0


def _train(folder: Path) -> None:
    work = read_work(folder)
    join_all(work.processes)
    train_together(
        work.student,
        work.examples,
        work.settings,
        work.out,
        work.label,
        work.validation,
        key=work.key,
        sharding=work.sharding,
    )
    leave()


def join_all(processes: int) -> None:
    """Joins the group of the processes that train together.

    Raises UsageError where another number of them was started.
    """
    if process_count() != processes:
        raise UsageError(
            f"{processes} processes were to train and {process_count()} were started; run the same "
            "command again, or set processes: 1"
        )
    prepare_process()
    join()


def end(status: int) -> None:
    """Ends this process at once."""
    sys.stdout.flush()
    sys.stderr.flush()
    # A process in a collective whose partner is gone may never finish its interpreter's exit.
    os._exit(status)


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _write_output_to(path: Path) -> None:
    """Everything that this process prints goes to a file: the first process's is enough to see."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


if __name__ == "__main__":
    end(main(Path(sys.argv[1]), _train))
