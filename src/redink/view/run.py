"""The run that is viewed: its stages, read again as they are finished, and their tables."""

import threading
from pathlib import Path
from typing import Any

from redink.errors import UsageError
from redink.view.folders import RunFolder, StageFolder, read_run
from redink.view.pairing import arms_of, benchmarks_of, correct_share
from redink.view.table import ViewedTable
from redink.view.training import ViewedTraining
from redink.visible import one_line

MOST_TABLES = 6
"""Tables that are kept open at once; the one used longest ago is closed first."""


class ViewedRun:
    """A run's folder as the server holds it."""

    def __init__(self, folder: Path) -> None:
        """Raises DataError where the folder is no run."""
        self.folder = folder
        self._lock = threading.Lock()
        self._tables: dict[tuple[Path, int], ViewedTable] = {}
        self._opening: dict[tuple[Path, int], threading.Lock] = {}
        self._scores: dict[tuple[Path, int], dict[str, Any]] = {}
        self._trainings: dict[Path, ViewedTraining] = {}
        read_run(folder)

    def now(self) -> RunFolder:
        """The run as it is at this moment."""
        return read_run(self.folder)

    def table(self, stage: str) -> ViewedTable:
        """The table of a stage.

        Raises UsageError for an unknown stage and for one without rows, DataError for a broken
        table.
        """
        run = self.now()
        found = next((one for one in run.stages if one.name == stage), None)
        if found is None or found.folder is None or found.kind is None or not found.pages:
            known = ", ".join(one.name for one in run.stages if one.pages)
            raise UsageError(f"{one_line(stage)!r} has no rows to page through; use {known}")
        table = self._opened(found)
        table.unpack()
        return table

    def training(self, stage: str) -> tuple[StageFolder, ViewedTraining]:
        """A stage that logs the steps of a reinforcement.

        Raises UsageError for another stage.
        """
        run = self.now()
        found = next((one for one in run.stages if one.name == stage and one.training), None)
        if found is None or found.training is None:
            known = ", ".join(one.name for one in run.stages if one.training)
            use = f"use {known}" if known else "no stage of this run has"
            raise UsageError(f"{one_line(stage)!r} has logged no steps of a reinforcement; {use}")
        with self._lock:
            return found, self._trainings.setdefault(found.training, ViewedTraining(found.training))

    def curves(self, stage: str) -> dict[str, Any]:
        """What a reinforcement's steps tell; raises as `training`."""
        found, training = self.training(stage)
        done = found.training == found.folder
        return {"stage": found.name, "done": done, **training.to_json(found.settings)}

    def scores(self) -> list[dict[str, Any]]:
        """The arms and benchmarks of every evaluation."""
        return [
            self._measured(one)
            for one in self.now().stages
            if one.kind == "scores" and one.folder is not None
        ]

    def _measured(self, stage: StageFolder) -> dict[str, Any]:
        key = _key(stage)
        if key not in self._scores:
            table = self._opened(stage)
            arms = arms_of(table)
            self._scores[key] = {
                "arms": arms,
                "benchmarks": benchmarks_of(table),
                "correct": {arm: correct_share(table, arm) for arm in arms},
            }
        return {"stage": stage.name, **self._scores[key]}

    def _opened(self, stage: StageFolder) -> ViewedTable:
        key = _key(stage)
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        with opening:
            table = self._tables.pop(key, None)
            if table is None:
                table = ViewedTable(key[0], str(stage.kind))
            with self._lock:
                self._tables[key] = table
                for old in list(self._tables)[:-MOST_TABLES]:
                    self._tables.pop(old, None)
        return table


def _key(stage: StageFolder) -> tuple[Path, int]:
    """A stage that was made again is another table."""
    assert stage.folder is not None
    sidecar = stage.folder / "table.json"
    return stage.folder, sidecar.stat().st_mtime_ns
