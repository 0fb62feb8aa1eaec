"""`redink audit critiques --repair`: asks teachers again for the critiques that failed."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.audit.repair import Question, Repair, repair
from redink.edits import read_edited
from redink.errors import DataError, UsageError
from redink.records import Critique
from redink.tables import Table, response_table

JOURNAL = "completions.sqlite"
OWN_BUDGET = ("accept", "keep", "max_cost", "max_tokens_total", "journal")
"""Settings of the stage that a repair does not take over."""


@dataclass(frozen=True)
class Repairing:
    """How to ask again: as the table's stage did, with another draw."""

    settings: Mapping[str, Any]
    """Of the stage that made the table."""
    journal: Path
    max_cost: float | None = None
    max_tokens: int | None = None
    """New tokens at most for a critique that was cut off; None for twice as many as before."""

    def ask(self, questions: Sequence[Question]) -> dict[str, Critique]:
        """Asks each question of the teacher who wrote the old critique.

        A greedy teacher would only repeat itself, so that it is asked for cut-off critiques alone.
        Raises UsageError or DataError where the settings no longer fit, ModelError or BudgetError
        as the teacher does; what was answered is in the journal then.
        """
        groups: dict[tuple[str, bool], dict[str, Question]] = {}
        for question in questions:
            if question.needs_room or self.settings.get("temperature", 1):
                key = self._teacher(question), question.needs_room
                groups.setdefault(key, {}).setdefault(question.row.response.id, question)
        found: dict[str, Critique] = {}
        for (teacher, _), asked in groups.items():
            for critique in self._critiques(teacher, list(asked.values())):
                found[asked[critique.response_id].row.critique.id] = critique
        return found

    def _critiques(self, teacher: str, questions: Sequence[Question]) -> Table[Critique]:
        from redink.stages.critique import critique

        responses = response_table(
            [question.row.response for question in questions],
            {question.row.problem.id: question.row.problem for question in questions},
        )
        settings = _accepted(critique, self.settings) | {
            "teacher": teacher,
            "journal": self.journal,
            "max_cost": self.max_cost,
            "seed": self.settings.get("seed", 0) + questions[0].attempt,
        }
        if questions[0].needs_room:
            twice = self.settings["max_tokens"] * 2 ** questions[0].attempt
            settings["max_tokens"] = self.max_tokens or twice
        made: Table[Critique] = critique(responses, **settings)
        return made

    def _teacher(self, question: Question) -> str:
        """The name under which the stage knew the writer of a critique."""
        from redink.teachers.llm import teacher_name

        given = self.settings["teacher"]
        names = [given] if isinstance(given, str) else list(given)
        writer = question.row.critique.teacher
        asked = [name for name in names if name != "symbolic"]
        fitting = [name for name in asked if teacher_name(name) == writer]
        fitting = fitting or (asked if len(asked) == 1 else [])
        if len(fitting) != 1:
            raise DataError(
                f"critique {question.row.critique.id}: teacher {writer!r} is none, or several, of "
                f"the stage's ({', '.join(names)}); make the critiques again with `redink critique`"
            )
        return fitting[0]


def repair_folder(
    folder: Path,
    out: Path | None,
    *,
    disagreements: bool = False,
    grade: bool = False,
    journal: Path | None = None,
    max_cost: float | None = None,
    max_tokens: int | None = None,
) -> Repair:
    """Writes a repaired copy of the table in `folder` to `out`.

    Raises UsageError without a new folder to write to, DataError where the table does not say
    how it was made, and whatever the teacher raises.
    """
    if out is None:
        raise UsageError("--repair: name a new folder for the mended table with -o")
    if (out / "table.json").exists() or out.resolve() == folder.resolve():
        raise UsageError(f"-o {out}: holds a table already; name a new folder for the mended one")
    table: Table[Critique] = read_edited(folder)
    settings = _settings(table, folder)
    runs = folder.resolve().parent / JOURNAL
    place = journal or (runs if runs.exists() else out / JOURNAL)
    repairing = Repairing(settings, place, max_cost, max_tokens)
    found = repair(table, repairing.ask, disagreements=disagreements, grade=grade)
    found.table.write(out)
    return found


def told(found: Repair) -> list[str]:
    """What a repair did, in lines."""
    if not found.asked:
        return ["Nothing to repair: the table was copied as it is."]
    lines = [
        f"asked again: {count} ({reason}), mended {found.mended.get(reason, 0)}"
        for reason, count in found.asked.items()
    ]
    if found.unanswered:
        lines.append(
            f"without an answer: {found.unanswered} (the request failed, or temperature 0 would "
            "give the same text); these rows stay as they were"
        )
    if found.table.provenance["repaired"][-1]["selected_on_grader"]:
        lines.append(
            "Disagreements were asked again and replaced only by critiques that agree: this "
            "selects on the grader, and agreement now says nothing about the teacher."
        )
    return lines


def _settings(table: Table[Critique], folder: Path) -> Mapping[str, Any]:
    settings: Any = table.provenance.get("settings")
    if table.provenance.get("verb") != "critique" or not isinstance(settings, Mapping):
        raise DataError(
            f"{folder}: table.json does not say which teacher and settings made it; name the "
            "folder of the critique stage itself"
        )
    for name in ("teacher", "max_tokens"):
        if name not in settings:
            raise DataError(
                f"{folder}: table.json has no setting {name!r}, it is of an older version; make "
                "the critiques again"
            )
    if settings.get("engine") == "journal":
        raise UsageError(
            f"{folder}: its completions came from results of a batch runner, so that nobody can "
            "be asked again here; write another batch file with `redink critique --batch-file`"
        )
    return settings


def _accepted(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded settings that the function still takes."""
    known = set(inspect.signature(function).parameters) - set(OWN_BUDGET)
    return {name: value for name, value in settings.items() if name in known}
