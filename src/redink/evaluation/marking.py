"""Grading in a thread of its own, while a model is still writing further answers."""

import queue
import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

from redink.grading import Grade, grade_many
from redink.records import Problem

Key = TypeVar("Key", bound=Hashable)
AT_ONCE = 256
"""Answers graded in one call at most."""


class Marker(Generic[Key]):
    """Takes answers as they arrive and grades them beside the caller's work.

    Grading costs next to nothing beside generation where text and numbers decide; symbolic
    comparison runs in processes of its own, so the thread holds the interpreter for moments only.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Key, str, Problem, str | None] | None]
        self._waiting = queue.SimpleQueue()
        self._grades: dict[Key, Grade] = {}
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="grading", daemon=True)
        self._thread.start()

    def submit(self, key: Key, text: str, problem: Problem, finish: str | None) -> None:
        """Hands over one answer under a key of the caller's."""
        self._waiting.put((key, text, problem, finish))

    def grades(self) -> dict[Key, Grade]:
        """Waits for everything submitted; raises what grading raised. Ends the marker."""
        self._waiting.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._grades

    def _work(self) -> None:
        try:
            ended = False
            while not ended:
                items = [self._waiting.get()]
                while len(items) < AT_ONCE and not self._waiting.empty():
                    items.append(self._waiting.get())
                ended = items[-1] is None
                answers = [item for item in items if item is not None]
                grades = grade_many([answer[1:] for answer in answers])
                for answer, grade in zip(answers, grades, strict=True):
                    self._grades[answer[0]] = grade
        except BaseException as failure:  # raised again in the caller's thread
            self._failure = failure
