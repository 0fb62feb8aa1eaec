"""What the processes of a training are given, and what they say when one fails: JSON files.

A folder beside the partial work holds `work.json` and `examples.jsonl`; a process that fails
leaves `failure-<place>.json`, a word about an unforeseen error in it and the traceback beside it.
"""

import json
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from redink import errors
from redink.errors import ModelError, RedinkError
from redink.files import write_atomically
from redink.models.source import ModelSource
from redink.records import Example, Json, from_row, to_row
from redink.training.validation_plan import ValidationPlan

WORK, EXAMPLES, FAILURE = "work.json", "examples.jsonl", "failure"


@dataclass(frozen=True)
class Work:
    """A training as its processes read it; see `train` for the fields."""

    student: ModelSource
    examples: tuple[Example, ...]
    settings: Json
    out: Path
    label: str
    validation: ValidationPlan | None
    key: str
    """The training's, see `training_key`."""
    processes: int
    sharding: str


def write_work(folder: Path, work: Work) -> None:
    """Writes a training into `folder`."""
    lines = "".join(json.dumps(to_row(example)) + "\n" for example in work.examples)
    write_atomically(folder / EXAMPLES, lines.encode())
    facts = {
        "student": {"name": work.student.name, "folder": str(work.student.folder)},
        "settings": work.settings,
        "out": str(work.out),
        "label": work.label,
        "validation": work.validation.to_json() if work.validation else None,
        "key": work.key,
        "processes": work.processes,
        "sharding": work.sharding,
    }
    write_atomically(folder / WORK, json.dumps(facts).encode())


def read_work(folder: Path) -> Work:
    """The training that `write_work` wrote."""
    facts = json.loads((folder / WORK).read_text())
    with (folder / EXAMPLES).open() as stream:
        examples = tuple(from_row(Example, json.loads(line)) for line in stream)
    student = ModelSource(facts["student"]["name"], Path(facts["student"]["folder"]))
    plan = facts["validation"]
    return Work(
        student,
        examples,
        facts["settings"],
        Path(facts["out"]),
        facts["label"],
        ValidationPlan.from_json(plan) if plan else None,
        facts["key"],
        facts["processes"],
        facts["sharding"],
    )


@dataclass(frozen=True)
class Failure:
    """How one process ended."""

    place: int
    kind: str
    """The error's class."""
    message: str
    time: float
    """Seconds since 1970."""


def write_failure(folder: Path, place: int, error: BaseException) -> None:
    """Notes that the process at `place` ends with `error`."""
    text = str(error) or type(error).__name__
    failure = Failure(place, type(error).__name__, text, time.time())
    write_atomically(folder / f"{FAILURE}-{place}.json", json.dumps(asdict(failure)).encode())
    if not isinstance(error, RedinkError):
        lines = "".join(traceback.format_exception(error))
        write_atomically(folder / f"{FAILURE}-{place}.txt", lines.encode())


def raise_failure(folder: Path) -> None:
    """Raises what made a training's processes end.

    redink's own errors are raised as they were; they go before unforeseen ones, for a process
    whose neighbour has ended fails in its turn. Without any note a process was killed.
    """
    failures = sorted(_failures(folder), key=lambda failure: failure.time)
    known = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    for failure in failures:
        kind = known.get(failure.kind)
        if kind is not None and issubclass(kind, RedinkError):
            raise kind(failure.message)
    if failures:
        first = failures[0]
        line = first.message.strip().splitlines()[0]
        raise ModelError(
            f"process {first.place} of the training failed ({first.kind}: {line}); its traceback "
            f"is in {folder / f'{FAILURE}-{first.place}.txt'}, the same command goes on from the "
            "last checkpoint"
        )
    raise ModelError(
        "a process of the training ended without a word, as when the system kills one because "
        "memory has run out; use fewer processes, method: lora or a smaller student (what they "
        f"said is in {folder}), then run the same command again: it goes on from the last "
        "checkpoint"
    )


def _failures(folder: Path) -> Iterator[Failure]:
    for path in folder.glob(f"{FAILURE}-*.json"):
        facts: dict[str, Any] = json.loads(path.read_text())
        yield Failure(**facts)
