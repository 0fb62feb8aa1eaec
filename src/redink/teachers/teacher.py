"""What a teacher is, and the teachers that a recipe can name."""

from collections.abc import Callable, Mapping
from typing import Protocol

from redink.records import Critique, Problem, Response
from redink.teachers.composition import Style
from redink.teachers.symbolic import SymbolicTeacher


class Teacher(Protocol):
    """Writes a critique of a response to a problem."""

    name: str

    def critique(self, problem: Problem, response: Response) -> Critique:
        """The critique of one response."""
        ...


TEACHERS: Mapping[str, Callable[[Style, int], Teacher]] = {"symbolic": SymbolicTeacher}
"""Makers of teachers by name; each takes a style and a seed."""
