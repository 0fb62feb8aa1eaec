"""What the processes of a training are given, as JSON files in a folder."""

import json
from dataclasses import dataclass
from pathlib import Path

from redink.files import write_atomically
from redink.models.source import ModelSource
from redink.records import Json, Problem, from_row, to_row
from redink.training.validation_plan import ValidationPlan

WORK, PROBLEMS = "work.json", "problems.jsonl"


@dataclass(frozen=True)
class Work:
    """A training as its processes read it; see `train_policy` for most of the fields."""

    student: ModelSource
    problems: tuple[Problem, ...]
    settings: Json
    """`algorithm` among them."""
    out: Path
    label: str
    validation: ValidationPlan | None
    scorer: str | None
    """See `opened_reward`."""
    journal: Path | None
    processes: int


def write_work(folder: Path, work: Work) -> None:
    """Writes a training into `folder`."""
    lines = "".join(json.dumps(to_row(problem)) + "\n" for problem in work.problems)
    write_atomically(folder / PROBLEMS, lines.encode())
    facts = {
        "student": {"name": work.student.name, "folder": str(work.student.folder)},
        "settings": work.settings,
        "out": str(work.out),
        "label": work.label,
        "validation": work.validation.to_json() if work.validation else None,
        "scorer": work.scorer,
        "journal": str(work.journal) if work.journal else None,
        "processes": work.processes,
    }
    write_atomically(folder / WORK, json.dumps(facts).encode())


def read_work(folder: Path) -> Work:
    """The training that `write_work` wrote."""
    facts = json.loads((folder / WORK).read_text())
    with (folder / PROBLEMS).open() as stream:
        problems = tuple(from_row(Problem, json.loads(line)) for line in stream)
    plan, journal = facts["validation"], facts["journal"]
    return Work(
        ModelSource(facts["student"]["name"], Path(facts["student"]["folder"])),
        problems,
        facts["settings"],
        Path(facts["out"]),
        facts["label"],
        ValidationPlan.from_json(plan) if plan else None,
        facts["scorer"],
        Path(journal) if journal else None,
        facts["processes"],
    )
