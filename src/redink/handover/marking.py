"""Marks another engine's rollouts with redink's rewards: what a generated reward.py calls.

OpenRLHF asks for one rollout at a time, from many threads of each sampling process. They are
gathered here and marked by one thread, many at once: the graders compare in processes that are
killed when they take too long, and no signal is used, which in a thread would not come. An error
that is raised is logged by OpenRLHF and leaves the rollout without a reward, which ends the
training: nothing is ever counted as wrong because it could not be marked.

Imports nothing but redink's own light parts, so that it runs in OpenRLHF's environment.
"""

import atexit
import json
import os
import queue
import statistics
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from redink.errors import DataError
from redink.grading.pool import ComparisonPool
from redink.records import Json, Problem, from_row
from redink.rewards import Marked, Reward, Rollout, fault_rules, replaced
from redink.rewards.rollout import Finish

SETTINGS, PROBLEMS, ROLLOUTS = "reward.json", "problems.jsonl", "rollouts"
REMEMBERED = 1_000
"""Rewards whose mean stands in where a problem has none yet."""


@dataclass(frozen=True)
class Asked:
    """A problem, what stands before its answers, and whether it is one of validation."""

    problem: Problem
    shown: str
    is_validation: bool


@dataclass(frozen=True)
class Mark:
    """What OpenRLHF is told of one rollout."""

    reward: float
    score: float
    """1 for a right answer, else 0; of it dynamic filtering takes the mean."""
    logs: dict[str, float]
    """The same names for every rollout: OpenRLHF puts them into one table."""


@dataclass(frozen=True)
class _Call:
    """A rollout that waits for its mark."""

    asked: Asked
    rollout: Rollout
    mark: Future[Mark]


