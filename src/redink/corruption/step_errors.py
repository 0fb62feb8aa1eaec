"""Errors in results and in the course of the solution: slips, steps left out or made up, the
wrong value reported."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from redink.arithmetic import Operand, evaluate
from redink.arithmetic.numbers import plain, write_number
from redink.corruption.change import Change
from redink.corruption.digits import slips
from redink.corruption.graph import SolutionGraph

_SENTENCES = (
    "On top of that there are {h} more, so this makes {r} + {h} = {s}.",
    "Another {h} have to be added, which gives {r} + {h} = {s}.",
    "There are also {h} extra ones, so now it is {r} + {h} = {s}.",
    "Taking away the {h} that do not count leaves {r} - {h} = {s}.",
    "{h} of them are not needed, so that leaves {r} - {h} = {s}.",
)


def calculation_slip(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Calculates wrongly with the right numbers: off by n, digits exchanged, ten times."""
    for index in _used(graph, random):
        equation = graph.equations[index]
        value = equation.value
        if value is None or equation.annotated or evaluate(equation.worked) != value:
            continue
        for wrong in slips(abs(value), random):
            false = -wrong if value < 0 else wrong
            yield Change(index, plain(value), plain(false), result=false)


def missing_step(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Leaves a solution step out and goes on with one of the numbers that it started from."""
    for index in _used(graph, random):
        step, equation = graph.step_of(index), graph.equations[index]
        alone = len(graph.solution.equations_in(step)) == 1
        if equation.value is None or not alone or len(graph.solution.steps) < 3:
            continue
        last = not any(index in row for row in graph.links)
        leaves = [
            leaf
            for leaf, link in zip(equation.leaves, graph.links[index], strict=True)
            if _can_stand_in(leaf, equation.value) and (link >= 0 or not last)
        ]
        random.shuffle(leaves)
        mean = _mean(equation.leaves)
        for leaf in sorted(leaves, key=lambda leaf: leaf.value < mean):
            yield Change(
                index,
                plain(equation.value),
                plain(leaf.value),
                result=leaf.value,
                dropped_step=step,
            )


def _mean(leaves: list[Operand]) -> Fraction:
    """The mean of operands: the larger ones are the likelier to stand in for a result."""
    return sum((leaf.value for leaf in leaves), Fraction(0)) / len(leaves)


def _can_stand_in(leaf: Operand, value: Fraction) -> bool:
    return not leaf.percent and leaf.value not in (value, 0, 1)


def hallucinated_quantity(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Brings in a number that the question never gave: in a sum, or as a step of its own."""
    for index in _used(graph, random):
        equation, value = graph.equations[index], graph.equations[index].value
        if value is None or value.denominator != 1:
            continue
        for _ in range(3):
            extra = Fraction(_invented(graph, abs(value), random))
            if random.random() < 0.5 and not equation.annotated:
                total = value + extra
                text = f" + {plain(extra)}"
                yield Change(index, plain(value), plain(total), appended=(text, extra))
            else:
                yield _extra_step(graph, index, value, extra, random)


def _extra_step(
    graph: SolutionGraph, index: int, value: Fraction, extra: Fraction, random: Random
) -> Change:
    step = graph.solution.steps[graph.step_of(index)].text
    wordy = sum(character.isalpha() for character in step) > 8
    sentence = random.choice(_SENTENCES) if wordy else random.choice(("{r} + {h} = {s}",))
    wrong = value - extra if " - " in sentence else value + extra
    result = graph.equations[index].result
    written = plain(value)
    if result is not None and result.start >= 0:
        written = graph.solution.text[result.start : result.end]
    text = sentence.format(h=plain(extra), r=written, s=write_number(wrong, written))
    return Change(index, plain(value), plain(wrong), result=wrong, inserted=text)


def _invented(graph: SolutionGraph, value: Fraction, random: Random) -> int:
    """A whole number of a fitting size that stands nowhere in the problem."""
    known = {*graph.given, *(equation.value for equation in graph.equations)}
    known.update(leaf.value for equation in graph.equations for leaf in equation.leaves)
    top = max(9, int(value) // 2)
    for _ in range(20):
        number = random.randint(2, top)
        if number > 60:
            number = round(number, -1)
        if number not in known:
            return number
    return top + 1


def wrong_final_selection(graph: SolutionGraph, random: Random) -> Iterator[Change]:
    """Reports a value from the way there as the final answer."""
    final = graph.final.value
    if final is None:
        return
    candidates = [equation.value for equation in graph.equations]
    others = [v for v in dict.fromkeys(candidates) if v not in (None, final)]
    random.shuffle(others)
    for value in others:
        if value is not None:
            yield Change(None, plain(final), plain(value), final=value)


def _used(graph: SolutionGraph, random: Random) -> list[int]:
    order = [index for index in range(len(graph.equations)) if graph.used(index)]
    random.shuffle(order)
    return order
