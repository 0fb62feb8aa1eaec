"""The viewer on a large training: time of its curves, of pages of rollouts while they grow.

    python -m benchmarks.viewing_rollouts [--rollouts 100000] [--characters 2000]

Writes the logs of a reinforcement with that many rollouts (texts of about that many characters) as
the training does, serves the run in a process of its own over HTTP as `redink view` does, and asks
as the page does: the first page of rollouts indexes the log, the others read what they show. Then
a step is logged and the first page asked for again; then the log is taken back by half, as a
training does that goes on from a checkpoint. Memory is the server's resident memory at its highest.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.viewing import REPEATS, SENTENCES, memory, served, took

SAMPLES, PROBLEMS, DISTINCT = 8, 10, 5000
"""Rollouts of a problem and problems in a step; problems in all."""
STAGE = "policy"


def main() -> None:
    """Prints a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=100_000)
    parser.add_argument("--characters", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        run = Training(Path(name) / "run", options.characters)
        steps = options.rollouts // (SAMPLES * PROBLEMS)
        run.log(1, steps)
        size = (run.folder / "rollouts.jsonl").stat().st_size
        figures = {
            "rollouts": steps * SAMPLES * PROBLEMS,
            "steps": steps,
            "log_mb": round(size / 1e6),
            **measure(run, steps),
        }
    for key, value in figures.items():
        print(f"{key:28} {value}")
    print(json.dumps(figures))


class Training:
    """A run whose one training logs what it is told to.

    Args:
        run: folder of the run.
        characters: of a rollout's text, about.
    """

    def __init__(self, run: Path, characters: int) -> None:
        from redink.records import Problem
        from redink.reinforcement.rollouts import RolloutLog
        from redink.tables import problem_table

        self.run, self.folder, self.characters = run, run / f"{STAGE}-0123456789", characters
        self.draw = random.Random(0)
        questions = [f"Question {n}: {' '.join(self.draw.choices(SENTENCES, k=3))}"
                     for n in range(DISTINCT)]  # fmt: skip
        self.problems = [Problem(f"p{n:015d}", text, str(n)) for n, text in enumerate(questions)]
        problem_table(self.problems).write(run / "problems-0123456789")
        (run / "problems-0123456789" / "stage.json").write_text('{"verb": "load"}')
        (run / "run.json").write_text('{"recipe": "large"}')
        self.folder.mkdir()
        self.logs = RolloutLog(self.folder)
        self.logs.rewind(0)

    def log(self, first: int, last: int) -> None:
        """Logs steps `first` to `last`."""
        from redink.reinforcement.rollouts import figures_of

        for step in range(first, last + 1):
            chosen = self.draw.choices(self.problems, k=PROBLEMS)
            rows = [self._rollout(step, one, sample) for one in chosen for sample in range(SAMPLES)]
            self.logs.append(rows, figures_of(step, rows, 30.0) | {"loss": 0.1, "grad_norm": 1.0})

    def _rollout(self, step: int, problem: Any, sample: int) -> Any:
        from redink.reinforcement.rollouts import LoggedRollout

        draw, right = self.draw, self.draw.random() < 0.5
        text = "\n".join(draw.choices(SENTENCES, k=self.characters // 62))
        return LoggedRollout(
            f"r{draw.getrandbits(64):016x}", step, problem.id, sample, text, 500, "stop",
            "correct" if right else "wrong", problem.answer if right else "0", float(right),
            {"correct": float(right), "format": 1.0},
            ("repetition",) if draw.random() < 0.01 else (), draw.gauss(0, 1), 0.001, 0.4, -0.4,
        )  # fmt: skip


def measure(run: Training, steps: int) -> dict[str, Any]:
    """Serves the run and asks; milliseconds, medians of repeats where the page asks again."""
    rows, total = f"api/rollouts/{STAGE}", steps * SAMPLES * PROBLEMS
    with served(run.run) as (address, pid):
        figures: dict[str, Any] = {"run_ms": took(address, "api/run")}
        figures["curves_ms"] = took(address, f"api/training/{STAGE}")
        figures["curves_again_ms"] = took(address, f"api/training/{STAGE}")
        figures |= _timed("first_page", address, rows, pid)
        offsets = [f"offset={n * total // REPEATS}" for n in range(REPEATS)]
        figures["page_ms"] = _median(address, rows, offsets)
        filters = ["fault=repetition", "outcome=wrong&trained=yes", f"step={steps // 2}",
                   f"problem={run.problems[7].id}"]  # fmt: skip
        figures["filter_ms"] = _median(address, rows, filters)
        figures["first_search_ms"] = took(address, rows, q="hypotenuse")
        figures["search_ms"] = _median(address, rows, ["q=boxes", "q=%22Question+77%22"])
        ids = _ids(address, rows, total)
        items = [took(address, f"api/rollout/{STAGE}/{one}") for one in ids]
        figures["item_ms"] = round(statistics.median(items), 1)
        run.log(steps + 1, steps + 1)
        figures["page_after_a_step_ms"] = took(address, rows)
        figures["curves_after_a_step_ms"] = took(address, f"api/training/{STAGE}")
        run.logs.rewind(steps // 2)
        figures |= _timed("page_after_a_rewind", address, rows, pid)
        return {**figures, **memory(pid)}


def _timed(name: str, address: str, path: str, pid: int) -> dict[str, float]:
    """One question's time, and what of it the server's processor took."""
    import psutil

    server = psutil.Process(pid)
    before, elapsed = sum(server.cpu_times()[:2]), took(address, path)
    used = sum(server.cpu_times()[:2]) - before
    return {f"{name}_ms": elapsed, f"{name}_processor_ms": round(1000 * used)}


def _ids(address: str, rows: str, total: int) -> list[str]:
    import urllib.request

    found = []
    for number in range(REPEATS):
        url = f"{address}{rows}?limit=1&offset={number * total // REPEATS}"
        with urllib.request.urlopen(url, timeout=120) as reply:
            found.append(json.load(reply)["rows"][0]["id"])
    return found


def _median(address: str, path: str, queries: Sequence[str]) -> float:
    times = [took(address, f"{path}?{query}") for query in queries for _ in range(REPEATS)]
    return round(statistics.median(times), 1)


if __name__ == "__main__":
    main()
