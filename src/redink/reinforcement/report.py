"""What a reinforcement will draw and take: printed before it begins, and kept."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from redink.files import write_atomically
from redink.reinforcement.outlook import PolicyOutlook, policy_outlook
from redink.reinforcement.task import Task
from redink.training.group import is_first
from redink.training.outlook import check_room, disk_text, gibibytes
from redink.training.report import REPORT

if TYPE_CHECKING:
    from rich.console import Console

SMALLER = (
    "use a smaller student, fewer max_tokens, a smaller batch_size, with ppo method: lora, or with "
    "another algorithm beta: 0, which needs no reference"
)


def look_ahead(task: Task) -> None:
    """Prints a training's outlook on standard error and writes it to its `preflight.json`.

    Of several processes that train together the first does. Raises StorageError where the disk
    cannot hold the training.
    """
    if not is_first():
        return
    found = policy_outlook(
        task.student,
        task.tokenizer,
        task.problems,
        task.algorithm,
        task.drawing,
        task.settings,
        task.out,
        validation=task.validation is not None,
    )
    _announce(task.label, found, task.out)


def _announce(label: str, found: PolicyOutlook, out: Path) -> None:
    from rich.console import Console

    print_outlook(label, found, Console(file=sys.stderr))
    text = json.dumps({"label": label, **found.facts()}, indent=2)
    write_atomically(out / REPORT, text.encode())
    check_room(found, out, SMALLER)


def print_outlook(label: str, found: PolicyOutlook, console: "Console") -> None:
    """Prints problems, rollouts, memory and disk."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(label), title_justify="left", show_header=False)
    for name, text in _lines(found):
        table.add_row(name, Text(text))
    console.print(table)


def _lines(found: PolicyOutlook) -> list[tuple[str, str]]:
    memory, prompts = found.memory, found.prompts
    activations = "unknown" if memory.activations is None else gibibytes(memory.activations)
    return [
        ("problems", f"{found.problems:,}"),
        ("prompts", f"p50 {prompts['p50']:,}, longest {prompts['longest']:,} tokens"),
        (
            "rollouts",
            f"{found.rollouts:,} in {found.steps:,} steps, of at most {found.max_tokens:,} tokens",
        ),
        (
            "memory",
            f"about {gibibytes(found.tensors)} of tensors, {gibibytes(found.process)} in all\n"
            f"weights {gibibytes(memory.weights)}, gradients {gibibytes(memory.gradients)}, "
            f"optimizer {gibibytes(memory.optimizer)}\nreference {gibibytes(found.reference)}, "
            f"the copy that draws {gibibytes(found.copy)}, its cache {gibibytes(found.cache)}\n"
            f"activations {activations} ({found.load.rows} x {found.load.length:,} tokens), logits "
            f"{gibibytes(memory.logits)} ({found.load.loss_tokens:,} tokens with loss)",
        ),
        ("disk", disk_text(found.disk)),
    ]
