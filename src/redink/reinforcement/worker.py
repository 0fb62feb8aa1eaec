"""One of the processes that train a policy together; torchrun runs this module in each.

    python -m redink.reinforcement.worker FOLDER

FOLDER is what `write_work` wrote. Standard input is held open by whoever started the training: at
its end this process ends too, so that none outlives a killed parent.
"""

import sys
from pathlib import Path

from redink.reinforcement.algorithms import trainer_of
from redink.reinforcement.marking import opened_reward
from redink.reinforcement.work import read_work
from redink.training.group import leave
from redink.training.worker import end, join_all, main


def train_policy(folder: Path) -> None:
    """This process's part of the work in `folder`."""
    work = read_work(folder)
    join_all(work.processes)
    train = trainer_of(work.settings["algorithm"])
    with opened_reward(work.settings, work.scorer, work.journal) as reward:
        train(
            work.student,
            work.problems,
            reward,
            work.settings,
            work.out,
            work.label,
            work.validation,
        )
    leave()


if __name__ == "__main__":
    end(main(Path(sys.argv[1]), train_policy))
