"""Where a run stands: which stages are done, what the present one does, what has been spent."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redink.progress import Progress, Watcher


class Standing(Watcher):
    """Follows a run by what it is told.

    Args:
        stages: name and verb of each stage, in the recipe's order.
        costs: of the stages that are done, by name: US dollars, None where there is no price.
    """

    def __init__(
        self, stages: Sequence[tuple[str, str]], costs: Mapping[str, float | None]
    ) -> None:
        self.verbs = dict(stages)
        self.costs = dict(costs)
        """Of the stages that are done."""
        self.stage: str | None = None
        """The present one."""
        self.folder = ""
        """Its name within the run's."""
        self.began = time.time()
        """The present stage, in seconds since 1970."""
        self.last: dict[str, Any] = {}
        """Of the present stage's work that has ended, the facts of the last."""
        self._bars: list[Progress] = []
        self._spent: float | None = None
        """By the present stage's ended work, in US dollars."""
        self._elsewhere: Path | None = None

    def begin(self, stage: str, folder: str) -> None:
        """A stage begins."""
        self.stage, self.folder, self.began = stage, folder, time.time()
        self.last, self._spent = {}, None

    def end(self, stage: str, facts: Mapping[str, Any]) -> None:
        """A stage is done, or was done before."""
        if stage == self.stage:
            self.costs[stage] = facts.get("cost", self._spent)
            self.stage = self._spent = None
        else:
            self.costs[stage] = facts.get("cost")

    def opened(self, bar: Progress) -> None:
        """Work within the present stage begins."""
        self._bars.append(bar)

    def closed(self, bar: Progress) -> None:
        """It has ended."""
        self._bars.remove(bar)
        self.last = bar.facts()
        if bar.cost is not None:
            self._spent = (self._spent or 0.0) + bar.cost

    def left_to(self, path: Path) -> None:
        """Other processes do the present stage's work and tell of it in `path`."""
        self._elsewhere = path

    def taken_back(self) -> None:
        """They have ended."""
        self._elsewhere = None

    @property
    def money(self) -> float | None:
        """US dollars that the run's rows have cost, None where nothing has a price."""
        open_costs = [bar.cost for bar in [*self._bars]]
        known = [c for c in (*self.costs.values(), self._spent, *open_costs) if c is not None]
        return sum(known) if known else None

    def work(self) -> dict[str, Any]:
        """The present work's facts, see `Progress.facts`; empty where none has begun."""
        if self._elsewhere is not None:
            return read_facts(self._elsewhere)
        bars = [*self._bars]
        return bars[-1].facts() if bars else {}

    @property
    def curve(self) -> list[float]:
        """The present work's, see `Progress`."""
        bars = [*self._bars]
        return bars[-1].curve.copy() if bars else []

    def facts(self) -> dict[str, Any]:
        """Where the run stands, as plain JSON; times in seconds since 1970, money in US dollars."""
        work = self.work() if self.stage else {}
        return {
            "stage": self.stage,
            "verb": self.verbs.get(self.stage or ""),
            "folder": self.folder,
            "label": work.get("label"),
            "done": work.get("done"),
            "total": work.get("total"),
            "unit": work.get("unit"),
            "figures": work.get("figures", {}),
            "left": work.get("left"),
            "started": round(self.began, 1),
            "stages_done": len(self.costs),
            "stages": len(self.verbs),
            "money": self.money,
        }


def read_facts(path: Path) -> dict[str, Any]:
    """What `progress.put` wrote; empty where there is nothing to be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
