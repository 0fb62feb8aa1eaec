"""The models of a stage by what they do in it, one in memory at a time."""

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from redink.engines.engine import Engine
from redink.errors import UsageError
from redink.teachers.llm import close_engines, teacher_name

Role = Literal["model", "critic", "global_refiner", "local_refiner"]
OpenEngine = Callable[[str], Engine]
"""Opens the engine of a model (its name or path)."""


class Models:
    """Opens a model's engine when it is asked for, and closes it when another model is.

    Two models at once would double the memory; strategies ask for all problems at a time, so that
    models change places a few times in a stage.

    Args:
        names: what each role's model is called; roles without a model are left out.
        open_model: how engines are made.
    """

    def __init__(self, names: Mapping[Role, str | Path | None], open_model: OpenEngine) -> None:
        self._names = {role: str(name) for role, name in names.items() if name is not None}
        self._open_model = open_model
        self._opened: tuple[str, Engine] | None = None

    def __contains__(self, role: Role) -> bool:
        return role in self._names

    def name(self, role: Role) -> str:
        """What tables call the role's model. Raises UsageError where there is none."""
        return teacher_name(self.path(role))

    def path(self, role: Role) -> str:
        """The role's model as it was named. Raises UsageError where there is none."""
        if role not in self._names:
            raise UsageError(f"refine: a strategy needs {role}; name a model for it")
        return self._names[role]

    def engine(self, role: Role) -> Engine:
        """The engine of the role's model. Raises whatever opening it raises."""
        path = self.path(role)
        if self._opened is None or self._opened[0] != path:
            self.close()
            self._opened = path, self._open_model(path)
        return self._opened[1]

    def close(self) -> None:
        """Frees the engine that is open."""
        if self._opened is not None:
            close_engines([self._opened[1]])
            self._opened = None
            gc.collect()
