"""Carrying a change through everything that depends on it: operands, results, prose, answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from redink.arithmetic import (
    Equation,
    Expression,
    Negation,
    Operand,
    Operation,
    evaluate,
    has_operator,
    holds,
    operands,
    read_quantity,
    write_number,
)
from redink.arithmetic.numbers import terminates
from redink.arithmetic.tokens import SPOKEN, Operator
from redink.corruption.change import Change, Refused
from redink.corruption.graph import QUESTION, SolutionGraph

T = TypeVar("T")
STRICT, DECIMALS, NEGATIVES = 0, 1, 2
"""What new values may be where the old ones were whole and not negative: the same; decimals
that end; negative as well."""
MAX_GROWTH = 60
"""A value may change by this factor at most; beyond it the error would be absurd."""


@dataclass
class Propagation:
    """A change carried through: the new values, and the spans of text that they replace."""

    graph: SolutionGraph
    change: Change
    leniency: int
    values: dict[int, Fraction] = field(default_factory=dict)
    """New results of equations."""
    spans: dict[tuple[int, int], str] = field(default_factory=dict)
    worked: dict[int, Expression] = field(default_factory=dict)
    """New left sides of equations."""

    def run(self) -> "Propagation":
        """Carries the change through to the final answer; raises Refused."""
        start = self.change.equation
        for index in range(len(self.graph.equations)):
            if start is not None and index >= start:
                self._equation(index)
        self._prose()
        self._final()
        return self

    @property
    def final(self) -> Fraction:
        """The final answer after the change."""
        if self.change.final is not None:
            return self.change.final
        return self.values[self.graph.final_link]

    def _equation(self, index: int) -> None:
        change, equation = self.change, self.graph.equations[index]
        mine = index == change.equation
        if mine and (change.dropped_step is not None or change.inserted is not None):
            self.values[index] = _require(change.result)
            return
        new = self._new_leaves(index, mine)
        touched = mine and (change.operators or change.swap or change.appended)
        if new or touched:
            self._rework(index, equation, new)
        elif mine and change.result is not None:
            self._check_original(equation)
            if sum(map(has_operator, equation.sides)) != 1:
                raise Refused("several worked sides")
            self._write_results(index, equation, change.result)

    def _new_leaves(self, index: int, mine: bool) -> dict[int, Fraction]:
        new: dict[int, Fraction] = {}
        for place, link in enumerate(self.graph.links[index]):
            if mine and place in self.change.leaves:
                new[place] = self.change.leaves[place]
            elif link in self.values:
                new[place] = self.values[link]
                self._refuse_ambiguous(index, place)
            elif link == QUESTION and self._replaces(self.graph.equations[index].leaves[place]):
                raise Refused("a number of the question that is also a changed result")
        return new

    def _replaces(self, leaf: Operand) -> bool:
        return any(self.graph.equations[i].value == leaf.value for i in self.values)

    def _refuse_ambiguous(self, index: int, place: int) -> None:
        leaf = self.graph.equations[index].leaves[place]
        if leaf.value in self.graph.given:
            raise Refused("a result that the question gives as well")

    def _rework(self, index: int, equation: Equation, new: Mapping[int, Fraction]) -> None:
        self._check_original(equation)
        rewritten: list[Expression] = []
        by_leaf = {id(leaf): new[i] for i, leaf in enumerate(equation.leaves) if i in new}
        mine = index == self.change.equation
        for side in equation.sides:
            rewritten.append(self._rebuild(side, by_leaf, mine) if has_operator(side) else side)
        sides = [side for side in rewritten if has_operator(side)]
        if mine and self.change.appended and len(sides) == 1:
            sides = [self._append(equation, sides[0])]
        values = {evaluate(side) for side in sides}
        value = values.pop()
        if value is None or values:
            raise Refused("the sides of a chain no longer agree")
        self.worked[index] = sides[0]
        self._write_leaves(equation, by_leaf)
        self._write_results(index, equation, value)

    def _append(self, equation: Equation, side: Expression) -> Expression:
        text, value = _require(self.change.appended)
        last = operands(equation.worked)[-1]
        if last.start < 0:
            raise Refused("the equation is not written out")
        self._replace(last.end, last.end, text)
        return Operation("+", side, Operand(value, -1, -1), -1, -1)

    def _rebuild(self, side: Expression, new: Mapping[int, Fraction], mine: bool) -> Expression:
        if isinstance(side, Operand):
            value = new.get(id(side))
            if value is None:
                return side
            return Operand(value, side.start, side.end, side.percent)
        if isinstance(side, Negation):
            return Negation(self._rebuild(side.inner, new, mine))
        left, right = self._rebuild(side.left, new, mine), self._rebuild(side.right, new, mine)
        if mine and side is self.change.swap:
            left, right = right, left
            self._write_swap(side)
        operator = side.operator
        if mine and side.start in self.change.operators:
            operator = self.change.operators[side.start]
            self._write_operator(side, operator)
        return Operation(operator, left, right, side.start, side.end)

    def _write_operator(self, operation: Operation, operator: Operator) -> None:
        if operation.start < 0:
            return
        old = self.graph.solution.text[operation.start : operation.end]
        if old == "of":
            raise Refused("the operator is a word")
        words = {symbol: word for word, symbol in reversed(SPOKEN.items())}
        self._replace(
            operation.start, operation.end, words[operator] if old in SPOKEN else operator
        )

    def _write_swap(self, operation: Operation) -> None:
        left, right = operation.left, operation.right
        if not isinstance(left, Operand) or not isinstance(right, Operand):
            raise Refused("only numbers change places")
        if left.start < 0 or left.percent or right.percent:
            raise Refused("the operands are not written out")
        text = self.graph.solution.text
        self._replace(left.start, left.end, text[right.start : right.end])
        self._replace(right.start, right.end, text[left.start : left.end])

    def _write_leaves(self, equation: Equation, new: Mapping[int, Fraction]) -> None:
        for place, leaf in enumerate(equation.leaves):
            if id(leaf) not in new or leaf.start < 0:
                continue
            value = new[id(leaf)] * (100 if leaf.percent else 1)
            text = self._written(value, leaf.start, leaf.end)
            self._replace(leaf.start, leaf.end, f"({text})" if value < 0 and place else text)

    def _write_results(self, index: int, equation: Equation, value: Fraction) -> None:
        old = _require(equation.value)
        self._check_value(value, old)
        for side in equation.sides:
            if isinstance(side, Operand):
                face = value * (100 if side.percent else 1)
                self._replace(side.start, side.end, self._written(face, side.start, side.end))
        result = _require(equation.result)
        written = read_quantity(self.spans[result.start, result.end])
        self.values[index] = _require(written) / (100 if result.percent else 1)
        if self.values[index] == old:
            raise Refused("nothing changes")

    def _check_original(self, equation: Equation) -> None:
        exact = evaluate(equation.worked)
        result = equation.result
        if result is None or exact is None or equation.loose or not holds(equation):
            raise Refused("an equation that is not exact")
        if abs(exact - result.value) >= Fraction(1, 10 ** max(1, equation.places)):
            raise Refused("an equation that was rounded")

    def _check_value(self, new: Fraction, old: Fraction) -> None:
        if old and not new:
            raise Refused("zero")
        if old and not Fraction(1, MAX_GROWTH) <= abs(new / old) <= MAX_GROWTH:
            raise Refused("an absurd size")
        if new < 0 <= old and self.leniency < NEGATIVES:
            raise Refused("negative")
        if old.denominator == 1 != new.denominator and (
            self.leniency < DECIMALS or not terminates(new, 3)
        ):
            raise Refused("not whole")

    def _prose(self) -> None:
        step = None
        if self.change.equation is not None:
            step = self.graph.step_of(self.change.equation)
        misread = self._misread()
        for mention in self.graph.mentions:
            place = self.graph.solution.step_at(mention.start)
            if self.change.inserted is not None and place == step:
                continue
            if mention.link in self.values:
                value = self.values[mention.link]
            elif place == step and mention.value in misread:
                value = misread[mention.value]
            else:
                continue
            text = self._written(value, mention.start, mention.end)
            self._replace(mention.start, mention.end, text)

    def _misread(self) -> dict[Fraction, Fraction]:
        """Old and new values of the changed leaves: prose in the same step says the same."""
        if self.change.equation is None:
            return {}
        leaves = self.graph.equations[self.change.equation].leaves
        return {leaves[place].value: value for place, value in self.change.leaves.items()}

    def _final(self) -> None:
        final, graph = self.graph.final, self.graph
        if self.change.final is None and graph.final_link not in self.values:
            raise Refused("the final answer does not change")
        start, end = self._final_span()
        self._replace(start, end, self._written(self.final, start, end))
        if self.final == final.value:
            raise Refused("the final answer does not change")

    def _final_span(self) -> tuple[int, int]:
        final = self.graph.final
        digits = [i for i in range(final.start, final.end) if _numeric(self.graph.solution.text[i])]
        if not digits or final.value is None:
            raise Refused("the final answer is no number")
        start, end = digits[0], digits[-1] + 1
        if read_quantity(self.graph.solution.text[start:end]) != final.value:
            raise Refused("the final answer is written in an unusual way")
        return start, end

    def _written(self, value: Fraction, start: int, end: int) -> str:
        text = write_number(value, self.graph.solution.text[start:end].lstrip("-"))
        if text is None:
            raise Refused("a number that cannot be written out")
        return text

    def _replace(self, start: int, end: int, text: str) -> None:
        known = self.spans.setdefault((start, end), text)
        if known != text:
            raise Refused("two numbers for one place")


def _require(value: T | None) -> T:
    if value is None:
        raise Refused("a value is missing")
    return value


def _numeric(character: str) -> bool:
    return character.isdigit() or character in ".,-"
