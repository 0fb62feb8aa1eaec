"""A worked solution as data: its solution steps, and the equations and numbers in each."""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from redink.arithmetic.annotation import Annotation, annotated_equation, strip_annotations
from redink.arithmetic.equation import Equation, find_equations
from redink.arithmetic.expression import operands
from redink.arithmetic.tokens import Token, tokenize
from redink.steps.solution import SolutionStep, solution_steps

__all__ = ["SolutionStep", "WorkedSolution", "solution_steps"]


@dataclass(frozen=True)
class WorkedSolution:
    """The text of a solution without annotations, and what they told beside it."""

    text: str
    annotations: tuple[Annotation, ...] = ()

    @classmethod
    def read(cls, text: str) -> "WorkedSolution":
        """Reads a solution, with or without `<<a*b=c>>` annotations."""
        return _read(text)

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens of the whole text."""
        return tokenize(self.text)

    @cached_property
    def steps(self) -> list[SolutionStep]:
        """The solution steps."""
        return solution_steps(self.text)

    @cached_property
    def equations(self) -> list[Equation]:
        """Every equation, in the order of its result; annotations fill in what is not written."""
        found = find_equations(self.text, self.tokens)
        results = {e.result.start for e in found if e.result is not None}
        numbers = {token.start: token for token in self.tokens if token.kind == "number"}
        for note in self.annotations:
            token = numbers.get(note.at) or numbers.get(note.at + 1)
            if token is not None and token.start not in results:
                hidden = annotated_equation(note, token)
                if hidden is not None:
                    found.append(hidden)
        return sorted(found, key=lambda e: (e.start, e.end))

    @cached_property
    def mentions(self) -> list[Token]:
        """The numbers that are part of no written equation."""
        inside = {
            leaf.start
            for equation in self.equations
            for side in equation.sides
            for leaf in operands(side)
        }
        return [t for t in self.tokens if t.kind == "number" and t.start not in inside]

    @cached_property
    def _starts(self) -> list[int]:
        return [step.start for step in self.steps]

    def step_at(self, position: int) -> int:
        """The index of the solution step that the character `position` lies in."""
        return max(0, bisect_right(self._starts, position) - 1)

    def equations_in(self, step: int) -> list[Equation]:
        """The equations of one solution step."""
        return self._by_step.get(step, [])

    @cached_property
    def _by_step(self) -> dict[int, list[Equation]]:
        grouped: dict[int, list[Equation]] = {}
        for equation in self.equations:
            grouped.setdefault(self.step_at(equation.start), []).append(equation)
        return grouped

    @cached_property
    def values(self) -> list[Fraction]:
        """What the equations come to, in order."""
        return [e.value for e in self.equations if e.value is not None]


@lru_cache(maxsize=512)
def _read(text: str) -> WorkedSolution:
    bare, annotations = strip_annotations(text)
    return WorkedSolution(bare, tuple(annotations))
