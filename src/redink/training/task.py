"""A training that is settled but for the model's weights."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from redink.models.loading import load_model
from redink.models.source import ModelSource, fingerprint
from redink.models.template import template_note
from redink.records import Example, Json
from redink.training.group import is_first, process_count
from redink.training.method import Method, method_of
from redink.training.preflight import Preflight
from redink.training.sharding import layout


@dataclass(frozen=True)
class Task:
    """What is trained, on what, how and where; see `train` for most of the fields."""

    student: ModelSource
    tokenizer: Any
    examples: Sequence[Example]
    flight: Preflight
    order: list[int]
    """Indices of the rows in the order of training."""
    settings: Json
    out: Path
    label: str
    key: str
    """See `training_key`."""
    sharding: str

    @property
    def method(self) -> Method:
        """How it is trained."""
        return method_of(self.settings)

    @cached_property
    def step_tokens(self) -> list[int]:
        """Tokens of each step, without padding."""
        size, rows = self.settings["batch_size"], self.flight.rows
        lengths = [len(rows[index].ids) for index in self.order]
        return [sum(lengths[start : start + size]) for start in range(0, len(lengths), size)]

    @cached_property
    def longest(self) -> int:
        """Tokens of the longest row."""
        return max(len(row.ids) for row in self.flight.rows)

    @property
    def layout(self) -> str:
        """What its checkpoints' files are cut for."""
        return layout(self.sharding, process_count())

    def model(self, device: str | None = None) -> Any:
        """The model as training begins."""
        return self.method.prepared(self.method.load(self.student, device), self.settings["seed"])

    def model_to_ask(self) -> Any:
        """As `model`, in the type of matrix products."""
        dtype = "bfloat16" if self.method.precision == "bf16" else "float32"
        return self.method.prepared(load_model(self.student, dtype), self.settings["seed"])

    def say(self, text: str) -> None:
        """Prints a line, once for all processes."""
        if is_first():
            print(f"{self.label}: {text}", file=sys.stderr, flush=True)


def training_facts(task: Task, trainer: Any, packing: bool, seconds: float) -> Json:
    """What `training.json` tells.

    Args:
        task: the training.
        trainer: the `CompletionTrainer` that did it.
        packing: whether its rows were packed.
        seconds: that it took.
    """
    from redink.training.callbacks import losses

    note, count = template_note(task.tokenizer), process_count()
    tokens = sum(task.step_tokens)
    return {
        "key": task.key,
        "student": {"name": task.student.name, "fingerprint": fingerprint(task.student)},
        "settings": task.settings,
        **task.method.facts(packing),
        **({"processes": count, "sharding": task.sharding} if count > 1 else {}),
        "rows": task.flight.counts(),
        **({"template": note} if note else {}),
        "examples": len(task.order),
        "steps": len(task.step_tokens),
        "tokens": tokens,
        "loss_tokens": sum(task.flight.rows[row].loss_tokens for row in task.order),
        "seconds": round(seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
        "device": str(trainer.args.device),
        "versions": {name: version(name) for name in ("torch", "transformers", "trl")},
        "losses": losses(trainer.state),
    }
