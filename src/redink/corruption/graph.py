"""Which number of a solution comes from which: operands, prose and final answer linked to the
equations whose results they repeat, or to the question."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from redink.arithmetic import Equation, Operand
from redink.arithmetic.answer import FinalAnswer, read_final_answer
from redink.arithmetic.quantities import quantities
from redink.arithmetic.solution import WorkedSolution
from redink.arithmetic.tokens import Token
from redink.records import Problem

QUESTION = -1
"""Link of a number that the question gives."""
CONSTANT = -2
"""Link of a number that neither the question nor an earlier equation gives."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in prose at `start:end` (with its minus sign), linked like an operand."""

    value: Fraction
    start: int
    end: int
    link: int


@dataclass(frozen=True)
class SolutionGraph:
    """A reference solution with every number linked to where it comes from."""

    problem: Problem
    solution: WorkedSolution
    final: FinalAnswer
    final_link: int
    links: tuple[tuple[int, ...], ...]
    """For each equation, for each of its leaves: an equation's index, QUESTION or CONSTANT."""
    mentions: tuple[Mention, ...]
    given: tuple[Fraction, ...] = field(default=())
    """The question's numbers in order, each once."""

    @property
    def equations(self) -> Sequence[Equation]:
        """The solution's equations."""
        return self.solution.equations

    def step_of(self, equation: int) -> int:
        """The solution step that an equation's result stands in."""
        chosen = self.equations[equation]
        return self.solution.step_at(chosen.result.start if chosen.result else chosen.start)

    def used(self, equation: int) -> bool:
        """Whether any later number repeats this equation's result."""
        return self.final_link == equation or any(equation in row for row in self.links)


def read_graph(problem: Problem) -> SolutionGraph | str:
    """The graph of a problem's reference solution, or the reason why there is none."""
    if problem.solution is None or not problem.solution.strip():
        return "no reference solution"
    solution = WorkedSolution.read(with_final_line(problem))
    final = read_final_answer(solution.text)
    if final is None or final.value is None:
        return "the final answer is no number"
    if not solution.equations:
        return "no equation in the reference solution"
    values = [quantity.value for quantity in quantities(problem.question)]
    given = tuple(dict.fromkeys(values + [1 / value for value in values if 0 < value < 1]))
    links = _leaf_links(solution.equations, frozenset(given))
    results = [equation.value for equation in solution.equations]
    latest = [i for i, value in enumerate(results) if value == final.value]
    return SolutionGraph(
        problem=problem,
        solution=solution,
        final=final,
        final_link=latest[-1] if latest else CONSTANT,
        links=links,
        mentions=tuple(_mentions(solution, final, frozenset(given))),
        given=given,
    )


def with_final_line(problem: Problem) -> str:
    """The reference solution, its last line `#### N`."""
    text = (problem.solution or "").rstrip()
    return text if "####" in text else f"{text}\n#### {problem.answer}"


def _leaf_links(
    equations: Sequence[Equation], given: frozenset[Fraction]
) -> tuple[tuple[int, ...], ...]:
    used: set[int] = set()
    rows: list[tuple[int, ...]] = []
    for index, equation in enumerate(equations):
        row = tuple(_leaf_link(leaf, equations[:index], given, used) for leaf in equation.leaves)
        used.update(link for link in row if link >= 0)
        rows.append(row)
    return tuple(rows)


def _leaf_link(
    leaf: Operand, earlier: Sequence[Equation], given: frozenset[Fraction], used: set[int]
) -> int:
    from_question = leaf.face in given or leaf.value in given
    for index in range(len(earlier) - 1, -1, -1):
        result = earlier[index].result
        if result is not None and (result.value == leaf.value or result.face == leaf.face):
            if from_question and index in used:
                break
            return index
    return QUESTION if from_question else CONSTANT


def _mentions(
    solution: WorkedSolution, final: FinalAnswer, given: frozenset[Fraction]
) -> list[Mention]:
    found: list[Mention] = []
    for token in solution.mentions:
        if final.start <= token.start < final.end or token.value is None:
            continue
        start, value = _signed(solution.text, token, token.value)
        found.append(Mention(value, start, token.end, _mention_link(solution, token, value, given)))
    return found


def _signed(text: str, token: Token, value: Fraction) -> tuple[int, Fraction]:
    before = token.start - 1
    alone = before == 0 or (before > 0 and text[before - 1].isspace())
    if before >= 0 and text[before] == "-" and alone:
        return before, -value
    return token.start, value


def _mention_link(
    solution: WorkedSolution, token: Token, value: Fraction, given: frozenset[Fraction]
) -> int:
    step = solution.step_at(token.start)
    earlier = CONSTANT
    for index, equation in enumerate(solution.equations):
        result = equation.result
        if result is None or result.face != value:
            continue
        place = solution.step_at(result.start)
        if place == step:
            return index
        if place < step:
            earlier = index
    if value in given:
        return QUESTION
    return earlier
