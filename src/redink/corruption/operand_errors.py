"""Errors in what is calculated with: operators, order, numbers of the question, earlier results,
conversion factors."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from redink.arithmetic import Operand, Operation, operations, show
from redink.arithmetic.numbers import plain
from redink.arithmetic.quantities import CONVERSIONS, conversion_units
from redink.arithmetic.tokens import Operator
from redink.corruption.change import Change
from redink.corruption.digits import miscopies
from redink.corruption.graph import CONSTANT, QUESTION, SolutionGraph

_OPPOSITE: dict[Operator, tuple[Operator, ...]] = {
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("+", "/"),
    "/": ("*", "-"),
}
_WRONG_FACTORS: dict[int, tuple[int, ...]] = {
    60: (100, 50, 24),
    24: (12, 20),
    7: (5, 6, 10),
    12: (10, 6),
    52: (50, 48),
    365: (360, 350),
    30: (28, 31),
    4: (5, 3),
    100: (10, 1000),
    1000: (100, 60),
    16: (12, 10),
    3: (2, 4),
    5280: (5000, 1760),
}


def wrong_operator(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Calculates with another operator: adds where it should multiply."""
    for index in _shuffled(graph, random):
        for operation in operations(graph.equations[index].worked):
            others = list(_OPPOSITE[operation.operator])
            random.shuffle(others)
            for operator in others:
                yield Change(
                    index,
                    f"{show(operation.left)} {operation.operator} {show(operation.right)}",
                    f"{show(operation.left)} {operator} {show(operation.right)}",
                    operators={operation.start: operator},
                )


def swapped_operands(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Subtracts or divides the wrong way round."""
    for index in _shuffled(graph, random):
        for operation in operations(graph.equations[index].worked):
            if operation.operator in "-/" and _plain_pair(operation):
                left, right = show(operation.left), show(operation.right)
                yield Change(
                    index,
                    f"{left} {operation.operator} {right}",
                    f"{right} {operation.operator} {left}",
                    swap=operation,
                )


def _plain_pair(operation: Operation) -> bool:
    return isinstance(operation.left, Operand) and isinstance(operation.right, Operand)


def wrong_question_number(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Takes another of the question's numbers than the one that is needed."""
    numbers = [value for value in graph.given if value.denominator == 1 and value > 1]
    for index, place, leaf in _leaves(graph, random):
        if graph.links[index][place] != QUESTION or leaf.percent:
            continue
        others = [value for value in numbers if value not in (leaf.value, leaf.face)]
        yield from _exchanges(index, place, leaf, others, random)


def wrong_earlier_result(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Goes on with the result of another step than the one that is needed."""
    for index, place, leaf in _leaves(graph, random):
        link = graph.links[index][place]
        if link < 0:
            continue
        results = [graph.equations[i].value for i in range(index) if i != link]
        others = [value for value in results if value is not None and value != leaf.value]
        yield from _exchanges(index, place, leaf, list(dict.fromkeys(others)), random)


def copy_error(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Copies an earlier result wrongly: the number that goes on is not the one that came out."""
    for index, place, leaf in _leaves(graph, random):
        if graph.links[index][place] >= 0:
            known = {*graph.given, *(e.value for e in graph.equations)}
            others = [value for value in miscopies(leaf.face, random) if value not in known]
            yield from _exchanges(index, place, leaf, others, random)
    value = graph.final.value
    if value is not None and graph.final_link >= 0:
        for wrong in miscopies(value, random):
            yield Change(None, plain(value), plain(wrong), final=wrong)


def unit_conversion(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Converts with a wrong factor: an hour of 50 minutes."""
    for index, place, leaf in _leaves(graph, random):
        if graph.links[index][place] != CONSTANT or leaf.percent or leaf.value not in CONVERSIONS:
            continue
        step = graph.solution.steps[graph.step_of(index)].text
        if conversion_units(leaf.value, f"{graph.problem.question} {step}"):
            others = [Fraction(n) for n in _WRONG_FACTORS[int(leaf.value)]]
            yield from _exchanges(index, place, leaf, others, random)


def _exchanges(
    index: int, place: int, leaf: Operand, others: list[Fraction], random: Random
) -> Iterator[Change]:
    random.shuffle(others)
    for other in others[:3]:
        if leaf.percent:
            other /= 100
        yield Change(index, plain(leaf.value), plain(other), leaves={place: other})


def _shuffled(graph: SolutionGraph, random: Random) -> list[int]:
    order = list(range(len(graph.equations)))
    random.shuffle(order)
    return order


def _leaves(graph: SolutionGraph, random: Random) -> list[tuple[int, int, Operand]]:
    found = [
        (index, place, leaf)
        for index, equation in enumerate(graph.equations)
        for place, leaf in enumerate(equation.leaves)
        if leaf.start >= 0
    ]
    random.shuffle(found)
    return found
