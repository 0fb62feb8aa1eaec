"""What a benchmark is: where it comes from, how its rows read, how its answers are graded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redink.errors import UsageError
from redink.evaluation.benchmarks.row import RawRow
from redink.records import Problem, problem_id

SUFFIXES = (".jsonl", ".json", ".parquet", ".csv")
"""Kinds of files that are looked for, in this order."""


@dataclass(frozen=True)
class Item:
    """What a row says, before it becomes a problem."""

    question: str
    answer: str
    solution: str | None = None
    subject: str | None = None
    level: str | None = None
    answer_type: str | None = None
    """The benchmark's own where None."""
    grading: Mapping[str, Any] = field(default_factory=dict)
    """How the answer is graded: tolerance, rounded, multiple, unit, choices, ordered."""
    unusable: str | None = None
    """Why the row cannot serve, where it cannot."""


@dataclass(frozen=True)
class Hub:
    """A data set on the Hugging Face hub."""

    name: str
    split: str = "test"
    train: str | None = None
    """Its training split, where the benchmark has one."""
    configs: tuple[str | None, ...] = (None,)
    """Configurations that make up the benchmark together."""
    gated: bool = False
    """Whether its conditions must be accepted on the hub first."""


Reader = Callable[[RawRow, int], Item]
"""From a row and the seed of the options' order to what the row says."""


@dataclass(frozen=True)
class Benchmark:
    """A named set of test problems."""

    name: str
    about: str
    source: str
    """Paper or project."""
    licence: str
    """As the project or the hub card says; `not stated` where neither does."""
    read: Reader = field(repr=False)
    answers: str = "expression"
    """`answer_type` of its problems; `mixed` where each row has its own."""
    size: int | None = None
    """Number of test problems; None without end."""
    hub: Hub | None = None
    files: tuple[str, ...] = ()
    """File names under which the test problems are known, without suffix."""
    train_files: tuple[str, ...] = ()
    prompt: str = "boxed-cot"
    """Name in `redink.prompts.PROMPTS`."""
    subset_of: str | None = None
    """The benchmark that holds all of these problems."""
    trap: str = ""
    """What is often mistaken about it."""
    path: Path | None = None
    """The file of a benchmark given by hand."""

    def problem(
        self, fields: Mapping[str, Any], where: str, seed: int = 0
    ) -> Problem | tuple[Problem, str]:
        """The problem in a raw row, or a pair of it and why it cannot serve.

        Args:
            fields: The row.
            where: File and row number, for errors.
            seed: Seed of the order of options.

        Raises:
            DataError: A missing or unusable field; the message names file, row and field.
        """
        item = self.read(RawRow(fields, where), seed)
        problem = Problem(
            id=problem_id(item.question, item.answer),
            question=item.question,
            answer=item.answer,
            solution=item.solution,
            source=f"benchmark:{self.name}",
            subject=item.subject,
            level=item.level,
            meta={"answer_type": item.answer_type or self.answers, **item.grading},
        )
        return (problem, item.unusable) if item.unusable else problem

    def split(self, asked: str | None) -> str:
        """`test` or `train`; raises UsageError for a split that the benchmark has not."""
        if asked in (None, "test"):
            return "test"
        if asked == "train" and (self.train_files or (self.hub and self.hub.train)):
            return "train"
        has = "test and train" if self.train_files else "test"
        raise UsageError(f"split: {self.name} has no {asked!r}, only {has}; leave split away")

    def file_names(self, split: str = "test") -> tuple[str, ...]:
        """Names of files in which its problems are looked for, in order."""
        plain = dict.fromkeys((self.name, self.name.replace("-", "_")))
        if split == "train":
            stems = [*self.train_files, *(f"{stem}_train" for stem in plain)]
        else:
            stems = [*self.files, *plain, *(f"{stem}_test" for stem in plain)]
        return tuple(stem + suffix for stem in dict.fromkeys(stems) for suffix in SUFFIXES)
