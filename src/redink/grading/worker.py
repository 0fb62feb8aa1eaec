"""The worker process: `python -m redink.grading.worker LIMIT_SECONDS MEMORY_BYTES`.

Reads one JSON list `[gold, answer]` a line from standard input and answers each with one JSON
string, a `symbolic.Comparison` or `memory`. It ends when its input closes, so it does not
outlive its owner; while busy, a timer whose default action is death does the same.
"""

import json
import os
import signal
import sys


def main() -> None:
    """Serves comparisons until standard input closes."""
    limit, memory = float(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not be read as an answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    from redink.grading.symbolic import compare

    compare("1/2", "\\frac{1}{2}")  # loads the parser before the first clock starts
    _limit_memory(memory)
    answers.write('"ready"\n')
    for line in sys.stdin:
        gold, answer = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            outcome: str = compare(gold, answer)
        except MemoryError:
            outcome = "memory"
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(outcome) + "\n")


def _limit_memory(limit: int) -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or hard > limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    main()
