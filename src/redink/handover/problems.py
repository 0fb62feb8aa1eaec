"""The problems of a training that is handed over, and the files of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.errors import UsageError
from redink.formats.writing import write_rows
from redink.grading.grader import grade_many
from redink.handover.marking import PROBLEMS
from redink.handover.prompts import RenderedPrompt
from redink.problems.overlap import overlap
from redink.records import Json, Problem, to_row
from redink.reinforcement.order import ProblemOrder
from redink.reinforcement.policy import Policy
from redink.rewards import is_critique_task
from redink.tables import Table

PROMPTS, VALIDATION = "prompts.jsonl", "validation.jsonl"
Prompts = Mapping[str, RenderedPrompt]


@dataclass(frozen=True)
class TrainingProblems:
    """Problems by id."""

    trained_on: Mapping[str, Problem]
    validation: Mapping[str, Problem]
    unreadable: tuple[str, ...]
    """Left out: no grader can read their reference answer."""

    @classmethod
    def of(cls, problems: Table[Any], validation: Table[Problem] | None) -> "TrainingProblems":
        """Those of the tables that a grader can decide."""
        given = problems.problems
        asked = [problem for problem in given.values() if not is_critique_task(problem)]
        grades = grade_many([(f"\\boxed{{{one.answer}}}", one, "stop") for one in asked])
        unreadable = tuple(
            one.id
            for one, grade in zip(asked, grades, strict=True)
            if grade.outcome == "gold_unparsable"
        )
        kept = {key: one for key, one in given.items() if key not in unreadable}
        return cls(kept, dict(validation.problems) if validation is not None else {}, unreadable)

    @property
    def all(self) -> list[Problem]:
        """Those of both."""
        return [*self.trained_on.values(), *self.validation.values()]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user is to know of them."""
        if not self.unreadable:
            return ()
        some = ", ".join(self.unreadable[:5])
        return (
            f"{len(self.unreadable)} problems whose reference answer no grader can read were left "
            f"out: {some}",
        )

    def check(self, policy: Policy, parts: Mapping[str, float]) -> None:
        """Raises UsageError where a step could not be filled, validation is on trained problems,
        or the reward (`parts`, weights by part) does not say whether they are solved."""
        needed = policy.settings.problems_per_step
        if len(self.trained_on) < needed:
            raise UsageError(
                f"hand-over: {len(self.trained_on)} problems are fewer than problems_per_step = "
                f"{needed}, and OpenRLHF wants whole batches; give it more, or lower it"
            )
        shared = overlap(self.validation.values(), self.trained_on.values())
        if shared:
            raise UsageError(
                f"hand-over: {len(shared)} of the {len(self.validation)} problems of the "
                f"validation table are trained on too (first: {min(shared)}); validate on others"
            )
        for problem in self.all:
            part = "verdict" if is_critique_task(problem) else "correct"
            if part not in parts:
                raise UsageError(
                    f"hand-over: problem {problem.id} needs a reward with the part {part}, and it "
                    f"has {', '.join(parts)}; add it to reward"
                )

    def lines(self, policy: Policy, prompts: Prompts) -> Iterator[Json]:
        """A line for each problem of each step, and for those that dynamic sampling replaces."""
        own, groups = policy.settings, policy.groups
        order = ProblemOrder(list(self.trained_on.values()), own.seed)
        batches = own.steps * (1 + (groups.dynamic_sampling if groups else 0))
        for _ in range(batches * own.problems_per_step):
            (problem,) = order.take(1)
            yield _line(problem, prompts)

    def write(self, folder: Path, policy: Policy, prompts: Prompts) -> int:
        """Writes the files; returns the lines of prompts.jsonl."""
        count = 0

        def counted() -> Iterator[Json]:
            nonlocal count
            for line in self.lines(policy, prompts):
                count += 1
                yield line

        write_rows(folder / PROMPTS, counted())
        if self.validation:
            rows = (_line(problem, prompts) for problem in self.validation.values())
            write_rows(folder / VALIDATION, rows)
        write_rows(folder / PROBLEMS, self._rows(prompts))
        return count

    def _rows(self, prompts: Prompts) -> Iterator[Json]:
        """What reward.py reads."""
        for problems, is_validation in ((self.trained_on, False), (self.validation, True)):
            for problem in problems.values():
                yield {
                    "problem": to_row(problem),
                    "shown": prompts[problem.id].shown,
                    "validation": is_validation,
                }


def _line(problem: Problem, prompts: Prompts) -> Json:
    label = {"problem": problem.id, "answer": problem.answer}
    return {"prompt": prompts[problem.id].text, "label": json.dumps(label, ensure_ascii=False)}
