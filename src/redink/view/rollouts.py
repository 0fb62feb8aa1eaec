"""The rollouts of a reinforcement as their log has them, indexed while it grows.

A line of `rollouts.jsonl` is read once for its place and its short fields (some 50 bytes a rollout
in memory); what a page shows of it is read again from its place.
"""

import json
import math
import threading
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import orjson

from redink.records import Outcome
from redink.view.appended import Appended, Source
from redink.view.facet import NONE, Facet, Places
from redink.view.mapped import Mask
from redink.visible import one_line

FILE = "rollouts.jsonl"
"""The `ROLLOUTS` of `redink.reinforcement.rollouts`, whose imports are kept out of the viewer."""
OUTCOMES: tuple[str, ...] = (*get_args(Outcome), NONE)
TRAINED = ("yes", "no")
MOST_FAULTS = 62
"""Kinds of faults that are told apart."""
_OUTCOME_CODES = {name: code for code, name in enumerate(OUTCOMES)}


@dataclass(frozen=True)
class Rollouts:
    """Rollouts in the order in which they were drawn."""

    source: Source | None
    """Their log."""
    places: Places
    """Of each line, in bytes."""
    sizes: Places
    steps: Places
    problems: Places
    """Each rollout's place among `problem_ids`."""
    problem_ids: tuple[str, ...]
    outcomes: Facet
    trained: Facet
    faults: Places
    """A bit for each of `fault_names`."""
    fault_names: tuple[str, ...]
    _keys: Places

    def __len__(self) -> int:
        return len(self.places)

    def line(self, number: int) -> dict[str, Any]:
        """A rollout as it was logged, by its 0-based number; empty where it cannot be read."""
        if self.source is None:
            return {}
        text = self.source.read(int(self.places[number]), int(self.sizes[number]))
        return read_line(text) or {}

    def number(self, row_id: str) -> int | None:
        """The newest rollout with this id."""
        for number in reversed(np.flatnonzero(self._keys == _key(row_id)).tolist()):
            if self.line(number).get("id") == row_id:
                return int(number)
        return None

    def holding(self, term: str, wanted: Mask) -> Mask:
        """Which of the `wanted` rollouts hold a term, in either case, in their text."""
        found = np.zeros(len(self), np.bool_)
        sought = term.casefold()
        for number in np.flatnonzero(wanted).tolist():
            found[number] = sought in str(self.line(number).get("text", "")).casefold()
        return found

    def with_fault(self, name: str) -> Mask:
        """The rollouts with a fault; of `none`, those without any."""
        if name == NONE:
            clean: Mask = self.faults == 0
            return clean
        if name not in self.fault_names:
            return np.zeros(len(self), np.bool_)
        found: Mask = (self.faults >> self.fault_names.index(name)) & 1 == 1
        return found

    def of_problem(self, problem_id: str) -> Mask:
        """The rollouts of a problem."""
        if problem_id not in self.problem_ids:
            return np.zeros(len(self), np.bool_)
        found: Mask = self.problems == self.problem_ids.index(problem_id)
        return found


class RolloutIndex:
    """Follows a log of rollouts; ask `now` as often as you like.

    Args:
        path: of the log.
    """

    def __init__(self, path: Path) -> None:
        self._log = Appended(path)
        self._lock = threading.Lock()
        self._forget()
        self._made = self._columns()

    def now(self) -> Rollouts:
        """All rollouts so far. A log that was taken back to a checkpoint is read anew."""
        with self._lock:
            known = len(self._steps)
            renewed = self._log.is_another()
            if renewed:
                self._forget()
            for place, line in self._log.lines():
                self._take(place, line)
            if renewed or len(self._steps) != known or self._made.source is None:
                self._made = self._columns()
            return self._made

    def _forget(self) -> None:
        self._places, self._sizes, self._steps = array("q"), array("q"), array("q")
        self._problems, self._faults, self._keys = array("q"), array("q"), array("q")
        self._outcomes, self._trained = array("i"), array("i")
        self._problem_codes: dict[str, int] = {}
        self._fault_codes: dict[str, int] = {}

    def _take(self, place: int, line: bytes) -> None:
        entry = read_line(line)
        if entry is None:
            return
        self._places.append(place)
        self._sizes.append(len(line))
        self._steps.append(entry["step"])
        codes = self._problem_codes
        self._problems.append(codes.setdefault(entry["problem_id"], len(codes)))
        self._outcomes.append(_OUTCOME_CODES[entry["outcome"]])
        self._trained.append(0 if number_of(entry.get("advantage")) is not None else 1)
        self._faults.append(sum(1 << code for code in set(map(self._fault, entry["faults"]))))
        self._keys.append(_key(entry["id"]))

    def _fault(self, name: str) -> int:
        codes = self._fault_codes
        if name not in codes and len(codes) == MOST_FAULTS:
            name = next(reversed(codes))
        return codes.setdefault(name, len(codes))

    def _columns(self) -> Rollouts:
        return Rollouts(
            source=self._log.source,
            places=np.array(self._places, np.int64),
            sizes=np.array(self._sizes, np.int64),
            steps=np.array(self._steps, np.int64),
            problems=np.array(self._problems, np.int64),
            problem_ids=tuple(self._problem_codes),
            outcomes=Facet(np.array(self._outcomes, np.int32), OUTCOMES),
            trained=Facet(np.array(self._trained, np.int32), TRAINED),
            faults=np.array(self._faults, np.int64),
            fault_names=tuple(self._fault_codes),
            _keys=np.array(self._keys, np.int64),
        )


def read_line(line: bytes) -> dict[str, Any] | None:
    """A rollout's line; None where it is none. An unknown outcome is `none`, a fault that is no
    text is left out."""
    found = parsed(line)
    if found is None or not all(isinstance(found.get(k), str) for k in ("id", "problem_id")):
        return None
    outcome, faults = found.get("outcome"), found.get("faults")
    known = isinstance(outcome, str) and outcome in _OUTCOME_CODES
    found["outcome"] = outcome if known else NONE
    names = faults if isinstance(faults, list) else []
    found["faults"] = [one_line(name) for name in names if isinstance(name, str)]
    return found


def parsed(line: bytes) -> dict[str, Any] | None:
    """A line of a log of steps: an object with a `step`; None where it is none."""
    found: Any = None
    try:
        found = orjson.loads(line)
    except ValueError:
        try:
            # Python writes NaN and Infinity, which are no JSON.
            found = json.loads(line)
        except (ValueError, RecursionError):
            return None
    if not isinstance(found, dict) or type(found.get("step")) is not int:
        return None
    return found if 0 <= found["step"] < 1 << 53 else None


def number_of(value: Any) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def _key(row_id: str) -> int:
    """64 bits of an id, alike within this process."""
    return hash(row_id)
