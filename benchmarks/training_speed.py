"""How fast training is, and how much memory it takes: the allocator and the projection.

    python -m benchmarks.training_speed [--steps 4] [--model smollm2-135m]

Trains in a process of its own for each configuration, on random tokens in rows of realistic
lengths: with glibc's default allocator or redink's settings, and projecting onto the vocabulary
at every position or only where there is loss. The last line is one JSON object: for each
configuration `tokens_per_second`, `tokens_per_cpu_second`, `page_faults` and `peak_gib`, and
`growth_gib`, by how much resident memory grew over the later half of the steps.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONFIGURATIONS = {
    "default-full": ("default", "full"),
    "default-loss-only": ("default", "loss-only"),
    "redink-full": ("redink", "full"),
    "redink-loss-only": ("redink", "loss-only"),
}
"""Name → allocator, projection."""
WARM_UP = 2
"""Steps that are not counted."""
ROWS = 16
"""Rows in a step."""


def main() -> None:
    """Runs every configuration and prints the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=4, help="steps measured per configuration")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--data", help="not used")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.model, options.child == "full", options.steps)))
        return
    figures = {}
    head = f"{'configuration':<20} {'tok/s':>7} {'tok/cpu-s':>10} {'faults':>9} {'peak GiB':>9}"
    print(head, "growth GiB")
    for name, (allocator, projection) in CONFIGURATIONS.items():
        found = run_child(allocator, projection, options.steps, options.model)
        figures[name] = found
        print(
            f"{name:<20} {found['tokens_per_second']:>7.0f} "
            f"{found['tokens_per_cpu_second']:>10.0f} {found['page_faults']:>9} "
            f"{found['peak_gib']:>9.2f} {found['growth_gib']:>10.2f}",
            flush=True,
        )
    print(json.dumps(figures))


def run_child(allocator: str, projection: str, steps: int, model: str) -> dict[str, Any]:
    """One configuration in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.training_speed", "--child", projection]
    done = subprocess.run(
        [*command, "--steps", str(steps), "--model", model],
        env=os.environ | {"REDINK_MALLOC": allocator},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(model_name: str, full: bool, steps: int) -> dict[str, float]:
    """Trains for a few steps in this process and measures all but the first."""
    from redink.models.loading import load_model, load_tokenizer
    from redink.models.quiet import quiet
    from redink.models.resolve import resolve_model

    source = resolve_model(model_name)
    tokenizer, model = load_tokenizer(source), load_model(source, "float32")
    from redink.training import trainer as training

    if full:
        training.loss_positions = all_positions
    rows = random_rows(ROWS * (WARM_UP + steps), len(tokenizer))
    watch = stopwatch()
    with quiet(), tempfile.TemporaryDirectory() as folder:
        training.build_trainer(
            model,
            tokenizer,
            training.ordered_dataset(rows, range(len(rows))),
            [watch],
            folder=Path(folder),
            learning_rate=5e-6,
            batch_size=ROWS,
            warmup_ratio=0.1,
            weight_decay=0.0,
            seed=0,
        ).train()
    first, last = watch.marks[WARM_UP - 1], watch.marks[-1]
    middle = watch.marks[WARM_UP - 1 + steps // 2]
    tokens = sum(len(row.ids) for row in rows[ROWS * WARM_UP :])
    return {
        "tokens_per_second": round(tokens / (last["wall"] - first["wall"]), 1),
        "tokens_per_cpu_second": round(tokens / (last["cpu"] - first["cpu"]), 1),
        "page_faults": last["faults"] - first["faults"],
        "peak_gib": round(last["peak"], 2),
        "growth_gib": round(last["resident"] - middle["resident"], 2),
    }


def random_rows(count: int, vocabulary: int) -> list[Any]:
    """Rows of 60 to 320 random tokens, loss on the last 40 %."""
    from redink.training.encoding import Encoded

    draw = random.Random(0)
    lengths = [draw.randint(60, 320) for _ in range(count)]
    return [
        Encoded(tuple(draw.randrange(100, vocabulary) for _ in range(n)), int(n * 0.6), n)
        for n in lengths
    ]


def all_positions(labels_B_T: Any) -> tuple[Any, Any]:
    """What `loss_positions` saves: every position, without loss or with."""
    import torch

    targets_B_T = torch.full_like(labels_B_T, -100)
    targets_B_T[:, :-1] = labels_B_T[:, 1:]
    return torch.arange(labels_B_T.numel()), targets_B_T.flatten()


def stopwatch() -> Any:
    """A callback that notes time and memory after each step."""
    import psutil
    from transformers import TrainerCallback

    class Stopwatch(TrainerCallback):
        def __init__(self) -> None:
            self.marks: list[dict[str, float]] = []

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            usage = resource.getrusage(resource.RUSAGE_SELF)
            self.marks.append(
                {
                    "wall": time.monotonic(),
                    "cpu": usage.ru_utime + usage.ru_stime,
                    "faults": usage.ru_minflt,
                    "peak": usage.ru_maxrss / 2**20,
                    "resident": psutil.Process().memory_info().rss / 2**30,
                }
            )

    return Stopwatch()


if __name__ == "__main__":
    main()
