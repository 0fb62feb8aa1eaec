"""A response beside its problem and reference solution, steps matched by their wording."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from redink.arithmetic import FinalAnswer, WorkedSolution, quantities, read_final_answer
from redink.records import Problem
from redink.teachers.regrouping import Regrouping, tolerant_lookup

_NUMBERS = re.compile(r"[\d,.]*\d%?")
_SIGNS = re.compile(r"#\s*(?:[-−–+*/x×÷]|plus|minus|times|divided by)\s*(?=[$€£(#-])")
_SPACED_SIGNS = re.compile(r"\s[-−–+*/x×÷]\s")
_MINUS = re.compile(r"(?:(?<=[\s$€£(=*/+-])|^)[-−](?=[\d.$])")


@dataclass(frozen=True)
class Case:
    """A response beside the reference: what the teacher looks at."""

    problem: Problem
    reference: WorkedSolution
    response: WorkedSolution

    @cached_property
    def answer(self) -> FinalAnswer | None:
        """The response's final answer."""
        return read_final_answer(self.response.text)

    @cached_property
    def given(self) -> frozenset[Fraction]:
        """The question's numbers."""
        return frozenset(quantity.value for quantity in quantities(self.problem.question))

    @cached_property
    def on_the_way(self) -> Callable[[Fraction], bool]:
        """Whether a value is one of the reference's, or leads to one in another order."""
        return tolerant_lookup(self._regrouping.whole | self._regrouping.partial)

    @cached_property
    def complete(self) -> Callable[[Fraction], bool]:
        """Whether a value is one of the reference's or a sum of whole products of it."""
        return tolerant_lookup(self._regrouping.whole)

    @cached_property
    def _regrouping(self) -> Regrouping:
        question = self.problem.question
        return _regroup(self.reference, "cent" in question or "%" in question)

    @cached_property
    def reference_leaves(self) -> frozenset[Fraction]:
        """The numbers that the reference calculates with."""
        return frozenset(leaf.value for e in self.reference.equations for leaf in e.leaves)

    @cached_property
    def _reference_final(self) -> FinalAnswer | None:
        return read_final_answer(self.reference.text)

    @property
    def final_value(self) -> Fraction | None:
        """The number that the reference solution ends in."""
        return self._reference_final.value if self._reference_final is not None else None

    @property
    def reference_final_step(self) -> int | None:
        """The reference step that does nothing but state the final answer, if there is one."""
        final = self._reference_final
        return self.reference.step_at(final.start) if final is not None and final.marked else None

    @cached_property
    def results(self) -> frozenset[Fraction]:
        """What the reference works out, in an equation or in words alone."""
        stated = {token.value for token in self.reference.mentions if token.value is not None}
        return frozenset(self.reference.values) | (stated - self.given)

    @cached_property
    def readable(self) -> bool:
        """Whether the reference's own way to the answer could be followed."""
        if self.final_value is None:
            return False
        values = {abs(value) for value in self.reference.values}
        values.update(abs(e.result.face) for e in self.reference.equations if e.result)
        return abs(self.final_value) in values

    @cached_property
    def same_steps(self) -> dict[int, int]:
        """Response steps that stand word for word in the reference: to these steps' indices."""
        return _aligned(self, _folded)

    @cached_property
    def like_steps(self) -> dict[int, int]:
        """Response steps that are worded like a reference step, numbers apart."""
        return _aligned(self, _masked)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _masked(text: str) -> str:
    unsigned = _MINUS.sub("", _folded(text))
    bare = _NUMBERS.sub("#", unsigned).replace("(#)", "#")
    return _SPACED_SIGNS.sub(" @ ", _SIGNS.sub("#@", bare))


def _aligned(case: Case, key: Callable[[str], str]) -> dict[int, int]:
    """Matches steps with equal keys from first to last, skipping reference steps if need be."""
    theirs = [key(step.text) for step in case.reference.steps if not step.is_final]
    found: dict[int, int] = {}
    position = 0
    for step in case.response.steps:
        wanted = key(step.text)
        if not step.is_final and wanted in theirs[position:]:
            found[step.index] = theirs.index(wanted, position)
            position = found[step.index] + 1
    return found


@lru_cache(maxsize=64)
def _regroup(reference: WorkedSolution, hundredfold: bool) -> Regrouping:
    """The values on the way to the reference's results, hundredfold too where it counts cents
    or percentages."""
    found = Regrouping(reference.equations)
    if hundredfold:
        for values in (found.whole, found.partial):
            values.update([value * 100 for value in values])
    return found
