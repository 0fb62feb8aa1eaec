"""Grading answers again, without generating them again."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redink.errors import DataError
from redink.files import write_atomically
from redink.finished import read_plan
from redink.grading import Grade, grade_many
from redink.plan import MARKER
from redink.records import Response, Score
from redink.run import run_plan
from redink.tables import Table

Judge = Callable[[Table[Score], list[Grade]], list[Grade]]


@dataclass(frozen=True)
class Regraded:
    """What grading one table again changed."""

    name: str
    rows: int
    changes: dict[tuple[str, str], int]
    """(outcome before, outcome now) to the number of answers."""


def regrade(folder: Path, judge: Judge | None = None) -> list[Regraded]:
    """Grades the answers of a run, or of one table of scores or responses, again, in place.

    Args:
        folder: a run folder or a stage's folder.
        judge: decides, from scores and their grades, what rules could not tell.

    A run's finished comparisons are made again from the new scores. Raises DataError for a folder
    that is neither.
    """
    if (folder / "table.json").exists():
        return [_regrade_table(folder, judge)]
    plan = read_plan(folder)
    evaluated = [p for p in plan.stages if p.stage.verb.name == "evaluate" and p.done]
    if not evaluated:
        raise DataError(
            f"{folder}: no finished evaluate stage of this recipe and version; run `redink run` "
            "first: answers that are in its journal are graded without generating"
        )
    found = [_regrade_table(planned.folder, judge, planned.name) for planned in evaluated]
    for planned in plan.stages:
        if planned.stage.verb.name == "compare" and planned.done:
            run_plan(plan, until=planned.name, force=(planned.name,))
    return found


def _regrade_table(folder: Path, judge: Judge | None, name: str = "") -> Regraded:
    table = Table.read(folder)
    if table.kind not in (Score, Response):
        raise DataError(f"{folder}: holds neither scores nor responses; name such a stage")
    rows: list[Any] = list(table)
    answers = [table.responses[r.response_id] if table.kind is Score else r for r in rows]
    grades = grade_many([(a.text, table.problems[a.problem_id], a.finish) for a in answers])
    if judge is not None and table.kind is Score:
        grades = judge(table, grades)
    responses = dict(table.responses)
    for answer, grade in zip(answers, grades, strict=True):
        responses[answer.id] = replace(answer, answer=grade.extracted, outcome=grade.outcome)
    if table.kind is Score:
        rows = [_score(row, grade) for row, grade in zip(rows, grades, strict=True)]
    else:
        rows = [responses[row.id] for row in rows]
    replace(table, rows=tuple(rows), responses=responses).write(folder)
    changes: Counter[tuple[str, str]] = Counter(
        (row.outcome, grade.outcome)
        for row, grade in zip(table, grades, strict=True)
        if row.outcome != grade.outcome
    )
    _note(folder, changes)
    return Regraded(name or folder.name, len(rows), dict(changes))


def _score(score: Score, grade: Grade) -> Score:
    return replace(
        score,
        outcome=grade.outcome,
        extracted=grade.extracted,
        compared_by=grade.compared_by,
        why=grade.why,
    )


def _note(folder: Path, changes: Counter[tuple[str, str]]) -> None:
    """Keeps in the stage's marker that its answers were graded again."""
    path = folder / MARKER
    if path.exists():
        facts = json.loads(path.read_text())
        told = {f"{before} -> {now}": count for (before, now), count in changes.items()}
        facts["regraded"] = [*facts.get("regraded", []), told]
        write_atomically(path, json.dumps(facts, indent=2, ensure_ascii=False).encode())
