"""torchrun, without its report of what failed: the processes write their own.

    python -m redink.training.agent FOLDER PROCESSES WORKER

WORKER is the module that each of them runs, with FOLDER.

What it says itself goes to FOLDER/agent.log; what the processes say goes to standard error.
"""

import sys
from pathlib import Path


def main(folder: Path, processes: int, worker: str) -> int:
    """Starts the processes and waits for them; returns 0 where all of them did their part."""
    sys.stderr = (folder / "agent.log").open("w", buffering=1)
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    try:
        # The address spares a look-up of this machine's name, which not every network answers.
        local = ["--standalone", "--local-addr", "127.0.0.1"]
        torchrun([*local, "--nproc-per-node", str(processes), "-m", worker, str(folder)])
    except (ChildFailedError, SignalException) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
