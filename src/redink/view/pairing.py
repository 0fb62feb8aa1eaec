"""The problems that two arms answered, and which of the two solved each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow.compute as pc

from redink.errors import UsageError
from redink.evaluation.seeds import by_arm
from redink.view.facet import NONE, Places
from redink.view.mapped import Mask
from redink.view.table import ViewedTable
from redink.visible import one_line

CASES = ("a", "b", "both", "neither")
"""Which of the two solved a problem; of several samples, which solved it more often."""

MOST_PAIRINGS = 16
"""Of one table that are kept."""


def arms_of(table: ViewedTable) -> list[str]:
    """The models of a table of scores in order of appearance, each arm of several models (`cft` of
    `cft@1`, `cft@2`) before its models."""
    models = [value for value in table.columns.facets["model"].values if value != NONE]
    return list(
        dict.fromkeys(name for arm, found in by_arm(models).items() for name in (arm, *found))
    )


def benchmarks_of(table: ViewedTable) -> list[str]:
    """The benchmarks of a table of scores, in order of appearance."""
    values = table.columns.facets["benchmark"].values
    return [value for value in dict.fromkeys(values) if value != NONE]


def correct_share(table: ViewedTable, arm: str) -> float:
    """The share of an arm's answers that are correct, over all benchmarks and samples.

    Raises UsageError for an arm that the table lacks.
    """
    correct = table.columns.facets["outcome"].mask(("correct",))
    return float(correct[_rows(table, arm, None)].mean())


class Keys:
    """Each row's benchmark and problem as one number."""

    def __init__(self, table: ViewedTable) -> None:
        encoded = pc.dictionary_encode(table.columns.scores["problem_id"]).combine_chunks()
        if hasattr(encoded, "chunk"):
            encoded = encoded.chunk(0)
        self.problems: list[str] = encoded.dictionary.to_pylist()
        benchmarks = table.columns.facets["benchmark"]
        self.benchmarks = benchmarks.values or (NONE,)
        problem = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self.of_rows: Places = problem * len(self.benchmarks) + benchmarks.codes

    def __len__(self) -> int:
        return len(self.problems) * len(self.benchmarks)

    def of_problem(self, problem_id: str) -> list[int]:
        """The keys of a problem, one for each benchmark."""
        if problem_id not in self.problems:
            return []
        count = len(self.benchmarks)
        start = self.problems.index(problem_id) * count
        return list(range(start, start + count))

    def named(self, key: int) -> tuple[str, str]:
        """Benchmark and problem id."""
        problem, benchmark = divmod(key, len(self.benchmarks))
        return self.benchmarks[benchmark], self.problems[problem]


@dataclass(frozen=True)
class Pairing:
    """Two arms of a table of scores."""

    table: ViewedTable
    keys: Keys
    rows: tuple[Places, Places]
    """Each arm's rows."""

    @cached_property
    def cases(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """For each key its place in CASES; -1 where not both arms answered."""
        correct = self.table.columns.facets["outcome"].mask(("correct",))
        shares, counts = [], []
        for rows in self.rows:
            keys = self.keys.of_rows[rows]
            number = np.bincount(keys, minlength=len(self.keys))
            solved = np.bincount(keys, weights=correct[rows], minlength=len(self.keys))
            shares.append(solved / np.maximum(number, 1))
            counts.append(number)
        a, b = shares
        found = np.select([a > b, b > a, a > 0], [0, 1, 2], default=3)
        return np.where((counts[0] > 0) & (counts[1] > 0), found, -1)

    @cached_property
    def first(self) -> tuple[Places, Places]:
        """For each key each arm's first row; -1 for none."""
        found = []
        for rows in self.rows:
            places = np.full(len(self.keys), -1, np.int64)
            places[self.keys.of_rows[rows[::-1]]] = rows[::-1]
            found.append(places)
        return found[0], found[1]

    def counts(self) -> dict[str, int]:
        """How many problems there are of each case."""
        return {case: int((self.cases == place).sum()) for place, case in enumerate(CASES)}

    def chosen(self, cases: Sequence[str], holding: Mask | None = None) -> Places:
        """The keys of these cases, those that one arm solved first, else in the table's order.

        `holding` keeps problems of which one of the arms' rows is in it.
        """
        wanted = np.isin(self.cases, [CASES.index(case) for case in cases])
        if holding is not None:
            held = np.zeros(len(self.keys), np.bool_)
            for rows in self.rows:
                held[self.keys.of_rows[rows[holding[rows]]]] = True
            wanted &= held
        keys = np.flatnonzero(wanted)
        found: Places = keys[np.lexsort((self.first[0][keys], self.cases[keys] // 2))]
        return found

    def rows_of(self, side: int, key: int) -> Places:
        """One arm's rows of one problem."""
        rows = self.rows[side]
        found: Places = rows[self.keys.of_rows[rows] == key]
        return found


def pair(table: ViewedTable, a: str, b: str, benchmark: str | None = None) -> Pairing:
    """Pairs two arms; an arm of several models stands for all of them.

    Raises UsageError for an arm or benchmark that the table lacks.
    """
    asked = (a, b, benchmark or "")
    kept: Pairing | None = table.pairings.get(asked)
    if kept is not None:
        return kept
    known = benchmarks_of(table)
    if benchmark and benchmark not in known:
        raise UsageError(f"benchmark: no {one_line(benchmark)!r} here; use {', '.join(known)}")
    made = Pairing(table, Keys(table), (_rows(table, a, benchmark), _rows(table, b, benchmark)))
    if len(table.pairings) >= MOST_PAIRINGS:
        table.pairings.clear()
    table.pairings[asked] = made
    return made


def _rows(table: ViewedTable, arm: str, benchmark: str | None) -> Places:
    columns = table.columns
    models = columns.facets["model"].values
    wanted = [arm] if arm in models else list(by_arm(models).get(arm, ()))
    if not wanted:
        known = ", ".join(arms_of(table))
        raise UsageError(f"{one_line(arm)!r} is no arm of these scores; use {known}")
    mask: Mask = columns.facets["model"].mask(wanted)
    if benchmark:
        mask = mask & columns.facets["benchmark"].mask((benchmark,))
    return np.flatnonzero(mask)
