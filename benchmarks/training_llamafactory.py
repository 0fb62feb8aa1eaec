"""LLaMA-Factory's side of `benchmarks.training`, run by the Python in which it is installed.

    PYTHON benchmarks/training_llamafactory.py ROWS.json [BATCH_SIZE LEARNING_RATE WARM_UP]

It trains on a tokenised data set of its own format (`tokenized_path`): the same token ids and loss
masks in the same order. Beyond what all systems share it is set as in its own examples: bfloat16
autocast over float32 weights, gradient checkpointing (its default), here with 8 rows a device. It
imports nothing of redink and needs no image or audio library. The last line is one JSON object.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS_ON_A_DEVICE = 8
IGNORED = -100
"""The label of a token that carries no loss."""


def main(rows: str, batch_size: str, learning_rate: str, warm_up: str) -> None:
    """Trains once and prints the figures."""
    work = json.loads(Path(rows).read_text())
    with tempfile.TemporaryDirectory() as folder:
        tokenised = Path(folder, "tokenised")
        write_rows(work["rows"], tokenised)
        settings = settings_for(work["folder"], tokenised, Path(folder, "out"), int(batch_size))
        settings |= {"learning_rate": float(learning_rate), "warmup_steps": float(warm_up)}
        print(json.dumps(trained(settings, work)))


def write_rows(rows: list[Any], folder: Path) -> None:
    """Rows (token ids, first and last place with loss) as a data set that needs no tokenizing."""
    from datasets import Dataset, DatasetDict

    columns: dict[str, list[Any]] = {"input_ids": [], "attention_mask": [], "labels": []}
    for ids, start, stop in rows:
        columns["input_ids"].append(ids)
        columns["attention_mask"].append([1] * len(ids))
        after = len(ids) - stop
        columns["labels"].append([IGNORED] * start + ids[start:stop] + [IGNORED] * after)
    DatasetDict({"train": Dataset.from_dict(columns)}).save_to_disk(str(folder))


def settings_for(model: str, tokenised: Path, out: Path, batch_size: int) -> dict[str, Any]:
    """LLaMA-Factory's settings, but for learning rate and warm-up."""
    import torch

    rows = min(ROWS_ON_A_DEVICE, batch_size)
    return {
        "model_name_or_path": model,
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "template": "chatml",
        "dataset": "tokenised",
        "tokenized_path": str(tokenised),
        "output_dir": str(out),
        "disable_shuffling": True,
        "per_device_train_batch_size": rows,
        "gradient_accumulation_steps": batch_size // rows,
        "num_train_epochs": 1.0,
        "lr_scheduler_type": "cosine",
        "bf16": True,
        "use_cpu": not torch.cuda.is_available(),
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
    }


def trained(settings: dict[str, Any], work: dict[str, Any]) -> dict[str, Any]:
    """Speed, memory and losses of one training."""
    from llamafactory.train.tuner import run_exp
    from transformers import TrainerCallback

    losses: list[float] = []
    found: dict[str, Any] = {}

    class Stopwatch(TrainerCallback):
        marks: tuple[float, ...] = ()

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.marks = (time.monotonic(),)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.marks = (self.marks[0], time.monotonic())

        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **kwargs: Any) -> None:
            losses.extend([logs["loss"]] if "loss" in logs else [])

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seconds = self.marks[1] - self.marks[0]
            tokens = sum(len(ids) for ids, _, _ in work["rows"])
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            found["tokens_per_second"] = round(tokens / seconds, 1)
            found["seconds"] = round(seconds, 2)
            found["peak_gib"] = round(peak, 2)

    run_exp(settings, callbacks=[Stopwatch()])
    found["losses"] = [round(loss, 5) for loss in losses]
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
