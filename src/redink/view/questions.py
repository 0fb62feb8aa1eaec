"""The problems that a training draws for, wherever the run's tables hold them.

A problem's id is a hash of its content: whichever table has it has the same problem.
"""

import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from redink.records import Problem, from_row
from redink.view.mapped import MappedTable
from redink.visible import one_line

FILE = "problems.parquet"
OWN = "rollouts"
"""Folder of the table that a finished training leaves of its rollouts, with their problems."""


class Questions:
    """Finds problems by their ids.

    Args:
        folder: the training's, among those of the run's other stages.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._read: list[Path] = []
        self._known: dict[str, tuple[Path, int]] = {}
        self._tables: dict[Path, MappedTable] = {}

    def problem(self, problem_id: str) -> Problem | None:
        """A problem; None where no table has it."""
        with self._lock:
            found = self._place(problem_id)
            if found is None:
                return None
            return from_row(Problem, self._table(found[0]).row(found[1]))

    def titles(self, ids: Collection[str]) -> dict[str, str]:
        """The beginnings of the questions of these problems; those that no table has are left
        out."""
        titles = {}
        for problem_id in set(ids):
            problem = self.problem(problem_id)
            if problem is not None:
                titles[problem_id] = one_line(problem.question)
        return titles

    def holding(self, term: str, ids: Sequence[str]) -> set[str]:
        """Those of the problems whose question holds a term, in either case."""
        with self._lock:
            places = {one: self._place(one) for one in ids}
            hits = {path: self._hits(path, term, places) for path in self._paths(places)}
            return {one for one, at in places.items() if at is not None and hits[at[0]][at[1]]}

    def _hits(
        self, path: Path, term: str, places: dict[str, tuple[Path, int] | None]
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        table = self._table(path)
        wanted = np.zeros(len(table), np.bool_)
        wanted[[place[1] for place in places.values() if place and place[0] == path]] = True
        return table.matching(("question",), term, wanted)

    def _paths(self, places: dict[str, tuple[Path, int] | None]) -> set[Path]:
        return {place[0] for place in places.values() if place}

    def _place(self, problem_id: str) -> tuple[Path, int] | None:
        """Where a problem stands; files are read one after the other until it is found."""
        if problem_id not in self._known:
            for path in self._unread():
                self._read.append(path)
                for row, known in enumerate(_ids(path)):
                    self._known.setdefault(known, (path, row))
                if problem_id in self._known:
                    break
        return self._known.get(problem_id)

    def _unread(self) -> Iterator[Path]:
        candidates = [self.folder / OWN / FILE, *sorted(self.folder.parent.glob(f"*/{FILE}"))]
        return (path for path in candidates if path not in self._read and path.exists())

    def _table(self, path: Path) -> MappedTable:
        if path not in self._tables:
            self._tables[path] = MappedTable(path)
        return self._tables[path]


def _ids(path: Path) -> list[str]:
    """None of a file that cannot be read: the problem is then shown without its text."""
    try:
        ids: list[str] = pq.read_table(path, columns=["id"])["id"].to_pylist()
    except (OSError, pa.ArrowException, KeyError):
        return []
    return ids