class Marker:
    """A reward function of OpenRLHF's: `marker(queries, prompts, labels)`.

    Args:
        folder: that `redink hand-over` wrote.
        log: folder of the rollouts, a file for each process; None keeps none.
    """

    def __init__(self, folder: Path, log: Path | None = None) -> None:
        self.settings: Json = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        self.asked = dict(_asked(folder / PROBLEMS))
        self.reward = Reward(
            self.settings["parts"],
            penalty=self.settings["penalty"],
            penalty_form=self.settings["penalty_form"],
            answer_form=self.settings["answer_form"],
            rules=fault_rules(self.settings["degenerate"]),
            pool=ComparisonPool(self.settings["workers"]),
        )
        self.log = log
        self._known: dict[str, deque[float]] = {}
        self._latest: deque[float] = deque(maxlen=REMEMBERED)
        self._waiting: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        atexit.register(self.close)

    def __call__(
        self, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str]
    ) -> dict[str, Any]:
        """The rewards of some rollouts, from any thread.

        Args:
            queries: prompt and answer in one text each, control tokens spelled out.
            prompts: the prompts; the problem is known by its label.
            labels: as `prompts.jsonl` has them.

        Returns `rewards` and `scores`, float32 tensors of (queries), and `extra_logs`, means over
        the queries. Raises DataError for a text that does not begin with its prompt, and what
        `redink.rewards.Reward.mark` raises.
        """
        import torch

        marks = self.marks(queries, labels)
        names = marks[0].logs if marks else {}
        logs = {name: statistics.fmean(mark.logs[name] for mark in marks) for name in names}
        return {
            "rewards": torch.tensor([mark.reward for mark in marks], dtype=torch.float32),
            "scores": torch.tensor([mark.score for mark in marks], dtype=torch.float32),
            "extra_logs": logs,
        }

    def marks(self, queries: Sequence[str], labels: Sequence[str]) -> list[Mark]:
        """What `__call__` returns, one by one."""
        pairs = [self._rollout(*pair) for pair in zip(queries, labels, strict=True)]
        calls = [_Call(asked, rollout, Future()) for asked, rollout in pairs]
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="marking")
                self._thread.start()
            for call in calls:
                self._waiting.put(call)
        return [call.mark.result() for call in calls]

    def close(self) -> None:
        """Ends the thread and the grading processes; a later call starts them again."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._waiting.put(None)
        if thread is not None:
            thread.join()
        self.reward.close()

    def _rollout(self, query: str, label: str) -> tuple[Asked, Rollout]:
        key = json.loads(label)["problem"]
        asked = self.asked[key]
        if not query.startswith(asked.shown):
            raise DataError(
                f"problem {key}: the text does not begin with its prompt as handed over; was it "
                "cut off? Raise --data.max_len, and train from the student that was named"
            )
        text, finish = answer_of(query[len(asked.shown) :], self.settings)
        # Its tokens are not told; nothing here looks at them: `length` is OpenRLHF's own penalty.
        return asked, Rollout(asked.problem, text, 0, finish)

    def _work(self) -> None:
        """Marks what is waiting, all at once, until it is ended."""
        while (first := self._waiting.get()) is not None:
            batch, ended = [first], False
            while not (ended or self._waiting.empty()):
                call = self._waiting.get()
                ended = call is None
                batch += [call] if call is not None else []
            try:
                marks = self._marks([(call.asked, call.rollout) for call in batch])
            except BaseException as error:
                for call in batch:
                    call.mark.set_exception(error)
            else:
                for call, mark in zip(batch, marks, strict=True):
                    call.mark.set_result(mark)
            if ended:
                return

    def _marks(self, pairs: Sequence[tuple[Asked, Rollout]]) -> list[Mark]:
        marked = self.reward.mark([rollout for _, rollout in pairs])
        totals: list[float | None] = [one.total for one in marked]
        values = replaced(totals, marked, self.reward.penalty, self.reward.penalty_form)
        for (asked, _), value in zip(pairs, values, strict=True):
            if value is not None and not asked.is_validation:
                self._remember(asked.problem.id, value)
        marks = [
            self._mark(asked, one, value)
            for (asked, _), one, value in zip(pairs, marked, values, strict=True)
        ]
        self._write(pairs, marked, marks)
        return marks

    def _mark(self, asked: Asked, marked: Marked, value: float | None) -> Mark:
        score = float(marked.outcome == "correct")
        parts = {name: marked.parts.get(name) or 0.0 for name in self.reward.parts}
        logs = parts | {
            "degenerate": float(bool(marked.faults)),
            "unscorable": float(value is None),
        }
        if asked.is_validation:
            return Mark(score, score, logs)
        return Mark(self._neutral(asked.problem.id) if value is None else value, score, logs)

    def _remember(self, key: str, value: float) -> None:
        self._known.setdefault(key, deque(maxlen=self.settings["samples"])).append(value)
        self._latest.append(value)

    def _neutral(self, key: str) -> float:
        """A reward that says nothing: what the problem's others got, or all of late."""
        known = self._known.get(key) or self._latest
        return statistics.fmean(known) if known else 0.0

    def _write(
        self,
        pairs: Sequence[tuple[Asked, Rollout]],
        marked: Sequence[Marked],
        marks: Sequence[Mark],
    ) -> None:
        if self.log is None:
            return
        self.log.mkdir(parents=True, exist_ok=True)
        name = f"{os.uname().nodename}-{os.getpid()}.jsonl"
        with (self.log / name).open("a", encoding="utf-8") as stream:
            for (asked, rollout), one, mark in zip(pairs, marked, marks, strict=True):
                _write_line(stream, asked, rollout, one, mark)


def answer_of(text: str, settings: Json) -> tuple[str, Finish]:
    """An answer without what steers, and how it ended.

    Args:
        text: all that stands behind the prompt, control tokens spelled out.
        settings: with `ends`, `control` and `stops` (`redink.handover.prompts.Wording`).

    A text that ends with no end of turn was cut off at the token limit. A control token that the
    model spells out letter by letter is taken for one.
    """
    finish: Finish = "length"
    for end in settings["ends"]:
        if text.endswith(end):
            text, finish = text[: -len(end)], "stop"
            break
    for control in settings["control"]:
        text = text.replace(control, "")
    places = [place for stop in settings["stops"] if (place := text.find(stop)) >= 0]
    return (text[: min(places)], "stop") if places else (text, finish)


def _asked(path: Path) -> Iterator[tuple[str, Asked]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            problem = from_row(Problem, row["problem"])
            yield problem.id, Asked(problem, row["shown"], row["validation"])


def _write_line(
    stream: IO[str], asked: Asked, rollout: Rollout, marked: Marked, mark: Mark
) -> None:
    line = {
        "problem_id": asked.problem.id,
        "text": rollout.text,
        "finish": rollout.finish,
        "answer": marked.answer,
        "outcome": marked.outcome,
        "reward": mark.reward,
        "parts": marked.parts,
        "faults": marked.faults,
        "unscorable": bool(mark.logs["unscorable"]),
        "validation": asked.is_validation,
    }
    stream.write(json.dumps(line, ensure_ascii=False) + "\n")
