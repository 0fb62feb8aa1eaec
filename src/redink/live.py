"""What a run is doing now, for who looks at its folder from outside."""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from redink.board import BOARD
from redink.standing import read_facts

LOCK, LOSSES = "run.lock", "losses.jsonl"
MOST_LOSSES = 500
"""Points of a training curve that are told at once; a longer one is thinned out."""
SAME_START_SECONDS = 2.0
"""Between two readings of one process's start at most."""
TOLD = (
    "stage", "verb", "label", "done", "total", "unit", "figures", "left", "started",
    "stages_done", "stages", "money",
)  # fmt: skip


class LiveRun:
    """Follows a run folder; ask `now` as often as you like.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._curve: _Curve | None = None

    def now(self) -> dict[str, Any]:
        """What the run does now.

        Returns `stage`, `verb`, `label`, `done`, `total`, `unit`, `figures` (texts by name), `left`
        (seconds), `started` (the stage, in seconds since 1970), `stages_done`, `stages`, `money`
        (US dollars) and `losses` (pairs of step and loss, of a stage that trains); what is not
        known is None. Where nothing runs, `idle` (true) and `state`: `done`, `failed`,
        `interrupted`, `killed`, or None where nothing is known of any run.
        """
        facts = read_facts(self.folder / BOARD)
        state = facts.get("state")
        if state != "working":
            return {"idle": True, "state": state}
        if not is_working(self.folder, facts):
            return {"idle": True, "state": "killed"}
        return {name: facts.get(name) for name in TOLD} | {"losses": self._losses(facts)}

    def _losses(self, facts: dict[str, Any]) -> list[list[float]]:
        if facts.get("verb") != "finetune":
            return []
        path = self.folder / Path(str(facts.get("folder"))).name / LOSSES
        if self._curve is None or self._curve.path != path:
            self._curve = _Curve(path)
        return thinned(self._curve.read(), MOST_LOSSES)


def is_working(folder: Path, facts: dict[str, Any]) -> bool:
    """Whether the process that wrote a run's board is there still.

    It is where this machine has a process of its number that began when it did; or where a process
    holds the run's lock, as one of another machine or container may that shares the folder.
    """
    if facts.get("host") == os.uname().nodename and _is_alive(facts):
        return True
    return is_locked(folder / LOCK)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock of a run; it is let go of again at once."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _is_alive(facts: dict[str, Any]) -> bool:
    import psutil

    try:
        process = psutil.Process(int(facts["pid"]))
        started = process.create_time()
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(started - float(facts["process_started"])) < SAME_START_SECONDS
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


class _Curve:
    """Steps and losses of `losses.jsonl`, read on from where it was left.

    An interrupted training that goes on writes the file anew, up to its last checkpoint.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._points: list[list[float]] = []
        self._offset = 0

    def read(self) -> list[list[float]]:
        """All points so far."""
        try:
            with self.path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size < self._offset:
                    self._points, self._offset = [], 0
                stream.seek(self._offset)
                text = stream.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._add(json.loads(line))
        return self._points

    def _add(self, entry: dict[str, Any]) -> None:
        step, loss = int(entry["step"]), float(entry["loss"])
        while self._points and self._points[-1][0] >= step:
            self._points.pop()
        self._points.append([step, loss])


def thinned(points: list[list[float]], most: int) -> list[list[float]]:
    """At most `most` of the points, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    last = len(points) - 1
    return [points[round(place * last / (most - 1))] for place in range(most)]
