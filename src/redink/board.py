"""A run's board: `progress.json` in its folder, which tells what the run is doing.

    {"state": "working", "pid": 4711, "host": "desk", "process_started": 1795337461.2,
     "recipe": "quickstart", "stage": "cft", "verb": "finetune", "folder": "cft-1a2b3c4d5e",
     "label": "finetune critique", "done": 12, "total": 60, "unit": "steps",
     "figures": {"loss": "1.234", "tokens/s": "512"}, "left": 65, "started": 1795337502.8,
     "stages_done": 5, "stages": 9, "money": 0.12, "updated": 1795337515.0}

It is written by a thread of its own, at most once a second and only where something has changed.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from redink.progress import put
from redink.standing import Standing

BOARD = "progress.json"
EVERY_SECONDS = 1.0


class Board(Standing):
    """Keeps `progress.json` while its block runs; at the end the file tells how that came about.

    Its `state` is then `done`, `interrupted` or `failed`; a killed process leaves `working`.

    Args:
        path: of the file.
        recipe: the recipe's name.
        stages, costs: see `Standing`.
    """

    def __init__(
        self,
        path: Path,
        recipe: str,
        stages: Sequence[tuple[str, str]],
        costs: Mapping[str, float | None],
    ) -> None:
        super().__init__(stages, costs)
        self.path = path
        self._about = {"recipe": recipe, **this_process()}
        self._written: dict[str, Any] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="board", daemon=True)

    def __enter__(self) -> "Board":
        self._write("working")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        state = "done" if kind is None else "failed"
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            state = "interrupted"
        self._write(state)

    def _keep(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self._write("working")

    def _write(self, state: str) -> None:
        facts = {"state": state, **self._about, **self.facts()}
        # The time left runs down by itself: alone it is no news.
        news = {name: value for name, value in facts.items() if name != "left"}
        if news != self._written:
            self._written = news
            put(self.path, facts | {"updated": round(time.time(), 1)})


def this_process() -> dict[str, Any]:
    """What another process needs to know to tell whether this one is still there."""
    import psutil

    return {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "process_started": psutil.Process().create_time(),
    }
