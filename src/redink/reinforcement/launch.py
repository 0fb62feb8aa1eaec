"""Reinforcement in several processes of this machine: started, watched and ended from here."""

from collections.abc import Sized
from pathlib import Path

from redink.errors import UsageError
from redink.records import Json
from redink.reinforcement.algorithms import algorithm_settings_of
from redink.reinforcement.identity import policy_key
from redink.reinforcement.work import Work, write_work
from redink.training.method import method_of
from redink.training.processes import carry_out, check_count


def reinforce_in_processes(work: Work) -> Path:
    """The training of `work`, in `work.processes` processes: one to a GPU, or several on CPU cores.

    Rollouts are shared among them; rollouts, steps and weights are those of one process but for
    rounding. The processes end with this one, however it ends, and go on from the last checkpoint
    when they are called again.

    Returns `out/model`. Raises UsageError where the machine or the settings do not allow it, and
    whatever a process raises, as it raised it.
    """
    check_processes(work.processes, work.problems, work.settings)
    key = policy_key(work.student, work.problems, work.settings, work.validation)
    return carry_out(
        work.out,
        key,
        lambda folder: write_work(folder, work),
        worker="redink.reinforcement.worker",
        processes=work.processes,
        sharding="none",
        precision=method_of(work.settings, "reinforce").precision,
    )


def check_sharding(sharding: str) -> None:
    """Raises UsageError for a model that is to be divided among processes: none is, here."""
    if sharding != "none":
        raise UsageError(
            f"reinforce: sharding = {sharding} is not supported: every process keeps the whole "
            "policy, its optimizer, the copy that draws and the reference, moving or fixed; write "
            "sharding: none in this stage (several processes share the rollouts all the same), and "
            "take a student that fits one GPU so"
        )


def check_processes(processes: int, problems: Sized, settings: Json) -> None:
    """Raises UsageError where so many processes cannot train together here.

    Args:
        processes: that are to train.
        problems: that rollouts are drawn for.
        settings: of the training, by name.
    """
    check_count("reinforce", processes)
    found = algorithm_settings_of(settings)
    step = min(found.problems_per_step, len(problems)) * found.samples
    if 0 < step < processes:
        raise UsageError(
            f"reinforce: {step} rollouts a step do not go round {processes} processes; use fewer "
            "processes, or more problems_per_step or samples"
        )
